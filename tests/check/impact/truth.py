"""What really becomes of a query when a column changes: the oracle that lineage is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import duckdb

TABLES: Mapping[str, Mapping[str, str]] = {
    "t": {"id": "int", "a": "int", "b": "int", "g": "int", "s": "text", "xs": "int[]", "st": "struct(k int, l int)"},
    "u": {"id": "int", "a": "int", "d": "int", "e": "int"},
}
ROWS: Mapping[str, str] = {
    "t": "(1,3,4,1,'x',[1,2],{'k':1,'l':2}),(2,1,2,1,'y',[3],{'k':5,'l':1}),(3,2,5,2,'x',[],{'k':2,'l':2}),"
    "(4,5,1,2,'z',[2,2],{'k':7,'l':3}),(5,4,3,2,'xx',[9],{'k':3,'l':9}),(6,3,4,3,'y',[1],{'k':3,'l':4})",
    "u": "(1,1,2,7),(2,3,1,null),(2,2,4,5),(4,2,3,8),(6,1,0,1),(9,5,5,2)",
}
VALUES: Mapping[str, Sequence[str]] = {
    "int": ("{0} + 1", "-{0}", "null", "7 - {0}", "{0} % 2", "case when rowid = 0 then {0} + 3 else {0} end"),
    "text": ("{0} || 'q'", "null", "'x'", "reverse('a' || {0})", "case when rowid = 2 then 'y' else {0} end"),
    "int[]": ("list_append({0}, 4)", "null", "[2]", "list_transform({0}, v -> v * 3)"),
    "struct(k int, l int)": ("{{'k': {0}.k + 1, 'l': {0}.l - 1}}", "null", "{{'k': 0, 'l': 0}}"),
}
"""Other values for the columns of each type."""
FIELDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "t": {
        "st.k": ("{'k': st.k + 1, 'l': st.l}", "{'k': 7 - st.k, 'l': st.l}", "{'k': null, 'l': st.l}"),
        "st.l": ("{'k': st.k, 'l': st.l + 1}", "{'k': st.k, 'l': 4 - st.l}", "{'k': st.k, 'l': null}"),
    }
}
"""Fields of the structs in these tables, with other values for the struct in which that field alone is another."""


@dataclass(frozen=True)
class Seen:
    """A result: the columns with their values, rows in order where the query asks for one."""

    columns: Mapping[str, tuple[str, ...]]
    rows: tuple[str, ...]


def queries() -> list[str]:
    """Those of queries.sql."""
    text = Path(__file__).with_name("queries.sql").read_text(encoding="utf-8")
    return [part.strip() for part in text.partition("\n")[2].split("\n\n") if part.strip()]


def fresh() -> duckdb.DuckDBPyConnection:
    """A mesh of two small tables."""
    con = duckdb.connect()
    con.execute("SET threads = 1; ATTACH ':memory:' AS mesh; CREATE SCHEMA mesh.shop")
    for name, columns in TABLES.items():
        con.execute(f"CREATE TABLE mesh.shop.{name} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
        con.execute(f"INSERT INTO mesh.shop.{name} VALUES {ROWS[name]}")
    return con


def seen(con: duckdb.DuckDBPyConnection, sql: str) -> Seen | None:
    """What a query gives; None where it fails."""
    try:
        cursor = con.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        rows = [tuple(map(repr, row)) for row in cursor.fetchall()]
    except duckdb.Error:
        return None
    if "order by" not in sql:
        rows.sort()
    values: dict[str, Any] = {n: tuple(sorted(row[i] for row in rows)) for i, n in enumerate(names)}
    return Seen(values, tuple(map(repr, rows)))


@lru_cache(maxsize=1)
def shared() -> duckdb.DuckDBPyConnection:
    """The same mesh for all; what is changed is rolled back."""
    return fresh()


def _after(change: str, sql: str) -> Seen | None:
    con = shared()
    con.execute("BEGIN")
    try:
        con.execute(change)
        return seen(con, sql)
    finally:
        con.execute("ROLLBACK")


@cache
def without(sql: str, table: str, column: str) -> bool:
    """Whether a query that loses a column, or a field of one, fails or gives something else."""
    name = f"zz_{column.rpartition('.')[2]}"
    return _after(f"ALTER TABLE mesh.shop.{table} RENAME {column} TO {name}", sql) != seen(shared(), sql)


@cache
def with_other_values(sql: str, table: str, column: str) -> tuple[tuple[Seen | None, Seen | None], ...]:
    """Results before and after the column held other values, one pair for each kind of them."""
    before = seen(shared(), sql)
    if column in FIELDS.get(table, ()):
        changes = list(FIELDS[table][column])
    else:
        changes = [c.format(column) for c in VALUES[TABLES[table][column]]]
    whole = column.partition(".")[0]
    return tuple((before, _after(f"UPDATE mesh.shop.{table} SET {whole} = {c}", sql)) for c in changes)
