"""``mesh history``: builds and publishes, newest first."""

from __future__ import annotations

import json
from collections.abc import Callable

from support.commands import FAILED, FIRST, REFUSED, SECOND, Outcome, shell
from support.tiny import TinyMesh

Run = Callable[..., Outcome]


def test_publishes_and_refusals_newest_first(run: Run, story: TinyMesh) -> None:
    outcome = run(story.root, "history", "shop.orders")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0].split() == ["when", "(UTC)", "verdict", "rows", "parts", "run", "commit", "by"]
    table = [line.split()[2:6] for line in lines[2:5]]
    assert table == [
        ["published", "24", "1", SECOND[:8]],
        ["refused", "–", "1", REFUSED[:8]],
        ["published", "24", "3", FIRST[:8]],
    ]


def test_a_refusal_names_the_rule_and_a_query_that_works_when_pasted(run: Run, story: TinyMesh) -> None:
    out = run(story.root, "history", "shop.orders").out
    assert "  partitions: week 2\n" in out
    assert "  error amount.minimum: 1 of 1 rows (100 %) have amount < 0; at most 0 allowed\n" in out
    line = next(line for line in out.splitlines() if "look into it: " in line)
    pasted = shell(story.root, line.partition("look into it: ")[2])
    assert pasted.returncode == 0
    assert "-4.00" in pasted.stdout


def test_a_failure_tells_its_reason(run: Run, story: TinyMesh) -> None:
    entries = json.loads(run(story.root, "history", "shop.customers", "--format", "json").out)
    assert [(e["run"], e["verdict"]) for e in entries] == [(FAILED, "failed"), (FIRST, "published")]
    assert "dbt model customers failed" in entries[0]["message"]
    assert entries[0]["kept"] is False
    assert entries[1]["rows"] == 6
    assert entries[1]["by"]


def test_limit_shows_the_newest_and_names_how_to_see_more(run: Run, story: TinyMesh) -> None:
    outcome = run(story.root, "history", "shop.orders", "--limit", "1")
    assert SECOND[:8] in outcome.out
    assert FIRST[:8] not in outcome.out
    assert outcome.err == "… older ones: mesh history shop.orders --limit 5\n"
    assert run(story.root, "history", "shop.orders", "--limit", "0").code == 2


def test_a_port_without_a_past(run: Run, tiny_mesh: TinyMesh) -> None:
    outcome = run(tiny_mesh.root, "history", "shop.orders")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "shop.orders was never built; next: mesh build shop.orders\n"
    assert json.loads(run(tiny_mesh.root, "history", "shop.orders", "--format", "json").out) == []
