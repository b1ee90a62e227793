"""What is audited: one table on one connection, all of it and the part that a build made."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from meshwright.duck import quote, without_values
from meshwright.quality.limits import UnfitError, plain
from meshwright.spec.model import MASK, Port, private_columns

SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """``whole`` and ``rows`` are temporary views: of all rows, and of those that ``built`` selects.

    ``table`` is the name that SQL rules use; ``columns`` maps the columns that are there to DuckDB's types. ``beside``
    are private columns of other ports that rules read.
    """

    con: duckdb.DuckDBPyConnection
    port: Port
    table: str
    built: str | None
    whole: str
    rows: str
    columns: dict[str, str]
    beside: frozenset[str] = frozenset()

    def one(self, sql: str) -> tuple[Any, ...]:
        """The only row of a query."""
        return run(self.con, sql)[1][0]

    def sample(self, sql: str) -> tuple[dict[str, object], ...]:
        """The first rows of a query, fit to be shown."""
        names, rows = run(self.con, f"SELECT * FROM ({sql}) ORDER BY ALL LIMIT {SAMPLES}")
        return tuple(self.shown(dict(zip(names, row, strict=True))) for row in rows)

    def shown(self, row: dict[str, Any]) -> dict[str, object]:
        """The row in plain values, at most 200 characters each; private columns as ``•••``.

        What the contract does not declare may be computed from private columns, so it is hidden as soon as
        the contract has any.
        """
        return {name: self._cell(name, value) for name, value in row.items()}

    def hides(self, *columns: str) -> bool:
        """Whether one of the columns is private, or unknown beside private ones."""
        known = {c.name: c.is_private for c in self.port.contract.columns}
        return any(known.get(name, self.has_private) for name in columns)

    @property
    def has_private(self) -> bool:
        """Whether a rule may meet a private value at all."""
        return bool(self.beside or self.port.private_columns)

    def told(self, error: str) -> str:
        """The text of an error, without the values that it may quote where a column is private."""
        return without_values(error) if self.has_private else error

    def key_and(self, columns: Sequence[str]) -> str:
        """The key columns and those given, each once, as a SELECT list."""
        names = dict.fromkeys([*self.port.contract.primary_key, *columns])
        return ", ".join(quote(name) for name in names if name in self.columns) or "*"

    def _cell(self, name: str, value: object) -> object:
        if name != ROWS and self.hides(name):
            return MASK
        value = plain(value)
        text = value if isinstance(value, (str, int, float, type(None))) else str(value)
        return text if not isinstance(text, str) or len(text) <= 200 else text[:199] + "…"


ROWS = "(rows)"
"""The name of a count in samples of keys; no column is called so."""


def run(
    con: duckdb.DuckDBPyConnection, statement: str | duckdb.Statement, most: int | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows (at most ``most``) of one statement.

    DuckDB turns Ctrl-C into a RuntimeError, which those who catch the faults of rules would take for one. Its
    threads work on until they are told, and the next statement would wait for them.
    """
    try:
        cursor = con.execute(statement)
        names = [column[0] for column in cursor.description or ()]
        return names, cursor.fetchall() if most is None else cursor.fetchmany(most)
    except (RuntimeError, duckdb.InterruptException) as error:
        if isinstance(error, duckdb.InterruptException) or str(error) == "Query interrupted":
            con.interrupt()
            raise KeyboardInterrupt from error
        raise


@contextlib.contextmanager
def subject(
    con: duckdb.DuckDBPyConnection, port: Port, table: str, built: str | None, beside: Iterable[Port] = ()
) -> Iterator[Subject]:
    """The views that rules are judged on, dropped at the end. UnfitError where the table cannot be read."""
    name = f"_audit_{uuid.uuid4().hex[:12]}"
    whole, rows = f"{name}_whole", f"{name}_rows" if built else f"{name}_whole"
    try:
        con.execute(f"CREATE TEMP VIEW {whole} AS SELECT * FROM {table}")
        if built:
            con.execute(f"CREATE TEMP VIEW {rows} AS SELECT * FROM {table} WHERE {built}")
        described = con.execute(f"DESCRIBE {rows}").fetchall()
    except duckdb.Error as error:
        _drop(con, whole, rows)
        raise UnfitError(str(error).splitlines()[0]) from None
    try:
        columns = {column: type_ for column, type_, *_ in described}
        yield Subject(
            con,
            port,
            table,
            built,
            whole,
            rows,
            columns,
            private_columns(beside),
        )
    finally:
        _drop(con, whole, rows)


def _drop(con: duckdb.DuckDBPyConnection, *views: str) -> None:
    for view in dict.fromkeys(views):
        con.execute(f"DROP VIEW IF EXISTS temp.{view}")
