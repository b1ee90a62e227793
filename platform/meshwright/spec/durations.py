"""Lengths of time as contracts and people write them: ``8 d``, ``24h``, ``30 minutes``."""

from __future__ import annotations

import re

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "mo": 2_629_746, "y": 31_556_952}
"""Seconds of each unit; a month and a year are those of the Gregorian mean."""

UNITS = {
    **dict.fromkeys(["s", "sec", "second", "seconds"], "s"),
    **dict.fromkeys(["m", "min", "minute", "minutes"], "m"),
    **dict.fromkeys(["h", "hr", "hour", "hours"], "h"),
    **dict.fromkeys(["d", "day", "days"], "d"),
    **dict.fromkeys(["w", "week", "weeks"], "w"),
    **dict.fromkeys(["mo", "month", "months"], "mo"),
    **dict.fromkeys(["y", "yr", "year", "years"], "y"),
}
"""Every spelling of a unit."""


def seconds_of(text: str) -> float | None:
    """Seconds of a length of time such as ``30m``; ``0`` needs no unit. None where it is none."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    if not found:
        return None
    number, unit = float(found[1]), UNITS.get(found[2].lower())
    if unit is None:
        return 0.0 if number == 0 and not found[2] else None
    return number * SECONDS[unit]
