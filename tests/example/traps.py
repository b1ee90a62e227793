"""What is odd about the raw files: the facts that contracts must tell truthfully."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from .raw import Raw, cents
from .reference import Figures, different, money


def receipts(raw: Raw) -> Figures:
    """The receipt lines: what a basket decides, unknown products, fuel and days without trade."""
    t = raw.lines
    unknown, empty = ~t.known, (t.quantity == 0) & (t.sales == 0)
    weekly = np.bincount(t.week, unknown) / np.maximum(np.bincount(t.week), 1)
    facts = (t.household_id, t.store, t.week, t.utc.astype(np.int64))
    asked = np.isin(t.household_id, raw.demographics.household_id)
    return {
        "rows": len(t.basket),
        "baskets": len(t.firsts),
        "keys (basket, product)": different(t.basket, t.product),
        "baskets with their household, store, week and time": different(t.basket, *facts),
        "lines of unknown products": int(unknown.sum()),
        "unknown products": different(t.product[unknown]),
        "of these without quantity and value": int((unknown & empty).sum()),
        "their discount": money(t.coupon_disc[unknown]),
        "most unknown in a week, %": float(100 * weekly.max()),
        "fuel lines": int(t.fuel.sum()),
        "fuel sales": money(t.sales[t.fuel]),
        "fuel lines above 100": int((t.fuel & (t.quantity > 100)).sum()),
        "negative money": int(sum((m < 0).sum() for m in (t.sales, t.retail_disc, t.coupon_disc, t.match_disc))),
        "share of sales by households with demographics, %": float(100 * t.sales[asked].sum() / t.sales.sum()),
    }


def promotions(raw: Raw) -> Figures:
    """Placements: the key that is none, and the key that is one."""
    file = raw.folder / "promotions.parquet"
    product, store, week = (
        pq.read_table(file, columns=[c]).column(0).to_numpy() for c in ("product_id", "store_id", "week")
    )
    key = pd.Series((product << 24) | (store << 8) | week)
    suspects = np.flatnonzero(key.duplicated(keep=False))
    key_again = key[suspects].to_numpy()
    places = pq.read_table(file, columns=["display_location", "mailer_location"]).take(suspects).to_pandas()
    return {
        "rows": len(key),
        "stores below 65536": int(store.max() < 1 << 16),
        "keys (product, store, week) that occur again": int(pd.Series(key_again).duplicated().sum()),
        "rows that occur again": int(places.assign(key=key_again).duplicated().sum()),
    }


def marketing(raw: Raw) -> Figures:
    """Campaigns, coupons, redemptions and households."""
    sent = raw.redemptions.merge(raw.targets.drop_duplicates(), on=["campaign_id", "household_id"])
    dated = raw.redemptions.merge(raw.campaigns[["campaign_id", "start", "end"]], on="campaign_id")
    return {
        "campaign rows": len(raw.targets),
        "campaign keys": len(raw.targets.drop_duplicates()),
        "coupon rows": len(raw.coupons),
        "coupon rows that occur again": int(raw.coupons.duplicated().sum()),
        "coupon rows of unknown products": int((~raw.coupons.product_id.isin(raw.products.product_id)).sum()),
        "redemptions": len(raw.redemptions.drop_duplicates()),
        "redemptions of targeted households": len(sent),
        "redemptions inside their campaign": int(dated.day.between(dated.start, dated.end).sum()),
        "households with demographics": len(raw.demographics),
        "demographics without home_ownership": int(raw.demographics.home_ownership.isna().sum()),
        "demographics without marital_status": int(raw.demographics.marital_status.isna().sum()),
    }


def float_noise(raw: Raw) -> int:
    """Lines whose sales are a positive float that rounds to no cents at all."""
    sales = pq.read_table(raw.folder / "transactions.parquet", columns=["sales_value"]).column(0).to_numpy()
    return int(((sales > 0) & (cents(sales) == 0)).sum())
