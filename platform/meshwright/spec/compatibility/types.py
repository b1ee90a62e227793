"""What a value is: its type, and the unit, format and time zone in which it is to be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshwright.spec import types
from meshwright.spec.compatibility.columns import Pair
from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.rules import Family, Rule, turned
from meshwright.spec.model import Column, Where
from meshwright.spec.types import Type

LOSSLESS = (
    ("int", "long"),
    ("float", "double"),
    ("decimal(P,S)", "decimal(more than P,S)"),
)
"""The widenings that lose nothing; also those to which a published table can evolve."""
_WIDER = {
    "int": ("long", "decimal", "float", "double"),
    "long": ("decimal", "float", "double"),
    "decimal": ("float", "double"),
    "float": ("double", "decimal"),
    "date": ("timestamp", "timestamptz"),
}
"""Every kind that can hold what a kind says, with or without loss."""
_BITS = {
    **{f"i{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64, 128)},
    **{f"u{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64, 128)},
    "f32": (-32, 32),
    "f64": (-64, 64),
}
"""What a numeric format holds; only formats of one logical type are compared."""
_FORMAT_OF = {"int": "i32", "long": "i64", "float": "f32", "double": "f64"}

WIDENED = Rule(
    "type-widened",
    "type widened along a lossless pair, no physical type promised",
    Verdict.MINOR,
    "every old value reads as before, and who reads by the logical type reads the new ones too",
)
WIDENED_PHYSICAL = Rule(
    "physical-type-widened",
    "the same where a `physicalType` was promised",
    Verdict.MAJOR,
    "who relied on the promised type has too little room for the new values",
)
WIDENED_LOSSY = Rule(
    "type-widened-otherwise",
    "type widened in any other way",
    Verdict.MAJOR,
    "values change or clients break: an integer as a number loses digits above 2^53, a date as timestamp gains a time",
)
NARROWED = Rule("type-narrowed", "type narrowed", Verdict.MAJOR, "values no longer fit, or lose digits")
CHANGED = Rule("type-changed", "type changed", Verdict.MAJOR, "clients read a value of another type, or fail")
PHYSICAL_DROPPED = Rule(
    "physical-type-dropped",
    "`physicalType` no longer promised",
    Verdict.MAJOR,
    "who relied on it loses the promise; the type could then be widened unseen",
)
PHYSICAL_ADDED = Rule(
    "physical-type-added",
    "`physicalType` promised where none was, the type being the same",
    Verdict.MINOR,
    "consumers gain a promise that the published table keeps already",
)
UNIT = Rule("unit-changed", "customProperty `unit` changed", Verdict.MAJOR, "the same number means something else")
FORMAT = Rule(
    "format-changed",
    "`format`, or another logical type option that says how a value is to be read, changed",
    Verdict.MAJOR,
    "who parses or interprets the old form reads the new one wrongly",
)
ZONE = Rule(
    "timezone-changed",
    "`timezone` or `defaultTimezone` changed (default `Etc/UTC`)",
    Verdict.MAJOR,
    "the same reading of the clock is another instant",
)
FAMILY = Family(
    "Types, units, formats and time zones",
    "Lossless are only these widenings, to which a published table can evolve: "
    + ", ".join(f"`{a}` to `{b}`" for a, b in LOSSLESS)
    + ". Without `physicalType` the published type follows from the logical type and its `format`; integer formats "
    "widen where the new range holds the old one. Types are compared inside structs, lists and maps.",
    (
        WIDENED,
        WIDENED_PHYSICAL,
        WIDENED_LOSSY,
        NARROWED,
        CHANGED,
        PHYSICAL_DROPPED,
        PHYSICAL_ADDED,
        UNIT,
        FORMAT,
        ZONE,
    ),
)
_DEFAULTS = {"timezone": False, "elementType": "float32", "normalized": False}
_OTHERWISE = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems"}
    | {"minProperties", "maxProperties", "pattern", "enum", "multipleOf", "uniqueItems"}
    | {"format", "timezone", "defaultTimezone", "required"}
)
"""Options that other rules judge."""


def lossless(old: Type, new: Type) -> bool:
    """Whether a type is widened along a pair of the closed list."""
    if old.kind == new.kind == "decimal":
        return new.scale == old.scale and new.precision > old.precision
    return (old.kind, new.kind) in LOSSLESS


def typed(pair: Pair) -> Iterator[Change]:
    """The type, where it is not nested on both sides; what is inside is a pair of its own."""
    old, new = types.parse(pair.old.type), types.parse(pair.new.type)
    path, where = f"{pair.path}.type", _place(pair.new)
    if old.kind == new.kind and (old.fields or old == new):
        yield from _promised(pair)
        return
    rule = _of_types(old, new, promised=pair.old.physical_type is not None)
    yield rule.at(path, where, f"the type of {pair.name} was {old} and is now {new}")


def _place(column: Column) -> Where:
    return column.at("physicalType" if "physicalType" in column.places else "logicalType")


def _of_types(old: Type, new: Type, *, promised: bool) -> Rule:
    if {old.kind, new.kind} == {"timestamp", "timestamptz"}:
        return ZONE
    if lossless(old, new):
        return WIDENED_PHYSICAL if promised else WIDENED
    if _wider(old, new):
        return WIDENED_LOSSY
    return NARROWED if lossless(new, old) or _wider(new, old) else CHANGED


def _wider(old: Type, new: Type) -> bool:
    if old.kind == new.kind == "decimal":
        return new.scale >= old.scale and new.precision - new.scale >= old.precision - old.scale
    return new.kind in _WIDER.get(old.kind, ())


def _promised(pair: Pair) -> Iterator[Change]:
    """What is promised about a type that stays the same."""
    old, new = pair.old, pair.new
    path = f"{pair.path}.logicalType"
    if old.logical_type and new.logical_type and _meaning(old) != _meaning(new):
        rule = WIDENED_LOSSY if (old.logical_type, new.logical_type) == ("integer", "number") else CHANGED
        reason = turned(f"the logical type of {pair.name}", old.logical_type, new.logical_type)
        yield rule.at(path, new.at("logicalType"), reason)
    path = f"{pair.path}.physicalType"
    if old.physical_type and not new.physical_type:
        reason = f"the physical type {old.physical_type} of {pair.name} is no longer promised"
        yield PHYSICAL_DROPPED.at(path, new.where, reason)
    elif old.physical_type and old.type == new.type and old.physical_type != new.physical_type:
        reason = turned(f"the physical type of {pair.name}", old.physical_type, new.physical_type)
        yield CHANGED.at(path, new.at("physicalType"), reason)
    elif new.physical_type and not old.physical_type:
        reason = f"the physical type of {pair.name} was not promised and is now {new.physical_type}"
        yield PHYSICAL_ADDED.at(path, new.at("physicalType"), reason)


def _meaning(column: Column) -> str | None:
    """Its logical type, ODCS 3.0's ``date`` for everything on the clock as what it is today."""
    kind = column.type.removesuffix("tz")
    on_clock = column.logical_type == "date" and kind in ("timestamp", "time")
    return kind if on_clock else column.logical_type


def united(pair: Pair) -> Iterator[Change]:
    """The unit."""
    old, new = pair.old.custom.get("unit"), pair.new.custom.get("unit")
    if old != new:
        reason = turned(f"the unit of {pair.name}", old, new)
        yield UNIT.at(f"{pair.path}.unit", pair.new.at("customProperties"), reason)


def formatted(pair: Pair) -> Iterator[Change]:
    """The format, as a type where it is numeric; other options of the type that no other rule judges."""
    old, new = pair.old.options, pair.new.options
    if (rule := _format(pair, old.get("format"), new.get("format"))) is not None:
        reason = turned(f"the format of {pair.name}", old.get("format"), new.get("format"))
        yield rule.at(f"{pair.path}.format", pair.new.at("logicalTypeOptions"), reason)
    for key in sorted((set(old) | set(new)) - _OTHERWISE):
        before, after = (options.get(key, _DEFAULTS.get(key)) for options in (old, new))
        if before != after:
            reason = turned(f"{key} of {pair.name}", before, after)
            yield FORMAT.at(f"{pair.path}.{key}", pair.new.at("logicalTypeOptions"), reason)


def _format(pair: Pair, old: Any, new: Any) -> Rule | None:
    same = pair.old.type == pair.new.type
    if (old in _BITS or old is None) and (new in _BITS or new is None):
        return _numeric(pair, old, new, same=same)
    return FORMAT if old != new else None


def _numeric(pair: Pair, old: str | None, new: str | None, *, same: bool) -> Rule | None:
    defaults = {_FORMAT_OF.get(pair.old.type), "i32"}
    if old == new or (old is None and new in defaults) or (new is None and old in defaults):
        return None
    if not same and (old is None or new is None):
        return None
    before, after = (word or _FORMAT_OF.get(pair.old.type, "") for word in (old, new))
    if before not in _BITS or after not in _BITS or before[0] == "f" != after[0]:
        return FORMAT
    (low, high), (new_low, new_high) = _BITS[before], _BITS[after]
    if new_low <= low and high <= new_high:
        return WIDENED if same else None
    if low <= new_low and new_high <= high:
        return NARROWED if same else None
    return FORMAT


def zoned(pair: Pair) -> Iterator[Change]:
    """The time zone; a change between timestamp and timestamptz is one of the type."""
    if pair.old.type != pair.new.type:
        return
    where = pair.new.at("logicalTypeOptions")
    old, new = _has_zone(pair.old), _has_zone(pair.new)
    if old != new:
        yield ZONE.at(f"{pair.path}.timezone", where, turned(f"timezone of {pair.name}", old, new))
    old_zone, new_zone = _default_zone(pair.old), _default_zone(pair.new)
    if old_zone != new_zone:
        reason = turned(f"the default time zone of {pair.name}", old_zone, new_zone)
        yield ZONE.at(f"{pair.path}.defaultTimezone", where, reason)


def _has_zone(column: Column) -> bool:
    """Whether its values have a zone: as the option says, else as the type does."""
    return bool(column.options.get("timezone", column.type == "timestamptz"))


def _default_zone(column: Column) -> str:
    zone = str(column.options.get("defaultTimezone", "Etc/UTC"))
    return "Etc/UTC" if zone in ("UTC", "Z", "Etc/UCT", "UCT", "Etc/Zulu", "Zulu") else zone
