"""Keys: the primary key as a whole, and each unique column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshwright.spec.compatibility.columns import Pair
from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.rules import Family, Rule, turned
from meshwright.spec.compatibility.verify import Unique
from meshwright.spec.model import Contract, Where

DROPPED = Rule("key-dropped", "primary key or `unique` dropped", Verdict.MAJOR, "joins may now multiply rows")
CHANGED = Rule(
    "key-changed",
    "primary key has other columns",
    Verdict.MAJOR,
    "joins and merges by the old key may multiply rows, or miss them",
)
ADDED = Rule(
    "key-added",
    "primary key or `unique` added where none was",
    Verdict.MINOR,
    "consumers gain a promise, which the published data must keep already",
    verified=True,
)
REORDERED = Rule("key-order", "order of the key's columns changed", Verdict.PATCH, "it is as unique as before")
FAMILY = Family(
    "Keys",
    "The primary key is judged as a whole, by its set of columns; a renamed column is the same one. A column that is "
    "the primary key alone is unique without saying so.",
    (DROPPED, CHANGED, ADDED, REORDERED),
)


def primary(old: Contract, new: Contract, names: Mapping[str, str]) -> Iterator[Change]:
    """The primary key; ``names`` are the new names of old columns."""
    before = tuple(names.get(name, name) for name in old.primary_key)
    after, where = new.primary_key, _place(new)
    if before and not after:
        yield DROPPED.at("primaryKey", where, f"the primary key ({', '.join(before)}) is gone")
    elif after and not before:
        yield ADDED.at(
            "primaryKey", where, f"({', '.join(after)}) is now the primary key", Unique(after, required=True)
        )
    elif set(before) != set(after):
        yield CHANGED.at("primaryKey", where, turned("the primary key", before, after))
    elif before != after:
        yield REORDERED.at("primaryKey", where, turned("the order of the primary key", before, after))


def _place(contract: Contract) -> Where:
    first = contract.column(contract.primary_key[0]) if contract.primary_key else None
    return first.at("primaryKey") if first else contract.at("schema")


def unique(pair: Pair, old: Contract, new: Contract) -> Iterator[Change]:
    """Whether one column is unique, by itself or as the whole primary key."""
    nested = pair.name != pair.new.name
    alone = not nested and old.primary_key == (pair.old.name,), not nested and new.primary_key == (pair.new.name,)
    path, where = f"{pair.path}.unique", pair.new.at("unique")
    if pair.old.unique and not pair.new.unique and not alone[1]:
        yield DROPPED.at(path, where, f"{pair.name} is no longer unique")
    elif pair.new.unique and not pair.old.unique and not alone[0]:
        yield ADDED.at(path, where, f"{pair.name} is now unique", Unique((pair.name,)))
