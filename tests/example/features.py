"""The two feature tables, household by household, from matrices of households and days or weeks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .raw import DAYS, FIRST_DAY, Array, Raw, rows_in, week_of, window

WEEKS = 53
NEVER = -10_000


def household_features(raw: Raw) -> pd.DataFrame:
    """One row a targeting, by campaign and household; money in dollars, NaN where there is nothing to count from."""
    lists = raw.targets.sort_values(["campaign_id", "household_id"], ignore_index=True)
    days = _Days(raw)
    parts = [_campaign(raw, days, int(part.campaign_id.iloc[0]), part) for _, part in lists.groupby("campaign_id")]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(**_demographics(raw, frame.household_id.to_numpy()))


class _Days:
    """Households x days of what the features add up."""

    def __init__(self, raw: Raw) -> None:
        lines = raw.lines
        coupon = np.bincount(np.searchsorted(lines.basket[lines.firsts], lines.basket), lines.coupon_disc)
        self.spend = lines.daily_spend
        self.baskets = lines.daily_baskets
        self.retail_disc = lines.daily(lines.retail_disc)
        self.coupon_disc = lines.daily(lines.coupon_disc)
        self.coupon_baskets = lines.daily(np.ones(len(lines.basket)), lines.firsts[coupon > 0])
        self.last_visit = np.maximum.accumulate(np.where(self.baskets > 0, np.arange(DAYS), NEVER), axis=1)
        self.redeemed_on = (raw.redemptions.day.to_numpy().astype("datetime64[D]") - FIRST_DAY).astype(int)


def _campaign(raw: Raw, days: _Days, campaign: int, part: pd.DataFrame) -> pd.DataFrame:
    lines = raw.lines
    told = raw.campaigns.set_index("campaign_id").loc[campaign]
    start = int((np.datetime64(told.start, "D") - FIRST_DAY).astype(int))
    ids = part.household_id.to_numpy()
    at = rows_in(ids, lines.households)
    recent = np.flatnonzero((lines.day >= start - 84) & (lines.day < start))
    covered = recent[raw.covered(campaign)[recent]]
    seen = days.last_visit[at, start - 1] if start > 0 else np.full(len(at), NEVER)
    dollars = {
        "spend_4w": window(days.spend, start - 28, start),
        "spend_12w": window(days.spend, start - 84, start),
        "retail_disc_12w": window(days.retail_disc, start - 84, start),
        "coupon_disc_12w": window(days.coupon_disc, start - 84, start),
        "coupon_disc_all": window(days.coupon_disc, 0, start),
        "couponed_spend_12w": window(lines.daily(lines.sales, covered), start - 84, start),
    }
    counts = {
        "baskets_4w": window(days.baskets, start - 28, start),
        "baskets_12w": window(days.baskets, start - 84, start),
        "coupon_baskets_12w": window(days.coupon_baskets, start - 84, start),
        "stores_12w": _different(raw, lines.store, recent),
        "couponed_products_12w": _different(raw, lines.product, covered),
    }
    return pd.DataFrame(
        {
            "campaign_id": campaign,
            "household_id": ids,
            "label_end": told.end,
            "recency_days": np.where(seen >= 0, start - seen, np.nan),
            "tenure_days": np.maximum(start - lines.first_day[at], 0),
            **{name: values[at] / 100 for name, values in dollars.items()},
            **{name: values[at] for name, values in counts.items()},
            **_campaigns(raw, days, campaign, start, ids),
        }
    )


def _different(raw: Raw, values: Array, chosen: Array) -> Array:
    """How many different values each household has among the chosen lines."""
    pairs = pd.unique(raw.lines.household[chosen] << 40 | values[chosen])
    return np.bincount(pairs >> 40, minlength=len(raw.lines.households))


def _campaigns(raw: Raw, days: _Days, campaign: int, start: int, ids: Array) -> dict[str, Array]:
    """What the households had received and redeemed before, and what they redeemed of this campaign."""
    redemptions = raw.redemptions.assign(on=days.redeemed_on)
    before = redemptions[redemptions.on < start].groupby("household_id")
    own = redemptions[redemptions.campaign_id == campaign].groupby("household_id").size()
    begun = raw.campaigns.campaign_id[raw.campaigns.start.to_numpy() < FIRST_DAY + start]
    received = raw.targets[raw.targets.campaign_id.isin(begun)].groupby("household_id").size()

    def of(series: pd.Series, missing: float) -> Array:
        return series.reindex(ids).fillna(missing).to_numpy()

    return {
        "redemptions_before": of(before.size(), 0),
        "campaigns_redeemed_before": of(before.campaign_id.nunique(), 0),
        "days_since_redemption": start - of(before.on.max().astype(float), np.nan),
        "campaigns_received_before": of(received, 0),
        "label_redemption_count": of(own, 0),
    }


INCOMES = [
    *("Under 15K", "15-24K", "25-34K", "35-49K", "50-74K", "75-99K"),
    *("100-124K", "125-149K", "150-174K", "175-199K", "200-249K", "250K+"),
]
AGES = ["19-24", "25-34", "35-44", "45-54", "55-64", "65+"]


def _demographics(raw: Raw, ids: Array) -> dict[str, Array]:
    known = raw.demographics.set_index("household_id").reindex(ids)
    return {
        "has_demographics": np.isin(ids, raw.demographics.household_id),
        "income_rank": known.income.map({band: n for n, band in enumerate(INCOMES, 1)}).to_numpy(),
        "age_rank": known.age.map({band: n for n, band in enumerate(AGES, 1)}).to_numpy(),
        "marital_status": known.marital_status.to_numpy(),
        "home_ownership": known.home_ownership.to_numpy(),
        "household_size": known.household_size.to_numpy(),
        "kids_count": known.kids_count.to_numpy(),
    }


@dataclass(frozen=True)
class WeekFeatures:
    """Households x 53 weeks; ``live`` is False before a household's first week. Money in cents.

    A label of -1 is not known yet.
    """

    live: Array
    columns: dict[str, Array]

    def column(self, name: str) -> Array:
        """The values of the rows that exist."""
        return self.columns[name][self.live]


def household_week_features(raw: Raw) -> WeekFeatures:
    """The weekly features, each as a matrix."""
    lines = raw.lines
    spend = _weekly(raw, lines.sales, ~lines.fuel)
    baskets = _weekly(raw, np.ones(len(lines.basket)), lines.firsts)
    active = baskets > 0
    week = np.arange(WEEKS)
    first = active.argmax(axis=1)[:, None]
    label = np.full(spend.shape, -1, dtype=np.int64)
    label[:, :-4] = _rolling(spend, 4)[:, 4:]
    return WeekFeatures(
        live=week >= first,
        columns={
            "as_of_week": np.broadcast_to(week + 1, spend.shape),
            "household_id": np.broadcast_to(lines.households[:, None], spend.shape),
            "tenure_weeks": week - first,
            **{f"spend_{n}w": _rolling(spend, n) for n in (1, 4, 8, 12)},
            "baskets_4w": _rolling(baskets, 4),
            "baskets_12w": _rolling(baskets, 12),
            "active_weeks_12w": _rolling(active.astype(np.int64), 12),
            "max_week_12w": np.max(list(_shifted(spend, 12)), axis=0),
            "retail_disc_12w": _rolling(_weekly(raw, lines.retail_disc), 12),
            "coupon_disc_12w": _rolling(_weekly(raw, lines.coupon_disc), 12),
            "weeks_since_purchase": week - np.maximum.accumulate(np.where(active, week, NEVER), axis=1),
            "campaigns_8w": _campaigns_begun(raw),
            "label_spend_next_4w": label,
        },
    )


def _weekly(raw: Raw, values: Array, chosen: Array | slice = slice(None)) -> Array:
    daily = raw.lines.daily(values, chosen)
    week = week_of(FIRST_DAY + np.arange(DAYS)) - 1
    return np.add.reduceat(daily, np.flatnonzero(np.diff(week, prepend=-1)), axis=1)


def _shifted(weekly: Array, weeks: int) -> Iterator[Array]:
    """The matrix as it was 0, 1, ... weeks ago."""
    for back in range(weeks):
        moved = np.zeros_like(weekly)
        moved[:, back:] = weekly[:, : weekly.shape[1] - back]
        yield moved


def _rolling(weekly: Array, weeks: int) -> Array:
    """Sums over the last ``weeks`` weeks, this one counted."""
    sums: Array = np.sum(list(_shifted(weekly, weeks)), axis=0)
    return sums


def _campaigns_begun(raw: Raw) -> Array:
    """Campaigns that began for a household in a week or in the seven before it."""
    begun = raw.campaigns.set_index("campaign_id").start
    start = week_of(begun.reindex(raw.targets.campaign_id).to_numpy()) - 1
    row = rows_in(raw.targets.household_id.to_numpy(), raw.lines.households)
    counts = np.zeros((len(raw.lines.households), WEEKS), dtype=np.int64)
    for later in range(8):
        inside = (start + later >= 0) & (start + later < WEEKS)
        np.add.at(counts, (row[inside], (start + later)[inside]), 1)
    return counts
