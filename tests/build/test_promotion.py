"""Promotion: one step a product, only while production stands where the environment left it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from meshwright.build.promoting import Promoted
from meshwright.catalog import tables as t
from meshwright.catalog.candidates import live_files
from meshwright.catalog.gc import collect
from meshwright.catalog.history import history
from meshwright.errors import InputError, RefusedError
from meshwright.spec.index import index
from support import tiny
from support.production import fingerprint, leftovers
from support.tiny import TinyMesh, lines_of

SUM = "select sum(amount) from mesh.shop.orders"
WEEKLY = "select sum(amount) from mesh.insight.weekly_sales"
DOUBLED = ("cast(amount as", "cast(2 * amount as")
WEEKLY_DOUBLED = ("sum(amount)", "2 * sum(amount)")


@pytest.fixture
def changed(built_mesh: TinyMesh) -> TinyMesh:
    """A mesh whose environment ``e`` holds doubled orders, and what reads them."""
    built_mesh.env("e")
    built_mesh.edit(tiny.STG_LINES, DOUBLED)
    built_mesh.build_in("e")
    return built_mesh


def refusal(promoted: Promoted) -> str:
    assert isinstance(promoted.error, RefusedError)
    assert promoted.ports == ()
    return str(promoted.error)


def test_promoted_without_a_copy(changed: TinyMesh) -> None:
    mine, total = dict(changed.state("e").own), changed.sql(SUM)[0][0]
    files = {file for file in changed.settings.warehouse.rglob("*") if file.is_file()}
    found = changed.promote("e")
    assert {name: one.ports for name, one in found.items()} == {
        "shop/orders": ("shop.lines", "shop.orders"), "insight/weekly": ("insight.weekly_sales",),
    }  # fmt: skip
    assert {port: changed.pins()[port] for port in mine} == mine
    assert changed.sql(SUM) == changed.sql(WEEKLY) == [(2 * total,)]
    assert {file for file in changed.settings.warehouse.rglob("*") if file.is_file()} == files
    assert changed.state("e").own == {}
    assert all(changed.plan(product).is_noop for product in changed.mesh.products)
    assert {n for name, n in leftovers(changed, "e").items() if name != "mesh_confirmations"} == {0}
    assert changed.promote("e") == {}


def test_records_of_a_promotion(changed: TinyMesh) -> None:
    before = changed.pins()["shop.orders"]
    run = changed.state("e").contents["shop.orders"]["1"].build
    publish = changed.promote("e")["shop/orders"].publish
    with changed.database.read() as connection:
        published = select(t.publishes).where(t.publishes.c.id == publish, t.publishes.c.port == "orders")
        row = connection.execute(published).mappings().one()
        builds = connection.execute(select(t.builds).where(t.builds.c.publish == publish)).mappings().all()
        entry = history(connection, "shop", "orders", limit=1)[0]
        inputs = connection.execute(select(t.build_inputs.c.input).where(t.build_inputs.c.build == run)).scalars().all()
    assert (row["environment"], row["published_by"], row["previous_location"]) == ("production", "somebody", before)
    assert (row["metadata_location"], row["reported_at"]) == (changed.pins()["shop.orders"], None)
    assert {(b["port"], b["partition"], b["verdict"], b["environment"]) for b in builds} == {
        (port, week, "published", "production") for port in ("lines", "orders") for week in "123"
    }
    assert (entry.build, entry.audit, entry.by, entry.rows) == (run, "passed", "somebody", 24)
    assert "landing/lines" in inputs


def test_production_goes_on_after_it(changed: TinyMesh) -> None:
    changed.promote("e")
    changed.put_lines(2, lines_of(2, 3.0))
    changed.build()
    assert changed.sql(SUM) == changed.sql(WEEKLY)
    collect(changed.settings, changed.database, index(changed.root).ports_of, grace=timedelta(0), dry_run=False)
    assert changed.sql(SUM) == changed.sql(WEEKLY)
    assert all(file.is_file() for location in changed.pins().values() for file in live_files(location))


def test_refused_where_production_moved(changed: TinyMesh) -> None:
    total = changed.sql(SUM)[0][0]
    changed.edit(tiny.STG_LINES, DOUBLED[::-1])
    changed.put_lines(2, lines_of(2, 3.0))
    changed.build()
    before = fingerprint(changed)
    changed.edit(tiny.STG_LINES, DOUBLED)
    found = changed.promote("e")
    assert "production published it after e had built it" in refusal(found["shop/orders"])
    assert "next: mesh build --env e shop/orders" in refusal(found["shop/orders"])
    refusal(found["insight/weekly"])
    assert fingerprint(changed) == before
    assert changed.sql(SUM, "e") == [(2 * total,)]
    changed.build_in("e")
    now = changed.sql(SUM)[0][0]
    assert changed.sql(SUM, "e") == changed.sql(WEEKLY, "e") == [(2 * now,)]
    assert fingerprint(changed) == before
    assert all(one.error is None for one in changed.promote("e").values())
    assert changed.sql(SUM) == changed.sql(WEEKLY) == [(2 * now,)]
    assert all(changed.plan(product).is_noop for product in changed.mesh.products)


def test_a_sibling_that_moved_refuses_too(changed: TinyMesh) -> None:
    """A product was judged whole: its orders beside the customers that production had then."""
    changed.edit(tiny.STG_LINES, DOUBLED[::-1])
    changed.put_people([f"Zoe {i}" for i in range(6)])
    changed.build("shop")
    changed.edit(tiny.STG_LINES, DOUBLED)
    assert "production published it" in refusal(changed.promote("e", "shop")["shop/orders"])
    changed.build_in("e", "shop")
    assert changed.promote("e", "shop")["shop/orders"].ports == ("shop.lines", "shop.orders")
    assert changed.sql("select min(name) from mesh.shop.customers") == [("Zoe 0",)]


def test_refused_on_an_input_that_is_not_promoted(changed: TinyMesh) -> None:
    before = fingerprint(changed)
    said = refusal(changed.promote("e", "insight")["insight/weekly"])
    assert "built on shop.orders as e has it; promote that with it" in said
    assert fingerprint(changed) == before
    changed.promote("e", "shop")
    assert changed.promote("e", "insight")["insight/weekly"].ports == ("insight.weekly_sales",)


def test_refused_on_an_input_that_moved(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    built_mesh.edit(tiny.WEEKLY_SQL, WEEKLY_DOUBLED)
    built_mesh.build_in("e")
    assert set(built_mesh.state("e").own) == {"insight.weekly_sales"}
    built_mesh.put_lines(2, lines_of(2, 3.0))
    built_mesh.build("shop")
    assert "shop.orders, which it was built on, is another one" in refusal(built_mesh.promote("e")["insight/weekly"])
    built_mesh.build_in("e", "insight")
    assert built_mesh.promote("e")["insight/weekly"].ports == ("insight.weekly_sales",)
    assert built_mesh.plan("insight/weekly").is_noop


def test_refused_on_a_landing_that_moved(changed: TinyMesh) -> None:
    """Production landed anew and has not built yet."""
    changed.put_lines(2, lines_of(2, 3.0))
    changed.land("shop/orders")
    assert "landing/lines, which it was built on, is another one" in refusal(changed.promote("e")["shop/orders"])
    changed.build_in("e")
    assert all(one.error is None for one in changed.promote("e").values())
    assert all(changed.plan(product).is_noop for product in changed.mesh.products)


def test_a_later_landing_of_the_same_files_is_no_matter(changed: TinyMesh) -> None:
    changed.land("shop/orders", force=True)
    assert all(one.error is None for one in changed.promote("e").values())


def test_keys_alone_are_promoted(built_mesh: TinyMesh) -> None:
    """A change of code that makes the same rows moves no pointer, and production need not build it either."""
    built_mesh.env("e")
    built_mesh.edit(tiny.ORDERS_SQL, ("sum(amount)", "sum(amount + 0)"))
    built_mesh.build_in("e")
    pins = built_mesh.pins()
    found = built_mesh.promote("e")
    assert [(name, one.ports, one.publish, one.error) for name, one in found.items()] == [("shop/orders", (), "", None)]
    assert built_mesh.pins() == pins
    assert all(built_mesh.plan(product).is_noop for product in built_mesh.mesh.products)


def test_of_two_promotions_at_once_one_wins(changed: TinyMesh) -> None:
    """Of one environment, and of two that changed the same product."""
    changed.env("f")
    changed.edit(tiny.STG_LINES, ("2 * amount", "3 * amount"))
    changed.build_in("f")
    total, gate = changed.sql(SUM)[0][0], threading.Barrier(4)
    found: list[tuple[str, dict[str, Promoted]]] = []

    def race(environment: str) -> None:
        gate.wait()
        found.append((environment, changed.promote(environment, "shop")))

    threads = [threading.Thread(target=race, args=(name,)) for name in ("e", "f") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [name for name, one in found if one and one["shop/orders"].error is None]
    assert len(won) == 1
    assert changed.sql(SUM) == [(total * (2 if won == ["e"] else 3),)]
    with changed.database.read() as connection:
        rows = connection.execute(select(t.publishes).where(t.publishes.c.environment == "production")).mappings()
        orders = [row["previous_location"] for row in rows if row["port"] == "orders"]
    assert len(orders) == 2


def test_a_publish_of_production_and_a_promotion_at_once(changed: TinyMesh) -> None:
    """Either the promotion came first and the build made its rows anew on it, or it was refused."""
    done: list[dict[str, Promoted]] = []
    changed.edit(tiny.STG_LINES, ("2 * amount", "3 * amount"))
    total = changed.sql(SUM)[0][0]

    def on_step(step: str) -> None:
        if step == "before swap" and not done:
            done.append(changed.promote("e", "shop"))

    changed.build("shop", run=changed.run(on_step=on_step))
    assert done[0]["shop/orders"].ports == ("shop.lines", "shop.orders")
    assert changed.sql(SUM) == [(3 * total,)]
    assert len(live_files(changed.pins()["shop.orders"])) == tiny.WEEKS


def test_a_promotion_while_the_environment_builds(changed: TinyMesh) -> None:
    """The build finds that its layer is production's by now, and begins again from there."""
    done: list[dict[str, Promoted]] = []
    changed.edit(tiny.STG_LINES, ("2 * amount", "3 * amount"))
    total = changed.sql(SUM)[0][0]

    def on_step(step: str) -> None:
        if step == "before swap" and not done:
            done.append(changed.promote("e", "shop"))

    changed.build("shop", run=changed.run(on_step=on_step, environment="e"))
    assert changed.sql(SUM) == [(2 * total,)]
    assert changed.sql(SUM, "e") == [(3 * total,)]
    assert changed.promote("e", "shop")["shop/orders"].ports == ("shop.lines", "shop.orders")
    assert changed.sql(SUM) == [(3 * total,)]


def test_an_environment_that_is_not_there(built_mesh: TinyMesh) -> None:
    built_mesh.env("my_change")
    with pytest.raises(InputError, match="no environment is called 'my_chnge'") as refused:
        built_mesh.promote("my_chnge")
    assert refused.value.faults[0].suggestion == "my_change"
