"""What the raw files say about every port: SQL expressions and the values that they must have.

Each function takes the raw data and returns ``{expression: value}`` for one port. Counts and money are exact (money
as Decimal, to the cent); values of other doubles are floats. Sums of products with a key (``household_id * x``)
notice a value that stands in the wrong row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from .effect import Estimate, Panel, estimate
from .features import AGES, INCOMES, household_features, household_week_features
from .raw import FIRST_DAY, FIRST_MONDAY, Array, Raw, rows_in, week_of

Figure = int | float | Decimal
Figures = dict[str, Figure]
UTC_DATE = "cast(transaction_ts_utc as date)"
UTC_WEEK = f"cast(floor(date_diff('day', date '{FIRST_MONDAY}', {UTC_DATE}) / 7.0) as integer) + 1"


def money(values: Array) -> Decimal:
    """The sum of whole cents in dollars."""
    return Decimal(int(values.sum())) / 100


def whole(values: Array) -> int:
    """The sum of whole numbers."""
    return int(np.rint(values.sum()))


def count(condition: str) -> str:
    """SQL that counts the rows for which a condition holds."""
    return f"count(case when {condition} then 1 end)"


def different(*values: Array) -> int:
    """How many different tuples there are."""
    codes = np.zeros(len(values[0]), dtype=np.int64)
    for column in values:
        code, known = pd.factorize(column)
        codes = codes * len(known) + code
    return len(pd.unique(codes))


def products(raw: Raw) -> Figures:
    """merchandising.products."""
    p = raw.products
    return {
        "count(*)": len(p),
        "count(distinct product_id)": p.product_id.nunique(),
        "sum(product_id * manufacturer_id)": whole((p.product_id * p.manufacturer_id).to_numpy()),
        count("product_category = 'UNKNOWN'"): int(p.product_category.fillna("UNKNOWN").eq("UNKNOWN").sum()),
        count("product_type = 'UNKNOWN'"): int(p.product_type.fillna("UNKNOWN").eq("UNKNOWN").sum()),
        count("package_size is null"): int(p.package_size.isna().sum()),
        count("is_fuel"): int(p.product_type.eq("GASOLINE-REG UNLEADED").sum()),
    }


def placements(raw: Raw) -> dict[str, Array]:
    """By product and week with any: ``key`` (64 * product + week, ascending) and how many placements, and where."""
    file = raw.folder / "promotions.parquet"
    product, week = (pq.read_table(file, columns=[c]).column(0).to_numpy() for c in ("product_id", "week"))
    code, known = pd.factorize(product, sort=True)
    cell, size = 64 * code + week, 64 * len(known)
    every = np.bincount(cell, minlength=size)
    there = np.flatnonzero(every)
    found = {"key": 64 * known[there // 64] + there % 64, "all": every[there]}
    for name, column, places in (
        ("display", "display_location", None),
        ("mailer", "mailer_location", None),
        ("front", "mailer_location", ["D"]),
    ):
        table = pq.read_table(file, columns=[column], read_dictionary=[column])
        codes = table.column(0).combine_chunks()
        chosen = [v in places if places else v != "0" for v in codes.dictionary.to_pylist()]
        found[name] = np.bincount(cell[np.array(chosen)[codes.indices.to_numpy()]], minlength=size)[there]
    return found


def promotions_weekly(found: Mapping[str, Array]) -> Figures:
    """merchandising.promotions_weekly."""
    product, week = found["key"] // 64, found["key"] % 64
    return {
        "count(*)": len(found["key"]),
        "count(distinct product_id)": len(np.unique(product)),
        "sum(placement_count)": whole(found["all"]),
        "sum(display_placements)": whole(found["display"]),
        "sum(mailer_placements)": whole(found["mailer"]),
        "sum(front_page_placements)": whole(found["front"]),
        "sum(product_id * placement_count)": whole(product * found["all"]),
        "sum(week * display_placements)": whole(week * found["display"]),
    }


def category_weeks(raw: Raw, found: Mapping[str, Array]) -> Figures:
    """merchandising.category_weeks."""
    lines, p = raw.lines, raw.products
    place = rows_in(lines.product, p.product_id.to_numpy())
    names = [*(p.department + "|" + p.product_category.fillna("UNKNOWN")), "UNKNOWN|UNKNOWN"]
    category = pd.factorize(np.array(names, dtype=object))[0][place]
    promoted = rows_in(lines.product * 64 + lines.week, found["key"]) >= 0
    return {
        "count(*)": different(category, lines.week),
        "count(distinct department || '|' || product_category)": different(category),
        "sum(line_count)": len(category),
        "sum(household_count)": different(category, lines.week, lines.household_id),
        "sum(sales_value)": money(lines.sales),
        "sum(retail_disc)": money(lines.retail_disc),
        "sum(promoted_sales_value)": money(lines.sales[promoted]),
        "sum(week * promoted_sales_value)": money((lines.week * lines.sales)[promoted]),
    }


def transactions(raw: Raw) -> Figures:
    """sales.transactions, and the traps of time that lie in it."""
    t = raw.lines
    utc_day, local_day = (at.astype("datetime64[D]") for at in (t.utc, t.local))
    some, sold = t.quantity > 0, t.sales > 0
    return {
        "count(*)": len(t.basket),
        "count(distinct basket_id)": len(t.firsts),
        "count(distinct store_id)": different(t.store),
        "count(distinct product_id)": different(t.product),
        "count(distinct household_id)": len(t.households),
        "count(distinct transaction_date)": different(t.day),
        "sum(sales_value)": money(t.sales),
        "sum(retail_disc)": money(t.retail_disc),
        "sum(coupon_disc)": money(t.coupon_disc),
        "sum(coupon_match_disc)": money(t.match_disc),
        "sum(paid_value)": money(t.sales - t.coupon_disc),
        "sum(quantity)": whole(t.quantity),
        "sum(household_id * week)": whole(t.household_id * t.week),
        f"sum(date_diff('day', date '{FIRST_DAY}', transaction_date))": whole(t.day),
        "sum(date_diff('second', transaction_ts_local, transaction_ts_utc))": whole((t.utc - t.local).astype(np.int64)),
        count("line_kind = 'sale'"): int((some & sold).sum()),
        count("line_kind = 'free_item'"): int((some & ~sold).sum()),
        count("line_kind = 'value_without_quantity'"): int((~some & sold).sum()),
        count("line_kind = 'zero'"): int((~some & ~sold).sum()),
        count("quantity <= 0"): int((~some).sum()),
        count("quantity > 100"): int((t.quantity > 100).sum()),
        count("sales_value <= 0"): int((~sold).sum()),
        count("coupon_disc > sales_value"): int((t.coupon_disc > t.sales).sum()),
        count("basket_id % 37 = 0 and week < 53"): int(((t.basket % 37 == 0) & (t.week < 53)).sum()),
        count(f"{UTC_DATE} <> transaction_date"): int((utc_day != local_day).sum()),
        count(f"{UTC_WEEK} <> week"): int((week_of(utc_day) != t.week).sum()),
    }


def baskets(raw: Raw) -> Figures:
    """sales.baskets."""
    t = raw.lines
    place = np.searchsorted(t.basket[t.firsts], t.basket)
    totals = np.bincount(place, t.sales)
    return {
        "count(*)": len(t.firsts),
        "sum(line_count)": len(t.basket),
        "sum(sale_line_count)": int(((t.quantity > 0) & (t.sales > 0)).sum()),
        "sum(sales_value)": money(t.sales),
        "sum(fuel_sales_value)": money(t.sales[t.fuel]),
        "sum(retail_disc)": money(t.retail_disc),
        "sum(coupon_disc)": money(t.coupon_disc),
        "sum(coupon_match_disc)": money(t.match_disc),
        "sum(household_id * sales_value)": money(t.household_id * t.sales),
        "sum(store_id * line_count)": whole(t.store),
        "max(sales_value)": Decimal(int(totals.max())) / 100,
        count("sales_value <= 0"): int((totals <= 0).sum()),
        f"sum(date_diff('day', date '{FIRST_DAY}', transaction_date))": whole(t.day[t.firsts]),
        count(f"transaction_date = date '{np.datetime64('2017-12-25')}'"): int(
            (t.day[t.firsts] == (np.datetime64("2017-12-25") - FIRST_DAY).astype(int)).sum()
        ),
    }


def store_weeks(raw: Raw) -> Figures:
    """sales.store_weeks."""
    t = raw.lines
    return {
        "count(*)": different(t.store, t.week),
        "sum(basket_count)": len(t.firsts),
        "sum(household_count)": different(t.store, t.week, t.household_id),
        "sum(sales_value)": money(t.sales),
        "sum(sales_value_ex_fuel)": money(t.sales[~t.fuel]),
        "sum(retail_disc)": money(t.retail_disc),
        "sum(store_id * sales_value)": money(t.store * t.sales),
    }


def campaigns(raw: Raw) -> Figures:
    """marketing.campaigns."""
    c = raw.campaigns
    start, end = (c[name].to_numpy().astype("datetime64[D]") for name in ("start", "end"))
    offers = raw.coupons.groupby("campaign_id")
    return {
        "count(*)": len(c),
        **{count(f"campaign_type = '{kind}'"): int(c.campaign_type.eq(kind).sum()) for kind in "ABC"},
        "sum(duration_days)": whole((end - start).astype(int) + 1),
        "sum(start_week)": whole(week_of(start)),
        "sum(targeted_household_count)": len(raw.targets),
        "sum(coupon_count)": int(offers.coupon_upc.nunique().sum()),
        "sum(product_count)": int(offers.product_id.nunique().sum()),
        "sum(campaign_id * product_count)": int(
            (offers.product_id.nunique() * offers.product_id.nunique().index).sum()
        ),
        f"sum(date_diff('day', date '{FIRST_DAY}', start_date))": whole((start - FIRST_DAY).astype(int)),
    }


def campaign_households(raw: Raw) -> Figures:
    """marketing.campaign_households."""
    t = raw.targets
    return {
        "count(*)": len(t),
        "count(distinct household_id)": t.household_id.nunique(),
        "sum(campaign_id * household_id)": int((t.campaign_id * t.household_id).sum()),
    }


def coupons(raw: Raw) -> Figures:
    """marketing.coupons."""
    c = raw.coupons.drop_duplicates()
    return {
        "count(*)": len(c),
        "count(distinct coupon_upc)": c.coupon_upc.nunique(),
        "count(distinct product_id)": c.product_id.nunique(),
        "sum(campaign_id * product_id)": int((c.campaign_id * c.product_id).sum()),
    }


def redemptions(raw: Raw) -> Figures:
    """marketing.redemptions."""
    r = raw.redemptions
    return {
        "count(*)": len(r),
        "count(distinct household_id)": r.household_id.nunique(),
        "sum(campaign_id * household_id)": int((r.campaign_id * r.household_id).sum()),
        "sum(week)": whole(week_of(r.day.to_numpy())),
    }


def households(raw: Raw) -> Figures:
    """customers.households."""
    t, d = raw.lines, raw.demographics
    d = d[d.household_id.isin(t.households)]
    return {
        "count(*)": len(t.households),
        count("has_demographics"): len(d),
        "sum(household_id * income_rank)": whole((d.household_id * (d.income.map(INCOMES.index) + 1)).to_numpy()),
        "sum(household_id * age_rank)": whole((d.household_id * (d.age.map(AGES.index) + 1)).to_numpy()),
        "count(home_ownership)": int(d.home_ownership.notna().sum()),
        "count(marital_status)": int(d.marital_status.notna().sum()),
        "count(household_comp)": int(d.household_comp.notna().sum()),
        f"sum(household_id * date_diff('day', date '{FIRST_DAY}', first_purchase_date))": whole(
            t.households * t.first_day
        ),
    }


def household_weeks(raw: Raw) -> Figures:
    """customers.household_weeks."""
    t = raw.lines
    return {
        "count(*)": different(t.household, t.week),
        "sum(basket_count)": len(t.firsts),
        "sum(visit_days)": different(t.household, t.day),
        "sum(sales_value)": money(t.sales),
        "sum(sales_value_ex_fuel)": money(t.sales[~t.fuel]),
        "sum(retail_disc)": money(t.retail_disc),
        "sum(coupon_disc)": money(t.coupon_disc),
        "sum(household_id * sales_value_ex_fuel)": money((t.household_id * t.sales)[~t.fuel]),
    }


def campaign_panel(found: list[Panel]) -> Figures:
    """growth.campaign_panel."""

    def over(values: Callable[[Panel], Array]) -> int:
        return sum(whole(values(p)[:, : p.weeks]) for p in found)

    week = np.arange(-12, 8)
    return {
        "count(*)": sum(len(p.households) * p.weeks for p in found),
        "count(distinct campaign_id)": len(found),
        "sum(targeted)": sum(int(p.targeted.sum()) * p.weeks for p in found),
        count("phase = 'before'"): 12 * sum(len(p.households) for p in found),
        count("phase = 'during'"): 4 * sum(len(p.households) for p in found),
        "sum(spend_ex_fuel)": over(lambda p: p.grocery) / 100,
        "sum(spend_couponed)": over(lambda p: p.couponed) / 100,
        "sum(basket_count)": over(lambda p: p.baskets),
        "sum(relative_week * spend_ex_fuel)": over(lambda p: p.grocery * week) / 100,
        "sum(household_id * basket_count)": over(lambda p: p.baskets * p.households[:, None]),
        "sum(targeted * spend_couponed)": over(lambda p: p.couponed * p.targeted[:, None]) / 100,
    }


def features(raw: Raw) -> Figures:
    """growth.household_features, and what the models train and test on."""
    f = household_features(raw)
    plain = [c for c in f.select_dtypes("number") if c not in ("campaign_id", "household_id")]
    train = f.label_end.to_numpy().astype("datetime64[D]") < np.datetime64("2017-10-01")
    test = f.campaign_id.between(16, 22).to_numpy()
    early, late = "label_available_date < date '2017-10-01'", "campaign_id between 16 and 22"
    return {
        "count(*)": len(f),
        **{f"sum({name})": float(f[name].sum()) for name in plain},
        **{f"sum(household_id * {name})": float((f.household_id * f[name]).sum()) for name in plain},
        **{f"count({name})": int(f[name].notna().sum()) for name in ("recency_days", "days_since_redemption")},
        **{f"count({name})": int(f[name].notna().sum()) for name in ("income_rank", "marital_status")},
        "count(home_ownership)": int(f.home_ownership.notna().sum()),
        count("has_demographics"): int(f.has_demographics.sum()),
        count("household_size = '5+'"): int(f.household_size.eq("5+").sum()),
        count("kids_count = '3+'"): int(f.kids_count.eq("3+").sum()),
        count(early): int(train.sum()),
        count(f"{early} and label_redeemed = 1"): int((f.label_redemption_count[train] > 0).sum()),
        count(late): int(test.sum()),
        count(f"{late} and label_redeemed = 1"): int((f.label_redemption_count[test] > 0).sum()),
    }


def week_features(raw: Raw) -> Figures:
    """growth.household_week_features."""
    f = household_week_features(raw)
    dollars = ("spend_1w", "spend_4w", "spend_8w", "spend_12w", "max_week_12w", "retail_disc_12w", "coupon_disc_12w")
    counts = set(f.columns) - {*dollars, "household_id", "label_spend_next_4w"}
    ids, label = f.column("household_id"), f.column("label_spend_next_4w")
    known = label >= 0
    return {
        "count(*)": int(f.live.sum()),
        **{f"sum({name})": whole(f.column(name)) for name in sorted(counts)},
        **{f"sum({name})": whole(f.column(name)) / 100 for name in dollars},
        **{f"sum(household_id * {name})": whole(ids * f.column(name)) / 100 for name in dollars},
        "count(label_spend_next_4w)": int(known.sum()),
        "sum(as_of_week * label_spend_next_4w)": whole((f.column("as_of_week") * label)[known]) / 100,
        count("label_spend_next_4w = 0"): int((label == 0).sum()),
    }


def impact(found: list[Panel]) -> dict[tuple[str, str], Estimate]:
    """The estimate for each campaign (by number) and each type (by letter), and outcome as the ports spell it."""
    groups = {str(p.campaign): [p] for p in found}
    groups |= {kind: [p for p in found if p.kind == kind] for kind in "ABC"}
    outcomes = {"all_grocery": "grocery", "couponed_products": "couponed"}
    return {(g, o): estimate(chosen, name) for g, chosen in groups.items() for o, name in outcomes.items()}


def port_figures(raw: Raw, found: list[Panel]) -> dict[str, Figures]:
    """The figures of every port that has some of its own; the two impact ports are compared row by row instead."""
    placed = placements(raw)
    return {
        "merchandising.products": products(raw),
        "merchandising.promotions_weekly": promotions_weekly(placed),
        "merchandising.category_weeks": category_weeks(raw, placed),
        "sales.transactions": transactions(raw),
        "sales.baskets": baskets(raw),
        "sales.store_weeks": store_weeks(raw),
        "marketing.campaigns": campaigns(raw),
        "marketing.campaign_households": campaign_households(raw),
        "marketing.coupons": coupons(raw),
        "marketing.redemptions": redemptions(raw),
        "customers.households": households(raw),
        "customers.household_weeks": household_weeks(raw),
        "growth.campaign_panel": campaign_panel(found),
        "growth.household_features": features(raw),
        "growth.household_week_features": week_features(raw),
    }
