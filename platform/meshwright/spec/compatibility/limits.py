"""What quality rules let pass: limits as sets of numbers, arguments by how they change what is counted."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from meshwright.spec.compatibility.intervals import Interval, Relation, compared, number, relation
from meshwright.spec.compatibility.languages import contained
from meshwright.spec.model import Quality

_NONE = [Interval(Fraction(0), Fraction(0))]


def allows_none(item: Quality) -> bool:
    """Whether not a single row may be counted."""
    return passing(item) == _NONE


def passing(item: Quality) -> list[Interval] | None:
    """The numbers that its operator lets pass; None where its operand is no number."""
    operator = item.operator
    pair = (operator or "").endswith("etween")
    numbers = item.operand if pair and isinstance(item.operand, (list, tuple)) else [item.operand]
    if operator is None:
        operator, numbers = "mustBe", [0]
        if item.kind != "library":
            return None
    try:
        bounds = [number(n) for n in numbers]
    except ValueError:
        return None
    if len(bounds) != (2 if pair else 1):
        return None
    low, high = bounds[0], bounds[-1]
    spans = _spans(operator, low, high)
    return [i for i in (_possible(item, span) for span in spans) if not i.empty]


def _spans(operator: str, low: Fraction, high: Fraction) -> list[Interval]:
    if operator in ("mustNotBe", "mustNotBeBetween"):
        return [Interval(None, low, high_open=True), Interval(high, None, low_open=True)]
    if operator.startswith("mustBeGreater"):
        return [Interval(low, None, low_open=operator == "mustBeGreaterThan")]
    if operator.startswith("mustBeLess"):
        return [Interval(None, high, high_open=operator == "mustBeLessThan")]
    return [Interval(low, high)]


def _possible(item: Quality, span: Interval) -> Interval:
    """The part of it that a measured number can reach."""
    if item.kind != "library":
        return span
    percent = item.unit == "percent"
    if span.low is None or span.low < 0:
        span = Interval(Fraction(0), span.high, high_open=span.high_open)
    if percent and (span.high is None or span.high > 100):
        span = Interval(span.low, Fraction(100), low_open=span.low_open)
    return span if percent else span.on_grid(Fraction(1))


def of_limits(old: Quality, new: Quality) -> Relation:
    """How what one limit lets pass stands to what the other does."""
    before, after = passing(old), passing(new)
    if before is None or after is None:
        same = (old.operator, old.operand, old.unit) == (new.operator, new.operand, new.unit)
        return Relation.EQUAL if same else Relation.OTHER
    if old.unit != new.unit and old.kind == "library" and not (before == after == _NONE):
        return Relation.TIGHTER if after == _NONE else Relation.LOOSER if before == _NONE else Relation.OTHER
    return compared(before, after)


def of_arguments(old: Quality, new: Quality) -> Relation:
    """How the counted rows change: fewer make a rule with an upper limit looser."""
    before, after = dict(old.arguments), dict(new.arguments)
    if before == after:
        return Relation.EQUAL
    upper = all(p and len(p) == 1 and p[0].low == 0 for p in (passing(old), passing(new)))
    found = Relation.EQUAL
    for key in sorted(before.keys() | after.keys()):
        one = _argument(key, before.get(key), after.get(key)) if upper else Relation.OTHER
        found = both(found, one if before.get(key) != after.get(key) else Relation.EQUAL)
    return found


def _argument(key: str, old: Any, new: Any) -> Relation:
    if key == "pattern" and isinstance(old, str) and isinstance(new, str):
        return relation(contained(new, old), contained(old, new))
    if key in ("validValues", "missingValues") and isinstance(old, list) and isinstance(new, list):
        olds, news = ({json.dumps(v, default=str) for v in values} for values in (old, new))
        fewer, more = news <= olds, olds <= news
        return relation(fewer, more) if key == "validValues" else relation(more, fewer)
    if key == "properties" and isinstance(old, list) and isinstance(new, list) and set(old) == set(new):
        return Relation.EQUAL
    return Relation.OTHER


def both(a: Relation, b: Relation) -> Relation:
    """Of two directions, the one in which both go."""
    if a is Relation.EQUAL or a is b:
        return b
    return a if b is Relation.EQUAL else Relation.OTHER
