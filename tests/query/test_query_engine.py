"""The locked connection, the rows as they come, and what happens when things fail."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from meshwright.duck import literal, load_iceberg, local_path, quote
from meshwright.errors import InputError, UnavailableError
from meshwright.query import connect, query
from meshwright.query.faults import from_duckdb
from support.hangs import ends

from .published import Warehouse


def test_ports_are_views_of_their_pinned_snapshots(mesh: Warehouse) -> None:
    assert mesh.rows("SELECT count(*), sum(week), min(sales_value) FROM mesh.sales.transactions") == [
        (10000, sum(i % 53 + 1 for i in range(10000)), Decimal("0.00"))
    ]
    joined = "SELECT p.name, t.day FROM sales.transactions t JOIN merchandising.products p ON basket_id = product_id"
    assert mesh.rows(f"{joined} WHERE product_id = 7") == [("Product 7", date(2017, 1, 8))]


def test_published_columns_are_not_all_null(mesh: Warehouse) -> None:
    (counts,) = mesh.rows("SELECT count(COLUMNS(*)) FROM mesh.sales.transactions")
    assert all(isinstance(n, int) and n >= 9000 for n in counts)


def test_only_named_ports_are_made(mesh: Warehouse) -> None:
    asked: list[set[str]] = []

    def resolve(names: set[str]) -> dict[str, str]:
        asked.append(names)
        return mesh.resolve(names)

    with query("SELECT count(*) FROM sales.transactions", resolve, warehouse=mesh.folder) as result:
        views = "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal"
        assert result.connection.execute(views).fetchall() == [("sales.transactions",)]
        assert result.pins.keys() == {"sales.transactions"}
    assert asked == [{"sales.transactions"}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{outside}')",
        "SELECT * FROM read_text('{warehouse}/../outside.txt')",
        "SELECT * FROM '{outside}'",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{outside}'",
        "EXPORT DATABASE '{outside}.dump'",
        "ATTACH '{outside}.db' AS other",
        "ATTACH '{warehouse}/../catalog.db' AS other (TYPE sqlite)",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '{warehouse}/x.duckdb_extension'",
        "SET allow_unsigned_extensions = true",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET threads = 1",
        "RESET lock_configuration",
        "SELECT * FROM 'https://example.com/x.parquet'",
        "SELECT * FROM local_frame",
    ],
)
def test_the_lock_holds_behind_the_guard(mesh: Warehouse, tmp_path: Path, sql: str) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("secret")
    local_frame = duckdb.sql("SELECT 1 AS a")
    with connect(mesh.pins, warehouse=mesh.folder) as con:
        with pytest.raises(duckdb.Error):
            con.execute(sql.format(outside=outside, warehouse=mesh.folder)).fetchall()
        assert con.execute("SELECT count(*) FROM mesh.sales.transactions").fetchall() == [(10000,)]
    assert outside.read_text() == "secret"
    assert list(tmp_path.iterdir()) == [outside]
    assert local_frame.fetchall() == [(1,)]


def test_limits_are_taken(mesh: Warehouse) -> None:
    with connect({}, warehouse=mesh.folder, threads=1, memory="200MB") as con:
        sql = "SELECT current_setting('threads'), current_setting('memory_limit'), current_setting('TimeZone')"
        assert con.execute(sql).fetchall() == [(1, "190.7 MiB", "UTC")]


def test_first_rows_come_before_the_last_are_made(mesh: Warehouse) -> None:
    with ends(), mesh.ask("SELECT range FROM range(1000000000000)") as result:
        assert next(result.rows) == (0,)
        assert next(result.rows) == (1,)


def test_columns_and_types(mesh: Warehouse) -> None:
    with mesh.ask("SELECT week, sales_value AS v, 1 AS v FROM sales.transactions") as result:
        assert result.columns == ("week", "v", "v")
        assert result.types == ("INTEGER", "DECIMAL(12,2)", "INTEGER")


def test_what_python_would_round_stays_exact_and_in_order(mesh: Warehouse) -> None:
    sql = """SELECT range, to_months(range::INTEGER) AS gap, TIMESTAMP_NS '2017-01-01 00:00:00.123456789' AS ns
             FROM range(14) ORDER BY range DESC; -- the end"""
    with mesh.ask(sql) as result:
        assert result.types == ("BIGINT", "INTERVAL", "TIMESTAMP_NS")
        assert result.columns == ("range", "gap", "ns")
        rows = list(result.rows)
    assert rows[0] == (13, "1 year 1 month", "2017-01-01 00:00:00.123456789")
    assert [row[0] for row in rows] == list(range(13, -1, -1))


def test_instants_are_utc(mesh: Warehouse) -> None:
    ((instant, text),) = mesh.rows("SELECT t, t::VARCHAR FROM (SELECT TIMESTAMPTZ '2017-06-01 12:00:00-04' AS t)")
    assert instant == datetime(2017, 6, 1, 16, tzinfo=UTC)
    assert text == "2017-06-01 16:00:00+00"


def test_a_fault_while_rows_come_is_an_input_error(mesh: Warehouse) -> None:
    sql = "SELECT CAST(CASE WHEN range = 9999999 THEN 'late' ELSE '1' END AS INTEGER) FROM range(10000000)"
    with mesh.ask(sql) as result:
        assert next(result.rows) == (1,)
        with pytest.raises(InputError) as error:
            list(result.rows)
    assert "Could not convert string 'late'" in str(error.value)
    assert error.value.faults[0].column == 8


def test_a_lost_snapshot_is_unavailable(mesh: Warehouse) -> None:
    lost = {"sales.transactions": mesh.pins["sales.transactions"].replace("metadata.json", "gone.json")}
    with pytest.raises(UnavailableError) as error:
        query("FROM sales.transactions", lambda _: lost, warehouse=mesh.folder)
    assert error.value.exit_code == 3
    assert error.value.faults[0].command == "mesh doctor"


def test_too_little_memory_is_said_plainly(mesh: Warehouse) -> None:
    sql = "SELECT list(range ORDER BY hash(range)) FROM range(50000000)"
    with pytest.raises(Exception, match=r"(?i)memory") as error:
        query(sql, mesh.resolve, warehouse=mesh.folder, memory="50MB")
    assert getattr(error.value, "exit_code", None) == 1


@pytest.mark.parametrize("delay", [0, 0.05, 0.1, 0.3, 0.6, 1.2])
def test_ctrl_c_stops_a_query_at_any_time(mesh: Warehouse, delay: float) -> None:
    script = f"""
        from pathlib import Path
        from meshwright.query import query
        try:
            print("ready", flush=True)
            sql = "SELECT sum(hash(a.range + b.range)) FROM range(10000000) a, range(10000000) b"
            list(query(sql, lambda _: {{}}, warehouse=Path({str(mesh.folder)!r})).rows)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (out, errors) == ("interrupted\n", "")


def test_an_abandoned_query_does_not_hold_up_the_close(mesh: Warehouse) -> None:
    result = mesh.ask("SELECT range FROM range(1000000000000) WHERE range < 1000000 OR hash(range) = 0")
    assert next(result.rows) == (0,)
    with ends():
        result.close()


def test_nothing_heavy_is_imported(mesh: Warehouse) -> None:
    script = f"""
        import sys
        from pathlib import Path
        from meshwright.query import query, write
        pins = {dict(mesh.pins)!r}
        with query("FROM sales.transactions LIMIT 1", lambda n: pins, warehouse=Path({str(mesh.folder)!r})) as r:
            write(r, sys.stdout, "json")
        heavy = "pyarrow pandas numpy pyiceberg sqlglot rich yaml dagster dbt great_expectations sqlalchemy"
        print([name for name in heavy.split() if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stderr == ""


def test_locations() -> None:
    assert local_path("file:///a/b c.json") == "/a/b c.json"
    assert local_path("file:///100%25#1/a?.json") == "/100%25#1/a?.json"
    assert local_path("/a/b c.json") == "/a/b c.json"
    assert local_path("s3://bucket/key.json") == "s3://bucket/key.json"


def test_quoting_survives_hostile_names() -> None:
    with duckdb.connect() as con:
        for name in ['a"b', "a'b", "a;b", "--", "select", "é"]:
            assert con.execute(f"SELECT {literal(name)} AS {quote(name)}").description[0][0] == name
            assert con.fetchall() == [(name,)]


def test_extensions_come_from_the_installed_wheels(tmp_path: Path) -> None:
    with duckdb.connect(config={"extension_directory": str(tmp_path)}) as con:
        load_iceberg(con)
        loaded = con.execute("SELECT extension_name FROM duckdb_extensions() WHERE loaded").fetchall()
    assert {("iceberg",), ("avro",)} <= set(loaded)
    assert list(tmp_path.iterdir()) == []


def test_errors_that_are_no_json_still_tell() -> None:
    assert "plain words" in str(from_duckdb(duckdb.BinderException("plain words"), "SELECT 1"))


def test_a_column_that_an_alias_does_not_have(mesh: Warehouse) -> None:
    with pytest.raises(InputError) as wrong:
        mesh.rows("SELECT t.weeek FROM mesh.sales.transactions t")
    assert wrong.value.faults[0].reason == "t has no column weeek"
    assert wrong.value.faults[0].suggestion == "week"
