"""The suite that users see and export."""

from __future__ import annotations

import json

import pytest

from meshwright.quality import rules_of
from meshwright.quality.suite import suite
from meshwright.quality.validation import Asked, measure
from meshwright.spec.model import Port
from quality.making import Bench, column, expect, metric, port, reference, sql


def rich() -> Port:
    return port(
        column("id", primary_key_position=1),
        column("week", primary_key_position=2, required=True, unique=True, options={"minimum": 1, "maximum": 53}),
        column(
            "s", "string", options={"minLength": 1, "maxLength": 9, "pattern": "^a", "enum": ["a"], "format": "email"},
            quality=(
                metric("nullValues", "mustBeLessOrEqualTo", 12.5, unit="percent", severity="warning"),
                metric("missingValues", arguments={"missingValues": [""]}),
                expect("expect_column_unique_value_count_to_be_between", max_value=3),
            ),
        ),
        quality=(metric("rowCount", "mustBeGreaterThan", 10), sql("select 1", id="q")),
        references=(reference("id", "shop.things", "id", id="r"),),
    )  # fmt: skip


def test_every_rule_is_in_the_suite_once() -> None:
    made = suite(rich()).to_json_dict()
    said = [e["meta"]["rule"] for e in made["expectations"]]
    elsewhere = [e["rule"] for e in made["meta"]["elsewhere"]]
    assert elsewhere == ["q", "r"]
    assert sorted(said + elsewhere) == sorted(r.id for r in rules_of(rich()))
    assert made["name"] == "sales.lines"
    assert json.loads(json.dumps(made)) == made


def test_what_the_expectations_say() -> None:
    by_rule = {e["meta"]["rule"]: e for e in suite(rich()).to_json_dict()["expectations"]}
    assert by_rule["primary_key"]["type"] == "expect_compound_columns_to_be_unique"
    assert by_rule["primary_key"]["kwargs"]["column_list"] == ["id", "week"]
    assert by_rule["week.unique"]["type"] == "expect_column_values_to_be_unique"
    assert by_rule["week.maximum"]["kwargs"]["max_value"] == 53
    assert by_rule["s.null_values"]["kwargs"]["mostly"] == 0.875
    assert by_rule["s.null_values"]["severity"] == "warning"
    assert by_rule["week.required"]["severity"] == "critical"
    assert by_rule["row_count"]["kwargs"]["min_value"] == 11


@pytest.mark.parametrize(
    ("operator", "bound", "kwargs"),
    [
        ("mustBe", 5, {"min_value": 5, "max_value": 5}),
        ("mustBeBetween", [1, 5], {"min_value": 1, "max_value": 5}),
        ("mustBeGreaterOrEqualTo", 5, {"min_value": 5}),
        ("mustBeLessThan", 5, {"max_value": 4}),
        ("mustBeLessOrEqualTo", 5, {"max_value": 5}),
        ("mustNotBe", 5, {"min_value": 0}),
    ],
)
def test_row_counts(operator: str, bound: object, kwargs: dict[str, int]) -> None:
    made = suite(port(column("id"), quality=(metric("rowCount", operator, bound),))).to_json_dict()
    found = made["expectations"][-1]
    assert {k: v for k, v in found["kwargs"].items() if k.endswith("value")} == kwargs
    assert found["meta"]["limit"]["operator"] == operator


def test_the_suite_and_the_audit_agree(bench: Bench) -> None:
    """The exported suite, judged by Great Expectations alone, comes to the audit's verdicts."""
    bench.table(
        "SELECT i::BIGINT AS id, (i % 60)::BIGINT AS week, CASE WHEN i % 9 > 0 THEN 'a@b.c'[:i] END AS s"
        " FROM range(100) r(i)"
    )
    asked = rich()
    bench.con.execute("CREATE TEMP VIEW all_rows AS FROM mesh.sales.lines")
    configurations = suite(asked).to_json_dict()["expectations"]
    alone = measure(bench.con, [Asked(c["type"], c["kwargs"], "all_rows") for c in configurations])
    verdicts = bench.audit(asked)
    compared = {c["meta"]["rule"]: (m.success, m.error) for c, m in zip(configurations, alone, strict=True)}
    assert compared == {rule: (verdicts[rule].passed, None) for rule in compared}
    assert {passed for passed, _ in compared.values()} == {True, False}


def test_an_empty_contract_is_a_suite_of_its_columns() -> None:
    assert [e["meta"]["rule"] for e in suite(port(column("id"))).to_json_dict()["expectations"]] == ["schema"]
