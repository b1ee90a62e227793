"""What the standards cannot say: types, keys, bounds, rules, references and names in detail."""
# ruff: noqa: E501 - tables of cases are read across

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meshwright.errors import Fault, SpecError
from meshwright.spec import Contract, Transform, load_contract
from meshwright.spec.names import RESERVED, YAML_WORDS, name_fault


def contract(root: Path, *columns: dict[str, Any], version: str = "v3.2.0", **table: Any) -> Contract:
    head = {"apiVersion": version, "kind": "DataContract", "id": "x", "version": "1", "status": "active"}
    document = {**head, "schema": [{"name": "orders", "properties": list(columns), **table}]}
    file = root / "shop/product/orders.contract.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))
    return load_contract(file)


def faults(root: Path, *columns: dict[str, Any], version: str = "v3.2.0", **table: Any) -> list[Fault]:
    with pytest.raises(SpecError) as caught:
        contract(root, *columns, version=version, **table)
    return list(caught.value.faults)


def column(logical: str | None = "integer", **keys: Any) -> dict[str, Any]:
    given = {"name": "a", "logicalType": logical, **keys}
    return {key: value for key, value in given.items() if value is not None}


STRUCT = [
    {"name": "x", "logicalType": "integer"},
    {"name": "y", "logicalType": "array", "items": {"logicalType": "string"}},
]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (column("integer"), "long"),
        (column("integer", logicalTypeOptions={"format": "i32"}), "int"),
        (column("number"), "double"),
        (column("number", logicalTypeOptions={"format": "f32"}), "float"),
        (column("number", physicalType="decimal(12, 2)"), "decimal(12,2)"),
        (column("timestamp"), "timestamp"),
        (column("timestamp", logicalTypeOptions={"timezone": True}), "timestamptz"),
        (column(None, physicalType="int"), "int"),
        (column("object", properties=STRUCT), "struct<x: long, y: list<string>>"),
        (
            column("array", items={"logicalType": "object", "properties": STRUCT}),
            "list<struct<x: long, y: list<string>>>",
        ),
        (column("map", map={"key": {"logicalType": "string"}, "value": {"logicalType": "date"}}), "map<string, date>"),
        (column("vector", logicalTypeOptions={"dimensions": 3}), "list<float>"),
        (column("array", physicalType="list<long>"), "list<long>"),
    ],
)
def test_published_types(given: dict[str, Any], expected: str, tmp_path: Path) -> None:
    assert contract(tmp_path, given).columns[0].type == expected


@pytest.mark.parametrize(
    ("given", "key", "reason", "suggestion"),
    [
        (column("object"), "schema[0].properties[0]", "needs a logicalType or a physicalType", None),
        (column("array"), "schema[0].properties[0]", "needs a logicalType or a physicalType", None),
        (column("object", properties=STRUCT, physicalType="struct<x: long>"), "schema[0].properties[0].physicalType",
         "contradicts the properties under it", "struct<x: long, y: list<string>>"),
        (column("array", items={"physicalType": "bigint"}), "schema[0].properties[0].items.physicalType", "is no type", "long"),
    ],
)  # fmt: skip
def test_nested_types_that_do_not_work(
    given: dict[str, Any], key: str, reason: str, suggestion: str | None, tmp_path: Path
) -> None:
    found = faults(tmp_path, given)
    assert (found[0].key, found[0].suggestion) == (key, suggestion)
    assert reason in found[0].reason


def test_keys_without_positions_are_in_the_order_written(tmp_path: Path) -> None:
    columns = [{"name": n, "logicalType": "string", "primaryKey": True} for n in ("b", "a")]
    made = contract(tmp_path, *columns, {"name": "c", "logicalType": "string", "primaryKeyPosition": -1})
    assert made.primary_key == ("b", "a")
    assert [c.required for c in made.columns] == [True, True, False]


@pytest.mark.parametrize(("positions", "key"), [((2, 1), ("b", "a")), ((1, 2), ("a", "b"))])
def test_keys_with_positions(positions: tuple[int, int], key: tuple[str, str], tmp_path: Path) -> None:
    columns = [
        {"name": n, "logicalType": "string", "primaryKey": True, "primaryKeyPosition": p}
        for n, p in zip(("a", "b"), positions, strict=True)
    ]
    assert contract(tmp_path, *columns).primary_key == key


@pytest.mark.parametrize("positions", [(1, 1), (2, 3), (1, 3)])
def test_keys_with_gaps_or_twins(positions: tuple[int, int], tmp_path: Path) -> None:
    columns = [
        {"name": n, "logicalType": "string", "primaryKey": True, "primaryKeyPosition": p}
        for n, p in zip(("a", "b"), positions, strict=True)
    ]
    (fault,) = faults(tmp_path, *columns)
    assert "2 columns have 1 to 2" in fault.reason


def test_a_position_without_a_key(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, column(primaryKeyPosition=1))
    assert fault.reason == "primaryKeyPosition without `primaryKey: true`"


def transform(value: str) -> list[dict[str, str]]:
    return [{"property": "partitionTransform", "value": value}]


@pytest.mark.parametrize(
    ("logical", "word", "expected"),
    [
        ("date", "day", Transform.DAY),
        ("timestamp", "month", Transform.MONTH),
        ("string", "identity", Transform.IDENTITY),
    ],
)
def test_partitions(logical: str, word: str, expected: Transform, tmp_path: Path) -> None:
    made = contract(tmp_path, column(logical, partitioned=True, customProperties=transform(word)))
    assert made.partition is not None
    assert (made.partition.column, made.partition.transform) == ("a", expected)


@pytest.mark.parametrize(
    ("given", "reason", "suggestion"),
    [
        (column("timestamp", partitioned=True), "a column of type timestamp has no identity partitions", "day"),
        (column("number", partitioned=True), "a column of type double has no identity partitions", None),
        (column("string", partitioned=True, customProperties=transform("day")), "has no day partitions", None),
        (column(partitionKeyPosition=1), "a partition key without `partitioned: true`", None),
        (column("date", customProperties=transform("day")), "a partition key without `partitioned: true`", None),
    ],
)
def test_partitions_that_do_not_work(
    given: dict[str, Any], reason: str, suggestion: str | None, tmp_path: Path
) -> None:
    (fault,) = faults(tmp_path, given)
    assert reason in fault.reason
    assert fault.suggestion == suggestion


@pytest.mark.parametrize(
    ("logical", "options", "reason"),
    [
        ("integer", {"minimum": 3, "maximum": 2}, "minimum 3 is greater than maximum 2"),
        ("integer", {"exclusiveMinimum": 2, "maximum": 2}, "exclusiveMinimum 2 is not below maximum 2"),
        ("string", {"minLength": 3, "maxLength": 2}, "minLength 3 is greater than maxLength 2"),
        ("date", {"minimum": "2017-13-01"}, "is no date: month must be in 1..12"),
        ("date", {"minimum": "2017-02-01", "maximum": "2017-01-01"}, "is greater than maximum 2017-01-01"),
        ("timestamp", {"maximum": "soon"}, "is no timestamp"),
        ("string", {"pattern": "(a"}, "the pattern does not compile"),
        ("string", {"pattern": "(" * 900}, "the pattern does not compile"),
        ("string", {"pattern": "a" * 3_000}, "longer than 2000"),
        ("string", {"pattern": "^(?!x)"}, "the pattern uses '(?!'"),
        ("string", {"pattern": r"(a)\1"}, "the pattern uses"),
        ("string", {"pattern": "a++"}, "the pattern"),
    ],
)
def test_bounds_and_patterns(logical: str, options: dict[str, Any], reason: str, tmp_path: Path) -> None:
    found = faults(tmp_path, column(logical, logicalTypeOptions=options))
    assert any(reason in fault.reason for fault in found), [f.reason for f in found]
    assert all((fault.key or "").startswith("schema[0].properties[0].logicalTypeOptions.") for fault in found)


@pytest.mark.parametrize(
    ("logical", "options"),
    [
        ("integer", {"minimum": 2, "maximum": 2}),
        ("integer", {"exclusiveMinimum": 1, "maximum": 2}),
        ("date", {"minimum": "2017-01-01", "maximum": "2017-01-01"}),
        ("timestamp", {"minimum": "2017-01-01T00:00:00+00:00", "maximum": "2018-01-01T00:00:00"}),
        ("string", {"pattern": r"^[+*?}\]]+[a-z]{2,3}(?:x|y)\+\+(?i:z)\d$"}),
        ("string", {"pattern": "[[a-z]"}),
    ],
)
def test_bounds_and_patterns_that_work(logical: str, options: dict[str, Any], tmp_path: Path) -> None:
    assert contract(tmp_path, column(logical, logicalTypeOptions=options)).columns[0].options == options


def test_value_sets_become_an_option(tmp_path: Path) -> None:
    made = contract(tmp_path, column("string", enum=[{"value": "x"}, {"value": "y", "label": "Y"}]))
    assert made.columns[0].options == {"enum": ["x", "y"]}


def library(**keys: Any) -> dict[str, Any]:
    return {"type": "library", "metric": "nullValues", **keys}


@pytest.mark.parametrize(
    ("rule", "reason", "suggestion"),
    [
        (library(mustBeBetween=[5, 1]), "the lower bound 5 is greater than the upper bound 1", "[1, 5]"),
        (library(mustBe="none"), "mustBe needs a number here", None),
        (library(mustBeLessThan=-1), "a count is never negative, got -1", None),
        (library(mustBeLessThan=150, unit="percent"), "a share in percent lies between 0 and 100, got 150", None),
        (library(mustBe=0, unit="precent"), "unit 'precent' is neither 'rows' nor 'percent'", "percent"),
        ({"metric": "rowCount", "mustBeGreaterThan": 5, "unit": "percent"}, "a row count has no percentage", None),
        ({"type": "sql", "query": "  ", "mustBe": 0}, "the query is empty", None),
        ({"type": "sql", "query": "x", "mustBe": [1]}, "mustBe needs a number here", None),
        ({"type": "custom", "engine": "greatExpectations", "implementation": {"kwargs": {}}}, "needs the `type`", None),
        ({"type": "custom", "engine": "greatExpectations", "implementation": "type: [x"}, "is text, but not YAML", None),
        ({"type": "custom", "engine": "greatExpectations", "implementation": "kwargs: {}"}, "needs the `type`", None),
    ],
)  # fmt: skip
def test_rules_that_make_no_sense(rule: dict[str, Any], reason: str, suggestion: str | None, tmp_path: Path) -> None:
    for at_table in (False, True):
        rules = [rule]
        (fault,) = faults(tmp_path, column(), quality=rules) if at_table else faults(tmp_path, column(quality=rules))
        assert reason in fault.reason
        assert fault.suggestion == suggestion


def test_ids_of_rules_and_columns_are_their_own(tmp_path: Path) -> None:
    rules = [library(mustBe=0, id="one"), library(mustBe=1, id="one")]
    (fault,) = faults(tmp_path, column(quality=rules))
    assert fault.reason == "id 'one' is given twice; first on line 1"
    twins = [column(name="a", id="same"), column(name="b", id="same")]
    (fault,) = faults(tmp_path, *twins)
    assert fault.reason == "id 'same' is given twice; first on line 1"


@pytest.mark.parametrize(
    ("written", "severity"),
    [
        ("warning", "warning"),
        ("WARN", "warning"),
        ("info", "warning"),
        ("low", "warning"),
        (None, "error"),
        ("error", "error"),
        ("high", "error"),
    ],
)
def test_severity(written: str | None, severity: str, tmp_path: Path) -> None:
    rule = library(mustBe=0, **({"severity": written} if written else {}))
    assert contract(tmp_path, column(quality=[rule])).columns[0].quality[0].severity == severity


@pytest.mark.parametrize("form", ["mapping", "yaml", "json"])
def test_expectations_in_each_form(form: str, tmp_path: Path) -> None:
    value: Any = {"type": "expect_column_max_to_be_between", "kwargs": {"max_value": 3}}
    text = {
        "mapping": value,
        "json": json.dumps(value),
        "yaml": "type: expect_column_max_to_be_between\nkwargs:\n  max_value: 3\n",
    }
    rule = {"type": "custom", "engine": "greatExpectations", "implementation": text[form]}
    assert contract(tmp_path, column(quality=[rule])).columns[0].quality[0].implementation == value


def test_rules_of_other_engines_are_left_alone(tmp_path: Path) -> None:
    rule = {"type": "custom", "engine": "soda", "implementation": "checks: ["}
    assert contract(tmp_path, column(quality=[rule])).columns[0].quality[0].implementation == "checks: ["


@pytest.mark.parametrize(
    ("to", "port", "target"),
    [
        ("shop.customers.id", "shop.customers", "id"),
        ("customers.id", "shop.customers", "id"),
        ("customers.contract.yaml#/schema/c/properties/id_1", "shop.customers", "id_1"),
        ("../../crm/people/customers.contract.yaml#/schema/c/properties/id_1", "crm.customers", "id_1"),
        ("schema/orders/properties/b", "shop.orders", "b"),
        ("/schema/table_id/properties/b", "shop.orders", "b"),
        ("schema/lines/properties/b", "shop.lines", "b"),
    ],
)
def test_references_in_each_notation(to: str, port: str, target: str, tmp_path: Path) -> None:
    made = contract(tmp_path, column(relationships=[{"to": to}]), id="table_id")
    assert [(r.columns, r.port, r.to_columns) for r in made.references] == [(("a",), port, (target,))]


def test_composite_references(tmp_path: Path) -> None:
    relation = {
        "from": ["orders.a", "shop.orders.b"],
        "to": ["shop.lines.x", "lines.y"],
        "customProperties": [
            {"property": "severity", "value": "warning"},
            {"property": "maxOrphansPercent", "value": 0.5},
            {"property": "id", "value": "lines_known"},
            {"property": "description", "value": "why"},
        ],
    }
    made = contract(tmp_path, column(), column(name="b"), relationships=[relation])
    (reference,) = made.references
    assert (reference.columns, reference.port, reference.to_columns) == (("a", "b"), "shop.lines", ("x", "y"))
    assert (reference.severity, reference.tolerance, reference.id, reference.description) == (
        "warning",
        0.5,
        "lines_known",
        "why",
    )


@pytest.mark.parametrize(
    ("relation", "reason"),
    [
        ({"from": "orders.a", "to": "lines.x.y.z"}, "'lines.x.y.z' leads to no column"),
        ({"from": "lines.a", "to": "lines.x"}, "`from` names columns of this port, shop.orders, not of shop.lines"),
        ({"from": ["orders.a"], "to": ["lines.x", "lines.y"]}, "1 columns cannot refer to 2"),
        ({"from": ["orders.a", "orders.b"], "to": ["lines.x", "other.y"]}, "one reference leads to one port"),
        ({"from": "orders.a", "to": ["lines.x"]}, "wrong type: expected string, got list"),
        ({"from": "orders.a", "to": "https://x.example/a/b/c.contract.yaml#/schema/c/properties/d"}, "leads to no column"),
        ({"from": "orders.a", "to": "lines.x", "customProperties": [{"property": "maxOrphansPercent", "value": 101}]},
         "a number from 0 to 100, got 101"),
        ({"from": "orders.a", "to": "lines.x", "customProperties": [{"property": "maxOrphansPercent", "value": "5%"}]},
         "a number from 0 to 100, got 5%"),
        ({"from": "orders.a", "to": "lines.x", "customProperties": [{"property": "severity", "value": 1}]}, "severity is a word"),
    ],
)  # fmt: skip
def test_references_that_make_no_sense(relation: dict[str, Any], reason: str, tmp_path: Path) -> None:
    found = faults(tmp_path, column(), column(name="b"), relationships=[relation])
    assert len(found) == 1
    assert reason in found[0].reason


def test_a_column_refers_to_one_column(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, column(relationships=[{"to": ["lines.x", "lines.y"]}]))
    assert "a column refers to one column" in fault.reason


@pytest.mark.parametrize("name", ["a", "sales", "week_1", "a" * 63])
def test_names_that_work(name: str) -> None:
    assert name_fault(name, "port") is None


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("Sales", "sales"), ("salesData", "sales_data"), ("sales-data", "sales_data"), ("1st", "st"), ("_x", "x"), ("a__b", "a_b"),
     ("sales data", "sales_data"), ("café", "cafe"), ("ｓales", "sales"), ("ѕales", None), ("日本", None), ("", None), ("a;drop", "a_drop"),
     ("../etc", "etc"), ("a\n", "a"), ("a" * 64, "a" * 63), ("landing", "landing_data"),
     ("domains", "domains_data"), ("mesh_work", "mesh_work_data")],
)  # fmt: skip
def test_names_that_do_not(name: str, suggestion: str | None) -> None:
    found = name_fault(name, "domain")
    assert found is not None
    assert found[1] == suggestion
    if suggestion:
        assert name_fault(suggestion, "domain") is None


def test_columns_may_have_reserved_names() -> None:
    assert all(name_fault(name, "column") is None for name in RESERVED | YAML_WORDS)


def test_words_of_yaml_name_nothing_that_other_readers_of_yaml_read() -> None:
    """Dagster and dbt read domains, products and ports as YAML 1.1, where ``no`` is a boolean."""
    for name in YAML_WORDS:
        assert [name_fault(name, kind) for kind in ("domain", "product", "port")] == [
            (f"{kind} name {name!r} is read as a boolean or as nothing by readers of YAML", f"{name}_data")
            for kind in ("domain", "product", "port")
        ]
