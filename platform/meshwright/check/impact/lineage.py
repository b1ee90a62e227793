"""Which columns of which tables one SELECT uses, and what for: read by sqlglot, nothing is run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from meshwright.check.impact.cells import ROWS, Cell, Cells, Schema
from meshwright.check.impact.scopes import Reading, Unfollowed

CHECKS = frozenset({"checks"})
FORMAT = 2
"""Raised whenever the same SQL may give another lineage, so that what is kept is made anew."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What one statement does with what it reads.

    ``outputs`` are its columns, each with the cells that its values come from; where the text says which field of a
    struct it reads, the cell is that field. ``uses`` are the cells that decide
    which rows there are, and how (``filters``, ``joins``, ``groups``, ``sorts``). ``named`` are the cells that the
    text names, whether or not anything comes of it. ``open`` are tables all of whose columns it passes on without
    anybody knowing them. ``opaque`` says why nobody can tell: then it may use everything of ``tables``.
    """

    tables: frozenset[str]
    outputs: Mapping[str, Cells] = field(default_factory=dict)
    uses: Mapping[Cell, frozenset[str]] = field(default_factory=dict)
    named: Cells = frozenset()
    open: frozenset[str] = frozenset()
    opaque: str = ""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns of what it makes; None where nobody knows them all."""
        return None if self.open or self.opaque else tuple(self.outputs)

    def as_json(self) -> dict[str, Any]:
        """As it is kept between two runs."""
        return {
            "tables": sorted(self.tables),
            "outputs": [[name, sorted(cells)] for name, cells in self.outputs.items()],
            "uses": [[*cell, sorted(how)] for cell, how in sorted(self.uses.items())],
            "named": sorted(self.named),
            "open": sorted(self.open),
            "opaque": self.opaque,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Lineage:
        """What :meth:`as_json` gave."""
        return cls(
            frozenset(kept["tables"]),
            {name: _cells(cells) for name, cells in kept["outputs"]},
            {(table, column): frozenset(how) for table, column, how in kept["uses"]},
            _cells(kept["named"]),
            frozenset(kept["open"]),
            kept["opaque"],
        )


def _cells(pairs: Iterable[Iterable[str]]) -> Cells:
    return frozenset((table, column) for table, column in pairs)


def unknown(tables: Iterable[str], reason: str) -> Lineage:
    """The lineage of what nobody can read: it may use everything."""
    return Lineage(frozenset(tables), opaque=reason)


def checking(found: Lineage) -> Lineage:
    """The lineage of a text that judges by all that it uses, its tables ``mesh.<domain>.<port>`` named as ports."""
    tables = frozenset(table.removeprefix("mesh.") for table in found.tables)
    if found.opaque:
        return Lineage(tables, opaque=found.opaque)
    cells = {cell for cells in found.outputs.values() for cell in cells} | found.uses.keys() | found.named
    return Lineage(tables, uses={(table.removeprefix("mesh."), name): CHECKS for table, name in cells if name != ROWS})


def lineage(sql: str, schema: Schema) -> Lineage:
    """What ``sql`` uses. Tables that ``schema`` does not have are left out, as nobody asks for them.

    Whatever sqlglot cannot read, or reads in a way that cannot be followed, may use everything of ``schema``.
    """
    from sqlglot.errors import SqlglotError

    try:
        return _read(sql, schema)
    except (SqlglotError, Unfollowed, RecursionError) as error:
        said = str(error).strip().splitlines()
        return unknown(schema, f"sqlglot cannot follow its SQL: {said[0][:120] if said else type(error).__name__}")


def _read(sql: str, schema: Schema) -> Lineage:
    from sqlglot import exp, parse_one
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    tree = parse_one(sql, dialect="duckdb")
    if not isinstance(tree, exp.Query):
        raise Unfollowed(f"it is no SELECT but {tree.key}")
    for odd in tree.find_all(exp.Pivot, exp.Columns, exp.With, exp.Join):
        if isinstance(odd, (exp.Pivot, exp.Columns)):
            raise Unfollowed(f"{odd.key.upper()} makes columns that only the data tell")
        if isinstance(odd, exp.With) and odd.args.get("recursive"):
            raise Unfollowed("it is recursive")
        if isinstance(odd, exp.Join) and odd.args.get("method") == "NATURAL":
            raise Unfollowed("a NATURAL JOIN does not name its columns")
    left_out = {name.name.lower() for star in tree.find_all(exp.Star) for name in star.args.get("except_") or ()}
    tree = qualify(tree, dialect="duckdb", schema=_nested(schema), validate_qualify_columns=False)
    scope = build_scope(tree)
    if scope is None:
        raise Unfollowed("it reads nothing that has columns")
    reading = Reading(schema, scope)
    facts = reading.whole()
    # EXCLUDE of a column that is gone fails.
    excluded = {(table, name) for table in reading.tables for name in schema[table] or () if name in left_out}
    return Lineage(
        frozenset(reading.tables),
        {name: frozenset(cells) for name, cells in facts.outputs.items()},
        {cell: frozenset(how) for cell, how in facts.uses.items()},
        frozenset(reading.named | excluded),
        frozenset(facts.open),
    )


def _nested(schema: Schema) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for table, columns in schema.items():
        if columns:
            catalog, database, name = table.split(".")
            nested.setdefault(catalog, {}).setdefault(database, {})[name] = dict.fromkeys(columns, "unknown")
    return nested
