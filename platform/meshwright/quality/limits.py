"""What a measured value is held against: ODCS's operators, in rows or per cent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

OPERATORS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "mustBe": (lambda value, bound: value == bound, "exactly {} required"),
    "mustNotBe": (lambda value, bound: value != bound, "anything but {} required"),
    "mustBeGreaterThan": (lambda value, bound: value > bound, "more than {} required"),
    "mustBeGreaterOrEqualTo": (lambda value, bound: value >= bound, "at least {} required"),
    "mustBeLessThan": (lambda value, bound: value < bound, "less than {} allowed"),
    "mustBeLessOrEqualTo": (lambda value, bound: value <= bound, "at most {} allowed"),
    "mustBeBetween": (lambda value, bound: bound[0] <= value <= bound[1], "between {} and {} required"),
    "mustNotBeBetween": (
        lambda value, bound: not bound[0] <= value <= bound[1],
        "not between {} and {} allowed",
    ),
}
"""ODCS's word, how it compares (both ends of the ranges count) and how a message puts it."""


class UnfitError(Exception):
    """A value and a limit that cannot be compared, or a rule that cannot be run; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One operator with its bound. ``unit`` is ``rows`` or ``percent``; two bounds for the ``Between`` ones."""

    operator: str
    bound: Any
    unit: str = "rows"

    def holds(self, value: object) -> bool:
        """Whether the value keeps the limit; UnfitError where nobody can tell (NULL, NaN, text against number)."""
        if value is None:
            raise UnfitError("the value is NULL")
        bound = [comparable(b) for b in self.bound] if isinstance(self.bound, (list, tuple)) else comparable(self.bound)
        value = comparable(value)
        if isinstance(value, float) and math.isnan(value):
            raise UnfitError("the value is NaN")
        try:
            return OPERATORS[self.operator][0](value, bound)
        except TypeError:
            raise UnfitError(f"{value!r} cannot be compared with {self.bound!r}") from None

    def holds_count(self, failed: int, total: int) -> bool:
        """Whether ``failed`` of ``total`` rows keep the limit; no rows are 0 per cent of no rows."""
        return self.holds(percent(failed, total) if self.unit == "percent" else failed)

    @property
    def forbids_any(self) -> bool:
        """Whether not one row may count against it."""
        if (self.operator, self.bound) == ("mustBeLessThan", 1):
            return self.unit != "percent"
        return (self.operator, self.bound) in (("mustBe", 0), ("mustBeLessOrEqualTo", 0))

    def words(self) -> str:
        """``at most 0.5 % allowed``."""
        bounds = self.bound if isinstance(self.bound, (list, tuple)) else [self.bound]
        sign = " %" if self.unit == "percent" else ""
        if self.operator == "mustBe" and not isinstance(self.bound, bool) and self.bound == 0:
            return f"at most 0{sign} allowed"
        return OPERATORS[self.operator][1].format(*(f"{number(b)}{sign}" for b in bounds))

    def as_json(self) -> dict[str, Any]:
        """The limit as plain JSON data."""
        return {"operator": self.operator, "bound": plain(self.bound), "unit": self.unit}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Limit:
        """The limit that ``as_json`` wrote."""
        return cls(data["operator"], data["bound"], data["unit"])


NONE = Limit("mustBeLessOrEqualTo", 0)
"""Not a single row."""


def percent(part: int, whole: int) -> float:
    """``part`` in per cent of ``whole``; 0 where there is nothing to be a part of."""
    return 100.0 * part / whole if whole else 0.0


def number(value: object) -> str:
    """A value in a message: numbers with thousands separators, everything else as Python writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (int, float, Decimal)) or not math.isfinite(value):
        return repr(value) if isinstance(value, str) else str(value)
    return f"{int(value) if value == int(value) else value:,}"


def comparable(value: object) -> object:
    """Decimals as floats and times as ISO text, the way YAML writes the bounds that they meet."""
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == int(value) else float(value)
    return value.isoformat() if isinstance(value, (date, datetime, time)) else value


def plain(value: object) -> Any:
    """The value as JSON can hold it; bytes become hexadecimal, what JSON has no word for its text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return comparable(value) if value.is_finite() else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return value if value is None or isinstance(value, (bool, int, str)) else str(comparable(value))
