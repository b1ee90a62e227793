"""The stage spec: references between products, contracts, models and ingests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support import tiny
from support.tiny import TinyMesh

from .repository import ORDERS, WEEKLY

UNREAD = "select 1 as week, cast(1 as bigint) as customer_id, cast(1 as decimal(18,2)) as amount\n"
Reported = Callable[..., dict[str, Any]]


@pytest.fixture
def found(sound: TinyMesh, report: Reported) -> Callable[..., list[dict[str, Any]]]:
    """The findings of the stage on the mesh as it is now."""
    return lambda *selectors: report(sound.root, *selectors, "--only", "spec")["findings"]


Found = Callable[..., list[dict[str, Any]]]


def test_nothing_to_find(sound: TinyMesh, report: Reported) -> None:
    found = report(sound.root, "--only", "spec")
    assert (found["verdict"], found["findings"]) == ("passed", [])


def test_a_file_that_breaks_its_standard(sound: TinyMesh, found: Found) -> None:
    sound.edit(tiny.ORDERS_CONTRACT, ("logicalType: integer", "logicalType: integr"))
    first = found()[0]
    assert (first["rule"], first["severity"], first["file"], first["line"]) == (
        "file", "error", tiny.ORDERS_CONTRACT, 17,
    )  # fmt: skip
    assert first["suggestion"] == "integer"


def test_an_input_port_that_nobody_publishes(sound: TinyMesh, found: Found) -> None:
    given = "inputPorts:\n  - name: shop.order\n    version: 1.0.0\n    contractId: i\noutputPorts:"
    sound.edit(ORDERS, ("outputPorts:", given))
    told = found("shop")
    assert [(f["rule"], f["file"], f["line"], f["suggestion"]) for f in told] == [("file", ORDERS, 11, "shop.orders")]


def test_an_input_port_that_nothing_reads(sound: TinyMesh, found: Found) -> None:
    sound.write(tiny.WEEKLY_SQL, UNREAD)
    assert [(f["rule"], f["severity"], f["file"], f["line"], f["key"]) for f in found()] == [
        ("unread-input", "warning", WEEKLY, 7, "inputPorts[0].name"),
    ]  # fmt: skip


def test_an_input_that_only_a_rule_reads_is_read(sound: TinyMesh, found: Found) -> None:
    sound.write(tiny.WEEKLY_SQL, UNREAD)
    rule = "    quality:\n      - type: sql\n        query: select count(*) from mesh.shop.orders\n        mustBe: 1\n"
    sound.write(tiny.WEEKLY_CONTRACT, (sound.root / tiny.WEEKLY_CONTRACT).read_text() + rule)
    assert found() == []


def test_versions_that_are_not_those_of_the_contracts(sound: TinyMesh, found: Found) -> None:
    sound.edit(tiny.ORDERS_CONTRACT, ("version: 1.0.0", "version: 2.1.0"))
    assert [(f["rule"], f["severity"], f["file"], f["reason"], f["suggestion"]) for f in found()] == [
        ("listed-version", "warning", ORDERS, "lists orders as 1.0.0, and its contract is 2.1.0", "version: 2.1.0"),
        ("listed-version", "warning", WEEKLY, "was written for shop.orders 1.0.0, which is 2.1.0 by now",
         "version: 2.1.0"),
    ]  # fmt: skip
    listed = "version: {}\n    contractId: shop-orders-orders"
    sound.edit(ORDERS, (listed.format("1.0.0"), listed.format("1.7.0")))
    sound.edit(tiny.ORDERS_CONTRACT, ("version: 2.1.0", "version: 1.7.0"))
    assert found() == [], "minor versions of an input give all that it had"


def test_an_ingest_that_no_model_reads(sound: TinyMesh, found: Found) -> None:
    sound.write(tiny.INGEST_PY, tiny.INGEST + "\n\n@ingest()\ndef spare() -> Path:\n    return DATA / 'people.csv'\n")
    told = found()
    assert [(f["rule"], f["severity"], f["file"], f["line"]) for f in told] == [
        ("unread-landing", "warning", tiny.INGEST_PY, 22),
    ]  # fmt: skip
    assert told[0]["reason"] == "no model of shop reads source('landing', 'spare')"


def test_what_was_proposed_and_never_decided(sound: TinyMesh, found: Found) -> None:
    sound.edit(
        tiny.ORDERS_CONTRACT,
        ("required: true\n", "required: true  # proposed: none of 4 rows lacks it\n"),
        ("minimum: 0\n", "minimum: 0  # proposed: the values lie between 1 and 9\n"),
    )
    told = found("shop")
    assert [(f["rule"], f["severity"], f["file"], f["line"], f["reason"]) for f in told] == [
        ("proposed", "note", tiny.ORDERS_CONTRACT, 19, "2 lines are still proposed and not yet decided"),
    ]  # fmt: skip
    assert found("insight") == []


def test_a_port_without_a_model(sound: TinyMesh, found: Found) -> None:
    (sound.root / tiny.CUSTOMERS_SQL).rename((sound.root / tiny.CUSTOMERS_SQL).with_name("custmers.sql"))
    told = [f for f in found("shop") if f["rule"] == "models"]
    assert [(f["severity"], f["file"], f["line"], f["suggestion"]) for f in told] == [("error", ORDERS, 17, "custmers")]
    assert told[0]["command"] == "write dbt_projects/shop/models/orders/ports/customers.sql"


@pytest.mark.parametrize(
    ("sql", "reason", "near"),
    [
        ("select * from {{ source('landing', 'peple') }}", "no ingest of shop is called so", "people"),
        ("select * from {{ source('shop', 'orders') }}", "is no input port of its product", None),
        ("select * from {{ source('insight', 'weekly') }}", "which no product publishes", None),
        ("select * from {{ ref('stg_lins') }}", "there is no such model", "stg_lines"),
    ],
)
def test_a_model_that_reads_what_is_not_there(
    sound: TinyMesh, found: Found, sql: str, reason: str, near: str | None
) -> None:
    sound.write(tiny.CUSTOMERS_SQL, f"\n{sql}\n")
    told = found("shop")
    assert [(f["rule"], f["severity"], f["file"], f["line"]) for f in told] == [
        ("models", "error", tiny.CUSTOMERS_SQL, 2),
    ]  # fmt: skip
    assert reason in told[0]["reason"]
    assert told[0]["suggestion"] == near


def test_a_project_that_dbt_cannot_read_is_left_to_the_stage_code(sound: TinyMesh, report: Reported) -> None:
    sound.write(tiny.CUSTOMERS_SQL, "select {{ nothing( }} from x\n")
    found = report(sound.root, "shop", "--only", "spec,code")
    assert [(f["stage"], f["rule"], f["severity"]) for f in found["findings"]] == [
        ("spec", "models", "note"), ("code", "dbt", "error"),
    ]  # fmt: skip
    assert [stage["verdict"] for stage in found["stages"]] == ["passed", "failed"]


def test_a_broken_sibling_hides_no_models(sound: TinyMesh, report: Reported) -> None:
    product = (sound.root / WEEKLY).read_text().replace("weekly", "extra").replace("insight-weekly", "insight-extra")
    sound.write("domains/insight/extra/product.yaml", product.replace("extra_sales", "extra_sale"))
    sound.write(
        "dbt_projects/insight/models/extra/ports/extra_sales.sql", "select * from {{ source('shop', 'lines') }}\n"
    )
    found = report(sound.root, "insight/weekly", "--only", "spec,policy,code")
    assert found["code"] == 0
    assert {(f["stage"], f["rule"], f["severity"]) for f in found["findings"]} == {("spec", "elsewhere", "note")}
    sound.write(tiny.WEEKLY_SQL, UNREAD)
    told = report(sound.root, "insight/weekly", "--only", "spec")["findings"]
    assert [f["rule"] for f in told if f["severity"] == "warning"] == ["unread-input"]


def test_domains_that_dagster_would_not_show(sound: TinyMesh, found: Found) -> None:
    (sound.root / "domains/shop/defs.yaml").unlink()
    sound.write("workspace.yaml", "load_from: []\n")
    told = found("shop")
    assert [(f["rule"], f["severity"]) for f in told] == [("workspace", "warning")] * 2
    assert "domain shop has no defs.yaml" in told[0]["reason"]
    sound.write("workspace.yaml", "load_from: 3\n")
    told = found("shop")
    assert [(f["rule"], f["severity"], f["file"], f["line"]) for f in told] == [
        ("workspace", "error", "workspace.yaml", 1),
    ]  # fmt: skip


def test_values_that_nobody_can_act_on(sound: TinyMesh, found: Found) -> None:
    sound.edit(tiny.ORDERS_CONTRACT, ("status: active", "status: activ"))
    assert [(f["rule"], f["severity"], f["file"], f["suggestion"]) for f in found()] == [
        ("unheeded", "warning", tiny.ORDERS_CONTRACT, "active"),
    ]  # fmt: skip


def test_a_core_metric_that_is_not_written_as_it_must_be(sound: TinyMesh, found: Found) -> None:
    metrics = [
        "customProperties:", "  - property: coreMetrics", "    value:",
        "      - {name: a, query: select 1, tolerance: 1}", "      - {name: b, query: select 1, tolerance: two}", "",
    ]  # fmt: skip
    sound.write(WEEKLY, (sound.root / WEEKLY).read_text() + "\n".join(metrics))
    (told,) = found()
    assert (told["rule"], told["severity"], told["key"]) == ("core-metric", "error", "customProperties[0].value[1]")
    assert "has the tolerance 'two'" in told["reason"]
