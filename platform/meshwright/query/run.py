"""Run one SELECT over published ports and hand out its rows as they come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from meshwright.duck import literal
from meshwright.query import engine, guard
from meshwright.query.faults import from_duckdb

Row = tuple[Any, ...]
_BATCH = 2048


@dataclass(frozen=True)
class Result:
    """The answer of a query: ``types`` are DuckDB's names, ``rows`` can be walked once.

    ``pins`` tells which snapshot of which port was read. To be closed, by itself or by ``with``.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Iterator[Row]
    pins: Mapping[str, str]
    connection: duckdb.DuckDBPyConnection

    def close(self) -> None:
        """Drop the connection; rows that were not read are gone."""
        _drop(self.connection)

    def __enter__(self) -> Result:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def query(
    sql: str,
    resolve: Callable[[set[str]], Mapping[str, str]],
    *,
    warehouse: Path,
    known: Callable[[], Collection[str]] = tuple,
    threads: int | None = None,
    memory: str | None = None,
) -> Result:
    """Run one SELECT; nothing is fetched before its rows are walked.

    ``resolve`` is asked once, for all ports that the query names, and returns the metadata location of
    those that exist; ``known`` lists all names, to find the nearest to a wrong one. Raises InputError
    where the query is at fault, UnavailableError where a snapshot cannot be read, KeyboardInterrupt on
    Ctrl-C; so does walking the rows.
    """
    with ExitStack() as undone, _as_mesh_errors(sql):
        con = engine.open_engine(threads=threads, memory=memory)
        undone.callback(_drop, con)  # Ctrl-C too must not leave a connection at work
        statement = guard.parse(sql, con)
        pins = resolve(statement.ports)
        statement.require(pins, known)
        engine.mount(con, pins, warehouse=warehouse)
        columns, types = _bound(con, sql)
        undone.pop_all()
    return Result(columns, types, _rows(con, sql), pins, con)


def _bound(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """:func:`_start`, with the columns that are there for whoever named one that is not."""
    try:
        return _start(con, sql)
    except duckdb.BinderException as error:
        rows = con.execute("SELECT DISTINCT column_name FROM duckdb_columns() WHERE database_name = 'mesh'").fetchall()
        raise from_duckdb(error, sql, [name for (name,) in rows]) from error


def _drop(con: duckdb.DuckDBPyConnection) -> None:
    # Closing alone waits for DuckDB's threads, and those of an abandoned query may run for hours.
    con.interrupt()
    con.close()


def _start(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Execute, and return names and types; what Python's types would round becomes text."""
    con.execute(sql)
    columns = tuple(str(d[0]) for d in con.description)
    types = tuple(str(d[1]) for d in con.description)
    if any(_is_rounded(kind) for kind in types):
        exact = (f"CAST(#{i} AS VARCHAR)" if _is_rounded(t) else f"#{i}" for i, t in enumerate(types, 1))
        # The text itself may end in a semicolon or a comment; what DuckDB writes from its tree does not.
        row = con.execute(f"SELECT json_deserialize_sql(json_serialize_sql({literal(sql)}))").fetchone()
        con.execute(f"SELECT {', '.join(exact)} FROM ({row[0] if row else ''})")
    return columns, types


def _is_rounded(kind: str) -> bool:
    """Months become 30 days in a timedelta, nanoseconds are cut in a datetime."""
    return "INTERVAL" in kind or "TIMESTAMP_NS" in kind


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> Iterator[Row]:
    while True:
        with _as_mesh_errors(sql):
            batch = con.fetchmany(_BATCH)
        if not batch:
            return
        yield from batch


@contextmanager
def _as_mesh_errors(sql: str) -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except duckdb.Error as error:
        raise from_duckdb(error, sql) from error
    except RuntimeError as error:
        # So DuckDB's Python client tells of a Ctrl-C while a query runs.
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise
