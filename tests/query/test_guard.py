"""What the guard lets through and what it refuses; real tables, nothing simulated."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from meshwright.duck import load_iceberg
from meshwright.errors import InputError
from meshwright.query import names
from meshwright.query.guard import parse
from meshwright.query.tree import functions

from .published import Warehouse

HERE = Path(__file__).parent
T = "mesh.sales.transactions"


def corpus(name: str) -> list[str]:
    """The statements of a file, which are divided by blank lines."""
    text = (HERE / name).read_text(encoding="utf-8")
    blocks = (block for block in text.split("\n\n") if block.strip())
    return ["\n".join(row for row in block.splitlines() if not row.startswith("#")).strip() for block in blocks]


HOSTILE = [sql for sql in corpus("hostile.sql") if sql]
BENIGN = [sql for sql in corpus("benign.sql") if sql]


def test_corpora_are_large() -> None:
    assert len(HOSTILE) >= 90
    assert len(BENIGN) >= 30


@pytest.mark.parametrize("sql", HOSTILE)
def test_hostile_is_refused_before_it_runs(mesh: Warehouse, sql: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(sql.replace("$WAREHOUSE", str(mesh.folder))).require(mesh.pins)
    assert refused.value.exit_code == 2
    assert refused.value.faults[0].reason


def test_judging_opens_no_file(mesh: Warehouse) -> None:
    """IMPORT DATABASE is read from disk when DuckDB splits statements; judging must not get there."""
    folder = mesh.folder / "dump"
    folder.mkdir()
    (folder / "schema.sql").write_text("SELECT 1;")
    (folder / "load.sql").write_text("SELECT 1;")
    with pytest.raises(InputError, match="not IMPORT"):
        names(f"IMPORT DATABASE '{folder}'")


@pytest.mark.parametrize("sql", BENIGN)
def test_benign_answers(mesh: Warehouse, sql: str) -> None:
    assert mesh.rows(sql)


def test_every_function_was_judged() -> None:
    """A function that a new DuckDB brings is refused until somebody put it on the list."""
    with duckdb.connect() as con:
        load_iceberg(con)
        kinds = "('scalar', 'aggregate', 'macro')"
        sql = f"SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN {kinds}"
        there = {str(row[0]) for row in con.execute(sql).fetchall()}
    assert functions() - there == {"unnest"}
    reaching = [
        *("current_setting", "getvariable", "nextval", "currval", "write_log", "sleep_ms", "pg_sleep"),
        *(
            "json_serialize_sql",
            "json_deserialize_sql",
            "json_serialize_plan",
            "pg_get_viewdef",
            "txid_current",
        ),
        *(
            "current_query",
            "current_database",
            "current_schemas",
            "iceberg_bucket",
            "stats",
            "in_search_path",
        ),
    ]
    assert set(reaching) <= there - functions()


@pytest.mark.parametrize(
    ("sql", "ports"),
    [
        ("SELECT 1", set()),
        (f"SELECT * FROM {T}", {"sales.transactions"}),
        ("FROM Sales.TRANSACTIONS", {"sales.transactions"}),
        ('SELECT * FROM "sales"."transactions" AS sales', {"sales.transactions"}),
        ("WITH transactions AS (FROM sales.transactions) FROM transactions", {"sales.transactions"}),
        ("WITH a AS (FROM x.y), b AS (FROM a) FROM b JOIN z.w USING (id)", {"x.y", "z.w"}),
        ("SELECT (SELECT max(i) FROM a.b) FROM c.d WHERE EXISTS (FROM e.f) ORDER BY (FROM g.h)",
         {"a.b", "c.d", "e.f", "g.h"}),
        ("WITH RECURSIVE r AS (FROM a.b UNION ALL SELECT n + 1 FROM r WHERE n < 5) FROM r", {"a.b"}),
        ("PIVOT a.b ON k IN (1, 2) USING sum(v)", {"a.b"}),
        ("FROM a.b UNION ALL BY NAME FROM c.d", {"a.b", "c.d"}),
        ("SELECT list_transform([1], lambda x: x + (SELECT count(*) FROM a.b))", {"a.b"}),
        ("DESCRIBE a.b", {"a.b"}),
        ("FROM range((SELECT count(*) FROM a.b))", {"a.b"}),
        ("SELECT sum(i) FILTER (WHERE i IN (FROM a.b)) OVER (ORDER BY (FROM c.d)) FROM e.f",
         {"a.b", "c.d", "e.f"}),
    ],
)  # fmt: skip
def test_names(sql: str, ports: set[str]) -> None:
    assert names(sql) == ports


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM (WITH a AS (SELECT 1) FROM a) JOIN a ON true",
        "WITH a AS (FROM b), b AS (SELECT 1) FROM a",
        "WITH a AS (FROM a) FROM a",
        "WITH a AS (SELECT 1) FROM mesh.a",
        "WITH a AS (SELECT 1) FROM a UNION ALL (WITH c AS (SELECT 1) FROM c) UNION ALL FROM c",
    ],
)
def test_a_cte_is_seen_only_where_it_is_in_scope(sql: str) -> None:
    statement = parse(sql)
    assert statement.references
    with pytest.raises(InputError, match="there is no port"):
        statement.require({})


def test_unknown_port_names_the_nearest(mesh: Warehouse) -> None:
    with pytest.raises(InputError) as error:
        mesh.rows("SELECT 1 FROM\n mesh.sales.transaction")
    (fault,) = error.value.faults
    assert (fault.line, fault.column) == (2, 2)
    assert fault.suggestion == "mesh.sales.transactions"
    assert fault.command == "mesh status"
    assert "    2 |  mesh.sales.transaction\n      |  ^" in str(error.value)


def test_every_unknown_port_is_told_at_once(mesh: Warehouse) -> None:
    with pytest.raises(InputError) as error:
        mesh.rows("SELECT 1 FROM transactions, merchandising.product, nowhere.at_all")
    suggestions = {f.suggestion for f in error.value.faults}
    assert suggestions == {"mesh.sales.transactions", "mesh.merchandising.products", None}


def test_syntax_error_has_a_caret_behind_wide_letters(mesh: Warehouse) -> None:
    with pytest.raises(InputError) as error:
        mesh.rows("SELECT 'äöü'\nFROM FROM x")
    (fault,) = error.value.faults
    assert (fault.line, fault.column) == (2, 6)
    assert str(error.value).endswith("    2 | FROM FROM x\n      |      ^")


def test_misspelt_column_and_function_get_a_suggestion(mesh: Warehouse) -> None:
    with pytest.raises(InputError) as column:
        mesh.rows(f"SELECT sales_valu FROM {T}")
    assert column.value.faults[0].suggestion == "sales_value"
    assert column.value.faults[0].column == 8
    with pytest.raises(InputError) as function:
        mesh.rows(f"SELECT summ(sales_value) FROM {T}")
    assert function.value.faults[0].suggestion == "sum"


def test_control_characters_in_a_query_do_not_come_back(mesh: Warehouse) -> None:
    with pytest.raises(InputError) as error:
        mesh.rows('SELECT "\x1b[31mred" FROM mesh.sales.transactions')
    assert "\x1b" not in str(error.value)


def test_depth_and_length_are_limited(mesh: Warehouse) -> None:
    assert mesh.rows("SELECT " + "(" * 500 + "1" + ")" * 500) == [(1,)]
    assert mesh.rows("SELECT " + "+".join(["1"] * 200)) == [(200,)]
    with pytest.raises(InputError, match="depth"):
        mesh.rows("SELECT " + "+".join(["1"] * 5000))
    with pytest.raises(InputError, match="200,000 is the most"):
        mesh.rows("SELECT " + "1," * 200_000 + "1")


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_what_is_no_text_is_refused(character: str) -> None:
    with pytest.raises(InputError, match="no text"):
        names(f"SELECT 'a{character}b'")


@pytest.mark.parametrize("sql", ["", "  ", "-- nothing", ";"])
def test_no_query(sql: str) -> None:
    with pytest.raises(InputError, match="there is no query"):
        names(sql)


def test_dynamic_pivot_says_how(mesh: Warehouse) -> None:
    with pytest.raises(InputError, match="PIVOT must name its values"):
        mesh.rows(f"PIVOT {T} ON store_id USING sum(sales_value)")
