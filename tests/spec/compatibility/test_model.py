"""What the typed contract keeps for a comparison, and contracts that are read from text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meshwright.errors import SpecError
from meshwright.spec import parse_contract
from meshwright.spec.compatibility import compare
from meshwright.spec.compatibility.lint import lint
from spec.compatibility.contracts import column, contract, text


def test_nested_columns_are_there_with_names_types_and_places() -> None:
    columns = {c.name: c for c in contract().columns}
    (element,) = columns["lines"].members
    assert [m.name for m in element.members] == ["sku", "count"]
    assert [(m.name, m.type) for m in columns["prices"].members] == [("key", "string"), ("value", "float")]
    city = columns["address"].members[0]
    assert (city.required, city.physical_type, city.logical_type) == (True, None, "string")
    assert city.at("required").key == "schema[0].properties[8].properties[0].required"
    assert city.at("classification") == city.where


def test_what_is_nested_in_a_promised_type_is_promised() -> None:
    found = contract(column("geo", physicalType="struct<at: list<double>>")).column("geo")
    assert found is not None
    (at,) = found.members
    assert (at.name, at.type, at.physical_type) == ("at", "list<double>", "list<double>")
    assert at.members[0].physical_type == "double"


def test_a_contract_needs_no_file_and_no_mesh() -> None:
    found = parse_contract(text().encode(), Path("nowhere/at-all.yml"))
    assert found.table == "orders"
    assert found.at("version").line > 1
    assert [(r.name, r.access) for r in found.roles] == [("analyst", "read")]
    assert found.servers[0].connection["host"] == "db.example.com"
    assert parse_contract(text(), Path("x"), port="orders").table == "orders"
    with pytest.raises(SpecError, match="the schema object is the port 'other'"):
        parse_contract(text(), Path("x"), port="other")


def test_short_references_count_from_the_domain() -> None:
    patch = column("email", relationships=[{"to": "people.email"}])
    assert [r.port for r in contract(patch).references] == ["shop.people"]
    given = parse_contract(text(patch), Path("x"), domain="sales")
    assert [r.port for r in given.references] == ["sales.people"]


@pytest.mark.parametrize(
    ("patch", "reason", "key"),
    [
        ({"version": "spring"}, "version 'spring' is no major.minor.patch", "version"),
        (
            {"slaProperties": {"latency": {"unit": "fortnight"}}},
            "unit 'fortnight' is not known for latency",
            "slaProperties[0]",
        ),
        (
            {"slaProperties": {"endOfLife": {"value": "soon"}}},
            "endOfLife is a date, as 2027-12-31, not 'soon'",
            "slaProperties[2]",
        ),
        ({"status": "deprecated"}, "a deprecated contract says until when", "status"),
        ({"schema": {"name": "Orders"}}, "port name 'Orders' must be lower-case", "schema"),
    ],
    ids=["version", "unit", "end date", "deprecated", "name"],
)
def test_lint(patch: dict[str, object], reason: str, key: str) -> None:
    (fault,) = lint(contract(patch))
    assert fault.reason.startswith(reason)
    assert fault.key == key
    assert fault.line


def test_the_base_is_clean() -> None:
    assert list(lint(contract())) == []


FOREIGN = [
    ("BIGINT", "long", []),
    ("bigint", "BIGINT", []),
    ("NUMERIC(12, 2)", "decimal(12,2)", []),
    ("VARCHAR(20)", "varchar(20)", []),
    ("VARCHAR(20)", "VARCHAR(50)", ["type-changed"]),
    ("VARCHAR(20)", "BIGINT", ["type-changed"]),
    ("INT", "BIGINT", ["physical-type-widened"]),
    ("BIGINT", "INT", ["type-narrowed"]),
    ("NUMERIC(12,2)", "NUMERIC(14,2)", ["physical-type-widened"]),
    ("BIGINT", "DOUBLE PRECISION", ["type-widened-otherwise"]),
    ("TIMESTAMP(6)", "TIMESTAMP(6) WITH TIME ZONE", ["timezone-changed"]),
    ("geography", "geometry", ["type-changed"]),
    ("JSON", "json", []),
]


@pytest.mark.parametrize(("old", "new", "rules"), FOREIGN)
def test_types_of_another_platform_are_compared(old: str, new: str, rules: list[str]) -> None:
    sides = [_foreign(type_) for type_ in (old, new)]
    found = compare(*(parse_contract(side, Path("x"), foreign=True) for side in sides)).changes
    assert [c.rule for c in found] == rules


def _foreign(type_: str) -> str:
    return text({"schema": {"name": "SHOP.Orders", "columns": {"orderTotal": {"physicalType": type_}}}})


def test_they_are_faults_all_the_same() -> None:
    with pytest.raises(SpecError, match=r"'VARCHAR\(20\)' is no type"):
        parse_contract(text(column("note", physicalType="VARCHAR(20)")), Path("x"))
    with pytest.raises(SpecError, match="column name 'orderTotal' must be"):
        parse_contract(text(column("orderTotal", logicalType="string")), Path("x"))


def test_what_odcs_refuses_is_a_fault_on_every_platform() -> None:
    with pytest.raises(SpecError, match="wrong type: expected boolean"):
        parse_contract(text(column("note", required="yes")), Path("x"), foreign=True)


@pytest.mark.parametrize(
    "gone",
    [
        {"schema": {"columns": {"email": None}}},
        {"schema": {"columns": {"address": {"columns": {"floor": None}}}}},
        {"slaProperties": {"latency": None}},
        {"roles": {"analyst": None}},
        {"servers": {"production": None}},
    ],
    ids=lambda gone: str(gone)[:40],
)
def test_what_is_gone_is_told_at_a_place_of_the_new_file(gone: dict[str, Any]) -> None:
    old, new = contract(file="old.yaml"), contract(gone, file="new.yaml")
    changes = compare(old, new).changes
    assert changes
    assert {change.where.file for change in changes} <= {Path("new.yaml")}


def test_rules_that_are_gone_are_told_at_a_place_of_the_new_file() -> None:
    rule = {"quality": {"few": {"metric": "rowCount", "mustBeGreaterThan": 0}}}
    for patch in ({"schema": rule}, column("pieces", **rule)):
        (change,) = compare(contract(patch, file="old.yaml"), contract(file="new.yaml")).changes
        assert (change.rule, change.where.file) == ("quality-removed", Path("new.yaml"))


@pytest.mark.parametrize(
    ("patch", "reason", "near"),
    [
        ({"status": "activ"}, "status 'activ' looks misspelt", "active"),
        ({"status": "depricated"}, "status 'depricated' looks misspelt", "deprecated"),
        (column("email", classification="publc"), "classification 'publc' looks misspelt", "public"),
        (column("address", columns={"city": {"classification": "intern"}}), "looks misspelt", "internal"),
        ({"slaProperties": {"freshness": {"value": "seven", "unit": "d"}}}, "freshness 'seven' is no number", None),
    ],
)  # fmt: skip
def test_lint_tells_of_values_that_nobody_can_act_on(patch: dict[str, Any], reason: str, near: str | None) -> None:
    (fault,) = lint(contract(patch))
    assert reason in fault.reason
    assert near in (None, fault.suggestion)


@pytest.mark.parametrize("patch", [
    {"status": "live"}, {"status": "Active"}, column("email", classification="personal"),
    column("email", classification="C3"), {"slaProperties": {"timeOfAvailability": {"value": "09:00-17:00"}}},
])  # fmt: skip
def test_lint_takes_words_of_ones_own(patch: dict[str, Any]) -> None:
    assert list(lint(contract(patch))) == []
