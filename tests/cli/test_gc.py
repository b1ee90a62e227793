"""``mesh gc``: what goes, what stays, and bytes in plain units. What it may remove is tested in tests/catalog."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from meshwright.cli.words import size
from support.commands import REFUSED, Outcome
from support.processes import Helper
from support.tiny import TinyMesh

Run = Callable[..., Outcome]


def test_a_dry_run_tells_and_removes_nothing_then_a_real_one_does(run: Run, built_mesh: TinyMesh) -> None:
    home = built_mesh.settings.warehouse / "shop"
    orphan = next(home.glob("orders-*")) / "data" / "orphan.parquet"
    orphan.write_bytes(b"x" * 2_500_000)
    spared = run(built_mesh.root, "gc", "--dry-run")
    assert (spared.code, spared.out) == (0, "")
    assert "would remove nothing" in spared.err
    assert "younger than 24 h; --grace 0 spares none" in spared.err
    dry = run(built_mesh.root, "gc", "--dry-run", "--grace", "0")
    assert dry.err.startswith("would remove ")
    assert " 2.5 MB" in dry.err
    assert f"warehouse/shop/{orphan.parents[1].name}" in dry.out
    assert orphan.exists()
    data = json.loads(run(built_mesh.root, "gc", "--grace", "0", "--format", "json").out)
    assert str(orphan) in data["files"]
    assert data["bytes"] >= 2_500_000
    assert data["dry_run"] is False
    assert not orphan.exists()
    again = run(built_mesh.root, "gc", "--grace", "0")
    assert (again.out, again.err) == ("", "removed nothing\n")
    assert built_mesh.sql("select count(*) from mesh.shop.orders") == [(24,)]


def test_refused_candidates_stay_for_a_week(run: Run, story: TinyMesh) -> None:
    data = json.loads(run(story.root, "gc", "--dry-run", "--grace", "0", "--format", "json").out)
    assert not any(REFUSED in name for name in data["candidates"])


def test_what_is_being_built_is_left_alone(run: Run, story: TinyMesh, helper: Helper) -> None:
    holder = helper.hold(story.settings, "shop/orders")
    outcome = run(story.root, "gc", "--dry-run", "--grace", "0")
    holder.kill()
    assert outcome.code == 0
    assert "left alone, since a build is at work: shop/orders" in outcome.err


@pytest.mark.parametrize("grace", ["soon", "-1h", "3x", "h", "1h30m"])
def test_a_grace_period_that_is_none(run: Run, story: TinyMesh, grace: str) -> None:
    outcome = run(story.root, "gc", "--dry-run", "--grace", grace)
    assert outcome.code == 2
    assert "write 0, 30m, 24h or 7d" in outcome.err


@pytest.mark.parametrize("grace", ["0", "30m", "24h", "7d", "0s", "1.5 hours"])
def test_spellings_of_a_grace_period(run: Run, story: TinyMesh, grace: str) -> None:
    assert run(story.root, "gc", "--dry-run", "--grace", grace).code == 0


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (23_800, "23.8 kB"), (512e6, "512 MB"), (3.4e12, "3.4 TB")],
)
def test_bytes_in_plain_units(count: float, words: str) -> None:
    assert size(count) == words
