"""The figures of the example mesh as they are documented: what a build and its second computation must both give."""

from __future__ import annotations

ROWS = {
    "merchandising.products": 92_331,
    "merchandising.promotions_weekly": 1_184_798,
    "merchandising.category_weeks": 15_095,
    "sales.transactions": 1_469_307,
    "sales.baskets": 155_848,
    "sales.store_weeks": 7_341,
    "marketing.campaigns": 27,
    "marketing.campaign_households": 6_589,
    "marketing.coupons": 111_332,
    "marketing.redemptions": 2_102,
    "customers.households": 2_469,
    "customers.household_weeks": 69_674,
    "growth.campaign_panel": 717_669,
    "growth.campaign_impact": 34,
    "growth.campaign_type_impact": 6,
    "growth.household_features": 6_589,
    "growth.household_week_features": 120_965,
}

GROCERY = {
    "A": (3_284, 1_454, 51.0212, 0.0729, -2.2462, 2.3919, 0.6128, 1.2766),
    "B": (1_603, 840, 69.4759, -0.1840, -2.0957, 1.7277, -0.3292, 1.0219),
    "C": (550, 384, 74.3451, 4.0599, 0.2998, 7.8201, 0.0951, 1.9531),
}
"""Exposures, households, dollars a week before, effect, its interval, placebo and its standard error by type."""
