"""The five ports that the answer reads, as plain tables with the figures of the example mesh."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

FIGURES = """
    ('A', 'all_grocery', 3284, 1454, 51.0212, 0.0729, 1.1832, -2.2462, 2.3919, 0.6128, 1.2766),
    ('B', 'all_grocery', 1603, 840, 69.4759, -0.1840, 0.9754, -2.0957, 1.7277, -0.3292, 1.0219),
    ('C', 'all_grocery', 550, 384, 74.3451, 4.0599, 1.9185, 0.2998, 7.8201, 0.0951, 1.9531),
    ('A', 'couponed_products', 3284, 1454, 5.0, 99.0, 1.0, 98.0, 100.0, 0.0, 1.0)"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("ATTACH ':memory:' AS mesh")
        made.execute("CREATE SCHEMA mesh.growth")
        made.execute("CREATE SCHEMA mesh.marketing")
        made.execute(f"""
            CREATE TABLE mesh.growth.campaign_type_impact (
                campaign_type VARCHAR, outcome VARCHAR, targeted_exposures BIGINT, targeted_households BIGINT,
                targeted_before DOUBLE, effect DOUBLE, effect_se DOUBLE, effect_lo DOUBLE, effect_hi DOUBLE,
                placebo_effect DOUBLE, placebo_se DOUBLE);
            INSERT INTO mesh.growth.campaign_type_impact VALUES {FIGURES}""")
        made.execute("""
            CREATE TABLE mesh.growth.campaign_impact (
                campaign_id BIGINT, campaign_type VARCHAR, outcome VARCHAR, targeted_households BIGINT,
                effect DOUBLE, effect_lo DOUBLE, effect_hi DOUBLE);
            INSERT INTO mesh.growth.campaign_impact VALUES
                (8, 'A', 'all_grocery', 1074, 0.1, -3.7, 3.9), (13, 'A', 'all_grocery', 1077, -1.2, -5.1, 2.7),
                (4, 'B', 'all_grocery', 51, 6.0, -4.9, 16.9), (14, 'C', 'all_grocery', 224, 4.5, 0.5, 8.5),
                (14, 'C', 'couponed_products', 224, 99.0, 98.0, 100.0)""")
        made.execute("""
            CREATE TABLE mesh.marketing.campaigns AS SELECT * FROM (VALUES
                (8, DATE '2017-05-08'), (13, DATE '2017-08-08'), (4, DATE '2017-03-29'), (14, DATE '2017-09-04'),
                (1, DATE '2016-12-01')) AS t(campaign_id, start_date)""")
        # Households 0 to 9 are targeted by campaigns 8, 4 and 14. Those below 3 redeem: 10 before, 18 during;
        # the others 10 and 9.5. Weeks outside both windows and households 10 to 19, not targeted, are off by far.
        made.execute("""
            CREATE TABLE mesh.growth.campaign_panel AS
            SELECT c.campaign_id, c.campaign_type, h.range AS household_id, (h.range < 10)::INTEGER AS targeted,
                   w.range::INTEGER AS relative_week,
                   (CASE WHEN h.range >= 10 OR w.range NOT BETWEEN -4 AND 3 THEN 1000.0
                        WHEN w.range < 0 THEN 10.0 + w.range + 2.5
                        WHEN h.range < 3 THEN 18.0 + w.range - 1.5 ELSE 9.5 END)::DOUBLE AS spend_ex_fuel
            FROM (VALUES (8, 'A'), (4, 'B'), (14, 'C')) AS c(campaign_id, campaign_type),
                 range(20) AS h, range(-12, 8) AS w""")
        # Twice the same household, and a redemption of a campaign that was not measured.
        made.execute("""
            CREATE TABLE mesh.marketing.redemptions AS
            SELECT c.campaign_id, h.range AS household_id, coupon_upc
            FROM (VALUES (8), (4), (14)) AS c(campaign_id), range(3) h, (VALUES (1), (2)) AS u(coupon_upc)
            UNION ALL SELECT 1, 5, 1""")
        yield made
