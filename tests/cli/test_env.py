"""``mesh env`` from a change to production, as one person types it; Dagster hears of production alone."""

from __future__ import annotations

import json
from collections.abc import Callable

import dagster as dg
import pytest

from meshwright.orchestration.instance import instance_of
from support import tiny
from support.commands import Outcome
from support.tiny import TinyMesh

Run = Callable[..., Outcome]
SUM = "select sum(amount) as total from mesh.shop.orders"


def events(mesh: TinyMesh) -> tuple[int, int]:
    """Materializations of orders, of it whole and of its weeks, that Dagster has heard of; and runs."""
    with instance_of(mesh.settings) as instance:
        found = instance.fetch_materializations(dg.AssetKey(["shop", "orders"]), limit=100)
        return len(found.records), instance.get_runs_count()


@pytest.mark.timeout(300)
def test_a_change_from_trial_to_production(built_mesh: TinyMesh, run: Run) -> None:
    root = built_mesh.root
    assert run(root, "build").code == 0
    heard = events(built_mesh)
    assert run(root, "env", "list").err == "there is no environment; next: mesh env create NAME\n"
    made = run(root, "env", "create", "double")
    assert (made.code, made.out) == (0, "")
    assert "next: mesh build --env double" in made.err
    assert "Nothing changed" in run(root, "build", "--env", "double").err

    built_mesh.edit(tiny.STG_LINES, ("cast(amount as", "cast(2 * amount as"))
    planned = run(root, "build", "--env", "double", "shop", "--plan").out
    assert "build  shop.lines" in planned
    assert "check  insight/weekly" in planned
    built = run(root, "build", "--env", "double", "shop", "--format", "json")
    assert built.code == 0, built.err
    assert {p["product"]: p["verdict"] for p in json.loads(built.out)["products"]} == {
        "shop/orders": "published", "insight/weekly": "published",
    }  # fmt: skip
    assert "Nothing changed" in run(root, "build", "--env", "double").err
    assert events(built_mesh) == heard

    mine, theirs = (
        json.loads(run(root, "query", *where, "--format", "json", SUM).out)[0]["total"]
        for where in (("--env", "double"), ())
    )
    assert float(mine) == 2 * float(theirs)
    listed = json.loads(run(root, "env", "list", "--format", "json").out)
    assert [(e["name"], e["ports"], e["moved"]) for e in listed] == [
        ("double", ["insight.weekly_sales", "shop.lines", "shop.orders"], [])
    ]
    assert listed[0]["bytes"] > 0
    assert "shop.orders" in run(root, "env", "list").out
    assert {p["state"] for p in json.loads(run(root, "status", "--env", "double", "--format", "json").out)} == {
        "current"
    }
    assert "stale" in run(root, "status").out
    assert "24 rows" in run(root, "show", "--env", "double", "shop.orders").out
    assert "published" in run(root, "history", "--env", "double", "shop.orders").out
    assert "never built there" in run(root, "history", "--env", "double", "shop.customers").err

    shown = run(root, "env", "diff", "double")
    assert "shop.orders  24 → 24 rows: 0 added, 0 removed, 24 changed (by order_id)" in shown.out
    data = json.loads(run(root, "env", "diff", "double", "insight", "--format", "json").out)
    assert [(d["port"], d["changed"]) for d in data] == [("insight.weekly_sales", 18)]
    page = root / "diff.html"
    assert run(root, "env", "diff", "double", "--format", "html", "--output", str(page)).out == ""
    assert "<title>double</title>" in page.read_text(encoding="utf-8")
    assert run(root, "env", "diff", "double", "--output", str(root / "no" / "where")).code == 2

    refused = run(root, "env", "promote", "double", "insight")
    assert refused.code == 1
    assert "promote that with it" in refused.err
    done = run(root, "env", "promote", "double", "--format", "json")
    assert done.code == 0
    assert [(p["product"], p["errors"]) for p in json.loads(done.out)] == [("shop/orders", []), ("insight/weekly", [])]
    assert "Dagster has now heard of 3 ports" in done.err
    assert events(built_mesh) == (heard[0] + 4, heard[1])
    assert "Nothing changed" in run(root, "build").err
    again = run(root, "env", "promote", "double")
    assert (again.code, "nothing to promote" in again.err) == (0, True)
    assert "holds nothing that differs" in run(root, "env", "diff", "double").err
    assert run(root, "doctor").code == 0
    assert run(root, "env", "drop", "double").code == 0
    assert run(root, "query", "--env", "double", SUM).code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "--env", "nwo"),
        ("status", "--env", "nwo"),
        ("show", "--env", "nwo", "shop.orders"),
        ("history", "--env", "nwo", "shop.orders"),
        ("env", "diff", "nwo"),
        ("env", "promote", "nwo"),
        ("env", "drop", "now", "nwo"),
    ],
)
def test_an_unknown_environment(tiny_mesh: TinyMesh, run: Run, arguments: tuple[str, ...]) -> None:
    assert run(tiny_mesh.root, "env", "create", "now").code == 0
    said = run(tiny_mesh.root, *arguments)
    assert said.code == 2
    assert "no environment is called 'nwo'" in said.err
    assert "did you mean 'now'?" in said.err
    assert "now" in run(tiny_mesh.root, "env", "list").out


def test_refused_name(tiny_mesh: TinyMesh, run: Run) -> None:
    said = run(tiny_mesh.root, "env", "create", "My-Change")
    assert said.code == 2
    assert "next: mesh env create my_change" in said.err


def test_a_failing_build_says_no(built_mesh: TinyMesh, run: Run) -> None:
    run(built_mesh.root, "env", "create", "bad")
    built_mesh.edit(tiny.ORDERS_SQL, ("sum(amount)", "-sum(amount)"))
    said = run(built_mesh.root, "build", "--env", "bad")
    assert said.code == 1
    assert "refused" in said.err
    assert "mesh build --env bad" in run(built_mesh.root, "status", "--env", "bad").err
    name = said.err.rpartition("run ")[2].strip()
    looked = run(built_mesh.root, "query", "--env", name, "--format", "json", SUM)
    assert json.loads(looked.out)[0]["total"] < 0
