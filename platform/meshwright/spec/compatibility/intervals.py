"""Sets of numbers as intervals: what bounds and operators accept, whatever keys say it.

Dates, times and timestamps count in days or microseconds, so that there is one arithmetic.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

MICROSECOND = 1_000_000


class Relation(Enum):
    """How the new accepted set stands to the old one."""

    EQUAL = "equal"
    TIGHTER = "tighter"
    LOOSER = "looser"
    OTHER = "incomparable"


def relation(new_in_old: bool | None, old_in_new: bool | None) -> Relation:
    """From both containments; None is "nobody can tell"."""
    if new_in_old:
        return Relation.EQUAL if old_in_new else Relation.TIGHTER
    return Relation.LOOSER if old_in_new else Relation.OTHER


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``; None is no bound. Bounds count unless they are open."""

    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is in it."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def within(self, other: Interval) -> bool:
        """Whether all of it is in ``other``."""
        if self.empty:
            return True
        if other.low is not None and (
            self.low is None or self.low < other.low or (self.low == other.low and other.low_open and not self.low_open)
        ):
            return False
        return other.high is None or not (
            self.high is None
            or self.high > other.high
            or (self.high == other.high and other.high_open and not self.high_open)
        )

    def holds(self, value: Fraction) -> bool:
        """Whether ``value`` is in it."""
        return Interval(value, value).within(self)

    def on_grid(self, step: Fraction) -> Interval:
        """The same set of multiples of ``step``, with closed bounds."""
        low = None if self.low is None else Fraction(math.ceil(self.low / step))
        high = None if self.high is None else Fraction(math.floor(self.high / step))
        if low is not None and self.low_open and low * step == self.low:
            low += 1
        if high is not None and self.high_open and high * step == self.high:
            high -= 1
        return Interval(None if low is None else low * step, None if high is None else high * step)


def compared(old: Iterable[Interval], new: Iterable[Interval]) -> Relation:
    """How unions of intervals stand to each other; those of one union neither meet nor touch."""
    olds, news = [i for i in old if not i.empty], [i for i in new if not i.empty]
    new_in_old = all(any(i.within(o) for o in olds) for i in news)
    return relation(new_in_old, all(any(o.within(i) for i in news) for o in olds))


_NUMBER = re.compile(r"[-+]?(\d{1,500}(\.\d{0,500})?|\.\d{1,500})(e[-+]?\d{1,3})?", re.IGNORECASE | re.ASCII)


def number(value: Any) -> Fraction:
    """A number, also one written as a text, exactly as it is written.

    ValueError for what is none, is not finite or has an exponent that no double has.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise ValueError(f"{value!r} is no number")
    if isinstance(value, int):
        return Fraction(value)
    if _NUMBER.fullmatch(text := str(value).strip()) is None:
        raise ValueError(f"{text[:40]!r} is no number")
    return Fraction(text)


def position(value: Any, kind: str) -> Fraction | None:
    """Where a bound of a column of that kind lies, None for "beyond everything".

    Raises ValueError for what is no place on a line (NaN, a text that is no date).
    """
    if isinstance(value, str):
        return _instant(value, kind)
    if isinstance(value, (date, time)):
        return _instant(value.isoformat(), kind)
    return None if value in (math.inf, -math.inf) else number(value)


def _instant(text: str, kind: str) -> Fraction:
    if kind == "date":
        return Fraction(date.fromisoformat(text[:10] if "T" in text else text).toordinal())
    if kind == "time":
        clock = time.fromisoformat(text)
        return Fraction(((clock.hour * 60 + clock.minute) * 60 + clock.second) * MICROSECOND + clock.microsecond)
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return Fraction((since.days * 86_400 + since.seconds) * MICROSECOND + since.microseconds)


def grid(kind: str, scale: int = 0) -> Fraction | None:
    """The distance of neighbouring values of a type; None where there are values between any two."""
    if kind in ("int", "long", "date", "time", "timestamp", "timestamptz"):
        return Fraction(1)
    return Fraction(1, 10**scale) if kind == "decimal" else None
