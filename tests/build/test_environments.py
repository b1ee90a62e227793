"""Environments: built beside production, which does not change by a byte; what is the same is not there twice."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from meshwright.catalog import environments
from meshwright.catalog.candidates import live_files
from meshwright.catalog.gc import Collected, collect
from meshwright.catalog.locks import product_lock
from meshwright.catalog.pins import pin
from meshwright.errors import AuditError, BuildError, InputError, RefusedError
from meshwright.spec.index import index
from support import forks, tiny
from support.processes import Helper
from support.production import fingerprint, leftovers
from support.tiny import ORDERS_A_WEEK, WEEKS, TinyMesh, lines_of

SUM = "select sum(amount) from mesh.shop.orders"
WEEKLY = "select sum(amount) from mesh.insight.weekly_sales"
DOUBLED = ("cast(amount as", "cast(2 * amount as")
ONE_WEEK = ("cast(amount as", "cast(amount * case when week = 2 then 2 else 1 end as")
SAME = ("sum(amount)", "sum(amount + 0)")


def collected(mesh: TinyMesh) -> Collected:
    return collect(mesh.settings, mesh.database, index(mesh.root).ports_of, grace=timedelta(0), dry_run=False)


def double(mesh: TinyMesh) -> None:
    mesh.edit(tiny.STG_LINES, DOUBLED)


def test_what_is_unchanged_is_productions(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    before = fingerprint(built_mesh)
    results = built_mesh.build_in("e")
    assert {result.verdict for result in results.values()} == {"unchanged"}
    assert built_mesh.state("e").own == {}
    assert built_mesh.pins("e") == built_mesh.pins()
    assert fingerprint(built_mesh) == before


def test_a_change_is_seen_in_its_environment_alone(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    built_mesh.env("other")
    before, total = fingerprint(built_mesh), built_mesh.sql(SUM)[0][0]
    double(built_mesh)
    built_mesh.build_in("e")
    assert built_mesh.sql(SUM, "e") == built_mesh.sql(WEEKLY, "e") == [(2 * total,)]
    assert built_mesh.sql(SUM, "other") == built_mesh.sql(SUM) == [(total,)]
    assert set(built_mesh.state("e").own) == {"shop.lines", "shop.orders", "insight.weekly_sales"}
    assert all(built_mesh.plan(product, environment="e").is_noop for product in built_mesh.mesh.products)
    assert fingerprint(built_mesh) == before
    collected(built_mesh)
    assert built_mesh.sql(WEEKLY, "e") == [(2 * total,)]
    assert fingerprint(built_mesh) == before


def test_only_what_differs_is_written(built_mesh: TinyMesh) -> None:
    """Files of weeks that are as in production are shared; their records stand in the layer too."""
    built_mesh.env("e")
    built_mesh.edit(tiny.STG_LINES, ONE_WEEK)
    built_mesh.build_in("e", "shop")
    state = built_mesh.state("e")
    mine, theirs = (live_files(pins["shop.orders"]) for pins in (state.pins, built_mesh.pins()))
    assert len(mine.keys() & theirs.keys()) == WEEKS - 1
    assert len(mine) == WEEKS
    assert {p: c.rows for p, c in state.held("shop.orders").items()} == {"1": 8, "2": 8, "3": 8}
    assert built_mesh.plan("shop/orders", environment="e").is_noop
    built_mesh.put_lines(4, lines_of(4))
    assert built_mesh.plan("shop/orders", environment="e").is_noop, "what is new at the source is production's matter"
    built_mesh.edit(tiny.STG_LINES, ONE_WEEK[::-1])
    built_mesh.build("shop")
    assert len(live_files(built_mesh.pins()["shop.orders"])) == WEEKS + 1
    assert live_files(built_mesh.pins("e")["shop.orders"]) == mine


def test_the_same_rows_get_no_snapshot(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    before = fingerprint(built_mesh)
    built_mesh.edit(tiny.ORDERS_SQL, SAME)
    assert built_mesh.build_in("e")["shop/orders"].verdict == "unchanged"
    assert built_mesh.state("e").own == {}
    assert built_mesh.plan("shop/orders", environment="e").is_noop
    assert not built_mesh.plan("shop/orders").is_noop
    assert fingerprint(built_mesh) == before


def test_a_change_taken_back_leaves_the_layer(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    double(built_mesh)
    built_mesh.build_in("e")
    built_mesh.edit(tiny.STG_LINES, DOUBLED[::-1])
    built_mesh.build_in("e")
    assert built_mesh.state("e").own == {}
    assert all(built_mesh.plan(product, environment="e").is_noop for product in built_mesh.mesh.products)
    assert built_mesh.promote("e") == {}


def test_production_that_caught_up_takes_the_layers_place(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    double(built_mesh)
    built_mesh.build_in("e", "shop")
    built_mesh.build("shop")
    plan = built_mesh.plan("shop/orders", environment="e")
    assert (plan.moved, plan.is_noop, plan.due_ports) == (True, False, ())
    built_mesh.build_in("e", "shop")
    assert built_mesh.state("e").own == {}
    assert built_mesh.plan("shop/orders", environment="e").is_noop


def test_refused_in_an_environment(built_mesh: TinyMesh) -> None:
    """The layer keeps what it had; the candidates are read over it."""
    built_mesh.env("e")
    before, total = fingerprint(built_mesh), built_mesh.sql(SUM)[0][0]
    double(built_mesh)
    built_mesh.build_in("e")
    built_mesh.edit(tiny.STG_LINES, ("cast(2 * amount as", "cast(-amount as"))
    with pytest.raises(AuditError):
        built_mesh.build("shop", run=built_mesh.run("bad00001", environment="e"))
    assert built_mesh.sql(SUM, "e") == [(2 * total,)]
    assert built_mesh.sql(SUM, "bad00001") == [(-total,)]
    assert built_mesh.sql(WEEKLY, "bad00001") == [(2 * total,)], "all else is as in its environment"
    assert fingerprint(built_mesh) == before
    collected(built_mesh)
    assert built_mesh.sql(SUM, "bad00001") == [(-total,)]


def test_an_ingest_that_changed_lands_for_its_environment_alone(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    before = fingerprint(built_mesh)
    names = "select string_agg(name, ' ' order by customer_id) from mesh.shop.customers"
    built_mesh.edit(tiny.INGEST_PY, ('return DATA / "people.csv"', 'return DATA / "others.csv"'))
    (built_mesh.root / "data" / "others.csv").write_text("customer_id,name\n1,Ann\n2,Bob\n3,Cy\n4,Di\n5,Ed\n6,Flo\n")
    built_mesh.build_in("e", "shop")
    assert built_mesh.sql(names, "e") == [("Ann Bob Cy Di Ed Flo",)]
    assert fingerprint(built_mesh) == before
    assert leftovers(built_mesh, "e")["mesh_landings"] == 2
    collected(built_mesh)
    assert built_mesh.plan("shop/orders", environment="e").is_noop
    promoted = built_mesh.promote("e")["shop/orders"]
    assert promoted.ports == ("shop.customers",)
    assert built_mesh.sql(names) == [("Ann Bob Cy Di Ed Flo",)]
    assert built_mesh.plan("shop/orders").is_noop
    assert leftovers(built_mesh, "e")["mesh_landings"] == 0


def test_a_source_that_landed_anew_in_production_lands_anew(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    old = (built_mesh.root / tiny.INGEST_PY).read_text()
    built_mesh.edit(tiny.INGEST_PY, ("What the shop lands", "What the shop brings"))
    assert built_mesh.land("shop/orders", built_mesh.run(environment="e")) == ["lines", "people"]
    assert built_mesh.land("shop/orders", built_mesh.run(environment="e")) == []
    new = (built_mesh.root / tiny.INGEST_PY).read_text()
    built_mesh.write(tiny.INGEST_PY, old)
    built_mesh.put_people(["Zoe"])
    assert built_mesh.land("shop/orders") == ["people"]
    built_mesh.write(tiny.INGEST_PY, new)
    assert built_mesh.land("shop/orders", built_mesh.run(environment="e")) == ["people"]


def test_a_new_product_in_a_fresh_mesh(tiny_mesh: TinyMesh) -> None:
    tiny_mesh.env("e")
    tiny_mesh.build_in("e")
    assert tiny_mesh.pins() == {}
    assert tiny_mesh.sql("select count(*) from mesh.shop.orders", "e") == [(WEEKS * ORDERS_A_WEEK,)]
    assert all(promoted.error is None for promoted in tiny_mesh.promote("e").values())
    assert all(tiny_mesh.plan(product).is_noop for product in tiny_mesh.mesh.products)


def test_nobody_waits_for_another_environment(built_mesh: TinyMesh) -> None:
    built_mesh.env("a")
    built_mesh.env("b")
    double(built_mesh)
    with ExitStack() as held:
        held.enter_context(product_lock(built_mesh.settings, "shop/orders"))
        held.enter_context(product_lock(built_mesh.settings, "shop/orders", environment="a"))
        built_mesh.build_in("b", "shop")
    assert not [line for line in built_mesh.said if "waiting" in line]


@pytest.mark.timeout(300)
def test_many_at_once(built_mesh: TinyMesh) -> None:
    """Two builds in each of two environments and two in production, in six processes."""
    total = built_mesh.sql(SUM)[0][0]
    for name in ("a", "b"):
        built_mesh.env(name)
    double(built_mesh)
    built_mesh.parse("shop")
    with ExitStack() as all_of_them:
        started = [
            all_of_them.enter_context(forks.forked(forks.build_in, environment, built_mesh.root, None))
            for environment in ("a", "b", "production") * 2
        ]
        assert [forks.heard(connection)[-1] for _, connection in started] == ["done"] * 6
    for environment in ("a", "b", "production"):
        assert built_mesh.sql(SUM, environment) == built_mesh.sql(WEEKLY, environment) == [(2 * total,)]
        assert all(built_mesh.plan(p, environment=environment).due_ports == () for p in built_mesh.mesh.products)


@pytest.mark.timeout(600)
def test_killed_at_every_step(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    total, before = built_mesh.sql(SUM)[0][0], fingerprint(built_mesh)
    built_mesh.edit(tiny.STG_LINES, ("cast(amount as", "cast(1 * amount as"))
    steps = ["locked", "built", "staged orders", "committed orders", "audited", "before swap", "swapped"]
    for number, step in enumerate(steps, 2):
        held = built_mesh.sql(SUM, "e")
        built_mesh.edit(tiny.STG_LINES, (f"cast({number - 1} * amount", f"cast({number} * amount"))
        with forks.forked(forks.build_in, "e", built_mesh.root, step) as (process, connection):
            said = forks.heard(connection)
            process.join()
            assert process.exitcode == -signal.SIGKILL, (step, said)
        assert fingerprint(built_mesh) == before, step
        expected = [(number * total,)] if step == "swapped" else held
        assert built_mesh.sql(SUM, "e") == expected, step
        assert not collected(built_mesh).busy
        assert fingerprint(built_mesh) == before, step
        assert built_mesh.sql(SUM, "e") == expected, step
        built_mesh.build_in("e")
        assert built_mesh.sql(SUM, "e") == built_mesh.sql(WEEKLY, "e") == [(number * total,)], step


def test_dropped(built_mesh: TinyMesh) -> None:
    files = {file for file in built_mesh.settings.warehouse.rglob("*") if file.is_file()}
    built_mesh.env("e")
    before = fingerprint(built_mesh)
    double(built_mesh)
    built_mesh.edit(tiny.INGEST_PY, ("What the shop lands", "What the shop brings"))
    built_mesh.build_in("e")
    assert environments.drop(built_mesh.settings, built_mesh.database, "e") == (
        "insight.weekly_sales", "shop.lines", "shop.orders",
    )  # fmt: skip
    assert set(leftovers(built_mesh, "e").values()) == {0}
    assert fingerprint(built_mesh) == before
    collected(built_mesh)
    assert fingerprint(built_mesh) == before
    assert {file for file in built_mesh.settings.warehouse.rglob("*") if file.is_file()} <= files
    assert not [*built_mesh.settings.scratch.glob("e@*/*/*")]
    assert not [*built_mesh.settings.locks.glob("e@*")]
    with pytest.raises(InputError, match="no environment is called 'e'"):
        built_mesh.build_in("e")


def test_not_dropped_while_it_builds(built_mesh: TinyMesh, helper: Helper) -> None:
    built_mesh.env("e")
    double(built_mesh)
    built_mesh.build_in("e", "shop")
    held = helper.hold(built_mesh.settings, "e@shop/orders")
    with pytest.raises(RefusedError, match="shop/orders is being built in it"):
        environments.drop(built_mesh.settings, built_mesh.database, "e")
    assert set(built_mesh.state("e").own) == {"shop.lines", "shop.orders"}
    assert collected(built_mesh).busy == ("shop/orders",)
    held.kill()
    assert environments.drop(built_mesh.settings, built_mesh.database, "e") == ("shop.lines", "shop.orders")


def test_a_build_that_waited_for_a_dropped_environment(built_mesh: TinyMesh) -> None:
    run = built_mesh.run(environment=built_mesh.env("e"))
    environments.drop(built_mesh.settings, built_mesh.database, "e")
    with pytest.raises(InputError, match="no environment is called 'e'"):
        built_mesh.build("insight", run=run)


def test_expired_snapshots_of_production_do_not_break_it(built_mesh: TinyMesh) -> None:
    """Thirteen publishes with a retention of nothing: production forgets what the layer rests on."""
    built_mesh.env("e")
    built_mesh.edit(tiny.STG_LINES, ONE_WEEK)
    built_mesh.build_in("e")
    seen = built_mesh.sql("select * from mesh.shop.orders order by all", "e")
    built_mesh.edit(tiny.STG_LINES, ONE_WEEK[::-1])
    hurried = replace(
        built_mesh.run(), settings=built_mesh.settings.model_copy(update={"retention_days": 0}), start=None
    )
    for number in range(13):
        built_mesh.put_lines(1, lines_of(1, 2 + number))
        built_mesh.build("shop", run=replace(hurried, id=f"{number:08x}"))
    base = live_files(built_mesh.pins("e")["shop.orders"])
    assert not set(base) & set(live_files(built_mesh.pins()["shop.orders"])) - set(base)
    collected(built_mesh)
    assert all(file.is_file() for file in base)
    assert built_mesh.sql("select * from mesh.shop.orders order by all", "e") == seen


def test_a_failed_build_is_recorded_there(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    before = fingerprint(built_mesh)
    built_mesh.edit(tiny.CUSTOMERS_SQL, ("name from", "upper(nme) as name from"))
    with pytest.raises(BuildError):
        built_mesh.build_in("e", "shop")
    assert fingerprint(built_mesh) == before
    assert leftovers(built_mesh, "e")["mesh_builds"] == 1


def test_force_makes_nothing_of_the_same_rows(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    before = fingerprint(built_mesh)
    built_mesh.build_in("e", force=True)
    assert built_mesh.state("e").own == {}
    assert fingerprint(built_mesh) == before


def test_names_are_resolved_at_one_instant(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    double(built_mesh)
    with built_mesh.database.read() as connection:
        before = pin(connection, environment="e")
        built_mesh.build_in("e")
        assert pin(connection, environment="e") == before


def test_rules_alone_are_judged_there(built_mesh: TinyMesh) -> None:
    built_mesh.env("e")
    before = fingerprint(built_mesh)
    rule = "mustBe: 0\n      - type: library\n        metric: rowCount\n        mustBeGreaterThan: {}\n"
    built_mesh.edit(tiny.LINES_CONTRACT_FILE, ("mustBe: 0\n", rule.format(1)))
    assert built_mesh.build_in("e", "shop")["shop/orders"].verdict == "audited"
    assert built_mesh.plan("shop/orders", environment="e").is_noop
    assert fingerprint(built_mesh) == before
    assert built_mesh.promote("e")["shop/orders"].ports == ()
    assert built_mesh.plan("shop/orders").is_noop
    built_mesh.edit(tiny.LINES_CONTRACT_FILE, ("mustBeGreaterThan: 1", "mustBeGreaterThan: 1000"))
    assert built_mesh.build_in("e", "shop")["shop/orders"].failing
    refused = built_mesh.promote("e")["shop/orders"].error
    assert "breaks its contract in e" in str(refused)
    assert built_mesh.state().audits["shop.lines"]["verdict"] == "passed"
