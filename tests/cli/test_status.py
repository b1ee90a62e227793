"""``mesh status``: each port, and what is stale because of what."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from support import tiny
from support.commands import FAILED, Outcome, changed, replaced, shell
from support.processes import Helper
from support.tiny import TinyMesh, lines_of

Run = Callable[..., Outcome]


def rows(outcome: Outcome) -> dict[str, list[str]]:
    """The table: port to its cells."""
    lines = outcome.out.split("\n\n")[0].splitlines()[2:]
    return {line.split()[0]: line.split()[1:] for line in lines}


def told(run: Run, mesh: TinyMesh, *arguments: str) -> dict[str, dict[str, Any]]:
    outcome = run(mesh.root, "status", "--format", "json", *arguments)
    assert outcome.code == 0
    return {port["port"]: port for port in json.loads(outcome.out)}


def test_before_the_first_build_it_names_the_next_command(run: Run, tiny_mesh: TinyMesh) -> None:
    outcome = run(tiny_mesh.root, "status")
    assert outcome.code == 0
    assert rows(outcome)["shop.orders"] == ["–", "–", "–", "–", "not", "built"]
    assert outcome.err == "\n4 ports: 4 not built\nnext: mesh build\n"
    assert "Not built" not in outcome.out
    assert not (tiny_mesh.settings.state_dir / "catalog.db").exists()


def test_snapshot_rows_age_audit_and_state_of_each_port(run: Run, story: TinyMesh) -> None:
    outcome = run(story.root, "status")
    table = rows(outcome)
    assert list(table) == ["shop.lines", "shop.orders", "shop.customers", "insight.weekly_sales"]
    snapshot, count, age, unit, audit, state = table["shop.orders"]
    assert told(run, story)["shop.orders"]["snapshot"].startswith(snapshot)
    assert (count, audit, state) == ("24", "passed", "current")
    assert age.isdigit()
    assert unit in ("s", "min")
    assert "insight.weekly_sales  week 2: input shop.orders changed" in outcome.out
    assert "shop.customers        code of customers changed" in outcome.out
    assert outcome.err == "\n4 ports: 2 current, 2 stale\nnext: mesh build\n"


def test_a_failed_attempt_is_told_until_a_build_succeeds(run: Run, story: TinyMesh) -> None:
    outcome = run(story.root, "status")
    assert f"in run {FAILED}: dbt model customers failed" in outcome.out.replace("\n", " ")
    port = told(run, story)
    assert port["shop.customers"]["attempt"]["verdict"] == "failed"
    assert 'column "nme" not found' in port["shop.customers"]["attempt"]["message"]
    assert port["shop.orders"]["attempt"] is None


def test_a_changed_source_makes_stale_what_reads_it_however_far(run: Run, story: TinyMesh) -> None:
    with changed(story.root / "data" / "lines" / "week-03.parquet", "changed"):
        port = told(run, story)
    assert port["shop.lines"]["reasons"] == ["landing/lines: the source changed"]
    assert port["shop.orders"]["reasons"] == ["landing/lines: the source changed"]
    assert "because shop.orders is stale" in port["insight.weekly_sales"]["reasons"]
    assert told(run, story)["shop.lines"]["state"] == "current"


def test_changed_rules_ask_for_an_audit_and_changed_words_for_nothing(run: Run, story: TinyMesh) -> None:
    with replaced(story.root / tiny.ORDERS_CONTRACT, "minimum: 0", "minimum: 1"):
        assert told(run, story)["shop.orders"]["state"] == "audit due"
    with replaced(story.root / tiny.ORDERS_CONTRACT, "One row for each order.", "Other words."):
        assert told(run, story)["shop.orders"]["state"] == "current"


def test_a_domain_that_cannot_be_read_by_dbt_keeps_nobody_else_from_being_told(run: Run, story: TinyMesh) -> None:
    with replaced(story.root / tiny.WEEKLY_SQL, "{{ source('shop', 'orders') }}", "{{ source('shop', 'order') }}"):
        outcome = run(story.root, "status")
    assert outcome.code == 0
    assert rows(outcome)["insight.weekly_sales"][-1] == "broken"
    assert rows(outcome)["shop.orders"][-1] == "current"
    assert "Broken\n  insight.weekly_sales" in outcome.out
    assert "reads shop.order, which no product publishes" in " ".join(outcome.out.split())


def test_an_ingest_that_cannot_be_imported_is_told_with_its_line(story: TinyMesh) -> None:
    with replaced(story.root / tiny.INGEST_PY, "DATA = Path", "DATA = Pth"):
        done = shell(story.root, "mesh status --format json")
    port = {port["port"]: port for port in json.loads(done.stdout)}
    assert port["shop.orders"]["state"] == "broken"
    assert "NameError: name 'Pth' is not defined" in port["shop.orders"]["reasons"][0]
    assert port["insight.weekly_sales"]["reasons"][-1] == "because shop.orders is broken"


def test_a_service_level_that_is_not_kept_is_a_note(run: Run, story: TinyMesh) -> None:
    level = "status: active\nslaProperties:\n  - {property: freshness, value: 0, unit: d, element: orders}\n"
    with replaced(story.root / tiny.ORDERS_CONTRACT, "status: active\n", level):
        outcome = run(story.root, "status")
    assert "shop.orders  late: its service level allows 0 d since the last build" in outcome.out
    assert rows(outcome)["shop.orders"][-1] == "current"


def test_selectors_narrow_and_wrong_ones_name_the_nearest(run: Run, story: TinyMesh) -> None:
    assert list(told(run, story, "insight")) == ["insight.weekly_sales"]
    assert list(told(run, story, "shop.customers")) == ["shop.lines", "shop.orders", "shop.customers"]
    assert "next: mesh build insight" in run(story.root, "status", "insight").err
    wrong = run(story.root, "status", "shop.order")
    assert wrong.code == 2
    assert wrong.out == ""
    assert "there is no domain, product or port 'shop.order'" in wrong.err
    assert "did you mean 'shop.orders'?" in wrong.err


def test_it_says_who_is_being_built(run: Run, story: TinyMesh, helper: Helper) -> None:
    holder = helper.hold(story.settings, "shop/orders")
    outcome = run(story.root, "status")
    holder.kill()
    assert "being built now: shop/orders" in outcome.err
    assert told(run, story)["shop.orders"]["building"] is False


def test_a_broken_contract_is_the_mistake_of_whoever_asks(run: Run, story: TinyMesh) -> None:
    with replaced(story.root / tiny.ORDERS_CONTRACT, "version: 1.0.0", "verson: 1.0.0"):
        outcome = run(story.root, "status")
    assert outcome.code == 2
    assert outcome.out == ""
    assert "did you mean 'version'?" in outcome.err


@pytest.mark.parametrize("width", ["80", "120"])
def test_the_table_fits_the_terminal(run: Run, story: TinyMesh, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    outcome = run(story.root, "status")
    monkeypatch.setenv("COLUMNS", width)
    fitted = run(story.root, "status")
    assert max(map(len, fitted.out.splitlines())) <= int(width)
    assert rows(fitted).keys() == rows(outcome).keys()
    assert not any(line.endswith(" ") for line in fitted.out.splitlines())


def test_a_build_that_finds_nothing_to_do_confirms_what_is_published(built_mesh: TinyMesh, run: Run) -> None:
    def confirmed() -> dict[str, str]:
        ports = json.loads(run(built_mesh.root, "status", "--format", "json").out)
        return {port["port"]: port["confirmed_at"] for port in ports}

    before = confirmed()
    assert run(built_mesh.root, "build", "shop").err.endswith("Nothing changed: 1 product is current.\n")
    after = confirmed()
    assert all(after[name] > before[name] for name in before if name.startswith("shop."))
    assert after["insight.weekly_sales"] == before["insight.weekly_sales"]
    built_mesh.put_lines(2, [(201, 1, 1, 2, -5.0)])
    assert run(built_mesh.root, "build", "shop").code == 1
    assert "Last attempt" in run(built_mesh.root, "status").out
    built_mesh.put_lines(2, lines_of(2))
    assert run(built_mesh.root, "build", "shop").code == 0
    assert "Last attempt" not in run(built_mesh.root, "status").out
