"""From a contract to rules: which, with which ids, and when their key moves."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from meshwright.quality import Rule, audit_key, rules_of
from meshwright.spec.model import Port, Quality, ServiceLevel
from meshwright.spec.sql import ports_in
from quality.making import HERE, column, expect, item, metric, port, reference, sql


def by_id(of: Port) -> dict[str, Rule]:
    return {rule.id: rule for rule in rules_of(of)}


def level(property_: str, element: str | None, value: object = 2, unit: str | None = "d") -> ServiceLevel:
    return ServiceLevel(property_, value, unit, element, HERE)


def test_every_promise_of_a_column_is_a_rule() -> None:
    options = {
        "minLength": 1, "maxLength": 9, "pattern": "^a", "minimum": 1, "maximum": 5, "exclusiveMinimum": 0,
        "exclusiveMaximum": 6, "multipleOf": 2, "enum": ["a", {"value": "b"}], "format": "email",
    }  # fmt: skip
    found = by_id(port(column("c", "string", required=True, unique=True, primary_key_position=1, options=options)))
    assert list(found) == [
        "schema", "primary_key", "c.required", "c.unique", "c.min_length", "c.max_length", "c.minimum",
        "c.maximum", "c.exclusive_minimum", "c.exclusive_maximum", "c.multiple_of", "c.pattern", "c.format",
        "c.enum",
    ]  # fmt: skip
    assert found["c.enum"].definition["values"] == ["a", "b"]
    assert {r.scope for r in found.values() if r.kind not in ("schema", "primary_key", "unique")} == {"row"}


def test_exclusive_bounds_as_odcs_3_0_wrote_them() -> None:
    strict = by_id(port(column("c", options={"minimum": 1, "exclusiveMinimum": True})))
    loose = by_id(port(column("c", options={"minimum": 1, "exclusiveMinimum": False})))
    assert strict["c.exclusive_minimum"].definition["value"] == 1
    assert "c.minimum" not in strict
    assert "c.minimum" in loose
    assert "c.exclusive_minimum" not in loose


@pytest.mark.parametrize(
    ("item_", "id_"),
    [
        (metric("nullValues", id="few_nulls", name="Few"), "few_nulls"),
        (metric("nullValues", name="Not too few!"), "not_too_few"),
        (metric("nullValues"), "c.null_values"),
        (metric("missingValues", arguments={"missingValues": [""]}), "c.missing_values"),
        (metric("invalidValues", arguments={"validValues": [1]}), "c.invalid_values"),
        (metric("duplicateValues"), "c.duplicate_values"),
        (metric("rowCount", "mustBe", 1), "row_count"),
        (expect("expect_column_max_to_be_between", max_value=1), "c.column_max_to_be_between"),
    ],
)
def test_ids_of_quality_items(item_: Quality, id_: str) -> None:
    assert id_ in by_id(port(column("c", quality=(item_,))))


def test_an_id_does_not_depend_on_the_place() -> None:
    queries = [sql("select 1"), sql("select 2"), sql("select 3")]
    there = {r.definition["query"]: r.id for r in rules_of(port(column("c"), quality=tuple(queries)))[1:]}
    back = {r.definition["query"]: r.id for r in rules_of(port(column("c"), quality=tuple(queries[::-1])))[1:]}
    assert there == back
    assert len(set(there.values())) == 3


def test_ids_are_unique_however_often_they_are_given() -> None:
    twice = metric("nullValues", id="same")
    others = (metric("nullValues", "mustBe", 1), metric("nullValues", "mustBe", 2), metric("nullValues", "mustBe", 2))
    rules = rules_of(port(column("a", quality=(twice, *others)), column("b", quality=(twice,))))
    ids = [r.id for r in rules]
    assert len(set(ids)) == len(ids) == 6
    assert {"a.same", "b.same"} <= set(ids)


def test_what_is_for_readers_is_no_rule() -> None:
    levels = (level("freshness", None), level("latency", "lines"), level("retention", "c"), level("latency", ""))
    text = item("text", description="looks good")
    found = rules_of(port(column("c", options={"format": "password"}), quality=(text,), service_levels=levels))
    assert [r.id for r in found] == ["schema"]


@pytest.mark.parametrize("element", ["c", "lines.c", "sales.lines.c"])
@pytest.mark.parametrize("property_", ["freshness", "latency", "Latency", "ly"])
def test_a_service_level_on_a_column_is_a_warning(property_: str, element: str) -> None:
    found = by_id(port(column("c", "date"), service_levels=(level(property_, element),)))
    assert found["c.freshness"].severity == "warning"
    assert found["c.freshness"].columns == ("c",)


def test_what_a_rule_reads() -> None:
    query = (
        "select count(*) from ${object} join mesh.shop.things using (c), MESH.\"Shop\" . others where x = 'mesh.a.b'"
    )
    rules = by_id(
        port(
            column("c"),
            quality=(sql(query + " -- mesh.c.d", id="q"), sql("select 1 from mesh.sales.lines", id="own")),
            references=(reference("c", "shop.things", "c", id="r"), reference("c", "sales.lines", "c", id="self")),
        )
    )
    assert rules["q"].reads == ("shop.others", "shop.things")
    assert rules["r"].reads == ("shop.things",)
    assert rules["own"].reads == rules["self"].reads == rules["schema"].reads == ()


def test_ports_in_text() -> None:
    assert ports_in('select 1 /* mesh.a.b */ from mesh.a.c, xmesh.a.d, x.mesh.a.e, "mesh"."a"."f"') == ("a.c", "a.f")


def test_names_of_rules_without_words() -> None:
    rules = rules_of(port(column("a"), column("b"), references=(reference("a b", "shop.t", "x y", tolerance=0.5),)))
    assert rules[-1].id == "a_b.references.shop.t"
    assert rules[-1].description == "every (a, b) exists in shop.t: at most 0.5 % allowed"


BASE: dict[str, Any] = {"quality": (sql("select 1", id="q", description="words"),)}


def test_the_audit_key_moves_with_the_rules_alone() -> None:
    one = port(column("c", required=True, description="x"), **BASE)
    key = audit_key(one)
    assert key == audit_key(port(column("c", required=True, description="y"), **BASE))
    assert len(key) == 64
    item_ = one.contract.quality[0]
    reworded = replace(item_, description="other words", dimension="accuracy")
    assert key == audit_key(port(column("c", required=True), quality=(reworded,)))
    for changed in (replace(item_, severity="warning"), replace(item_, operand=2), replace(item_, query="select 2")):
        assert key != audit_key(port(column("c", required=True), quality=(changed,)))
    assert key != audit_key(port(column("c"), **BASE))


def test_the_audit_key_does_not_depend_on_the_order_of_items() -> None:
    items = (sql("select 1", id="a"), sql("select 2", id="b"))
    assert audit_key(port(column("c"), quality=items)) == audit_key(port(column("c"), quality=items[::-1]))


def test_long_definitions_are_told_apart() -> None:
    long = "select " + "1 + " * 100
    keys = {audit_key(port(column("c"), quality=(sql(long + end, id="q"),))) for end in "12"}
    assert len(keys) == 2


def test_definitions_are_json() -> None:
    for rule in rules_of(port(column("c", "date", options={"minimum": "2017-01-01"}), **BASE)):
        assert json.loads(json.dumps(rule.definition)) == rule.definition


def test_knowing_the_rules_imports_nothing_heavy() -> None:
    code = (
        "import sys, meshwright.quality as q; sys.path.insert(0, 'tests/quality'); import making as m;"
        "q.audit_key(m.port(m.column('c', required=True), quality=(m.sql('select 1'),)));"
        "print([n for n in ('great_expectations', 'pandas', 'dagster', 'dbt', 'mlflow') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
