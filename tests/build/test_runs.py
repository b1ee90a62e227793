"""What one run sees: the rest of the mesh as it was when it began, and what was made before."""

from __future__ import annotations

from dataclasses import replace

from meshwright.build.product import build_product
from meshwright.build.state import State
from support.tiny import CUSTOMERS_SQL, ORDERS_SQL, TinyMesh, lines_of


def test_reads_the_rest_of_the_mesh_as_it_was_when_the_run_began(built_mesh: TinyMesh) -> None:
    start = State.of(built_mesh.database)
    run = replace(built_mesh.run(), start=start, building=frozenset({"insight.weekly_sales"}))
    before = built_mesh.sql("select sum(amount) from mesh.shop.orders")
    built_mesh.put_lines(1, lines_of(1, scale=9.0))
    built_mesh.build("shop")
    assert built_mesh.sql("select sum(amount) from mesh.shop.orders") != before

    result = build_product(run, run.mesh.products["insight/weekly"], force=True)

    assert result.verdict == "unchanged"
    assert built_mesh.sql("select sum(amount) from mesh.insight.weekly_sales") == before
    assert built_mesh.plan("insight/weekly").due_ports, "what it did not see is still due"


def test_reads_what_the_run_itself_published(built_mesh: TinyMesh) -> None:
    building = frozenset({"insight.weekly_sales", "shop.lines", "shop.orders", "shop.customers"})
    run = replace(built_mesh.run(), start=State.of(built_mesh.database), building=building)
    built_mesh.put_lines(1, lines_of(1, scale=9.0))
    built_mesh.build(run=run)
    (reconciles,) = built_mesh.sql(
        "select (select sum(amount) from mesh.shop.orders) = (select sum(amount) from mesh.insight.weekly_sales)"
    )
    assert reconciles == (True,)


def test_older_key_is_adopted_again_without_building(built_mesh: TinyMesh) -> None:
    before = built_mesh.sql("from mesh.shop.orders order by all")
    old = ("sum(amount) as", "sum(amount * 2) as")
    built_mesh.edit(ORDERS_SQL, old)
    built_mesh.edit("domains/shop/orders/lines.contract.yaml", ("mustBe: 0", "mustBeGreaterOrEqualTo: 0"))
    built_mesh.build("shop")
    assert built_mesh.sql("from mesh.shop.orders order by all") != before

    built_mesh.edit(ORDERS_SQL, old[::-1])
    built_mesh.steps.clear()
    result = built_mesh.build("shop")["shop/orders"]

    assert result.verdict == "published"
    assert "adopted again" in built_mesh.steps
    assert "built" not in built_mesh.steps
    assert built_mesh.sql("from mesh.shop.orders order by all") == before
    assert built_mesh.plan("shop/orders").is_due is False


def test_force_builds_what_was_made_before(built_mesh: TinyMesh) -> None:
    built_mesh.steps.clear()
    built_mesh.build("shop", force=True)
    assert "built" in built_mesh.steps


def test_older_key_whose_files_are_gone_is_built(built_mesh: TinyMesh) -> None:
    before = built_mesh.sql("from mesh.shop.customers order by all")
    files = set(built_mesh.settings.warehouse.glob("shop/customers-*/data/**/*.parquet"))
    old = (" name from", " upper(name) as name from")
    built_mesh.edit(CUSTOMERS_SQL, old)
    built_mesh.build("shop")
    for file in files:
        file.unlink()
    built_mesh.edit(CUSTOMERS_SQL, old[::-1])
    built_mesh.steps.clear()
    built_mesh.build("shop")
    assert "built" in built_mesh.steps
    assert built_mesh.sql("from mesh.shop.customers order by all") == before
