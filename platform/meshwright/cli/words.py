"""Ages, sizes and counts as people say them."""

from __future__ import annotations

from datetime import UTC, datetime


def ago(instant: str | None) -> str:
    """How long ago an instant of the records was: ``40 s``, ``3 min``, ``5 h``, ``12 d``."""
    if not instant:
        return "–"
    seconds = max((datetime.now(UTC) - datetime.fromisoformat(instant)).total_seconds(), 0)
    for most, length, unit in ((90, 1, "s"), (5400, 60, "min"), (172_800, 3600, "h")):
        if seconds < most:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def clock(instant: str | None) -> str:
    """An instant of the records to the second, UTC: ``2026-11-23 07:01:12``."""
    return instant[:19].replace("T", " ") if instant else "–"


def size(count: float) -> str:
    """Bytes in decimal units: ``812 B``, ``3.4 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def counted(count: int, noun: str) -> str:
    """``1 port``, ``17 ports``; ``noun`` forms its plural with an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def short(number: int | str | None) -> str:
    """The first eight characters of a snapshot or an id."""
    return "–" if number is None else str(number)[:8]
