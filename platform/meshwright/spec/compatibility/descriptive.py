"""What tells readers something and promises nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from meshwright.spec.compatibility.columns import Pair, matched
from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.pairing import Items, label
from meshwright.spec.compatibility.rules import Family, Rule, turned
from meshwright.spec.compatibility.values import entries
from meshwright.spec.model import Column, Contract, Where

PARTITION = Rule("partitioning", "partitioning changed", Verdict.PATCH, "queries give the same rows, in another time")
ORDER = Rule("column-order", "order of columns or fields changed", Verdict.PATCH, "columns are read by name")
DESCRIBED = Rule(
    "described",
    "description, tags, examples, sort, links, names for people, labels of values and other customProperties changed",
    Verdict.PATCH,
    "the data are the same",
)
FAMILY = Family(
    "Descriptive",
    "Everything that no other rule judges is told to readers and promises nothing. Keys that say their default are as "
    "good as absent.",
    (PARTITION, ORDER, DESCRIBED),
)
_DEFAULTS = {"criticalDataElement": False, "deprecated": False, "semanticType": "column"}
_JUDGED = frozenset({"partitionTransform"})
"""customProperties of a column that other rules judge always; ``unit`` too, ``openSet`` where there is a set."""


def of_contract(old: Contract, new: Contract, names: Mapping[str, str]) -> Iterator[Change]:
    """What describes the contract and its table."""
    for key in ("name", "description", "purpose", "usage", "limitations", "tags"):
        place = {"purpose": "description", "usage": "description", "limitations": "description"}.get(key, key)
        path = f"description.{key}" if place != key else "schema.description" if key == "description" else key
        yield from _described(path, getattr(old, key), getattr(new, key), new.at(place))
    yield from _all(old.about, new.about, "", new.where)
    yield from _all(old.custom, new.custom, "customProperties.", new.at("customProperties"))
    yield from _levels(old, new)
    yield from _access(old, new)
    yield from _partitioned(old, new, names)
    yield from ordered(old.columns, new.columns, "columns", new.at("schema"))


def _partitioned(old: Contract, new: Contract, names: Mapping[str, str]) -> Iterator[Change]:
    before = (names.get(old.partition.column, old.partition.column), old.partition.transform) if old.partition else None
    after = (new.partition.column, new.partition.transform) if new.partition else None
    if before != after:
        where = new.partition.where if new.partition else new.at("schema")
        words = (f"{p[0]} by {p[1]}" if p else None for p in (before, after))
        yield PARTITION.at("partition", where, turned("the partitioning", *words))


def _levels(old: Contract, new: Contract) -> Iterator[Change]:
    olds = {(level.property, level.element): level for level in old.service_levels}
    for level in new.service_levels:
        if before := olds.get((level.property, level.element)):
            yield from _all(before.about, level.about, f"slaProperties.{level.property}.", level.where)


def _access(old: Contract, new: Contract) -> Iterator[Change]:
    for key, olds, news in (("roles", old.roles, new.roles), ("servers", old.servers, new.servers)):
        before = {one.name: one for one in olds}
        for one in news:
            if twin := before.get(one.name):
                for word in ("description", "id"):
                    path = f"{key}.{one.name}.{word}"
                    yield from _described(path, twin.about.get(word), one.about.get(word), one.where)


def of_column(pair: Pair, items: Items) -> Iterator[Change]:
    """What describes a column."""
    old, new = pair.old, pair.new
    yield from _described(f"{pair.path}.description", old.description, new.description, new.at("description"))
    yield from _described(f"{pair.path}.id", old.element_id, new.element_id, new.at("id"))
    yield from _all(_without_defaults(old.about), _without_defaults(new.about), f"{pair.path}.", new.where)
    judged = _JUDGED | {"unit", "openSet"} if _has_set(old, items) and _has_set(new, items) else _JUDGED | {"unit"}
    before, after = ({k: v for k, v in c.custom.items() if k not in judged} for c in (old, new))
    yield from _all(before, after, f"{pair.path}.customProperties.", new.at("customProperties"))
    yield from _entries(pair)
    if old.type.startswith("struct<") and new.type.startswith("struct<"):
        yield from ordered(old.members, new.members, f"{pair.path}.fields", new.where)


def _entries(pair: Pair) -> Iterator[Change]:
    """What is told of the values that stay in a set; which values there are is judged elsewhere."""
    olds, where = entries(pair.old), pair.new.at("enum")
    for key, entry in entries(pair.new).items():
        if before := olds.get(key):
            path = f"{pair.path}.enum.{entry['value']}."
            yield from _all({**before, "value": None}, {**entry, "value": None}, path, where)


def _has_set(column: Column, items: Items) -> bool:
    return bool(
        column.options.get("enum") or column.options.get("pattern") or items.strict[0].sets or items.strict[1].sets
    )


def _without_defaults(about: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in about.items() if v != _DEFAULTS.get(k)}


def of_items(items: Items, path: str) -> Iterator[Change]:
    """What describes quality rules; ``path`` is their owner's, empty for the table."""
    owner = f"{path}.quality" if path else "quality"
    for old, new in (*items.pairs, *items.strict_pairs):
        here = f"{owner}.{label(new)}"
        for key in ("id", "name", "description", "dimension"):
            yield from _described(f"{here}.{key}", getattr(old, key), getattr(new, key), new.where)
        yield from _all(old.about, new.about, f"{here}.", new.where)
    olds, news = ({label(text): text for text in texts} for texts in items.texts)
    for key in dict.fromkeys([*olds, *news]):
        before, after = olds.get(key), news.get(key)
        if item := after or before:
            was, now = before and before.description, after and after.description
            yield from _described(f"{owner}.{key}", was, now, item.where)


def ordered(old: Sequence[Column], new: Sequence[Column], path: str, where: Where) -> Iterator[Change]:
    """The order of the columns that stay."""
    pairs = matched(old, new).pairs
    before = [n.name for _, n in pairs]
    stay = set(before)
    after = [n.name for n in new if n.name in stay]
    if before != after:
        yield ORDER.at(path, where, turned("the order", before, after))


def _all(old: Mapping[str, Any], new: Mapping[str, Any], path: str, where: Where) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        yield from _described(f"{path}{key}", old.get(key), new.get(key), where)


def _described(path: str, old: Any, new: Any, where: Where) -> Iterator[Change]:
    if (old or None) != (new or None):
        yield DESCRIBED.at(path, where, turned(path.rpartition(".")[2], old, new))
