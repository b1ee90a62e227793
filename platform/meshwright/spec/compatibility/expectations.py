"""What expectations of Great Expectations let pass, by the arguments whose direction is certain."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from meshwright.spec import great_expectations
from meshwright.spec.compatibility.intervals import Interval, Relation, compared, number, relation
from meshwright.spec.compatibility.limits import both
from meshwright.spec.model import Quality

Call = tuple[str, dict[str, Any]]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BOUNDS = ("min_value", "max_value", "strict_min", "strict_max")
_BETWEEN = frozenset(
    {"expect_column_values_to_be_between", "expect_column_value_lengths_to_be_between"}
    | {f"expect_column_{what}_to_be_between" for what in ("max", "min", "mean", "median", "stdev", "sum")}
    | {"expect_column_unique_value_count_to_be_between", "expect_table_row_count_to_be_between"}
    | {"expect_column_proportion_of_unique_values_to_be_between"}
)
"""Expectations that hold of what lies between their bounds, and of nothing else."""
_MORE_IS_LOOSER = {
    "expect_column_values_to_be_in_set": True,
    "expect_column_distinct_values_to_be_in_set": True,
    "expect_column_values_to_not_be_in_set": False,
    "expect_column_distinct_values_to_contain_set": False,
}
"""Expectations by whether another value in their ``value_set`` lets more pass, or less."""


def call_of(item: Quality) -> Call | None:
    """The expectation and its arguments; None where it is none, or cannot be read."""
    if item.kind != "custom" or not great_expectations.is_engine(item.engine):
        return None
    try:
        return great_expectations.read(item.implementation)
    except ValueError:
        return None


def fixed(item: Quality) -> str:
    """What makes it another promise altogether where it is another: all but arguments that have a direction."""
    call, given = call_of(item), item.implementation
    if call is not None:
        written, directed = great_expectations.mapping_of(given), _directed(call[0])
        beside = {k: v for k, v in written.items() if k in great_expectations.BESIDE}
        given = [call[0], {k: v for k, v in call[1].items() if k not in directed}, beside]
    return json.dumps(given, sort_keys=True, default=str)


def _directed(type_: str) -> frozenset[str]:
    bounds = _BOUNDS if type_ in _BETWEEN else ()
    return frozenset({"mostly", *bounds, *(["value_set"] if type_ in _MORE_IS_LOOSER else ())})


def of_calls(old: Quality, new: Quality) -> Relation:
    """How what one expectation lets pass stands to what the other does; both are the same in what is :func:`fixed`."""
    before, after = call_of(old), call_of(new)
    if before is None or after is None:
        return Relation.EQUAL
    type_, (was, is_) = before[0], (before[1], after[1])
    found = _of_shares(was.get("mostly", 1), is_.get("mostly", 1))
    if type_ in _BETWEEN:
        found = both(found, _of_bounds(type_, was, is_))
    if type_ in _MORE_IS_LOOSER:
        found = both(found, _of_sets(was.get("value_set"), is_.get("value_set"), looser=_MORE_IS_LOOSER[type_]))
    return found


def turned_arguments(old: Quality, new: Quality) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The arguments that differ, before and after; None where it is no expectation."""
    before, after = call_of(old), call_of(new)
    if before is None or after is None:
        return None
    names = sorted(k for k in before[1].keys() | after[1].keys() if before[1].get(k) != after[1].get(k))
    return {k: before[1].get(k) for k in names}, {k: after[1].get(k) for k in names}


def _of_shares(old: Any, new: Any) -> Relation:
    try:
        before, after = number(old), number(new)
    except ValueError:
        return Relation.EQUAL if repr(old) == repr(new) else Relation.OTHER
    return relation(after >= before, before >= after)


def _of_bounds(type_: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Relation:
    if [repr(old.get(k)) for k in _BOUNDS] == [repr(new.get(k)) for k in _BOUNDS]:
        return Relation.EQUAL
    given = [side.get(key) for side in (old, new) for key in _BOUNDS[:2]]
    try:
        places = [None if bound is None else _place(bound, dates=_are_dates(given)) for bound in given]
        spans = [_span(side, *places[at : at + 2]) for side, at in ((old, 0), (new, 2))]
    except ValueError:
        return Relation.OTHER
    if "row_count" in type_ or "lengths" in type_ or "unique_value_count" in type_:
        spans = [span.on_grid(Fraction(1)) for span in spans]
    return compared(spans[:1], spans[1:])


def _are_dates(given: list[Any]) -> bool:
    return all(bound is None or isinstance(bound, (str, date)) for bound in given)


def _place(bound: Any, *, dates: bool) -> Fraction:
    """Where a bound lies: numbers as they are, days where all bounds are days; of other texts nobody can tell."""
    if dates:
        if _DAY.fullmatch(text := str(bound)) is None:
            raise ValueError(f"{text[:40]!r} is no day")
        return Fraction(date.fromisoformat(text).toordinal())
    if isinstance(bound, str):
        raise ValueError(f"{bound[:40]!r} is no number")
    return number(bound)


def _span(of: Mapping[str, Any], low: Fraction | None, high: Fraction | None) -> Interval:
    strict = [of.get(key) or False for key in _BOUNDS[2:]]
    if not all(isinstance(value, bool) for value in strict):
        raise ValueError("whether a bound counts is true or false")
    return Interval(low, high, low is not None and strict[0], high is not None and strict[1])


def _of_sets(old: Any, new: Any, *, looser: bool) -> Relation:
    if repr(old) == repr(new):
        return Relation.EQUAL
    # An empty set is no limit to some of them, and NULL is equal to nothing.
    if not all(isinstance(values, list) and values and None not in values for values in (old, new)):
        return Relation.OTHER
    before, after = ({json.dumps(value, sort_keys=True, default=str) for value in values} for values in (old, new))
    fewer, more = after <= before, before <= after
    return relation(fewer, more) if looser else relation(more, fewer)
