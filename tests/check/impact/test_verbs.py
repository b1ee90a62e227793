"""``mesh impact`` and ``mesh can-i-merge``."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from support import tiny
from support.commands import Outcome
from support.tiny import TinyMesh

from ..repository import ORDERS, Repo

OPTIONAL = ("physicalType: decimal(12,2)\n        required: true", "physicalType: decimal(12,2)")
EXPECTS = """\
apiVersion: v3.1.0
kind: DataContract
id: insight-expects
version: 0.1.0
status: active
schema:
  - name: orders
    properties:
      - name: amount
        logicalType: number
        required: true
"""
Check = Callable[..., Outcome]


def test_who_uses_a_column(sound: TinyMesh, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sound.root)
    told = check(sound.root, "shop.orders.amount", "mesh.shop.customers.name", verb="impact")
    assert told.code == 0
    assert (
        told.out
        == f"""\
shop.orders.amount: used by 1 product
  insight/weekly (Insight <#insight>)
    reads shop.orders.amount
    at {tiny.WEEKLY_SQL}:1
    makes insight.weekly_sales: amount

shop.customers.name: nobody uses it
"""
    )


def test_which_ports_of_a_domain_or_product_are_used(sound: TinyMesh, check: Check) -> None:
    contract = sound.root / tiny.WEEKLY_CONTRACT
    text = contract.read_text()
    contract.write_text(text[: text.index("        relationships:")] + text[text.index("      - name: amount") :])
    told = check(sound.root, "shop", verb="impact")
    assert told.code == 0, told.err
    head, *blocks = told.out.split("\n\n")
    assert head == "domain shop: 2 of 3 ports are used: shop.lines, shop.orders"
    assert [block.splitlines()[0] for block in blocks] == [
        "shop.lines: used by 1 product", "shop.orders: used by 1 product", "shop.customers: nobody uses it",
    ]  # fmt: skip
    assert check(sound.root, "insight/weekly", "shop.customers", verb="impact").out == (
        "product insight/weekly: nobody uses its 1 port\n\n"
        "insight.weekly_sales: nobody uses it\n\nshop.customers: nobody uses it\n"
    )
    data = json.loads(check(sound.root, "shop", "shop/orders", "--format", "json", verb="impact").out)
    assert [(found["port"], found["used"]) for found in data] == [
        ("shop.lines", True), ("shop.orders", True), ("shop.customers", False),
    ]  # fmt: skip


def test_who_uses_a_port_as_data(sound: TinyMesh, check: Check) -> None:
    (found,) = json.loads(check(sound.root, "shop.customers", "--format", "json", verb="impact").out)
    assert (found["port"], found["column"], found["owner"], found["used"]) == (
        "shop.customers", None, "shop/orders", True,
    )  # fmt: skip
    assert [(h["consumer"], h["kind"], h["how"], h["file"], h["line"]) for h in found["hits"]] == [
        ("insight/weekly", "rule", ["checks"], tiny.WEEKLY_CONTRACT, 24)
    ]


def test_who_uses_a_field(sound: TinyMesh, check: Check) -> None:
    fields = (
        "properties:\n          - {name: Street, logicalType: string}\n          - {name: city, logicalType: string}\n"
    )
    address = f"      - name: address\n        logicalType: object\n        {fields}"
    sound.edit(tiny.ORDERS_CONTRACT, ("      - name: amount\n", f"{address}      - name: amount\n"))
    sound.edit(tiny.WEEKLY_SQL, ("group by", "where address.street is null group by"))
    names = [f"shop.orders.address{field}" for field in ("", ".Street", ".street", ".city")]
    found = json.loads(check(sound.root, *names, "--format", "json", verb="impact").out)
    assert [(one["column"], one["used"]) for one in found] == [
        ("address", True), ("address.street", True), ("address.city", False),
    ]  # fmt: skip
    told = check(sound.root, "shop.orders.address.cty", "shop.orders.address.city.x", verb="impact")
    assert told.code == 2
    assert "shop.orders.address has no field 'cty': 'Street' or 'city'" in told.err
    assert "did you mean 'shop.orders.address.city'?" in told.err
    assert "shop.orders.address.city is no struct" in told.err


@pytest.mark.parametrize(
    ("name", "reason", "suggestion"),
    [
        ("shop.ordrs.amount", "there is no port 'shop.ordrs'", "shop.orders.amount"),
        ("shop.orders.amont", "shop.orders has no column 'amont'", "shop.orders.amount"),
        ("shop.orders.amount.part", "shop.orders.amount is no struct", "shop.orders.amount"),
        ("shp", "there is no domain, product or port 'shp'", "shop"),
        ("shop/ordrs", "there is no domain, product or port 'shop/ordrs'", "shop/orders"),
    ],
)
def test_what_is_not_there(sound: TinyMesh, check: Check, name: str, reason: str, suggestion: str | None) -> None:
    told = check(sound.root, name, verb="impact")
    assert (told.code, told.out) == (2, "")
    assert reason in told.err
    assert (f"did you mean {suggestion!r}?" in told.err) == (suggestion is not None)


def test_yes(repo: Repo, check: Check) -> None:
    described = ("description: One row for each order.\n    prop", "description: Orders.\n    prop")
    repo.mesh.edit(tiny.ORDERS_CONTRACT, ("version: 1.0.0", "version: 1.0.1"), described)
    told = check(repo.mesh.root, verb="can-i-merge")
    assert (told.code, told.out) == (0, "yes\n")


def test_no_with_whom_it_breaks(repo: Repo, check: Check) -> None:
    repo.mesh.write("domains/insight/weekly/expects/shop.orders.contract.yaml", EXPECTS)
    repo.commit()
    repo.mesh.edit(tiny.ORDERS_CONTRACT, OPTIONAL)
    told = check(repo.mesh.root, verb="can-i-merge")
    assert (told.code, told.out) == (1, "no\n")
    assert "(expected by insight/weekly, Insight <#insight>" in told.err
    found = json.loads(check(repo.mesh.root, "--format", "json", verb="can-i-merge").out)
    assert found["verdict"] == "no"
    assert any("amount was required and may now be NULL" in reason for reason in found["reasons"])


def test_what_cannot_be_read_cannot_merge(repo: Repo, check: Check) -> None:
    repo.mesh.edit(ORDERS, ("kind: DataProduct", "kind: DataProdct"))
    told = check(repo.mesh.root, verb="can-i-merge")
    assert (told.code, told.out) == (1, "no\n")
    assert "DataProdct" in told.err


def test_a_ref_that_is_not_there(repo: Repo, check: Check) -> None:
    told = check(repo.mesh.root, "--against", "mian", verb="can-i-merge")
    assert (told.code, told.out) == (2, "")
    assert "did you mean 'main'?" in told.err
