"""Columns, at any depth: which are there, under which name and type, and whether they may be NULL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.rules import Family, Rule, turned
from meshwright.spec.compatibility.verify import NotNull, Present
from meshwright.spec.model import Column, Where

REMOVED = Rule("column-removed", "column removed", Verdict.MAJOR, "a query that names it fails")
RENAMED = Rule(
    "column-renamed",
    "column renamed (same element `id`), or its `physicalName` changed",
    Verdict.MAJOR,
    "a query that names it fails, although the values are still there",
)
ADDED = Rule(
    "column-added",
    "column added, optional or required",
    Verdict.MINOR,
    "nobody reads it yet; optional means nullable, not absent, so the published data must have it",
    verified=True,
)
OPTIONAL = Rule("column-optional", "required becomes optional", Verdict.MAJOR, "consumers may now meet NULL")
REQUIRED = Rule(
    "column-required",
    "optional becomes required",
    Verdict.MINOR,
    "consumers gain a promise, which the published data must keep already",
    verified=True,
)
FAMILY = Family(
    "Columns",
    "Columns are paired by their ODCS element `id`, else by name, and so is what is nested in them, at any depth.",
    (REMOVED, RENAMED, ADDED, OPTIONAL, REQUIRED),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One column before and after. ``path`` leads to it among changes, ``name`` in what is to be verified."""

    path: str
    name: str
    old: Column
    new: Column


@dataclass(frozen=True, slots=True)
class Matched:
    """Columns of both sides that are the same, those that are gone and those that came."""

    pairs: tuple[tuple[Column, Column], ...]
    gone: tuple[Column, ...]
    came: tuple[Column, ...]


def matched(old: Sequence[Column], new: Sequence[Column]) -> Matched:
    """By element id first, then by name."""
    ids = {c.element_id: c for c in new if c.element_id}
    partners = {o.name: ids[o.element_id] for o in old if o.element_id in ids}
    taken = {c.name for c in partners.values()}
    names = {c.name: c for c in new if c.name not in taken}
    for column in old:
        if column.name not in partners and column.name in names:
            partners[column.name] = names[column.name]
    taken = {c.name for c in partners.values()}
    return Matched(
        tuple((o, partners[o.name]) for o in old if o.name in partners),
        tuple(o for o in old if o.name not in partners),
        tuple(n for n in new if n.name not in taken),
    )


def top(old: Column, new: Column) -> Pair:
    """A pair of columns of the table."""
    return Pair(f"columns.{new.name}", new.name, old, new)


def nested(pair: Pair) -> list[Pair]:
    """The pairs that a pair of the same nested kind holds."""
    if _kind(pair.old) != _kind(pair.new):
        return []
    return [_inner(pair, o, n) for o, n in matched(pair.old.members, pair.new.members).pairs]


def _kind(column: Column) -> str:
    return column.type.partition("<")[0]


def _inner(owner: Pair, old: Column, new: Column) -> Pair:
    return Pair(_path(owner, new), _name(owner, new), old, new)


def _path(owner: Pair, member: Column) -> str:
    step = f"fields.{member.name}" if _kind(owner.new) == "struct" else member.name
    return f"{owner.path}.{step}"


def _name(owner: Pair, member: Column) -> str:
    kind = _kind(owner.new)
    return owner.name + (f".{member.name}" if kind == "struct" else "[]" if kind == "list" else f"{{{member.name}}}")


def came_and_went(
    old: Sequence[Column], new: Sequence[Column], home: Where, owner: Pair | None = None
) -> Iterator[Change]:
    """Columns of a table, or fields of a struct, that are gone or new; ``home`` is where those that are there stand."""
    found = matched(old, new)
    what = "field" if owner else "column"
    for column in found.gone:
        path = _path(owner, column) if owner else f"columns.{column.name}"
        yield REMOVED.at(path, home, f"{what} {column.name} ({column.type}) is gone")
    for column in found.came:
        path = _path(owner, column) if owner else f"columns.{column.name}"
        name = _name(owner, column) if owner else column.name
        word = "required" if column.required else "optional"
        verify = Present(name, column.type, column.required)
        yield ADDED.at(path, column.where, f"{what} {column.name} ({column.type}, {word}) is new", verify)


def fields(pair: Pair) -> Iterator[Change]:
    """Fields of a struct that came or went."""
    if _kind(pair.old) == _kind(pair.new) == "struct":
        yield from came_and_went(pair.old.members, pair.new.members, pair.new.where, pair)


def renamed(pair: Pair) -> Iterator[Change]:
    """The name in the contract, or in the table where it differs."""
    old, new = pair.old, pair.new
    if old.name != new.name:
        reason = f"column {old.name} is now called {new.name}: their element id {new.element_id!r} is the same"
        yield RENAMED.at(pair.path, new.at("name"), reason)
    elif (old.physical_name or old.name) != (new.physical_name or new.name):
        names = old.physical_name or old.name, new.physical_name or new.name
        yield RENAMED.at(f"{pair.path}.physicalName", new.at("physicalName"), turned("the physical name", *names))


def nullable(pair: Pair) -> Iterator[Change]:
    """Whether a value may be NULL."""
    path, where = f"{pair.path}.required", pair.new.at("required")
    if pair.old.required and not pair.new.required:
        yield OPTIONAL.at(path, where, f"{pair.name} was required and may now be NULL")
    elif pair.new.required and not pair.old.required:
        yield REQUIRED.at(path, where, f"{pair.name} could be NULL and is now required", NotNull(pair.name))
