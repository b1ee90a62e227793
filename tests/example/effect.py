"""The effect of campaigns as a saturated regression with clustered errors.

The models estimate by weights and influence functions in SQL. Here every cell and arm gets a mean of its own
(ordinary least squares on dummies), the covariance of those means is the sandwich clustered by household without
a small-sample factor, and the effect is a contrast of the means. Both ways must give the same figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .raw import DAYS, FIRST_DAY, Array, Raw

WEEKS = range(-12, 8)
MATCHING = (-12, -9)
EARLIER = (-8, -5)
BEFORE = (-4, -1)
DURING = (0, 3)


@dataclass(frozen=True)
class Panel:
    """One campaign's households. ``grocery``, ``couponed`` and ``baskets`` are households x 20 blocks, in cents.

    Only the first ``weeks`` blocks lie inside the year.
    """

    campaign: int
    kind: str
    households: Array
    targeted: Array
    redeemed: Array
    grocery: Array
    couponed: Array
    baskets: Array
    weeks: int

    def mean(self, cents: Array, span: tuple[int, int]) -> Array:
        """Dollars a week in the blocks of ``span``, both ends counted, by household."""
        first, last = span
        total: Array = cents[:, first + 12 : last + 13].sum(axis=1)
        return total / (100 * (last - first + 1))


@dataclass(frozen=True)
class Estimate:
    """Dollars per household and week; ``se`` is a standard error."""

    exposures: int
    targeted_households: int
    control_households: int
    targeted_before: float
    targeted_during: float
    control_before: float
    control_during: float
    effect: float
    se: float
    placebo: float
    placebo_se: float

    @property
    def interval(self) -> tuple[float, float]:
        """The two ends of the 95 % interval."""
        return self.effect - 1.96 * self.se, self.effect + 1.96 * self.se


def panels(raw: Raw) -> list[Panel]:
    """The panels of all campaigns with 12 weeks before and 4 weeks after their start inside the year."""
    starts = (raw.campaigns.start.to_numpy().astype("datetime64[D]") - FIRST_DAY).astype(int)
    rows = zip(raw.campaigns.campaign_id, raw.campaigns.campaign_type, starts, strict=True)
    return [_panel(raw, c, kind, start) for c, kind, start in rows if start >= 84 and start + 28 <= DAYS]


def _panel(raw: Raw, campaign: int, kind: str, start: int) -> Panel:
    lines = raw.lines
    eligible = lines.first_day < start - 84
    ids = lines.households[eligible]
    redemptions = raw.redemptions[raw.redemptions.campaign_id == campaign]
    return Panel(
        campaign=campaign,
        kind=kind,
        households=ids,
        targeted=np.isin(ids, raw.targets.household_id[raw.targets.campaign_id == campaign]),
        redeemed=np.isin(ids, redemptions.household_id),
        grocery=_blocks(lines.daily_spend[eligible], start),
        couponed=_blocks(lines.daily(lines.sales, raw.covered(campaign))[eligible], start),
        baskets=_blocks(lines.daily_baskets[eligible], start),
        weeks=sum(start + 7 * week + 7 <= DAYS for week in WEEKS),
    )


def _blocks(daily: Array, start: int) -> Array:
    """Households x 20 blocks of seven days, as differences of running totals; days after the year are nothing."""
    total = np.zeros((len(daily), DAYS + 1), dtype=np.int64)
    np.cumsum(daily, axis=1, out=total[:, 1:])
    edges = np.minimum(start + 7 * np.arange(-12, 9), DAYS)
    return np.diff(total[:, edges], axis=1)


def tenths(values: Array, households: Array) -> Array:
    """The tenth of each value, 0 to 9, ties by household; the first tenths get what is left over."""
    order = np.lexsort((households, np.round(values, 4)))
    tenth = np.empty(len(values), dtype=int)
    for number, part in enumerate(np.array_split(order, 10)):
        tenth[part] = number
    return tenth


def estimate(chosen: Sequence[Panel], outcome: str, matching: tuple[int, int] = MATCHING) -> Estimate:
    """The pooled estimate of some panels; ``outcome`` is ``grocery`` or ``couponed``."""
    cell, targeted, household, values = _stack(chosen, outcome, matching)
    treated = np.bincount(cell, targeted, minlength=cell.max() + 1)
    controls = np.bincount(cell, ~targeted, minlength=cell.max() + 1)
    keep = ((treated >= 1) & (controls >= 5))[cell]
    cell, targeted, household, values = cell[keep], targeted[keep], household[keep], values[:, keep]
    share = np.bincount(cell, targeted, minlength=len(treated)) / targeted.sum()

    # Parameter 2 * cell + targeted is the mean of one arm of one cell.
    parameter = 2 * cell + targeted
    count = np.bincount(parameter, minlength=2 * len(treated))
    means = np.array([np.bincount(parameter, v, minlength=len(count)) for v in values]) / np.maximum(count, 1)
    contrast = np.stack([-share, share], axis=1).ravel()
    earlier, before, during = values
    standard_errors = [
        _clustered_error(contrast, parameter, count, household, change)
        for change in (during - before, before - earlier)
    ]
    arms = (means.reshape(3, -1, 2) * share[:, None]).sum(axis=1)
    (early0, early1), (before0, before1), (during0, during1) = arms
    return Estimate(
        exposures=int(targeted.sum()),
        targeted_households=len(np.unique(household[targeted])),
        control_households=len(np.unique(household[~targeted])),
        targeted_before=before1,
        targeted_during=during1,
        control_before=before0,
        control_during=during0,
        effect=float(contrast @ (means[2] - means[1])),
        se=standard_errors[0],
        placebo=(before1 - early1) - (before0 - early0),
        placebo_se=standard_errors[1],
    )


def _stack(chosen: Sequence[Panel], outcome: str, matching: tuple[int, int]) -> tuple[Array, Array, Array, Array]:
    """Cell, arm, household and the means of three windows of all rows; cells never span two campaigns."""
    cells, values = [], []
    for number, panel in enumerate(chosen):
        cells.append(10 * number + tenths(panel.mean(panel.grocery, matching), panel.households))
        spend = getattr(panel, outcome)
        values.append(np.stack([panel.mean(spend, span) for span in (EARLIER, BEFORE, DURING)]))
    return (
        np.concatenate(cells),
        np.concatenate([p.targeted for p in chosen]),
        np.concatenate([p.households for p in chosen]),
        np.concatenate(values, axis=1),
    )


def _clustered_error(contrast: Array, parameter: Array, count: Array, household: Array, y: Array) -> float:
    """Root of contrast' (X'X)^-1 S'S (X'X)^-1 contrast; S holds the scores, households down, parameters across."""
    mean = np.bincount(parameter, y, minlength=len(count)) / np.maximum(count, 1)
    _, cluster = np.unique(household, return_inverse=True)
    scores = np.zeros((cluster.max() + 1, len(count)))
    np.add.at(scores, (cluster, parameter), y - mean[parameter])
    bread = contrast / np.maximum(count, 1)
    return float(np.sqrt(bread @ (scores.T @ scores) @ bread))


def redeemers_before_after(chosen: Sequence[Panel]) -> float:
    """The naive contrast: how much more redeemers spent in weeks 0 to 3 than in weeks -4 to -1."""
    changes = [(p.mean(p.grocery, DURING) - p.mean(p.grocery, BEFORE))[p.redeemed] for p in chosen]
    return float(np.concatenate(changes).mean())
