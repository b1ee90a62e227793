"""ODCS properties: from YAML to :class:`Column`, with their types, keys and bounds."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from meshwright.errors import Fault
from meshwright.spec import types
from meshwright.spec.model import Column, Partition, Transform
from meshwright.spec.names import name_fault
from meshwright.spec.node import At, Node
from meshwright.spec.quality import qualities
from meshwright.spec.types import Type, TypeSpellingError
from meshwright.spec.words import listed, nearest

Report = Callable[[Fault], None]
MAX_NESTING = 8
"""Levels of nested properties."""
MAX_PATTERN = 2_000
_BEFORE_3_1 = ("v3.0.0", "v3.0.1", "v3.0.2")
_READ = frozenset(
    {"name", "description", "required", "unique", "primaryKey", "primaryKeyPosition", "classification", "id", "enum"}
    | {"logicalType", "logicalTypeOptions", "physicalType", "physicalName", "quality", "customProperties"}
    | {"properties", "items", "map", "partitioned", "partitionKeyPosition", "relationships"}
)
# RE2, which the engines use for patterns, has no look-around, back references, possessive or atomic groups.
_NOT_RE2 = re.compile(r"\(\?<?[=!]|\(\?>|\(\?P=|\\[1-9]|\\k<|[*+?}]\+")


@dataclass(frozen=True, slots=True)
class Dialect:
    """The version of ODCS, and whether names and physical types are those of another platform."""

    version: str
    foreign: bool = False


def columns(table: At, dialect: Dialect, report: Report) -> tuple[Column, ...]:
    """The columns of the schema object of a contract."""
    found: dict[str, Column] = {}
    for item in table.items("properties"):
        name = item.string("name")
        if name is None:
            continue
        if not dialect.foreign and (wrong := name_fault(name, "column")):
            report(item.at("name").fault(wrong[0], suggestion=wrong[1]))
        if twin := found.get(name.lower()):
            report(item.at("name").fault(f"column {name!r} is there already, on line {twin.where.line}"))
        else:
            found[name.lower()] = _column(item, name, dialect, report)
    _check_ids(table, report)
    return _with_keys(table, list(found.values()), report)


def _column(item: At, name: str, dialect: Dialect, report: Report) -> Column:
    type_ = column_type(item, dialect, report)
    for fault in _bounds(item, type_):
        report(fault)
    return _built(item, name, type_ or Type("string"), dialect, report)


def _built(item: At, name: str, type_: Type, dialect: Dialect, report: Report, physical: bool = False) -> Column:
    """The column of that type; ``physical`` says that what it is nested in promises a physical type."""
    entries = tuple(entry.rest(()) for entry in item.items("enum"))
    enum = [entry.get("value") for entry in entries]
    written = item.string("physicalType")
    promised = types.as_promised(written) if written else str(type_) if physical else None
    return Column(
        name=name,
        type=str(type_),
        where=item.where,
        description=item.string("description") or "",
        required=item.flag("required") or item.flag("primaryKey"),
        unique=item.flag("unique"),
        primary_key_position=1 if item.flag("primaryKey") else None,
        classification=item.string("classification"),
        element_id=item.string("id"),
        options={**_options(item), "enum": enum} if enum else _options(item),
        quality=qualities(item, report),
        custom=item.custom_plain(),
        logical_type=item.string("logicalType"),
        physical_type=promised,
        physical_name=item.string("physicalName"),
        members=tuple(_members(item, type_, dialect, promised is not None)),
        entries=entries,
        about=item.rest(_READ),
        places=item.node.keys,
    )


def _members(item: At, type_: Type, dialect: Dialect, physical: bool) -> Iterator[Column]:
    """What a nested type holds. Types that are nested were judged with the column; no audit runs their rules."""
    map_ = item.get("map")
    inner = {m.string("name"): m for m in item.items("properties")}
    ends = {"element": item.get("items"), "key": map_ and map_.get("key"), "value": map_ and map_.get("value")}
    required = _options(item).get("required") or ()
    untold = At(item.file, Node({}, item.node.line, item.node.column), item.steps)
    for name, member in type_.fields:
        found = inner.get(name) if type_.kind == "struct" else ends[name]
        column = _built(found or untold, name, member, dialect, _unheard, physical)
        yield replace(column, required=True) if name in required else column


def _unheard(_fault: Fault) -> None:
    return


def _options(item: At) -> dict[str, Any]:
    options = item.plain("logicalTypeOptions")
    return options if isinstance(options, dict) else {}


def column_type(item: At, dialect: Dialect, report: Report, depth: int = 1) -> Type | None:
    """The published type of a property; None where it has none, which is reported."""
    if depth > MAX_NESTING:
        report(item.fault(f"properties are nested deeper than {MAX_NESTING} levels"))
        return None
    logical = item.string("logicalType")
    written = item.string("physicalType")
    try:
        derived = _derived(item, logical, dialect, report, depth)
        if written is None:
            if derived is None and not _reported(item, logical):
                report(item.fault("needs a logicalType or a physicalType"))
            return derived
        if dialect.foreign and not types.is_type(written):
            return types.likely(written) or derived or Type("string")
        physical = types.parse(written)
    except TypeSpellingError as e:
        report(item.at("physicalType").fault(str(e), suggestion=e.suggestion))
        return None
    before = dialect.version in _BEFORE_3_1
    if logical is not None and logical in types.LOGICAL and not types.fits(logical, physical, before_3_1=before):
        near = str(derived) if derived else None
        reason = f"physicalType {str(physical)!r} contradicts logicalType {logical!r}"
        report(item.at("physicalType").fault(reason, suggestion=near))
    elif derived and derived.kind in ("struct", "list", "map") and derived != physical:
        reason = f"physicalType {str(physical)!r} contradicts the properties under it"
        report(item.at("physicalType").fault(reason, suggestion=str(derived)))
    return physical


def _reported(item: At, logical: str | None) -> bool:
    """Whether what is missing for a type was reported further down, or by the standard's schema."""
    inside = list(item.items("properties")) or item.get("items") or item.get("map")
    return bool(inside) or (bool(item.get("logicalType")) and logical not in ("object", "array", "map"))


def _derived(item: At, logical: str | None, dialect: Dialect, report: Report, depth: int) -> Type | None:
    """The type that the logical type stands for."""
    options = _options(item)
    if logical == "timestamp":
        return Type("timestamptz" if options.get("timezone") is True else "timestamp")
    if logical == "integer" and options.get("format") in ("i8", "i16", "i32", "u8", "u16"):
        return Type("int")
    if logical == "number" and options.get("format") == "f32":
        return Type("float")
    if logical == "vector":
        return types.list_of(Type("float"))
    if logical in types.DEFAULTS:
        return Type(types.DEFAULTS[logical])
    return _nested(item, logical, dialect, report, depth)


def _nested(item: At, logical: str | None, dialect: Dialect, report: Report, depth: int) -> Type | None:
    def inner(at: At | None) -> Type | None:
        return column_type(at, dialect, report, depth + 1) if at else None

    if logical == "object":
        members = [(m.string("name"), inner(m)) for m in item.items("properties")]
        fields = [(name, type_) for name, type_ in members if name and type_]
        return types.struct(fields) if fields and len(fields) == len(members) else None
    if logical == "array":
        element = inner(item.get("items"))
        return types.list_of(element) if element else None
    map_ = item.get("map")
    if logical == "map" and map_:
        key, value = inner(map_.get("key")), inner(map_.get("value"))
        return types.map_of(key, value) if key and value else None
    return None


def _check_ids(table: At, report: Report) -> None:
    ids: dict[str, At] = {}
    for item in table.items("properties"):
        if (id_ := item.string("id")) and ids.setdefault(id_, item) is not item:
            report(item.at("id").fault(f"id {id_!r} is given twice; first on line {ids[id_].node.line}"))


def _with_keys(table: At, found: list[Column], report: Report) -> tuple[Column, ...]:
    """The columns with their positions in the primary key, which are 1 to n or not written at all."""
    items = {item.string("name"): item for item in reversed(list(table.items("properties")))}
    keyed = [c.name for c in found if c.primary_key_position is not None]
    written = {name: items[name].integer("primaryKeyPosition") for name in keyed}
    for column in found:
        position = items[column.name].integer("primaryKeyPosition")
        if column.name not in written and position is not None and position > 0:
            at = items[column.name].at("primaryKeyPosition")
            report(at.fault("primaryKeyPosition without `primaryKey: true`"))
    given = {name: p for name, p in written.items() if p is not None and p > 0}
    if not given:
        positions = {name: i for i, name in enumerate(keyed, 1)}
    else:
        positions = given
        for fault in _key_faults(items, keyed, given):
            report(fault)
    return tuple(replace(c, primary_key_position=positions.get(c.name)) for c in found)


def _key_faults(items: dict[str | None, At], keyed: list[str], given: dict[str, int]) -> Iterator[Fault]:
    if bare := [name for name in keyed if name not in given]:
        yield (
            items[bare[0]].at("primaryKey").fault(f"key column {bare[0]!r} has no primaryKeyPosition; others have one")
        )
        return
    if sorted(given.values()) != list(range(1, len(given) + 1)):
        last = max(given, key=lambda name: (given[name], keyed.index(name)))
        numbers = ", ".join(str(p) for p in sorted(given.values()))
        yield (
            items[last]
            .at("primaryKeyPosition")
            .fault(f"the key's positions are {numbers}; {len(given)} columns have 1 to {len(given)}")
        )


def partition(table: At, found: tuple[Column, ...], dialect: Dialect, report: Report) -> Partition | None:
    """By which column the port is partitioned: of this mesh a public one, as names of partitions are its values."""
    names = {c.name: c for c in found}
    partitions: list[Partition] = []
    for item in table.items("properties"):
        name, position = item.string("name"), item.integer("partitionKeyPosition")
        if name is None or name not in names:
            continue
        transform = item.custom().get("partitionTransform")
        if not item.flag("partitioned"):
            if (position or 0) > 0 or transform:
                at = transform or item.at("partitionKeyPosition")
                report(at.fault("a partition key without `partitioned: true`"))
            continue
        if partitions:
            reason = f"a port is partitioned by one column; {partitions[0].column!r} is it already"
            report(item.at("partitioned").fault(reason))
            continue
        if (hidden := names[name].private_class) and not dialect.foreign:
            reason = f"{name!r} is classified {hidden}, and plans, records and paths tell the names of partitions"
            remedy = "partition by another column, or lower its classification"
            report(item.at("partitioned").fault(f"{reason}; {remedy}"))
        partitions.append(
            Partition(name, _transform(item, names[name], transform, report), item.at("partitioned").where)
        )
    return partitions[0] if partitions else None


def _transform(item: At, column: Column, written: At | None, report: Report) -> Transform:
    text = written.node.value if written else Transform.IDENTITY.value
    try:
        transform = Transform(str(text))
    except ValueError:
        words = [t.value for t in Transform]
        at = written or item
        report(at.fault(f"{text!r} is no partition transform: {listed(words)}", suggestion=nearest(str(text), words)))
        return Transform.IDENTITY
    kind = types.parse(column.type).kind
    fitting = types.IDENTITY_KINDS if transform is Transform.IDENTITY else types.DATE_KINDS
    if kind not in fitting:
        near = "day" if kind in types.DATE_KINDS else None
        at = written or item.at("partitioned")
        report(at.fault(f"a column of type {column.type} has no {transform.value} partitions", suggestion=near))
    return transform


_BOUND_KEYS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_PAIRS = (
    ("minimum", "maximum"),
    ("minimum", "exclusiveMaximum"),
    ("exclusiveMinimum", "maximum"),
    ("exclusiveMinimum", "exclusiveMaximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)
_CLOCK: dict[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamptz": datetime.fromisoformat,
}


def _bounds(item: At, type_: Type | None) -> Iterator[Fault]:
    options = item.get("logicalTypeOptions")
    if options is None or not isinstance(options.node.value, dict):
        return
    values = {name: _bound(options.get(name), type_) for name in options.node.value}
    for name, value in values.items():
        if isinstance(value, ValueError):
            yield options.at(name).fault(f"is no {type_.kind if type_ else 'date'}: {value}")
    for low, high in _PAIRS:
        strict = low.startswith("exclusive") or high.startswith("exclusive")
        if _above(values.get(low), values.get(high), strict=strict):
            word = "not below" if strict else "greater than"
            low_text, high_text = (options.at(name).node.text[:40] for name in (low, high))
            yield options.at(low).fault(f"{low} {low_text} is {word} {high} {high_text}")
    if (pattern := options.string("pattern")) is not None:
        yield from pattern_faults(options.at("pattern"), pattern)


def _bound(at: At | None, type_: Type | None) -> object:
    value = at.node.value if at else None
    if isinstance(value, str) and type_ and type_.kind in _CLOCK and at and at.steps[-1] in _BOUND_KEYS:
        try:
            return _CLOCK[type_.kind](value)
        except ValueError as e:
            return e
    return value


def _above(low: Any, high: Any, *, strict: bool) -> bool:
    # ODCS 3.0 writes exclusive bounds as booleans beside minimum and maximum.
    if isinstance(low, bool | str | Exception | None) or isinstance(high, bool | str | Exception | None):
        return False
    try:
        return bool(low >= high if strict else low > high)
    except TypeError:
        return False


def pattern_faults(at: At, pattern: str) -> Iterator[Fault]:
    """Why a regular expression cannot be run."""
    if len(pattern) > MAX_PATTERN:
        yield at.fault(f"a pattern of {len(pattern)} characters is longer than {MAX_PATTERN}")
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as e:
        yield at.fault(f"the pattern does not compile: {e}")
        return
    bare = re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\[^1-9k]", "x", pattern)
    if found := _NOT_RE2.search(bare):
        yield at.fault(f"the pattern uses {found[0]!r}, which the engines' regular expressions (RE2) do not have")
