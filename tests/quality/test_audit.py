"""The audit as a whole: schema, order, what it leaves behind, and what cannot be run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from meshwright.duck import load_iceberg, quote
from meshwright.quality import Verdict, audit, refused, rules_of
from meshwright.spec.model import Port, Quality
from quality.making import Bench, column, expect, item, metric, port, reference, sql

HOSTILE = ['we"ird; DROP TABLE x --', "select", "a b", "ä'ö", "100%", "a:b", "{c}", "${d}", "x.y", "week"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("SELECT 1::BIGINT AS id, 'x' AS s", None),
        ("SELECT 'x' AS s, 1::BIGINT AS id", None),
        ("SELECT 1::BIGINT AS id", "s is missing"),
        ("SELECT 1::BIGINT AS id, 'x' AS s, 2 AS more", "more is not in the contract"),
        ("SELECT 1::INTEGER AS id, 2 AS s", "id is int instead of long; s is int instead of string"),
        ("SELECT 1::HUGEINT AS id, 'x' AS s", "id is HUGEINT instead of long"),
        ("SELECT 1::BIGINT AS Id, 'x' AS s", "Id is not in the contract; id is missing"),
    ],
)
def test_the_schema(bench: Bench, body: str, message: str | None) -> None:
    bench.table(body)
    found = bench.audit(port(column("id"), column("s", "string")))["schema"]
    assert found.passed is (message is None)
    assert found.message == (message or "all 2 columns are there with their types")


def test_nested_and_parametrised_types(bench: Bench) -> None:
    bench.table(
        "SELECT 1.5::DECIMAL(12,2) AS d, [1::BIGINT] AS l, {'a': 1::INTEGER, 'b': [DATE '2017-01-01']} AS s,"
        " now() AS z, 'x'::BLOB AS b, MAP {'k': 1e0} AS m, TIME '08:00' AS t"
    )
    types = {
        "d": "decimal(12, 2)", "l": "list<long>", "s": "struct<a: int, b: list<date>>", "z": "timestamptz",
        "b": "binary", "m": "map<string, double>", "t": "time",
    }  # fmt: skip
    found = bench.audit(port(*(column(n, t, required=True) for n, t in types.items())))
    assert all(v.passed for v in found.values()), [v.message for v in found.values()]
    types["d"] = "decimal(12, 3)"
    found = bench.audit(port(*(column(n, t) for n, t in types.items())))
    assert found["schema"].message == "d is decimal(12,2) instead of decimal(12,3)"


def test_a_type_that_nobody_knows_is_a_verdict(bench: Bench) -> None:
    bench.table("SELECT 1 AS id")
    found = bench.audit(port(column("id", "quaternion")))["schema"]
    assert found.message.startswith("cannot be checked: TypeSpellingError: 'quaternion' is no type")


def test_rules_of_a_column_that_is_missing(bench: Bench) -> None:
    bench.table("SELECT 1 AS id")
    asked = port(column("id", "int"), column("c", required=True, unique=True, options={"pattern": "x"}))
    found = bench.audit(asked)
    assert {v.message for i, v in found.items() if i.startswith("c.")} == {
        "cannot be checked: the table has no column c"
    }


@pytest.mark.parametrize("built", [None, "nope = 1", "1 = "])
def test_a_table_that_cannot_be_read(bench: Bench, built: str | None) -> None:
    if built:
        bench.table("SELECT 1 AS id")
    found = bench.audit(port(column("id", required=True)), built=built)
    assert [v.passed for v in found.values()] == [False, False]
    assert all(v.message.startswith("cannot be checked: the table cannot be read: ") for v in found.values())
    assert refused(list(found.values()))


def every_kind(bench: Bench) -> Port:
    bench.table("SELECT i::BIGINT AS id, i::BIGINT AS c FROM range(5) r(i)")
    bench.table("SELECT 1 AS key", "shop.things")
    items: tuple[Quality, ...] = (
        sql("select 1", id="q"), metric("rowCount", "mustBe", 5), metric("missingValues"), item(metric="medianValues"),
        expect("expect_column_max_to_be_between", column="c", max_value=1), expect("expect_nothing"),
        expect("unexpected_rows_expectation", unexpected_rows_query="select * from mesh.sales.lines"),
    )  # fmt: skip
    return port(
        column("id", primary_key_position=1),
        column("c", required=True, options={"maximum": 3, "multipleOf": 2}, quality=(metric("nullValues"),)),
        quality=items, references=(reference("c", "shop.things", "key"),),
    )  # fmt: skip


@pytest.mark.parametrize("built", [None, "id > 1"])
def test_one_verdict_for_each_rule_in_order_and_nothing_left_behind(
    bench: Bench, built: str | None, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    asked = every_kind(bench)
    before = bench.con.execute("SELECT * FROM duckdb_views() WHERE NOT internal").fetchall()
    reached: list[Verdict] = []
    found = audit(bench.con, asked, table="mesh.sales.lines", built=built, on_rule=reached.append)
    assert [v.rule for v in found] == list(rules_of(asked))
    assert sorted(v.rule.id for v in reached) == sorted(v.rule.id for v in found)
    assert all(v.seconds >= 0 and v.message and "\n" not in v.message for v in found)
    assert bench.con.execute("SELECT * FROM duckdb_views() WHERE NOT internal").fetchall() == before
    out, err = capfd.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert [r for r in caplog.records if r.levelname in ("WARNING", "ERROR")] == []


def test_the_unknown_is_refused_with_what_is_known(bench: Bench) -> None:
    found = bench.audit(every_kind(bench))
    messages = [v.message for v in found.values()]
    known = "ODCS has duplicateValues, invalidValues, missingValues, nullValues, rowCount"
    assert f"cannot be checked: there is no metric 'medianValues'; {known}" in messages
    assert "cannot be checked: missingValues stands at a property, not at the table" in messages


@pytest.mark.parametrize(
    ("item_", "reason"),
    [
        (metric("rowCount"), "an operator is missing"),
        (metric("rowCount", "mustBe", 1, unit="percent"), "a row count has no percentage"),
        (metric("duplicateValues"), "duplicateValues of a table needs arguments.properties"),
        (metric("duplicateValues", arguments={"properties": "id"}), "arguments.properties is no list"),
        (metric("duplicateValues", arguments={"properties": ["nope"]}), "the table has no column nope"),
        (metric(""), "there is no metric ''"),
    ],
)
def test_table_metrics_that_cannot_be_judged(bench: Bench, item_: Quality, reason: str) -> None:
    bench.table("SELECT 1::BIGINT AS id")
    [found] = [v for i, v in bench.audit(port(column("id"), quality=(item_,))).items() if i != "schema"]
    assert (found.passed, found.rule.severity) == (False, "error")
    assert reason in found.message


@pytest.mark.parametrize(
    ("item_", "reason"),
    [
        (metric("invalidValues"), "invalidValues needs arguments.validValues or arguments.pattern"),
        (metric("invalidValues", arguments={"validValues": "abc"}), "arguments.validValues is no list"),
        (metric("missingValues", arguments={"missingValues": {"a": 1}}), "arguments.missingValues is no list"),
        (metric("invalidValues", arguments={"validValues": ["x"]}), "Conversion Error"),
    ],
)
def test_column_metrics_that_cannot_be_judged(bench: Bench, item_: Quality, reason: str) -> None:
    bench.table("SELECT 1::BIGINT AS id")
    [found] = [v for i, v in bench.audit(port(column("id", quality=(item_,)))).items() if i != "schema"]
    assert not found.passed
    assert reason in found.message


@pytest.mark.parametrize(
    ("operator", "bound", "message"),
    [
        ("mustBeGreaterThan", 1, "1 row; more than 1 required"),
        ("mustBeGreaterOrEqualTo", 1_000_000, "1 row; at least 1,000,000 required"),
        ("mustBeBetween", [2, 3], "1 row; between 2 and 3 required"),
        ("mustNotBe", 1, "1 row; anything but 1 required"),
    ],
)
def test_row_counts(bench: Bench, operator: str, bound: object, message: str) -> None:
    bench.table("SELECT 1::BIGINT AS id")
    found = bench.audit(port(column("id"), quality=(metric("rowCount", operator, bound),)))["row_count"]
    assert (found.passed, found.observed, found.message) == (False, 1, message)


def test_severity_decides_what_is_refused(bench: Bench) -> None:
    bench.table("SELECT NULL::BIGINT AS id")
    soft = port(column("id", quality=(metric("nullValues", severity="warning"),)))
    found = list(bench.audit(soft).values())
    assert [v.passed for v in found] == [True, False]
    assert not refused(found)
    assert refused(list(bench.audit(port(column("id", quality=(metric("nullValues"),)))).values()))


def test_some_of_the_rules(bench: Bench) -> None:
    asked = every_kind(bench)
    wanted = [r for r in rules_of(asked) if r.kind in ("row_count", "sql")]
    assert [v.rule.id for v in audit(bench.con, asked, table="mesh.sales.lines", rules=wanted)] == ["q", "row_count"]
    assert audit(bench.con, asked, table="mesh.sales.lines", rules=[]) == ()


def test_hostile_names_of_columns(bench: Bench) -> None:
    options: dict[str, Any] = {"minLength": 2, "pattern": "^b", "enum": ["it's", "b"]}
    quality = (
        metric("duplicateValues"), sql("select count(*) from ${object} where ${property} = 'a'"),
        expect("expect_column_values_to_be_in_set", value_set=["b'"]),
        expect("expect_column_unique_value_count_to_be_between", max_value=0),
    )  # fmt: skip
    hostile = [column(n, "string", required=True, unique=True, options=options, quality=quality) for n in HOSTILE]
    quoted = ", ".join(f"'a' AS {quote(name)}" for name in HOSTILE)
    bench.table(f"SELECT i::BIGINT AS id, {quoted} FROM range(2) r(i)")
    found = list(bench.audit(port(column("id", primary_key_position=1), *hostile)).values())
    assert not [v.message for v in found if v.message.startswith("cannot")]
    assert [v.rule.kind for v in found if v.passed] == ["schema", "primary_key", *["required"] * len(HOSTILE)]
    assert all(v.failed_rows in (1, 2) for v in found if v.rule.scope == "row" and not v.passed)


def test_hostile_values_stay_values(bench: Bench) -> None:
    values = ["'; DROP TABLE mesh.sales.lines; --", '"', "\\", "%s", ":x", "\x1b[31m", "\n", "x" * 1000, "{batch}"]
    bench.values("VARCHAR", values)
    valid = metric("invalidValues", arguments={"validValues": values[:8]})
    only = metric("invalidValues", id="none", arguments={"validValues": ["'", "%", ":y", "''"]})
    found = bench.audit(port(column("id"), column("c", "string", quality=(valid, only))))
    assert found["c.invalid_values"].failed_rows == 1
    assert found["none"].failed_rows == len(values)
    assert max(len(str(s["c"])) for v in found.values() for s in v.samples) <= 200


def test_many_values(bench: Bench) -> None:
    bench.table("SELECT i::BIGINT AS id FROM range(5000) r(i)")
    item_ = metric("invalidValues", arguments={"validValues": list(range(1, 5000))})
    assert bench.audit(port(column("id", quality=(item_,))))["id.invalid_values"].samples == ({"id": 0},)


def test_a_locked_connection_is_enough(bench: Bench) -> None:
    asked = every_kind(bench)
    bench.con.execute("SET enable_external_access = false; SET lock_configuration = true")
    found = bench.audit(asked)
    assert found["c.maximum"].failed_rows == 1
    assert found["row_count"].passed


@pytest.mark.parametrize("by_expectation", [False, True])
def test_an_interrupt_is_no_verdict(bench: Bench, by_expectation: bool) -> None:
    """Ctrl-C while a rule runs ends the audit, instead of failing that rule and going on to the next."""
    endless = "SELECT CASE WHEN hash(i) <> 7 THEN i END AS id FROM range(100000000000) r(i)"
    bench.con.execute(f"CREATE VIEW mesh.sales.lines AS {endless}")
    items = () if by_expectation else (sql("select count(id) from ${object}"),)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        bench.audit(port(column("id", required=by_expectation), quality=items))
    assert bench.con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall() == [("lines",)]


def test_nothing_is_written_anywhere(tmp_path: Path) -> None:
    """Great Expectations keeps a home, a context and statistics; here it has none of them."""
    code = (
        "import sys, warnings; warnings.simplefilter('error'); sys.path.insert(0, sys.argv[1]);"
        "from making import *; b = Bench(); b.table('SELECT 1::BIGINT AS id');"
        "found = b.audit(port(column('id', required=True, options={'pattern': '('}, quality=("
        "  expect('expect_column_max_to_be_between', max_value=0),"
        "  expect('unexpected_rows_expectation', unexpected_rows_query='select 1')))));"
        "print(*(v.passed for v in found.values()), 'great_expectations' in sys.modules)"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, here], capture_output=True, text=True, env=env, cwd=tmp_path, check=True
    )
    assert done.stdout.split() == ["True", "True", "False", "False", "False", "True"]
    assert "Traceback" not in done.stderr
    assert list(tmp_path.rglob("*")) == []


def test_an_iceberg_table_as_readers_see_it(bench: Bench, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog("mesh", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}")
    catalog.create_namespace("sales")
    rows = pa.table({"week": pa.array([1, 1, 2, 2], pa.int32()), "id": pa.array([1, 2, 2, 3], pa.int64()),
                     "name": ["a", None, "c", "dd"]})  # fmt: skip
    table = catalog.create_table("sales.lines", schema=rows.schema)
    table.append(rows)
    catalog.engine.dispose()
    load_iceberg(bench.con)
    bench.con.execute(f"CREATE VIEW mesh.sales.lines AS FROM iceberg_scan('{table.metadata_location}')")
    asked = port(
        column("week", "int", required=True), column("id", primary_key_position=1),
        column("name", "string", required=True, options={"maxLength": 1}), partition="week",
    )  # fmt: skip
    found = bench.audit(asked, built="week IN (2)")
    assert {i: (v.passed, v.failed_rows, v.checked_rows) for i, v in found.items()} == {
        "schema": (True, 0, 0), "primary_key": (False, 1, 2), "week.required": (True, 0, 2),
        "name.required": (True, 0, 2), "name.max_length": (False, 1, 2),
    }  # fmt: skip
