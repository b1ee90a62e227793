"""What consumers expect of a port, held against its contract and its data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshwright.check.impact.expectations import broken
from meshwright.spec import parse_contract
from meshwright.spec.index import index
from support import tiny
from support.tiny import TinyMesh

from ..repository import ORDERS, Repo, kept, repository

FILE = "domains/insight/weekly/expects/shop.orders.contract.yaml"
HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: insight-expects\nversion: 0.1.0\nstatus: active\nschema:\n"
AMOUNT = "      - name: amount\n        logicalType: number\n        required: true\n"
EXPECTS = f"{HEAD}  - name: orders\n    properties:\n{AMOUNT}"
RULE = "    quality:\n      - id: enough\n        type: sql\n        query: select count(*) from ${object}\n        "
OPTIONAL = ("physicalType: decimal(12,2)\n        required: true", "physicalType: decimal(12,2)")
PORT = "shop.orders.contract"
COLUMN = "      - name: {0}\n        logicalType: {1}\n"
Reported = Callable[..., dict[str, Any]]
Stage = Callable[..., dict[str, Any]]


@pytest.fixture
def stage(repo: Repo, report: Reported) -> Stage:
    """The report of the stage alone."""
    return lambda *arguments: report(repo.mesh.root, "--only", "expectations", *arguments)


def expect(mesh: TinyMesh, text: str = EXPECTS) -> None:
    mesh.write(FILE, text)


def errors(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(f["rule"], f["file"], f["key"]) for f in found["findings"] if f["severity"] == "error"]


def test_a_folder_of_expectations_is_no_contract_of_the_product(repo: Repo) -> None:
    before = repo.mesh.mesh
    expect(repo.mesh)
    assert repo.mesh.mesh == before
    assert index(repo.mesh.root).owner_of(Path(FILE)) == ("insight", "insight/weekly")


def test_what_is_promised_passes_on_both_sides(repo: Repo, stage: Stage) -> None:
    expect(repo.mesh)
    for selector in ("insight", "shop"):
        found = stage(selector)
        assert (found["verdict"], found["findings"]) == ("passed", [])
        assert found["stages"][0]["facts"] == {"expectations": 1, "audited": 0}


def test_a_producer_that_breaks_one_is_told_whose_it_is(repo: Repo, stage: Stage) -> None:
    expect(repo.mesh)
    repo.commit()
    repo.mesh.edit(tiny.ORDERS_CONTRACT, OPTIONAL)
    found = stage()
    assert (found["code"], found["products"]) == (1, ["shop/orders"])
    assert errors(found) == [("expectation-broken", tiny.ORDERS_CONTRACT, "columns.amount.required")]
    reason = found["findings"][0]["reason"]
    assert "shop.orders does not give what insight/weekly relies on: amount was required and may now be NULL" in reason
    assert "(expected by insight/weekly, Insight <#insight>, in " in reason


def test_a_port_that_goes_breaks_what_is_expected_of_it(repo: Repo, stage: Stage) -> None:
    expect(repo.mesh)
    repo.mesh.edit(tiny.WEEKLY_SQL, ("{{ source('shop', 'orders') }}", "{{ source('shop', 'lines') }}"))
    contract = ("contractId: shop-orders-orders", "contractId: shop-orders-lines")
    repo.mesh.edit("domains/insight/weekly/product.yaml", ("name: shop.orders", "name: shop.lines"), contract)
    repo.commit()
    rule = "full join mesh.shop.orders o using (order_id) where o.amount is distinct from l.a"
    repo.mesh.edit(tiny.LINES_CONTRACT_FILE, (rule, "where l.a is null"))
    repo.mesh.edit(ORDERS, ("  - name: orders\n    version: 1.0.0\n    contractId: shop-orders-orders\n", ""))
    (repo.mesh.root / tiny.ORDERS_CONTRACT).unlink()
    found = stage()
    assert [(rule, file) for rule, file, _ in errors(found)] == [("expectation-broken", FILE)]
    assert "shop.orders is gone, on which insight/weekly relies" in found["findings"][0]["reason"]


@pytest.mark.parametrize(
    ("name", "change", "reason", "suggestion"),
    [
        ("shop.ordrs", ("name: orders", "name: ordrs"), "no product publishes a port 'shop.ordrs'", f"{PORT}.yaml"),
        ("orders", ("", ""), "no product publishes a port 'orders'", f"{PORT}.yaml"),
        ("insight.weekly_sales", ("name: orders", "name: weekly_sales"), "is a port of insight/weekly itself", None),
        ("shop.orders", ("name: amount", "name: amont"), "orders has no column 'amont'", "amount"),
        ("shop.orders", ("number", "nmber"), "nmber", "number"),
    ],
)  # fmt: skip
def test_files_that_are_wrong(
    repo: Repo, stage: Stage, name: str, change: tuple[str, str], reason: str, suggestion: str | None
) -> None:
    repo.mesh.write(f"domains/insight/weekly/expects/{name}.contract.yaml", EXPECTS.replace(*change))
    found = stage("insight")
    assert found["code"] == 1
    (told,) = found["findings"]
    assert reason in told["reason"]
    assert told["suggestion"] == suggestion


@pytest.mark.parametrize(
    ("expectation", "paths"),
    [
        (COLUMN.format("order_id", "integer") + "        required: true\n        primaryKey: true\n", []),
        (COLUMN.format("order_id", "integer") + "        unique: true\n", []),
        (COLUMN.format("week", "integer"), []),
        (COLUMN.format("week", "integer") + "        physicalType: long\n", ["columns.week.type"]),
        (COLUMN.format("week", "string"), ["columns.week.type"]),
        (COLUMN.format("week", "integer") + "        primaryKey: true\n", ["primaryKey"]),
        (COLUMN.format("amount", "number") + "        logicalTypeOptions: {minimum: 0}\n", []),
        (COLUMN.format("amount", "number") + "        logicalTypeOptions: {minimum: 1}\n", ["columns.amount"]),
        (COLUMN.format("gone", "number"), ["columns.gone"]),
    ],
)  # fmt: skip
def test_only_what_is_expected_counts(tiny_mesh: TinyMesh, expectation: str, paths: list[str]) -> None:
    offered = tiny_mesh.mesh.ports["shop.orders"].contract
    wanted = parse_contract(f"{HEAD}  - name: orders\n    properties:\n{expectation}", Path("e.yaml"), "shop", "orders")
    found = [change.path for change in broken(wanted, offered)]
    assert [path for path in found if not any(path.startswith(p) for p in paths)] == []
    assert len(found) == len(paths)


@pytest.mark.parametrize(("limit", "code"), [("mustBeGreaterThan: 23", 0), ("mustBeGreaterThan: 24", 1)])
def test_rules_are_run_on_what_is_published(built_mesh: TinyMesh, report: Reported, limit: str, code: int) -> None:
    repository(kept(built_mesh))
    expect(built_mesh, f"{EXPECTS}{RULE}{limit}\n")
    for selector in ("shop", "insight"):
        found = report(built_mesh.root, "--only", "expectations", selector)
        assert found["code"] == code, found["findings"]
        assert found["stages"][0]["facts"]["audited"] == 2
        assert [f["reason"].partition(":")[0] for f in found["findings"]] == (
            ["shop.orders as published breaks enough"] if code else []
        )


def test_a_rule_that_was_promised_may_not_be_loosened(repo: Repo, stage: Stage) -> None:
    rule = "      - id: has_rows\n        type: library\n        metric: rowCount\n        mustBeGreaterThan: 0\n"
    expect(repo.mesh, f"{EXPECTS}    quality:\n{rule}")
    repo.commit()
    assert stage("shop")["verdict"] == "passed"
    repo.mesh.edit(tiny.ORDERS_CONTRACT, ("mustBeGreaterThan: 0", "mustBeGreaterOrEqualTo: 0"))
    assert [key for _, _, key in errors(stage())] == ["quality.has_rows"]


def test_impact_names_who_expects_a_column(repo: Repo, report: Reported) -> None:
    expect(repo.mesh)
    repo.commit()
    repo.mesh.edit(tiny.ORDERS_CONTRACT, OPTIONAL)
    (one,) = report(repo.mesh.root, "--only", "impact")["stages"][0]["facts"]["impacts"]
    assert [(hit["kind"], hit["how"]) for hit in one["hits"]] == [("expectation", ["expects"]), ("product", ["reads"])]
