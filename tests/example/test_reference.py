"""The second computation gives the documented figures: it may be trusted to judge a build."""

from __future__ import annotations

from decimal import Decimal

import pytest

from . import traps
from .effect import Estimate, Panel, estimate, redeemers_before_after
from .known import GROCERY, ROWS
from .raw import Raw
from .reference import UTC_DATE, UTC_WEEK, Figures, count


@pytest.mark.parametrize("port", [port for port in ROWS if not port.endswith("_impact")])
def test_rows_of_a_port(figures: dict[str, Figures], port: str) -> None:
    assert figures[port]["count(*)"] == ROWS[port]


def test_money_to_the_cent(figures: dict[str, Figures]) -> None:
    for port in ("sales.transactions", "sales.baskets"):
        assert figures[port]["sum(sales_value)"] == Decimal("4596039.58")
        assert figures[port]["sum(retail_disc)"] == Decimal("791650.64")
        assert figures[port]["sum(coupon_disc)"] == Decimal("26359.90")
        assert figures[port]["sum(coupon_match_disc)"] == Decimal("4542.65")


def test_time_from_utc_would_be_wrong(figures: dict[str, Figures]) -> None:
    lines = figures["sales.transactions"]
    assert lines[count(f"{UTC_DATE} <> transaction_date")] == 250_533
    assert lines[count(f"{UTC_WEEK} <> week")] == 34_729
    assert figures["sales.baskets"][count("transaction_date = date '2017-12-25'")] == 0


def test_naive_rules_are_false(figures: dict[str, Figures]) -> None:
    lines = figures["sales.transactions"]
    assert lines[count("quantity <= 0")] == 8_869
    assert lines[count("quantity > 100")] == 13_510
    assert lines[count("sales_value <= 0")] == 11_246
    assert lines[count("coupon_disc > sales_value")] == 3_507
    assert lines[count("basket_id % 37 = 0 and week < 53")] == 39_848
    assert figures["sales.baskets"][count("sales_value <= 0")] == 478


def test_receipts(raw: Raw) -> None:
    facts = traps.receipts(raw)
    assert facts["rows"] == facts["keys (basket, product)"] == 1_469_307
    assert facts["baskets"] == facts["baskets with their household, store, week and time"] == 155_848
    assert (facts["lines of unknown products"], facts["unknown products"]) == (4_836, 17)
    assert facts["of these without quantity and value"] == 4_804
    assert round(facts["their discount"]) == 6_530
    assert 0.5 < facts["most unknown in a week, %"] < 0.75
    assert (facts["fuel lines"], facts["fuel sales"]) == (14_697, Decimal("384044.07"))
    assert facts["fuel lines above 100"] == 13_509
    assert facts["negative money"] == 0
    assert round(facts["share of sales by households with demographics, %"]) == 57


def test_float_noise_is_no_money(raw: Raw) -> None:
    assert traps.float_noise(raw) > 0


def test_promotions_have_no_key(raw: Raw) -> None:
    facts = traps.promotions(raw)
    assert facts["stores below 65536"]
    assert facts["rows"] == 20_940_529
    assert facts["keys (product, store, week) that occur again"] == 12_785
    assert facts["rows that occur again"] == 0


def test_marketing(raw: Raw) -> None:
    facts = traps.marketing(raw)
    assert facts["campaign rows"] == facts["campaign keys"] == 6_589
    assert (facts["coupon rows"], facts["coupon rows that occur again"]) == (116_204, 4_872)
    assert facts["coupon rows of unknown products"] == 16
    assert facts["redemptions"] == facts["redemptions of targeted households"] == 2_102
    assert facts["redemptions inside their campaign"] == 2_102
    assert facts["households with demographics"] == 801
    assert facts["demographics without home_ownership"] == 233
    assert facts["demographics without marital_status"] == 137


def test_dimensions(figures: dict[str, Figures]) -> None:
    products = figures["merchandising.products"]
    assert products[count("product_category = 'UNKNOWN'")] == 540
    assert products[count("product_type = 'UNKNOWN'")] == 528
    assert products[count("package_size is null")] == 30_586
    assert [figures["marketing.campaigns"][count(f"campaign_type = '{t}'")] for t in "ABC"] == [4, 17, 6]
    assert figures["marketing.campaign_households"]["count(distinct household_id)"] == 1_559
    assert figures["marketing.redemptions"]["count(distinct household_id)"] == 410
    assert figures["sales.transactions"]["count(distinct store_id)"] == 457
    assert figures["sales.transactions"]["count(distinct product_id)"] == 68_509
    assert figures["customers.households"][count("has_demographics")] == 801


@pytest.mark.parametrize("kind", GROCERY)
def test_effect_of_a_type(estimates: dict[tuple[str, str], Estimate], kind: str) -> None:
    found = estimates[kind, "all_grocery"]
    shown = (found.targeted_before, found.effect, *found.interval, found.placebo, found.placebo_se)
    assert (found.exposures, found.targeted_households) == GROCERY[kind][:2]
    assert [round(value, 4) for value in shown] == list(GROCERY[kind][2:])


def test_seventeen_campaigns_are_measured(found: list[Panel], estimates: dict[tuple[str, str], Estimate]) -> None:
    assert len(found) == 17
    assert len(estimates) == ROWS["growth.campaign_impact"] + ROWS["growth.campaign_type_impact"]


def test_matching_on_the_last_weeks_would_be_regression_to_the_mean(found: list[Panel]) -> None:
    late = [estimate([p for p in found if p.kind == k], "grocery", (-8, -5)).placebo for k in "ABC"]
    assert [round(value) for value in late] == [11, 8, 10]


def test_the_naive_contrast_looks_like_an_effect(found: list[Panel]) -> None:
    naive = [redeemers_before_after([p for p in found if p.kind == k]) for k in "ABC"]
    assert [round(value) for value in naive] == [7, 8, 9]


def test_what_the_model_of_redemption_sees(figures: dict[str, Figures]) -> None:
    features = figures["growth.household_features"]
    train, test = "label_available_date < date '2017-10-01'", "campaign_id between 16 and 22"
    assert (features[count(train)], features[count(f"{train} and label_redeemed = 1")]) == (3_927, 475)
    assert (features[count(test)], features[count(f"{test} and label_redeemed = 1")]) == (2_238, 294)
