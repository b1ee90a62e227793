"""What a change of a contract does to those who rely on it, by the rules of docs/compatibility.md.

:func:`compare` judges two contracts of one port, :func:`compare_product` two states of a product with all its ports.
Nothing here reads a file or a table: what has to be looked up in the published data is said by ``Change.verify``.
"""

from meshwright.spec.compatibility.compare import compare
from meshwright.spec.compatibility.model import Change, Judgement, Verdict, VersionJudgement
from meshwright.spec.compatibility.product import ProductJudgement, compare_product, successor, way_out
from meshwright.spec.compatibility.verify import Verify

__all__ = [
    "Change",
    "Judgement",
    "ProductJudgement",
    "Verdict",
    "Verify",
    "VersionJudgement",
    "compare",
    "compare_product",
    "successor",
    "way_out",
]
