"""Private columns show in no sample, message or observed value."""

from __future__ import annotations

import json

import pytest

from meshwright.quality import Verdict
from meshwright.quality.telling import hides_value
from meshwright.spec.model import Column, Port
from quality.making import Bench, column, expect, metric, port, reference, sql

SECRET = "s3cret"


def secrets(bench: Bench) -> None:
    bench.table(f"SELECT i AS id, '{SECRET}' || (i // 2) AS who, 777000 + i AS pay, i AS open FROM range(6) r(i)")
    bench.table("SELECT 'x' AS who", "shop.people")


def private(name: str, type_: str, **more: object) -> Column:
    return column(name, type_, classification="confidential", **more)


ALL: list[Port] = [
    port(
        private("id", "long", primary_key_position=1),
        private(
            "who", "string", required=True, unique=True,
            options={"pattern": "^x", "maxLength": 1, "enum": ["x"], "format": "email"},
            quality=(
                metric("invalidValues", arguments={"validValues": ["y"]}), metric("duplicateValues"),
                expect("expect_column_values_to_be_in_set", value_set=["x"]),
                expect("expect_column_distinct_values_to_be_in_set", value_set=["x"]),
                expect("expect_column_most_common_value_to_be_in_set", value_set=["x"]),
                expect("expect_column_values_to_match_strftime_format", strftime_format="%Y"),
                sql("select max(${property}) from ${object}", "mustBe", "x"),
                sql("select max(cast(who as int)) from ${object}"),
                sql("select error(who) from ${object}"),
            ),
        ),
        private(
            "pay", "long",
            quality=(
                expect("expect_column_max_to_be_between", max_value=1),
                expect("expect_column_mean_to_be_between", max_value=1),
                expect("expect_column_quantile_values_to_be_between",
                       quantile_ranges={"quantiles": [0.5], "value_ranges": [[0, 1]]}),
                sql("select max(${property}) from ${object}"),
            ),
        ),
        column("open", quality=(expect("expect_column_pair_values_to_be_equal", column_A="pay", column_B="open"),)),
        quality=(
            sql("select max(pay) from ${object}"), sql("select who from ${object} limit 1", "mustBe", "x"),
            sql("select sum(Pay) + 1 from ${object}"),
            sql("select count(*) * 0 + max(pay) from ${object}"), sql("select max(columns('pa.*')) from ${object}"),
            expect("unexpected_rows_expectation", unexpected_rows_query="select who as o, pay + 1 as p from {batch}"),
            expect("expect_compound_columns_to_be_unique", column_list=["who", "who"]),
        ),
        references=(reference("who", "shop.people", "who"),),
    )
]  # fmt: skip


def told(verdict: Verdict) -> str:
    return json.dumps([verdict.message, verdict.observed, [dict(s) for s in verdict.samples]], ensure_ascii=False)


@pytest.mark.parametrize("asked", ALL)
@pytest.mark.parametrize("built", [None, "open >= 0"])
def test_nothing_private_is_told(bench: Bench, asked: Port, built: str | None) -> None:
    secrets(bench)
    found = bench.audit(asked, built=built)
    failed = [v for v in found.values() if not v.passed]
    assert len(failed) >= 20
    for verdict in failed:
        assert SECRET not in told(verdict), verdict
        assert "777" not in told(verdict), verdict
    samples = [s for v in failed for s in v.samples]
    assert samples
    assert all(s.get("who", "•••") == s.get("pay", "•••") == s.get("id", "•••") == "•••" for s in samples)


def test_the_rest_of_a_sample_stays_readable(bench: Bench) -> None:
    secrets(bench)
    asked = port(
        column("id", primary_key_position=1), private("who", "string"), private("pay", "long"),
        column("open", classification="internal", options={"maximum": 4}),
    )  # fmt: skip
    assert bench.audit(asked)["open.maximum"].samples == ({"id": 5, "open": 5},)


def test_counts_are_told(bench: Bench) -> None:
    secrets(bench)
    item = sql("select count(*) from ${object} where who is not null", id="q")
    asked = port(column("id"), private("who", "string"), private("pay", "long"), column("open"), quality=(item,))
    assert bench.audit(asked)["q"].message == "the query gave 6; at most 0 allowed"


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) * 0 + max(pay) from {0}",
        "select count(*) + (select max(pay) from {0}) from {0}",
        "select case when count(*) > 0 then max(pay) end from {0}",
        "select max(columns('pa.*')) from {0}",
        "select max(columns(c -> c = 'p' || 'ay')) from {0}",
        "select max(l).pay from (from {0}) l",
        "select max(struct_extract(t, 'p' || 'ay')) from {0} t",
        "select max(c) from {0} t(a, b, c, d)",
        "select max(#1) from (select columns('p.y') from {0})",
        "select max(value) from (unpivot (select columns('p.y') from {0}) on columns(*))",
        "select count(*) from {0} t, range(t.pay) where t.id = 0",
        "select count(*) from (select unnest(range(pay)) from {0} where id = 0)",
        "select count(*) from range(1000000) limit (select max(pay) from {0})",
        "select max from (select max(pay) as max from {0})",
        "with recursive r as (select 0 as n union all select n + 1 from r, {0} where n < pay) select count(*) from r",
    ],
)
def test_what_only_looks_like_a_count_is_withheld(query: str) -> None:
    assert hides_value(query.format("mesh.sales.lines"), {"pay"})


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from {0} where pay > 1",
        "SELECT count(DISTINCT pay) AS n FROM {0}",
        "select 100.0 * count(*) filter (where pay > 1) / nullif(count(*), 0) from {0}",
        "with rich as (select * from {0} where pay > 1) select count(*) from rich",
        "select (select count(*) from {0}) - (select count(pay) from {0})",
        "select round(count_if(pay > 1)::double, 2) from {0}",
        "select max(open) from {0}",
        "select count(*) from (select pay, count(*) from {0} group by all having count(*) > 1)",
    ],
)
def test_counts_are_told_however_they_are_written(query: str) -> None:
    assert not hides_value(query.format("mesh.sales.lines"), {"pay"})


@pytest.mark.parametrize("query", ["select max(pay) from {0}", "select max(columns('p.*')) from {0}", "no sql"])
def test_where_nothing_is_private_all_is_told(query: str) -> None:
    assert not hides_value(query.format("mesh.sales.lines"), set())


def test_a_fault_of_the_text_is_told(bench: Bench) -> None:
    secrets(bench)
    items = (sql("select nope from ${object}", id="q"), expect("expect_nothing"))
    asked = port(column("id"), private("who", "string"), private("pay", "long"), column("open"), quality=items)
    found = bench.audit(asked)
    assert 'Referenced column "nope" not found' in found["q"].message
    assert "Great Expectations has no 'expect_nothing'" in found["nothing"].message
