"""Service levels in normalised units: which are promised, and how tightly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from meshwright.spec.compatibility.intervals import number, position
from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.rules import Family, Rule
from meshwright.spec.compatibility.verify import Served
from meshwright.spec.durations import SECONDS, UNITS
from meshwright.spec.model import Contract, ServiceLevel

REMOVED = Rule("service-level-removed", "service level removed", Verdict.MAJOR, "consumers planned with it")
LOOSENED = Rule(
    "service-level-loosened", "service level loosened", Verdict.MAJOR, "consumers planned with the tighter one"
)
CHANGED = Rule(
    "service-level-changed",
    "service level changed where nobody can tell which is the tighter",
    Verdict.MAJOR,
    "consumers planned with the old one",
)
ADDED = Rule(
    "service-level-added",
    "service level added",
    Verdict.MINOR,
    "consumers gain a promise, which must be kept already",
    verified=True,
)
TIGHTENED = Rule(
    "service-level-tightened",
    "service level tightened",
    Verdict.MINOR,
    "consumers gain a promise, which must be kept already",
    verified=True,
)
UNKNOWN = Rule(
    "service-level-unit", "service level given in a unit that is not known, or has no place there", Verdict.REFUSED,
    "what cannot be compared cannot be promised",
)  # fmt: skip

SYNONYMS = {
    **{"ly": "latency", "fy": "frequency", "re": "retention", "av": "availability", "th": "throughput"},
    **{
        "er": "errorrate",
        "td": "timetodetect",
        "tn": "timetonotify",
        "tr": "timetorepair",
        "ga": "generalavailability",
    },
    **{"es": "endofsupport", "el": "endoflife", "ta": "timeofavailability"},
}
"""ODCS's short names of service levels."""
SMALLER = ("latency", "freshness", "frequency", "errorrate", "timetodetect", "timetonotify", "timetorepair")
"""Service levels of which less is tighter."""
LARGER = ("retention", "availability", "throughput")
"""Service levels of which more is tighter."""
END_DATES = ("endofsupport", "endoflife")
"""Judged with the status."""
_SHARES = ("availability", "errorrate")
_TIMED = ("latency", "freshness", "frequency", "retention", "timetodetect", "timetonotify", "timetorepair")
_SIZES = {
    **{**dict.fromkeys(("row", "rows", "record", "records", "req", "request", "requests", "message", "messages"), 1)},
    **{"b": 1, "byte": 1, "bytes": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12},
}
_COUNTED = {
    "records": "rows",
    "record": "rows",
    "row": "rows",
    "req": "requests",
    "request": "requests",
    "message": "messages",
}
FAMILY = Family(
    "Service levels",
    "Levels are paired by property and element; no element is the port, or `slaDefaultElement`. Units are normalised: "
    "1 d is 24 h, 99.9 is 99.9 %, 1 MB/s is 60 MB/min. Less is tighter for latency, freshness, frequency, errorRate "
    "and the times to detect, notify and repair, more for retention, availability and throughput; of any other "
    "property each change is major. Unknown units are refused; without one, levels are compared as they are.",
    (REMOVED, LOOSENED, CHANGED, ADDED, TIGHTENED, UNKNOWN),
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and what it counts: ``s`` for a length of time, ``share``, ``B/s`` …; empty where nothing says."""

    number: Fraction
    of: str


class UnknownUnitError(ValueError):
    """An amount of which nobody knows what it is; the text is the reason."""


def kind_of(level: ServiceLevel) -> str:
    """Its property in one spelling."""
    word = "".join(c for c in level.property.lower() if c.isalnum())
    return SYNONYMS.get(word, word)


def amount(level: ServiceLevel) -> Amount | None:
    """Its value in normalised units; None where it is no number. UnknownUnitError where the unit is not known."""
    count, unit = _split(level.value, level.unit)
    if count is None:
        return None
    if count < 0 and kind_of(level) in _MEASURES:
        raise UnknownUnitError(f"{level.property} of {level.value} is less than nothing")
    found = _MEASURES.get(kind_of(level), _anything)(count, unit)
    if found is None:
        raise UnknownUnitError(f"unit {level.unit or unit!r} is not known for {level.property}")
    return found


def _length(count: Fraction, unit: str) -> Amount | None:
    if unit == "":
        return Amount(count, "")
    return Amount(count * SECONDS[UNITS[unit]], "s") if unit in UNITS else None


def _share(count: Fraction, unit: str) -> Amount | None:
    if unit in ("", "%", "percent", "percentage"):
        return Amount(count / 100, "share")
    return Amount(count, "share") if unit in ("ratio", "fraction") else None


def _rate(count: Fraction, unit: str) -> Amount | None:
    if unit == "":
        return Amount(count, "")
    what, _, time = (word.strip() for word in unit.replace(" per ", "/").partition("/"))
    if what not in _SIZES or (time and time not in UNITS):
        return None
    of = "B" if what.endswith(("b", "byte", "bytes")) else _COUNTED.get(what, what)
    return Amount(count * _SIZES[what] / (SECONDS[UNITS[time]] if time else 1), f"{of}/s" if time else of)


def _anything(count: Fraction, unit: str) -> Amount:
    return _length(count, unit) or Amount(count, unit)


_MEASURES: Mapping[str, Callable[[Fraction, str], Amount | None]] = {
    **dict.fromkeys(_TIMED, _length),
    **dict.fromkeys(_SHARES, _share),
    "throughput": _rate,
}


def _split(value: Any, unit: str | None) -> tuple[Fraction | None, str]:
    """Number and unit, also of a text that holds both (``24h``)."""
    word = (unit or "").strip().lower()
    if isinstance(value, str):
        text = value.strip().lower()
        head = text.rstrip("abcdefghijklmnopqrstuvwxyz%/ ")
        word, value = word or text[len(head) :].strip(), head
    try:
        return number(value), word
    except ValueError:
        return None, word


def judged(old: Contract, new: Contract) -> Iterator[Change]:
    """All service levels but the end dates."""
    olds, news = _grouped(old), _grouped(new)
    for key in dict.fromkeys([*olds, *news]):
        before, after = olds.get(key, []), news.get(key, [])
        path = ".".join(filter(None, ("slaProperties", (after or before)[0].property, key[1])))
        same = {*map(_facts, before)} & {*map(_facts, after)}
        changed = [level for level in after if _facts(level) not in same]
        gone = [level for level in before if _facts(level) not in same]
        for level in gone[len(changed) :]:
            yield REMOVED.at(path, new.at("slaProperties"), f"the service level {_told(level)} is gone")
        for level in changed[len(gone) :]:
            yield _added(path, level)
        for pair in zip(gone, changed, strict=False):
            yield from _of_pair(path, *pair)


def _grouped(contract: Contract) -> Mapping[tuple[str, str], list[ServiceLevel]]:
    found: dict[tuple[str, str], list[ServiceLevel]] = defaultdict(list)
    for level in contract.service_levels:
        if kind_of(level) not in END_DATES:
            found[kind_of(level), _element(level, contract)].append(level)
    for levels in found.values():
        levels.sort(key=lambda level: str(level.value))
    return found


def _element(level: ServiceLevel, contract: Contract) -> str:
    """The columns that it is about; empty for the port as a whole."""
    written = level.element or contract.default_element or ""
    names = (name.strip().rpartition(f"{contract.table}.")[2] for name in written.split(","))
    return ",".join(sorted(name for name in names if name and name != contract.table))


def _facts(level: ServiceLevel) -> str:
    try:
        found: Any = amount(level) or (level.value, level.unit)
    except UnknownUnitError:
        found = (level.value, level.unit)
    return repr((found, level.extended))


def _told(level: ServiceLevel) -> str:
    return f"{level.property} {level.value}{f' {level.unit}' if level.unit else ''}"


def _served(level: ServiceLevel) -> Served:
    return Served(level.property, level.value, level.unit, level.element)


def _added(path: str, level: ServiceLevel) -> Change:
    try:
        amount(level)
    except UnknownUnitError as e:
        return UNKNOWN.at(path, level.where, str(e))
    return ADDED.at(path, level.where, f"the service level {_told(level)} is new", _served(level))


def _of_pair(path: str, old: ServiceLevel, new: ServiceLevel) -> Iterator[Change]:
    reason = f"the service level was {_told(old)} and is now {_told(new)}"
    try:
        after = amount(new)
    except UnknownUnitError as e:
        yield UNKNOWN.at(path, new.where, f"{e}: it was {_told(old)}")
        return
    try:
        before = amount(old)
    except UnknownUnitError:
        before = None
    kind = kind_of(new)
    if before is None or after is None or old.extended != new.extended or kind not in (*SMALLER, *LARGER):
        yield CHANGED.at(path, new.where, reason)
    elif before.of != after.of:
        yield UNKNOWN.at(path, new.where, f"{reason}: their units cannot be compared")
    elif (after.number < before.number) == (kind in SMALLER):
        yield TIGHTENED.at(path, new.where, reason, _served(new))
    else:
        yield LOOSENED.at(path, new.where, reason)


def unmeasured(contract: Contract) -> Iterator[ServiceLevel]:
    """The levels that are measured and whose value is no number."""
    for level in contract.service_levels:
        if kind_of(level) in _MEASURES and _split(level.value, level.unit)[0] is None:
            yield level


def unknown_units(contract: Contract) -> Iterator[tuple[ServiceLevel, str]]:
    """The levels whose unit is not known, and end dates that are none, each with the reason."""
    for level in contract.service_levels:
        try:
            if kind_of(level) in END_DATES:
                position(str(level.value), "date")
            else:
                amount(level)
        except UnknownUnitError as e:
            yield level, str(e)
        except ValueError:
            yield level, f"{level.property} is a date, as 2027-12-31, not {level.value!r}"
