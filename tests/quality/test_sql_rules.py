"""Rules that are a query of the contract."""

from __future__ import annotations

from typing import Any

import pytest

from meshwright.quality import Verdict
from meshwright.spec.model import Quality
from quality.making import Bench, column, port, sql


def judged(bench: Bench, item: Quality, *, at_column: bool = False, **more: Any) -> Verdict:
    bench.table("SELECT i AS id, i * 10 AS c FROM range(4) r(i)")
    quality = {"quality": (item,)}
    asked = port(column("id"), column("c", **(quality if at_column else {})), **({} if at_column else quality))
    return next(v for v in bench.audit(asked, **more).values() if v.rule.kind == "sql")


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from ${object} where c > 10",
        "select count(*) from {object} where c > 10",
        "SELECT count(*) FROM ${table} WHERE ${column} > 10",
        "SELECT count(*) FROM {OBJECT} WHERE {property} > 10",
        'select count(*) from "${object}" where "${property}" > 10',
        "select count(*) from ${object} where c > 10;",
        "with x as (from ${object}) select count(*) from x where c > 10 -- done",
        "select 2::decimal(10,2)",
        "select 2e0",
        "select (select 2)",
        "values (2)",
        "select length({'a': '{b}${c}'}.a) - 5",
    ],
)
def test_a_query_gives_one_value(bench: Bench, query: str) -> None:
    found = judged(bench, sql(query, "mustBe", 2), at_column=True)
    assert (found.passed, found.observed, found.failed_rows, found.checked_rows) == (True, 2, 0, 0), found.message
    assert found.message == "the query gave 2; exactly 2 required"


@pytest.mark.parametrize(
    ("query", "operator", "bound", "passed", "message"),
    [
        ("select 5", "mustBeLessThan", 5, False, "the query gave 5; less than 5 allowed"),
        ("select 13509", "mustBe", 0, False, "the query gave 13,509; at most 0 allowed"),
        ("select 0.1::decimal(3,1)", "mustBe", 0.1, True, "the query gave 0.1; exactly 0.1 required"),
        ("select true", "mustBe", True, True, "the query gave true; exactly true required"),
        ("select 'ok'", "mustBe", "ok", True, "the query gave 'ok'; exactly 'ok' required"),
        ("select 'ok'", "mustNotBe", "ok", False, "the query gave 'ok'; anything but 'ok' required"),
        ("select date '2017-01-02'", "mustBe", "2017-01-02", True, "the query gave '2017-01-02'"),
        ("select sum(c) from ${object}", "mustBeBetween", [59, 60], True, "between 59 and 60 required"),
        ("select 170141183460469231731687303715884105727", "mustBeGreaterThan", 10, True, "more than 10 required"),
    ],
)
def test_values_and_operators(
    bench: Bench, query: str, operator: str, bound: object, passed: bool, message: str
) -> None:
    found = judged(bench, sql(query, operator, bound))
    assert found.passed is passed
    assert message in found.message


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (sql("select nope from ${object}"), 'Binder Error: Referenced column "nope" not found in FROM clause!'),
        (sql("selec 1"), 'Parser Error: syntax error at or near "selec"'),
        (sql("select 1; select 2"), "the query is not exactly one SELECT"),
        (sql("drop table mesh.sales.lines"), "the query is not exactly one SELECT"),
        (sql("insert into mesh.sales.lines values (1, 1)"), "the query is not exactly one SELECT"),
        (sql(""), "the query is not exactly one SELECT"),
        (sql("select 1 where false"), "the query gave no row instead of one value"),
        (sql("select c from ${object}"), "the query gave more than one row instead of one value"),
        (sql("select 1, 2"), "the query gave 2 columns instead of one value"),
        (sql("select max(c) from ${object} where false"), "the value is NULL"),
        (sql("select 'NaN'::double"), "the value is NaN"),
        (sql("select 'text'", "mustBeLessThan", 5), "'text' cannot be compared with 5"),
        (sql("select count(*) from mesh.nowhere.port"), "Catalog Error"),
        (sql("select cast('x' as int)"), "Conversion Error: Could not convert string 'x' to INT32"),
        (sql("select count(*) from ${object} where ${property} > 1"), "Parser Error"),
        (sql("select 1", None, None), "an operator is missing"),  # type: ignore[arg-type]
        (sql("select 1", "mustAlmostBe", 1), "there is no operator 'mustAlmostBe'"),
        (sql("select 1", "mustBeBetween", 1), "mustBeBetween needs two numbers"),
    ],
)
def test_a_query_that_cannot_be_judged_fails_with_the_reason(bench: Bench, item: Quality, reason: str) -> None:
    bench.table("SELECT i AS id, i * 10 AS c FROM range(4) r(i)")
    found = list(bench.audit(port(column("id"), column("c"), quality=(item,))).values())[-1]
    assert (found.passed, found.observed, found.samples) == (False, None, ())
    assert found.message.startswith("cannot be checked: ")
    assert reason in found.message
    assert "\n" not in found.message
    assert bench.con.execute("SELECT count(*) FROM mesh.sales.lines").fetchone() == (4,)


def test_a_query_sees_kept_rows_and_other_ports(bench: Bench) -> None:
    bench.table("SELECT 1 AS x", "shop.things")
    item = sql("select count(*) from ${object} cross join mesh.shop.things", "mustBe", 4)
    assert judged(bench, item, built="id = 1").passed


def test_a_percentage_is_told_as_one(bench: Bench) -> None:
    item = sql("select 0.33", "mustBeLessOrEqualTo", 0.5, unit="percent")
    assert judged(bench, item).message == "the query gave 0.33 %; at most 0.5 % allowed"
