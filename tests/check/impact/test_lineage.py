"""Lineage held against the truth: columns are taken away or changed in a real DuckDB."""

from __future__ import annotations

from itertools import product

import pytest

from meshwright.check.impact.cells import ROWS, lies_in, meet
from meshwright.check.impact.lineage import Lineage, lineage

from .truth import FIELDS, TABLES, fresh, queries, seen, with_other_values, without

SCHEMA = {f"mesh.shop.{name}": tuple(columns) for name, columns in TABLES.items()}
CELLS = [(table, column) for table, columns in TABLES.items() for column in (*columns, *FIELDS.get(table, ()))]
UNFOLLOWED = ("columns(", "pivot (", "natural join", "with recursive")
"""Of these nobody can tell the columns, and all count as used."""


def told(found: Lineage, table: str, column: str) -> tuple[bool, bool, set[str]]:
    """Whether lineage says that the text needs the column, that rows depend on it, and which output columns do."""
    if found.opaque:
        return f"mesh.shop.{table}" in found.tables, True, set()
    cell = (f"mesh.shop.{table}", column)
    made = {name for name, cells in found.outputs.items() if any(meet(cell, other) for other in cells)}
    rows = any(meet(cell, other) for other in found.uses)
    return bool(made) or rows or any(lies_in(other, cell) for other in found.named), rows, made


@pytest.mark.parametrize("sql", queries())
def test_whatever_breaks_or_changes_a_result_is_told(sql: str) -> None:
    found = lineage(sql, SCHEMA)
    assert bool(found.opaque) == any(word in sql for word in UNFOLLOWED), found.opaque
    assert seen(fresh(), sql) is not None, "the query does not run"
    for table, column in CELLS:
        used, rows, made = told(found, table, column)
        assert used or not without(sql, table, column), f"without {table}.{column} it is another"
        for before, after in with_other_values(sql, table, column):
            if before == after or rows:
                continue
            assert before is not None
            assert after is not None, f"with other values of {table}.{column} it fails"
            others = {name for name in before.columns if before.columns[name] != after.columns.get(name)}
            assert others <= made, f"{others - made} depend on {table}.{column}"
            assert made, f"rows depend on {table}.{column}"


def test_hardly_anything_is_told_that_is_not_true() -> None:
    """Of the columns that count as used, nearly all break or change a result."""
    sure = [sql for sql in queries() if not lineage(sql, SCHEMA).opaque]
    cells = [(sql, t, c) for sql, (t, c) in product(sure, CELLS) if told(lineage(sql, SCHEMA), t, c)[0]]
    vain = [
        (sql, f"{t}.{c}")
        for sql, t, c in cells
        if not without(sql, t, c) and all(a == b for a, b in with_other_values(sql, t, c))
    ]
    assert len(vain) <= 0.03 * len(cells), vain
    assert len(cells) > 150


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select a from", "sqlglot cannot follow"),
        ("create table x as select 1", "no SELECT"),
        ("select * from mesh.shop.t natural join mesh.shop.u", "NATURAL"),
        ("select " + "(" * 3000 + "a" + ")" * 3000 + " from mesh.shop.t", "sqlglot cannot follow"),
    ],
)
def test_sql_that_nobody_can_follow_may_use_everything_and_says_so(sql: str, reason: str) -> None:
    found = lineage(sql, SCHEMA)
    assert (found.tables, found.columns) == (frozenset(SCHEMA), None)
    assert reason in found.opaque


def test_tables_whose_columns_nobody_knows_are_passed_on() -> None:
    found = lineage("select * from mesh.landing.l join mesh.shop.u using (id)", {**SCHEMA, "mesh.landing.l": None})
    assert found.open == {"mesh.landing.l"}
    assert found.outputs["d"] == {("mesh.shop.u", "d")}
    assert found.columns is None


@pytest.mark.parametrize(
    ("value", "cells"),
    [
        ("st.k", {"st.k"}), ("t.st['K']", {"st.k"}), ("struct_extract(st, 'k')", {"st.k"}),
        ("(st).k + st.l", {"st.k", "st.l"}),
        ("st.k.x['y']", {"st.k.x.y"}), ("st", {"st"}), ("st[1]", {"st"}), ("struct_extract_at(st, 1)", {"st"}),
        ("st.k.abs()", {"st"}), ("xs[1].k", {"xs"}), ("st.xs[1].k", {"st.xs"}), ("coalesce(st, null).k", {"st"}),
        ("(select max(st.k) from mesh.shop.u)", {"st.k", ROWS}),
    ],
)  # fmt: skip
def test_a_field_of_a_struct_is_followed_where_the_sql_says_which(value: str, cells: set[str]) -> None:
    for sql in (
        f"select {value} as v from mesh.shop.t",
        f"with t as (select * from mesh.shop.t) select {value} as v from t",
        f"with s as (select st, xs from mesh.shop.t), t as (from s) select {value} as v from t",
    ):
        found = lineage(sql, SCHEMA)
        assert {column for _, column in found.outputs["v"]} == cells


def test_a_struct_that_two_sides_of_a_union_give_is_used_whole() -> None:
    sql = "with s as (select st from mesh.shop.t union all select {'k': a} from mesh.shop.u) select st.k as v from s"
    assert lineage(sql, SCHEMA).outputs["v"] == {("mesh.shop.t", "st"), ("mesh.shop.u", "a")}


def test_a_count_depends_on_the_rows_of_what_it_counts() -> None:
    found = lineage("select id, (select count(*) from mesh.shop.u) as n from mesh.shop.t", SCHEMA)
    assert found.outputs["n"] == {("mesh.shop.u", ROWS)}
    assert found.tables == {"mesh.shop.t", "mesh.shop.u"}


@pytest.mark.parametrize("sql", queries())
def test_what_is_kept_is_what_was_found(sql: str) -> None:
    found = lineage(sql, SCHEMA)
    assert Lineage.from_json(found.as_json()) == found
