"""A product as a whole: ports that come, go and change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from meshwright.spec import Contract, Product, load
from meshwright.spec.compatibility import Verdict, compare_product, successor
from meshwright.spec.compatibility.lifecycle import rushed
from meshwright.spec.compatibility.product import FAMILY
from spec.compatibility.contracts import contract
from spec.faults import CUSTOMERS, ORDERS, PRODUCT
from support.mesh_files import FILES, edited, write_mesh

DEPRECATED = (
    ("status: active", "status: deprecated\nslaProperties:\n  - property: endOfLife\n    value: 2027-06-30"),
    ("version: 1.0.0", "version: 1.1.0"),
)
LAST = "  - name: customers\n    version: 1.0.0"
SECOND = (LAST, f"  - name: orders_v2\n    version: 1.0.0\n    contractId: shop-orders-orders-2\n{LAST}")


@pytest.fixture
def product(tmp_path: Path) -> Callable[..., Product]:
    """The product ``shop/orders`` of the tiny mesh with changed files."""
    made = iter(range(99))

    def build(**changes: str | None) -> Product:
        root = tmp_path / str(next(made))
        write_mesh(root, changes)
        return load(root).products["shop/orders"]

    return build


def with_second_port(old_orders: str) -> dict[str, str]:
    """Files with a port ``orders_v2`` beside ``orders``."""
    file = ORDERS.replace("orders.contract", "orders_v2.contract")
    text = (
        FILES[ORDERS]
        .replace("id: shop-orders-orders\n", "id: shop-orders-orders-2\n")
        .replace("- name: orders\n", "- name: orders_v2\n")
    )
    return {ORDERS: old_orders, file: text, **edited(PRODUCT, SECOND)}


def rules(old: Product | None, new: Product) -> list[tuple[str, str]]:
    return [(c.path, c.rule) for c in compare_product(old, new).changes]


def test_nothing_changed(product: Callable[..., Product]) -> None:
    judged = compare_product(product(), product())
    assert judged.verdict is Verdict.NONE
    assert not judged.refused
    assert judged.ports.keys() == {"orders", "customers"}
    assert judged.version.enough


def test_a_new_product(product: Callable[..., Product]) -> None:
    judged = compare_product(None, product())
    assert {c.rule for c in judged.changes} == {"output-port-added"}
    assert judged.verdict is Verdict.MINOR
    assert judged.version.enough
    assert [c.verify.as_json() for c in judged.changes if c.verify] == [
        {"kind": "published", "port": "shop.customers"},
        {"kind": "published", "port": "shop.orders"},
    ]


def test_a_breaking_change_passes_as_a_new_port_beside_a_deprecated_one(product: Callable[..., Product]) -> None:
    old = product()
    breaking = product(**edited(ORDERS, ("decimal(12,2)", "double")))
    judged = compare_product(old, breaking)
    assert judged.verdict is Verdict.MAJOR
    assert [c.path for c in judged.breaking] == ["columns.amount.type"]
    assert judged.refused, "the version is still the same"

    text = FILES[ORDERS]
    for before, after in DEPRECATED:
        assert before in text
        text = text.replace(before, after, 1)
    beside = product(**with_second_port(text))
    judged = compare_product(old, beside)
    assert judged.verdict is Verdict.MINOR
    assert judged.breaking == ()
    assert not judged.refused
    assert rules(old, beside) == [("outputPorts.orders_v2", "output-port-added")]
    assert {c.rule for c in judged.ports["orders"].changes} == {"deprecated", "end-date-later"}
    assert (judged.version.required, judged.version.enough) == ("1.1.0", False)

    gone = replace(beside, ports=tuple(p for p in beside.ports if p.name != "orders"))
    for today, passes in ((None, False), (date(2027, 6, 29), False), (date(2027, 6, 30), True)):
        judged = compare_product(beside, gone, today)
        assert [c.rule for c in judged.changes] == ["output-port-removed"]
        assert (judged.breaking == ()) == passes
        assert judged.verdict is Verdict.MAJOR


def test_a_port_that_is_not_deprecated_may_not_go(product: Callable[..., Product]) -> None:
    old = product()
    gone = replace(old, ports=old.ports[:1])
    judged = compare_product(old, gone, date(2099, 1, 1))
    assert [c.path for c in judged.breaking] == ["outputPorts.customers"]
    assert "customers_v2" in judged.breaking[0].reason


def test_a_port_is_renamed(product: Callable[..., Product]) -> None:
    old = product()
    renamed = tuple(replace(p, name="people") if p.name == "customers" else p for p in old.ports)
    found = rules(old, replace(old, ports=renamed))
    assert found == [("outputPorts.customers", "output-port-renamed"), ("outputPorts.people", "output-port-added")]


@pytest.mark.parametrize(
    ("change", "rule", "verdict"),
    [
        ({"id": "other"}, "product-id-changed", "major"),
        ({"status": "retired"}, "product-retired", "major"),
        ({"status": "draft"}, "product-described", "patch"),
        ({"description": "Other."}, "product-described", "patch"),
        ({"tags": ("x",)}, "product-described", "patch"),
        ({"custom": {"a": 1}}, "product-described", "patch"),
        ({"version": "3.0.0"}, None, "none"),
    ],
    ids=str,
)
def test_about_a_product(
    product: Callable[..., Product], change: dict[str, object], rule: str | None, verdict: str
) -> None:
    old = product()
    judged = compare_product(old, replace(old, **change))  # type: ignore[arg-type]
    assert [c.rule for c in judged.changes] == ([rule] if rule else [])
    assert judged.verdict == verdict
    assert not judged.refused
    if rule is None:
        assert "skips" in judged.version.reason


TODAY = date(2026, 6, 1)
LIFE, SUPPORT = "slaProperties.endOfLife", "slaProperties.endOfSupport"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ((None, None, None), ("deprecated", None, "2020-01-01"), {LIFE: "end-date-past"}),
        ((None, None, None), ("deprecated", "2026-06-01", "2027-01-01"), {SUPPORT: "end-date-past"}),
        ((None, None, None), ("deprecated", None, "2026-06-02"), {}),
        ((None, "2020-01-01", None), ("deprecated", "2020-01-01", None), {SUPPORT: "end-date-past"}),
        ((None, "2020-01-01", None), ("deprecated", "2020-01-01", "2027-01-01"), {}),
        (("deprecated", None, "2027-01-01"), ("deprecated", None, "2026-01-01"), {LIFE: "end-date-past"}),
        (("deprecated", None, "2026-01-01"), ("deprecated", None, "2026-01-01"), {}),
        (("active", None, None), ("active", None, "2026-01-01"), {LIFE: "end-date-past"}),
        ((None, None, None), ("deprecated", None, "some day"), {}),
    ],
)
def test_an_end_leaves_readers_time(
    old: tuple[str | None, ...], new: tuple[str | None, ...], told: dict[str, str]
) -> None:
    def ending(status: str | None, support: str | None, life: str | None) -> Contract:
        ends = {"endOfSupport": support, "endOfLife": life}
        levels = {name: {"value": value} for name, value in ends.items() if value}
        return contract({"status": status or "active", **({"slaProperties": levels} if levels else {})})

    found = list(rushed(ending(*old), ending(*new), TODAY))
    assert {change.path: change.rule for change in found} == told
    assert all(change.verdict is Verdict.REFUSED for change in found)


def test_inputs(product: Callable[..., Product], tmp_path: Path) -> None:
    del product
    write_mesh(tmp_path / "m", {})
    old = load(tmp_path / "m").products["insight/weekly"]
    assert rules(old, replace(old, inputs=())) == [("inputPorts", "inputs-changed")]


def test_json(product: Callable[..., Product]) -> None:
    old = product()
    data = compare_product(old, product(**edited(CUSTOMERS, ("status: active", "status: retired")))).as_json()
    assert data["verdict"] == "major"
    assert data["ports"]["customers"]["changes"][0]["path"] == "status"
    assert data["ports"]["orders"]["changes"] == []


def test_every_rule_about_products_is_met_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [rule.id for rule in FAMILY.rules if f'"{rule.id}"' not in text] == []


@pytest.mark.parametrize(("port", "name"), [("orders", "orders_v2"), ("orders_v2", "orders_v3"), ("a_v9", "a_v10")])
def test_successor(port: str, name: str) -> None:
    assert successor(port) == name
