"""Values against bounds, and how both are told."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshwright.quality.limits import OPERATORS, Limit, UnfitError, number, percent, plain


@given(st.sampled_from(sorted(OPERATORS)), st.integers(-5, 5), st.integers(-5, 5), st.integers(0, 3))
def test_operators_come_in_opposites(operator: str, value: int, low: int, width: int) -> None:
    opposite = {
        "mustBe": "mustNotBe", "mustBeGreaterThan": "mustBeLessOrEqualTo", "mustBeLessThan": "mustBeGreaterOrEqualTo",
        "mustBeBetween": "mustNotBeBetween",
    }  # fmt: skip
    opposite |= {b: a for a, b in opposite.items()}
    bound = [low, low + width] if operator.endswith("Between") else low
    assert Limit(operator, bound).holds(value) is not Limit(opposite[operator], bound).holds(value)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit("mustBe", 0), "at most 0 allowed"),
        (Limit("mustBe", 0.0, "percent"), "at most 0 % allowed"),
        (Limit("mustBe", False), "exactly false required"),
        (Limit("mustBe", 1234567), "exactly 1,234,567 required"),
        (Limit("mustBe", "x"), "exactly 'x' required"),
        (Limit("mustBeLessOrEqualTo", 0.5, "percent"), "at most 0.5 % allowed"),
        (Limit("mustBeLessOrEqualTo", 70.0, "percent"), "at most 70 % allowed"),
        (Limit("mustBeBetween", [1, 2.5], "percent"), "between 1 % and 2.5 % required"),
        (Limit("mustNotBeBetween", (1, 2)), "not between 1 and 2 allowed"),
    ],
)
def test_words(limit: Limit, words: str) -> None:
    assert limit.words() == words
    assert Limit.of(json.loads(json.dumps(limit.as_json()))).words() == words


@pytest.mark.parametrize("value", [None, float("nan"), "text", [1], date(2017, 1, 1), Decimal("NaN")])
def test_what_cannot_be_compared(value: object) -> None:
    with pytest.raises(UnfitError):
        Limit("mustBeLessThan", 5).holds(value)


def test_decimals_and_times_meet_what_yaml_writes() -> None:
    assert Limit("mustBe", 0.1).holds(Decimal("0.10"))
    assert Limit("mustBe", 10**30).holds(Decimal(10**30))
    assert Limit("mustBe", "2017-01-01").holds(date(2017, 1, 1))
    assert Limit("mustBeGreaterThan", "2017-01-01").holds(datetime(2017, 1, 1, 12))
    assert not Limit("mustBe", "08:00:00").holds(time(9))


def test_nothing_of_nothing() -> None:
    assert percent(0, 0) == 0
    assert Limit("mustBeLessThan", 1, "percent").holds_count(0, 0)
    assert not Limit("mustBeLessThan", 1, "percent").holds_count(1, 100)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates()
        | st.datetimes() | st.times() | st.decimals() | st.uuids() | st.timedeltas(),
        lambda inner: st.lists(inner) | st.dictionaries(st.integers() | st.text(), inner),
        max_leaves=8,
    )
)  # fmt: skip
def test_plain_values_are_json(value: object) -> None:
    made = plain(value)
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert plain(made) == made
    assert isinstance(number(made), str)
