"""Rules and verdicts: what a contract asks of a port, and what an audit found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from meshwright.spec.model import Severity, Where

Scope = Literal["row", "table"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a contract asks of its port.

    ``id`` is unique in the port and survives edits elsewhere in the contract. A ``row`` rule is judged on the
    rows that a build made, a ``table`` rule on all rows. ``reads`` are the other ports it refers to, as
    ``<domain>.<port>``. ``definition`` is plain JSON data and decides, with ``kind``, what is checked.
    """

    id: str
    kind: str
    columns: tuple[str, ...]
    severity: Severity
    description: str
    scope: Scope
    reads: tuple[str, ...]
    definition: Mapping[str, Any]
    where: Where


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule found on one state of a port.

    ``observed`` is the value that was judged: a count of rows, a percentage, the result of a query, or None
    where the rule could not be run. ``failed_rows`` of ``checked_rows`` rows count against the rule; both
    are 0 for a rule that is not about rows. ``samples`` hold up to five of them, in plain JSON values, private
    columns as ``•••``. ``seconds`` is wall time; rules that share one pass over the data share its time.
    """

    rule: Rule
    passed: bool
    observed: Any
    failed_rows: int
    checked_rows: int
    samples: tuple[Mapping[str, object], ...]
    message: str
    seconds: float
