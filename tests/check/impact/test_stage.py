"""The stage impact: whom a breaking change hits, on meshes under real git."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from meshwright.build.dbt import runner
from support import tiny

from ..repository import ORDERS, Repo

Reported = Callable[..., dict[str, Any]]
OPTIONAL = ("physicalType: decimal(12,2)\n        required: true", "physicalType: decimal(12,2)")
KEY_GONE = (
    "primaryKey: true\n        primaryKeyPosition: 1\n      - name: customer_id",
    "unique: true\n      - name: customer_id",
)
LINES_AMOUNT = (
    "      - name: amount\n        logicalType: number\n        physicalType: decimal(12,2)\n        required: true\n"
)
CUSTOMERS_PORT = "  - name: customers\n    version: 1.0.0\n    contractId: shop-orders-customers\n"
ORDERS_PORT = "  - name: orders\n    version: 1.0.0\n    contractId: shop-orders-orders\n"
REGULARS = {
    "domains/insight/regulars/product.yaml": """\
apiVersion: v1.0.0
kind: DataProduct
id: insight-regulars
name: regulars
status: active
inputPorts:
  - name: insight.weekly_sales
    version: 1.0.0
    contractId: insight-weekly-sales
outputPorts:
  - name: regulars
    version: 1.0.0
    contractId: insight-regulars-regulars
""",
    "domains/insight/regulars/regulars.contract.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: insight-regulars-regulars
version: 1.0.0
status: active
schema:
  - name: regulars
    properties:
      - name: customer_id
        logicalType: integer
      - name: spent
        logicalType: number
        physicalType: decimal(18,2)
""",
    "dbt_projects/insight/models/regulars/ports/regulars.sql": """\
with weeks as (select * from {{ source('insight', 'weekly_sales') }})
select customer_id, cast(sum(amount) as decimal(18,2)) as spent from weeks group by customer_id
""",
}
"""A product behind ``insight/weekly``."""


SOURCE = "{{ source('shop', 'orders') }}"
RELATED = """\
version: 2
models:
  - name: weekly_sales
    columns:
      - name: week
        data_tests:
          - relationships:
              arguments:
                field: order_id
                to: source('shop', 'orders')
"""


@pytest.fixture
def impact(repo: Repo, report: Reported) -> Callable[..., dict[str, Any]]:
    """The report of the stage alone."""
    return lambda *arguments: report(repo.mesh.root, "--only", "impact", *arguments)


def facts(found: dict[str, Any]) -> dict[str, Any]:
    (stage,) = found["stages"]
    return dict(stage["facts"])


def test_a_change_that_consumers_use_warns_with_owner_place_and_columns(
    repo: Repo, impact: Callable[..., dict[str, Any]]
) -> None:
    repo.mesh.edit(tiny.ORDERS_CONTRACT, OPTIONAL)
    found = impact()
    (told,) = found["findings"]
    assert (found["code"], found["verdict"], told["rule"], told["severity"]) == (0, "warned", "used", "warning")
    assert (told["file"], told["key"]) == (tiny.ORDERS_CONTRACT, "columns.amount.required")
    assert "It hits insight/weekly (Insight <#insight>): reads it at " in told["reason"]
    (one,) = facts(found)["impacts"]
    assert (one["port"], one["column"], one["used"]) == ("shop.orders", "amount", True)
    assert one["hits"] == [
        {
            "consumer": "insight/weekly", "kind": "product", "owner": "Insight", "contact": "#insight",
            "port": "shop.orders", "column": "amount", "direct": True, "how": ["reads"],
            "via": ["shop.orders.amount"], "models": ["weekly_sales"], "columns": ["insight.weekly_sales.amount"],
            "file": tiny.WEEKLY_SQL, "line": 1, "reason": None,
        }
    ]  # fmt: skip


def test_products_behind_are_told_by_the_way_that_leads_there(
    repo: Repo, impact: Callable[..., dict[str, Any]]
) -> None:
    for path, text in REGULARS.items():
        repo.mesh.write(path, text)
    repo.commit()
    repo.mesh.edit(tiny.ORDERS_CONTRACT, OPTIONAL)
    (one,) = facts(impact())["impacts"]
    assert [(hit["consumer"], hit["direct"], hit["via"], hit["columns"]) for hit in one["hits"]] == [
        ("insight/weekly", True, ["shop.orders.amount"], ["insight.weekly_sales.amount"]),
        ("insight/regulars", False, ["shop.orders.amount", "insight.weekly_sales.amount"], ["insight.regulars.spent"]),
    ]


def test_a_change_that_nobody_uses_is_breaking_by_the_letter_and_free_in_fact(
    repo: Repo, impact: Callable[..., dict[str, Any]]
) -> None:
    repo.mesh.edit(tiny.ORDERS_CONTRACT, KEY_GONE)
    found = impact()
    (told,) = found["findings"]
    assert (found["code"], found["verdict"], told["rule"], told["severity"]) == (0, "passed", "unused", "note")
    assert "breaks the contract by the letter, and nobody in fact" in told["reason"]
    assert facts(found)["impacts"][0]["used"] is False


@pytest.mark.parametrize(
    ("path", "text", "file", "line"),
    [
        ("tests/one_order_a_row.sql", f"-- Kept once.\nselect order_id from {SOURCE} group by 1 having count(*) > 1\n",
         "tests/one_order_a_row.sql", 2),
        ("tests/deep/weeks_of_orders.sql",
         f"select * from {{{{ ref('weekly_sales') }}}} w join {SOURCE} o on o.week = w.week where o.order_id is null\n",
         "tests/deep/weeks_of_orders.sql", 1),
        ("models/weekly/tests.yml", RELATED, "models/weekly/tests.yml", 9),
    ],
)  # fmt: skip
def test_a_column_that_only_a_data_test_uses_is_not_free(
    repo: Repo, impact: Callable[..., dict[str, Any]], path: str, text: str, file: str, line: int
) -> None:
    repo.mesh.write(f"dbt_projects/insight/{path}", text)
    repo.commit()
    repo.mesh.edit(tiny.ORDERS_CONTRACT, KEY_GONE)
    found = impact()
    (one,) = facts(found)["impacts"]
    assert (found["findings"][0]["rule"], one["column"], one["used"]) == ("used", "order_id", True)
    assert [(h["consumer"], h["kind"], h["how"], h["file"], h["line"]) for h in one["hits"]] == [
        ("insight/weekly", "test", ["checks"], f"dbt_projects/insight/{file}", line)
    ]
    assert "It hits tests of insight/weekly (Insight <#insight>): checks it at " in found["findings"][0]["reason"]


def test_a_data_test_is_not_hit_by_a_column_that_it_does_not_name(
    repo: Repo, impact: Callable[..., dict[str, Any]]
) -> None:
    repo.mesh.write("dbt_projects/insight/tests/weeks.sql", f"select week from {SOURCE} where week < 0\n")
    repo.commit()
    repo.mesh.edit(tiny.ORDERS_CONTRACT, KEY_GONE)
    assert facts(impact())["impacts"][0]["used"] is False


def test_a_column_that_is_gone_is_looked_for_in_sql_that_was_written_for_it(
    repo: Repo, impact: Callable[..., dict[str, Any]]
) -> None:
    """Its consumer takes all columns: only the old contract tells that this was one of them."""
    repo.mesh.edit(
        tiny.WEEKLY_SQL, ("from {{ source('shop', 'orders') }}", "from (select * from {{ source('shop', 'orders') }})")
    )
    repo.commit()
    repo.mesh.edit(
        tiny.ORDERS_CONTRACT,
        ("      - name: amount\n        logicalType: number", "      - name: total\n        logicalType: number"),
    )
    (one,) = facts(impact())["impacts"]
    assert (one["change"]["rule"], one["column"]) == ("column-removed", "amount")
    assert [hit["consumer"] for hit in one["hits"]] == ["insight/weekly"]


ADDRESS = """\
      - name: address
        logicalType: object
        physicalType: "struct<street: string, city: string>"
        properties:
          - {name: street, logicalType: string, physicalType: string}
          - {name: city, logicalType: string, physicalType: string}
"""
MOVED = ("street: string, city: string", "street: string"), (
    "          - {name: city, logicalType: string, physicalType: string}\n", ""
)  # fmt: skip


@pytest.mark.parametrize(
    ("reads", "how"),
    [
        ("max(address.street)", []), ("max(o.address['street'])", []), ("max(struct_extract(address, 'Street'))", []),
        ("max(address.city)", ["reads"]), ("max(address)", ["reads"]), ("max(address['CITY'])", ["reads"]),
    ],
)  # fmt: skip
def test_a_field_of_a_struct_hits_those_who_read_it_or_the_whole(
    repo: Repo, impact: Callable[..., dict[str, Any]], reads: str, how: list[str]
) -> None:
    repo.mesh.edit(tiny.ORDERS_CONTRACT, (LINES_AMOUNT, ADDRESS + LINES_AMOUNT))
    repo.mesh.write(
        tiny.WEEKLY_SQL,
        f"with o as (select * from {SOURCE})\nselect customer_id, week, sum(amount) as amount,\n{reads} as a\nfrom o\n",
    )
    repo.commit()
    repo.mesh.edit(tiny.ORDERS_CONTRACT, *MOVED)
    found = facts(impact())["impacts"]
    assert [(one["change"]["rule"], one["column"]) for one in found] == [("column-removed", "address.city")]
    assert [hit["how"] for one in found for hit in one["hits"]] == ([how] if how else [])
    assert [hit["line"] for one in found for hit in one["hits"]] == ([3] if how else [])


def test_a_reference_of_another_contract_is_hit(repo: Repo, impact: Callable[..., dict[str, Any]]) -> None:
    repo.mesh.edit(tiny.CUSTOMERS_CONTRACT, ("required: true\n        primaryKey: true", "required: true"))
    (one,) = facts(impact())["impacts"]
    assert [(h["consumer"], h["kind"], h["how"], h["file"], h["line"]) for h in one["hits"]] == [
        ("insight/weekly", "rule", ["checks"], tiny.WEEKLY_CONTRACT, 24)
    ]


def test_a_port_that_goes_while_it_is_read_is_an_error(repo: Repo, impact: Callable[..., dict[str, Any]]) -> None:
    """Its consumer can no longer be loaded, since its input is gone; it is told all the same."""
    repo.mesh.edit(ORDERS, (ORDERS_PORT, ""))
    (repo.mesh.root / tiny.ORDERS_CONTRACT).unlink()
    found = impact()
    (told,) = found["findings"]
    assert (found["code"], told["rule"], told["severity"]) == (1, "still-read", "error")
    assert "insight/weekly (Insight <#insight>)" in told["reason"]


def test_a_whole_product_that_goes_while_it_is_read_is_an_error(
    repo: Repo, impact: Callable[..., dict[str, Any]]
) -> None:
    for file in sorted((repo.mesh.root / ORDERS).parent.iterdir()):
        file.unlink()
    (repo.mesh.root / ORDERS).parent.rmdir()
    found = impact()
    assert found["removed"] == ["shop/orders"]
    assert {f["key"]: f["severity"] for f in found["findings"]} == {
        "outputPorts.lines": "warning", "outputPorts.orders": "error", "outputPorts.customers": "error",
    }  # fmt: skip


def test_models_that_dbt_cannot_read_may_use_everything_and_say_so(
    repo: Repo, impact: Callable[..., dict[str, Any]]
) -> None:
    repo.mesh.edit(tiny.WEEKLY_SQL, ("{{ source('shop', 'orders') }}", "{{ source('shop', 'ordrs') }}"))
    repo.commit()
    repo.mesh.edit(tiny.ORDERS_CONTRACT, KEY_GONE)
    (one,) = facts(impact())["impacts"]
    (hit,) = one["hits"]
    assert (hit["consumer"], hit["how"]) == ("insight/weekly", ["may use"])
    assert hit["reason"].startswith("dbt cannot read it: ")


def test_a_consumer_whose_files_are_broken_may_use_what_they_name(
    repo: Repo, impact: Callable[..., dict[str, Any]]
) -> None:
    repo.mesh.edit(tiny.WEEKLY_CONTRACT, ("logicalType: number", "logicalType: nmber"))
    repo.commit()
    repo.mesh.edit(tiny.ORDERS_CONTRACT, KEY_GONE)
    (one,) = facts(impact())["impacts"]
    assert [(h["consumer"], h["how"]) for h in one["hits"]] == [("insight/weekly", ["may use"])]


def test_a_consumer_with_a_link_that_leads_nowhere_may_use_what_its_other_files_name(
    repo: Repo, impact: Callable[..., dict[str, Any]]
) -> None:
    contract = repo.mesh.root / tiny.WEEKLY_CONTRACT
    contract.unlink()
    contract.symlink_to(contract.name)
    repo.commit()
    repo.mesh.edit(tiny.ORDERS_CONTRACT, KEY_GONE)
    (one,) = facts(impact())["impacts"]
    assert [(h["consumer"], h["how"]) for h in one["hits"]] == [("insight/weekly", ["may use"])]


def test_nothing_of_consumers_is_read_where_nothing_breaks(
    repo: Repo, impact: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(*_: object) -> None:
        raise AssertionError("dbt was asked")

    monkeypatch.setattr(runner, "parse", parse)
    repo.mesh.edit(
        tiny.ORDERS_CONTRACT,
        ("description: One row for each order.\n    properties", "description: A row an order.\n    properties"),
    )
    repo.mesh.write("domains/insight/weekly/README.md", "not read")
    found = impact("shop")
    assert (found["verdict"], found["findings"], facts(found)["impacts"]) == ("passed", [], [])


def test_models_that_did_not_change_are_not_read_again(
    repo: Repo, impact: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.mesh.edit(tiny.ORDERS_CONTRACT, OPTIONAL)
    first = facts(impact())

    def lineage(*_: object) -> None:
        raise AssertionError("a model was read again")

    monkeypatch.setattr("meshwright.check.impact.models.lineage", lineage)
    assert facts(impact()) == first


def test_without_a_base_there_is_nothing_to_compare(repo: Repo, report: Reported) -> None:
    import shutil

    shutil.rmtree(repo.top / ".git")
    found = report(repo.mesh.root, "--only", "impact")
    assert [(s["verdict"], s["reason"]) for s in found["stages"]] == [("skipped", "there is nothing to compare with")]
