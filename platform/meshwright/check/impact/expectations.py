"""Expectations: whether a contract, and the published data, still give what a consumer relies on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from meshwright.check.impact.cells import within
from meshwright.check.impact.lineage import Lineage
from meshwright.check.impact.model import Statement, World
from meshwright.spec.compatibility import Change, compare
from meshwright.spec.compatibility.pairing import sorted_out
from meshwright.spec.expects import Expected, expected
from meshwright.spec.index import index
from meshwright.spec.model import Column, Contract, Quality

EXPECTS = frozenset({"expects"})
_OF_THE_PORT = ("columns.", "primaryKey", "quality.", "slaProperties.", "relationships.")
"""What an expectation is about; id, names, status, version, roles and servers are its file's own affair."""
_UNSAID = {
    "unit-changed": lambda column: column.custom.get("unit") is None,
    "format-changed": lambda column: "format" not in column.options,
    "timezone-changed": lambda column: not {"timezone", "defaultTimezone"} & column.options.keys(),
    "classification-raised": lambda column: column.classification is None,
    "classification-changed": lambda column: column.classification is None,
}
"""Rules that judge what an absent field means; an expectation that does not say it leaves it open."""


class Expectations:
    """Products that say what they rely on."""

    def statements(self, world: World, ports: Collection[str]) -> Iterable[Statement]:
        """A statement for each expectation of one of ``ports``, about the columns that it names."""
        for found in expected(index(world.mesh.root)):
            contract = found.read(lambda _: None) if found.port in ports else None
            if contract is not None:
                uses = {(found.port, name): EXPECTS for column in contract.columns for name in _named(column)}
                lineage = Lineage(frozenset({found.port}), uses=uses)
                consumer = world.consumer(found.consumer, "expectation")
                yield Statement(f"{found.consumer}#{found.port}", found.file.name, consumer, lineage, found.file)


def _named(column: Column) -> Iterator[str]:
    """What an expectation names: the column, or of a struct whose fields it lists only those."""
    if column.type.startswith("struct") and column.members:
        yield from (within(column.name, [name]) for member in column.members for name in _named(member))
    else:
        yield column.name


def broken(wanted: Contract, offered: Contract) -> Iterator[Change]:
    """Where ``offered`` does not promise what ``wanted`` relies on.

    Quality rules that the contract does not have are no promise that broke: they are run on the data.
    """
    columns = {column.name: column for column in wanted.columns}
    own = _unpaired(wanted, offered)
    for change in compare(own, offered).breaking:
        if change.path.startswith(_OF_THE_PORT):
            column = columns.get(change.path.removeprefix("columns.").partition(".")[0])
            if column is None or not _is_open(change, column, offered):
                yield change


def _is_open(change: Change, column: Column, offered: Contract) -> bool:
    """Whether the expectation does not say what changed."""
    if change.rule.startswith("type-"):
        found = offered.column(column.name)
        same = found is not None and found.logical_type == column.logical_type
        return same and column.physical_type is None and change.path == f"columns.{column.name}.type"
    return change.rule in _UNSAID and _UNSAID[change.rule](column)


def _unpaired(wanted: Contract, offered: Contract) -> Contract:
    """The expectation without the quality rules that the contract does not have."""
    theirs = {column.name: column.quality for column in offered.columns}
    columns = tuple(
        replace(column, quality=_kept(column.quality, theirs.get(column.name, ()), of_column=True))
        for column in wanted.columns
    )
    return replace(wanted, columns=columns, quality=_kept(wanted.quality, offered.quality, of_column=False))


def _kept(mine: tuple[Quality, ...], theirs: tuple[Quality, ...], *, of_column: bool) -> tuple[Quality, ...]:
    gone = sorted_out(mine, theirs, of_column=of_column).gone
    return tuple(item for item in mine if not any(item is other for other in gone))


__all__ = ["Expectations", "Expected", "broken"]
