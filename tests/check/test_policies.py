"""Policies: the pack, changes to it, rules of one's own, exceptions, and files that try to do harm."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from meshwright.check.policy import judge as judging
from meshwright.check.policy.fields import (
    FIELDS,
    VARIABLES,
    column_values,
    domain_values,
    fields_of,
    port_values,
    product_values,
    usual,
)
from meshwright.check.policy.judge import judge
from meshwright.check.policy.read import pack, policies_of
from meshwright.errors import Fault
from support import tiny
from support.commands import Outcome
from support.tiny import TinyMesh

from .repository import ORDERS, WEEKLY

Reported = Callable[..., dict[str, Any]]
Check = Callable[..., Outcome]
HEAD = "apiVersion: meshwright/v1\nkind: Policies\nrules:\n"
EXAMPLES = """\
    examples:
      pass: [{column: {name: amount}}]
      fail: [{column: {name: x}}]
"""
FILE = "policies/own.yaml"


def rule(condition: str, *, target: str = "column", name: str = "long_names", examples: str = EXAMPLES) -> str:
    """A file with one rule; its condition stands on line 7."""
    return (
        f"{HEAD}  - id: {name}\n    severity: error\n    for: {target}\n    condition: {condition}\n"
        f"    message: its name is short\n    remedy: find a longer one\n{examples}"
    )


def faults_of(mesh: TinyMesh, text: str) -> list[Fault]:
    """What is wrong with the policies of a mesh with this file: in reading, or in evaluating them over it."""
    mesh.write(FILE, text)
    found = policies_of(mesh.root)
    items = [(mesh.mesh.domains[product.domain], product) for product in mesh.mesh]
    return [*found.faults, *judge(found.by_id.values(), items).faults]


def found_in(report: Reported, mesh: TinyMesh, *selectors: str) -> list[dict[str, Any]]:
    return report(mesh.root, *selectors, "--only", "policy")["findings"]


def test_the_examples_of_the_pack_hold() -> None:
    assert len(pack()) >= 7
    assert judge(pack().values()).faults == ()
    for policy in pack().values():
        assert {example.passes for example in policy.examples} == {True, False}, policy.id
        assert policy.description


@pytest.mark.parametrize(
    ("rule_id", "severity", "file", "line"),
    [
        ("owner_reachable", "error", WEEKLY, 1),
        ("product_described", "warning", WEEKLY, 1),
        ("freshness_declared", "warning", tiny.WEEKLY_CONTRACT, 1),
        ("columns_documented", "error", tiny.ORDERS_CONTRACT, 1),
    ],
)
def test_the_pack_judges_the_tiny_mesh(
    tiny_mesh: TinyMesh, report: Reported, rule_id: str, severity: str, file: str, line: int
) -> None:
    told = {(f["rule"], f["severity"], f["file"], f["line"]) for f in found_in(report, tiny_mesh)}
    assert (rule_id, severity, file, line) in told


def test_personal_data_without_a_classification(sound: TinyMesh, report: Reported) -> None:
    before = "- name: name\n        logicalType: string\n        classification: restricted"
    sound.edit(tiny.CUSTOMERS_CONTRACT, (before, "- name: home_address\n        logicalType: string"))
    assert [(f["rule"], f["severity"], f["file"], f["line"], f["command"]) for f in found_in(report, sound)] == [
        ("pii_classified", "error", tiny.CUSTOMERS_CONTRACT, 15, "give it a classification, such as restricted"),
    ]  # fmt: skip


def test_a_port_without_a_key(sound: TinyMesh, report: Reported) -> None:
    sound.edit(tiny.CUSTOMERS_CONTRACT, ("        primaryKey: true\n", ""))
    assert [f["rule"] for f in found_in(report, sound)] == ["primary_key_declared"]


@pytest.mark.parametrize("target", ["product", "port", "column"])
def test_what_a_condition_sees_is_what_is_documented(tiny_mesh: TinyMesh, target: Any) -> None:
    mesh = tiny_mesh.mesh
    product = mesh.products["shop/orders"]
    port = mesh.ports["shop.orders"]
    column = port.contract.columns[0]
    things: Mapping[str, Any] = {
        "domain": domain_values(mesh.domains["shop"]), "product": product_values(product),
        "port": port_values(port, target), "column": column_values(port.contract.columns[0]),
        "field": column_values(replace(column, members=(column,)))["fields"][0],
        "quality": port_values(port, target)["quality"][0],
        "input": product_values(mesh.products["insight/weekly"])["inputs"][0],
    }  # fmt: skip
    for thing, values in things.items():
        assert values.keys() == fields_of(thing, target).keys(), thing
        assert json.loads(json.dumps(values)) == values
    assert {name for thing in VARIABLES[target] for name in usual(thing, target)} <= {
        f for t in FIELDS.values() for f in t
    }


def test_the_page_names_every_field() -> None:
    page = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
    for thing, fields in FIELDS.items():
        section = page.split(f"### {thing}\n", 1)[1].split("\n#", 1)[0]
        for name, field in fields.items():
            about = f" {field.about} |" if field.about else " |"
            assert f"| `{name}` | {field.kind} |{about}" in section, f"{thing}.{name}"
    for policy in pack().values():
        assert f"| `{policy.id}` | {policy.severity} | {policy.target} |" in page, policy.id


def test_a_rule_of_ones_own(sound: TinyMesh, report: Reported) -> None:
    sound.write(FILE, rule("size(column.name) >= params.least").replace("    for:", "    params: {least: 5}\n    for:"))
    told = found_in(report, sound)
    assert {(f["rule"], f["severity"]) for f in told} == {("long_names", "error")}
    assert {f["key"].rsplit(".", 1)[0] for f in told} == {"schema[0]"}
    assert {(f["file"], f["line"]) for f in told} == {
        (tiny.CUSTOMERS_CONTRACT, 15), (tiny.ORDERS_CONTRACT, 28), (tiny.LINES_CONTRACT_FILE, 23),
        (tiny.WEEKLY_CONTRACT, 10),
    }  # fmt: skip


def test_a_built_in_is_changed_key_by_key_or_switched_off(sound: TinyMesh) -> None:
    found = policies_of(sound.root)
    assert found.faults == ()
    assert found.by_id["columns_documented"].params == {"undocumented": 9}
    assert found.by_id["columns_documented"].severity == "error"
    assert found.by_id["columns_documented"].source == "policies/mesh.yaml"
    assert found.by_id["columns_documented"].condition == pack()["columns_documented"].condition
    assert not found.by_id["freshness_declared"].enabled


@pytest.mark.parametrize(
    ("text", "line", "column", "reason", "near"),
    [
        (HEAD + "  - id: [a\n  b: c\n", 4, 9, "this '[' is not closed", None),
        (HEAD + "  - id: own\n    condition: 'true'\n", 4, 5, "says nothing of 'severity', 'for', 'message'", None),
        (HEAD + "  - id: own\n    enabled: false\n", 4, 9, "no built-in policy of that id", None),
        (HEAD + "  - id: pii_clasified\n    enabled: false\n", 4, 9, "no built-in policy of that id", "pii_classified"),
        (HEAD + "  - id: Pii\n    enabled: false\n", 4, 9, "must be lower-case letters", None),
        (HEAD + "  - id: pii_classified\n    severty: error\n", 5, 5, "unknown key 'severty'", "severity"),
        (HEAD + "  - id: pii_classified\n    severity: fatal\n", 5, 15, "is not one of 'error' or 'warning'", None),
        (HEAD + "  - id: pii_classified\n    params: {name: x}\n", 5, 20, "has no parameter 'name'", "names"),
        (HEAD + "  - id: pii_classified\n    params: {names: 5}\n", 5, 21, "expected a value like", None),
        (HEAD + "  - id: pii_classified\n    condition: 'true'\n", 5, 16, "needs examples of its own", None),
        (HEAD + "  - id: pii_classified\n  - id: pii_classified\n", 5, 9, "stands in own.yaml:4 too", None),
        (rule("column.name.size() > 3", target="row"), 6, 10, "is not one of 'product', 'port' or 'column'", None),
        (rule("size(column.name > 3"), 7, 36, "is no CEL: missing ')'", None),
        (rule("size(column.name) >>> 3"), 7, 35, "is no CEL", None),
        (rule("size(colum.name) > 3"), 7, 21, "a policy for columns sees no 'colum'", "column"),
        (rule("size(column.nme) > 3"), 7, 28, "a column has no field 'nme'", "name"),
        (rule("true || column.nme == 'a'"), 7, 31, "a column has no field 'nme'", "name"),
        (rule("size('column.nme') > 3 && size(column.nam) > 3"), 7, 54, "a column has no field 'nam'", "name"),
        (rule("size(column.name) > params.least"), 7, 43, "there is no parameter 'least'", None),
        (rule("port.columns.exists(c, c.name == 'x')"), 7, 21, "a port has no field 'columns'", None),
        (rule("column.name.lowerAscii() == 'a' || size(column.name) > 3"), 7, 28, "CEL has no function", None),
        (rule("size(column.name)"), 7, 16, "gives int", None),
        (rule("column.name.matches('(') || size(column.name) > 3"), 7, 28, "not a valid regex", None),
        (rule("size(column.name) / 0 > 3"), 7, 16, "division by zero", None),
        (rule("column.classification.startsWith('p')"), 7, 38, "cannot be evaluated", None),
        (rule("size(column.name) > 0"), 12, 14, "this example of long_names passes, and stands under `fail`", None),
        (rule("size(column.name) > 10"), 11, 14, "this example of long_names fails, and stands under `pass`", None),
        (rule("size(column.name) > 3", examples=""), 4, 5, "says nothing of 'examples'", None),
        (
            rule("size(column.name) > 3", examples="    examples: {pass: [{column: {name: long}}]}\n"),
            10, 15, "at least one under `pass` and one under `fail`", None,
        ),
        (rule("size(column.name) > 3").replace("{column: {name: x}}", "{colum: {}}"), 12, 22, "no 'colum'", "column"),
        (rule("size(column.name) > 3").replace("{name: x}", "{nme: x}"), 12, 29, "has no field 'nme'", "name"),
        ("kind: Policies\n", 1, 1, "missing key 'apiVersion'", "apiVersion: meshwright/v1"),
        ("apiVersion: meshwright/v1\nkind: Rules\nrules: []\n", 2, 7, "this file is a Policies", "Policies"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_policy_is_told_at_its_place(
    sound: TinyMesh, text: str, line: int, column: int, reason: str, near: str | None
) -> None:
    faults = faults_of(sound, text)
    assert len(faults) == 1, "\n".join(map(str, faults))
    fault = faults[0]
    assert reason in fault.reason
    assert fault.file is not None
    assert fault.file.name == "own.yaml"
    assert (fault.line, fault.column) == (line, column), str(fault)
    assert near is None or fault.suggestion == near
    assert "^" in fault.excerpt()


@pytest.mark.parametrize(
    ("style", "line", "column"),
    [
        ("|\n      size(column.name) > 3 &&\n        column.nme != ''", 9, 16),
        (">-\n      size(column.name) > 3\n      && column.nme != ''", 9, 17),
        ("size(column.name) > 3\n      && column.nme != ''", 8, 17),
        ("\"size(column.name) > 3 && column.nme != ''\"", 7, 49),
    ],
    ids=["literal", "folded", "plain", "quoted"],
)
def test_places_in_every_style_of_yaml(sound: TinyMesh, style: str, line: int, column: int) -> None:
    faults = faults_of(sound, rule(style))
    assert [(f.line, f.column) for f in faults] == [(line, column)], str(faults[0])


def test_a_field_of_a_macros_variable_is_looked_up_too(sound: TinyMesh) -> None:
    examples = "    examples:\n      pass: [{port: {columns: []}}]\n      fail: [{port: {columns: [{name: x}]}}]\n"
    condition = "port.columns.all(c, c.nme != '' || true)"
    faults = faults_of(sound, rule(condition, target="port", examples=examples))
    assert [(f.line, f.column, f.suggestion) for f in faults] == [(7, 38, "name")]


@pytest.mark.parametrize(
    "condition",
    [
        "[column.name + 'aaaaaaaaaa']" + ".map(x, x+x+x+x+x+x+x+x+x+x)" * 12 + " != []",
        "[0,1,2,3,4,5,6,7,8,9]" + "".join(
            f".all(x{i}, [0,1,2,3,4,5,6,7,8,9]" for i in range(11)) + ".all(y, y >= 0)" + ")" * 11,
        "(" * 900 + "true" + ")" * 900,
    ],
    ids=["memory", "time", "depth"],
)  # fmt: skip
def test_a_condition_that_would_not_end_is_ended(
    sound: TinyMesh, report: Reported, condition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are judged all the same, and the check fails at the rule that did it."""
    monkeypatch.setattr(judging, "SECONDS", 4.0)
    sound.write(FILE, rule(condition))
    sound.edit(tiny.CUSTOMERS_CONTRACT, ("        primaryKey: true\n", ""))
    told = found_in(report, sound)
    assert {(f["rule"], f["file"]) for f in told} == {
        ("policy-file", FILE), ("primary_key_declared", tiny.CUSTOMERS_CONTRACT),
    }  # fmt: skip


def test_a_regex_that_makes_others_hang_is_quick(sound: TinyMesh) -> None:
    examples = "    examples:\n      pass: [{column: {name: %s}}]\n      fail: [{column: {name: b}}]\n" % ("a" * 5000)
    assert faults_of(sound, rule("column.name.matches('^(a+)+$')", examples=examples)) == []


def test_a_file_of_the_wrong_ending(sound: TinyMesh) -> None:
    sound.write("policies/more.yml", HEAD)
    faults = policies_of(sound.root).faults
    assert [(f.reason, f.suggestion) for f in faults] == [("rename 'more.yml' to more.yaml", "more.yaml")]


LATER, PAST = date.today() + timedelta(days=30), date.today() - timedelta(days=1)


def excepted(mesh: TinyMesh, *items: str) -> None:
    """Record exceptions in the product ``shop/orders``, whose port ``customers`` has no key."""
    mesh.edit(tiny.CUSTOMERS_CONTRACT, ("        primaryKey: true\n", ""))
    rows = "".join(f"      - {{{item}}}\n" for item in items)
    text = f"customProperties:\n  - property: policyExceptions\n    value:\n{rows}outputPorts:"
    mesh.edit(ORDERS, ("outputPorts:", text))


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (f"rule: primary_key_declared, reason: no key yet, until: {LATER}", {("exception-used", "note")}),
        (f"rule: primary_key_declared, reason: r, until: {LATER}, port: customers", {("exception-used", "note")}),
        (f"rule: primary_key_declared, reason: r, until: {date.today()}", {("exception-used", "note")}),
        (
            f"rule: primary_key_declared, reason: r, until: {LATER}, port: lines",
            {("exception-idle", "warning"), ("primary_key_declared", "error")},
        ),
        (
            f"rule: primary_key_declared, reason: r, until: {PAST}",
            {("exception-ended", "error"), ("primary_key_declared", "error")},
        ),
        (
            f"rule: pii_classified, reason: r, until: {LATER}",
            {("exception-idle", "warning"), ("primary_key_declared", "error")},
        ),
    ],
    ids=["product", "port", "last day", "other port", "ended", "idle"],
)
def test_exceptions(sound: TinyMesh, report: Reported, item: str, told: set[tuple[str, str]]) -> None:
    excepted(sound, item)
    assert {(f["rule"], f["severity"]) for f in found_in(report, sound)} == told


@pytest.mark.parametrize(
    ("item", "reason", "near"),
    [
        (f"rule: primary_key_declared, until: {LATER}", "missing key 'reason'", None),
        ("rule: primary_key_declared, reason: r", "missing key 'until'", None),
        (f"rule: primary_key_declared, reason: '', until: {LATER}", "must not be empty", None),
        ("rule: primary_key_declared, reason: r, until: next year", "is no date", None),
        ("rule: primary_key_declared, reason: r, until: 2027-02-30", "there is no day '2027-02-30'", None),
        (f"rule: primary_key_declred, reason: r, until: {LATER}", "there is no policy", "primary_key_declared"),
        (f"rule: primary_key_declared, reason: r, until: {LATER}, prt: x", "unknown key 'prt'", "port"),
        (f"rule: primary_key_declared, reason: r, until: {LATER}, port: custmers", "has no port", "customers"),
        (f"rule: pii_classified, reason: r, until: {LATER}, port: customers, column: nme", "has no column", "name"),
        (f"rule: pii_classified, reason: r, until: {LATER}, column: name", "needs the port", None),
    ],
)
def test_exceptions_that_are_none(sound: TinyMesh, report: Reported, item: str, reason: str, near: str | None) -> None:
    """Refused, told at their place; and what they would excuse stays an error."""
    excepted(sound, item)
    told = found_in(report, sound)
    wrong = [f for f in told if f["rule"] == "exception"]
    assert [(f["severity"], f["file"], f["line"]) for f in wrong] == [("error", ORDERS, 13)]
    assert reason in wrong[0]["reason"]
    assert near is None or wrong[0]["suggestion"] == near
    assert wrong[0]["key"].startswith("customProperties[0].value[0]")
    assert any(f["rule"] == "primary_key_declared" for f in told)


def test_policies_are_listed_with_who_is_excused(sound: TinyMesh, check: Check) -> None:
    excepted(sound, f"rule: primary_key_declared, reason: no key yet, until: {LATER}, port: customers")
    listed = {p["id"]: p for p in json.loads(check(sound.root, "list", "--format", "json", verb="policy").out)}
    assert listed["primary_key_declared"]["exceptions"] == [
        {"product": "shop/orders", "port": "customers", "column": None, "until": str(LATER), "reason": "no key yet"}
    ]
    assert (listed["freshness_declared"]["enabled"], listed["freshness_declared"]["source"]) == (
        False, "policies/mesh.yaml",
    )  # fmt: skip
    text = check(sound.root, "list", verb="policy")
    assert text.code == 0
    assert "off" in text.out
    assert "shop/orders" in text.out
    assert f"until {LATER}: no key yet" in " ".join(text.out.split())
    sound.edit(ORDERS, (f"until: {LATER}", f"until: {PAST}"))
    ended = check(sound.root, "list", verb="policy").out
    assert f"ended on {PAST}: no key yet" in " ".join(ended.split())


def test_examples_are_tested_by_a_verb(sound: TinyMesh, check: Check) -> None:
    assert check(sound.root, "test", verb="policy").code == 0
    sound.write(FILE, rule("size(column.name) > 0"))
    said = check(sound.root, "test", verb="policy")
    assert said.code == 1
    assert "this example of long_names passes" in said.err
    sound.write(FILE, rule("size(column.name"))
    assert check(sound.root, "test", verb="policy").code == 1
    sound.write(FILE, HEAD)
    assert check(sound.root, "test", verb="policy").code == 2
    assert check(sound.root, "list", verb="policy").code == 2


def test_an_exception_to_a_policy_that_is_broken_is_not_called_idle(sound: TinyMesh, report: Reported) -> None:
    sound.write(FILE, rule("size(colum.name) > 3"))
    excepted(sound, f"rule: long_names, reason: they are old, until: {LATER}")
    told = {(f["rule"], f["severity"]) for f in found_in(report, sound)}
    assert ("policy-file", "error") in told
    assert "exception-idle" not in {rule for rule, _ in told}
