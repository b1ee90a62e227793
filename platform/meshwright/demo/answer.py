"""What did the marketing campaigns do to sales? Computed from published ports and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from statistics import NormalDist

import duckdb

from meshwright.errors import Fault, MeshError

PORTS = (
    "growth.campaign_impact",
    "growth.campaign_panel",
    "growth.campaign_type_impact",
    "marketing.campaigns",
    "marketing.redemptions",
)
"""The ports that the answer is computed from."""

LEVEL = 0.05
"""How often an interval may miss the truth."""

_TYPES = """
    SELECT campaign_type, targeted_exposures, targeted_households, targeted_before,
           effect, effect_se, effect_lo, effect_hi, placebo_effect, placebo_se
    FROM mesh.growth.campaign_type_impact
    WHERE outcome = 'all_grocery'
    ORDER BY campaign_type"""

_CAMPAIGNS = """
    SELECT impact.campaign_id, impact.campaign_type, campaigns.start_date, impact.targeted_households,
           impact.effect, impact.effect_lo, impact.effect_hi
    FROM mesh.growth.campaign_impact AS impact
    JOIN mesh.marketing.campaigns AS campaigns USING (campaign_id)
    WHERE impact.outcome = 'all_grocery'
    ORDER BY impact.campaign_type, campaigns.start_date, impact.campaign_id"""

_CONTRASTS = """
    WITH redeemers AS (
        SELECT DISTINCT campaign_id, household_id FROM mesh.marketing.redemptions
    ), targeted AS (
        SELECT panel.campaign_type, redeemers.household_id IS NOT NULL AS redeemed,
               avg(spend_ex_fuel) FILTER (WHERE relative_week BETWEEN -4 AND -1) AS before,
               avg(spend_ex_fuel) FILTER (WHERE relative_week BETWEEN 0 AND 3) AS during
        FROM mesh.growth.campaign_panel AS panel
        LEFT JOIN redeemers
            ON redeemers.campaign_id = panel.campaign_id AND redeemers.household_id = panel.household_id
        WHERE targeted = 1
        GROUP BY panel.campaign_type, panel.campaign_id, panel.household_id, redeemed
    )
    SELECT campaign_type, redeemed, count(*), avg(before), avg(during)
    FROM targeted
    GROUP BY campaign_type, redeemed"""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between two ends, in dollars per household and week."""

    estimate: float
    low: float
    high: float

    @property
    def covers_zero(self) -> bool:
        """Whether no effect at all is among what the data allow."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Contrast:
    """A naive before and after: mean weekly spend in weeks -4..-1 and 0..3 from the start, in dollars.

    ``exposures`` counts households once for each campaign.
    """

    exposures: int
    before: float
    during: float

    @property
    def change(self) -> float:
        """During minus before."""
        return self.during - self.before


@dataclass(frozen=True, slots=True)
class Effect:
    """What the campaigns of one type did to grocery spend without fuel, per targeted household and week.

    ``corrected`` is the interval that holds for all types at once (Bonferroni). ``redeemers`` and
    ``others`` are the targeted households that did and did not hand in a coupon of the campaign; None
    where there are none.
    """

    campaign_type: str
    exposures: int
    households: int
    before: float
    standard_error: float
    interval: Interval
    corrected: Interval
    placebo: Interval
    placebo_error: float
    redeemers: Contrast | None
    others: Contrast | None

    @property
    def is_detected(self) -> bool:
        """Whether it is there even after the correction for several tests."""
        return not self.corrected.covers_zero

    @property
    def is_borderline(self) -> bool:
        """Whether it is there alone, but not after the correction."""
        return not self.interval.covers_zero and self.corrected.covers_zero


@dataclass(frozen=True, slots=True)
class CampaignEffect:
    """The same estimate for one campaign."""

    campaign_id: int
    campaign_type: str
    start: date
    households: int
    interval: Interval


@dataclass(frozen=True)
class Answer:
    """The whole answer; ``effects`` by type, ``campaigns`` by type and start."""

    effects: tuple[Effect, ...]
    campaigns: tuple[CampaignEffect, ...]

    @cached_property
    def tests(self) -> int:
        """How many intervals were looked at together."""
        return len(self.effects)

    @property
    def placebos_hold(self) -> bool:
        """Whether the method finds nothing where nothing can be, before the start."""
        return all(e.placebo.covers_zero for e in self.effects)


def answer(con: duckdb.DuckDBPyConnection) -> Answer:
    """Compute the answer on a connection that has :data:`PORTS` as ``mesh.<domain>.<port>``.

    Raises MeshError where no campaign could be measured.
    """
    rows = con.execute(_TYPES).fetchall()
    if not rows:
        reason = "no campaign could be measured: growth.campaign_type_impact has no rows"
        raise MeshError(Fault(reason, command="mesh build growth"))
    contrasts = {(kind, redeemed): Contrast(*rest) for kind, redeemed, *rest in con.execute(_CONTRASTS).fetchall()}
    effects = []
    for kind, exposures, households, before, effect, error, low, high, placebo, placebo_error in rows:
        effects.append(
            Effect(
                kind,
                exposures,
                households,
                before,
                error,
                Interval(effect, low, high),
                _interval(effect, error, LEVEL / len(rows)),
                _interval(placebo, placebo_error, LEVEL),
                placebo_error,
                contrasts.get((kind, True)),
                contrasts.get((kind, False)),
            )
        )
    campaigns = (
        CampaignEffect(number, kind, start, households, Interval(*interval))
        for number, kind, start, households, *interval in con.execute(_CAMPAIGNS).fetchall()
    )
    return Answer(tuple(effects), tuple(campaigns))


def _interval(estimate: float, error: float, level: float) -> Interval:
    reach = NormalDist().inv_cdf(1 - level / 2) * error
    return Interval(estimate, estimate - reach, estimate + reach)
