"""``mesh prepare``: generated dbt files and manifests."""

from __future__ import annotations

from collections.abc import Callable

from support import tiny
from support.commands import Outcome, shell
from support.tiny import TinyMesh

Run = Callable[..., Outcome]


def test_one_line_a_domain_and_nothing_to_do_the_second_time(run: Run, tiny_mesh: TinyMesh) -> None:
    tiny_mesh.edit(tiny.WEEKLY_SQL, ("select week", "select  week"))
    first = run(tiny_mesh.root, "prepare")
    assert (first.code, first.out) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in first.err.splitlines())
    assert lines.keys() == {"insight", "shop"}
    assert lines["shop"].startswith("4 models, ")
    assert lines["insight"].startswith("1 model, read by dbt in ")
    profile = tiny_mesh.root / "dbt_projects" / "insight" / "profiles.yml"
    written = profile.stat().st_mtime_ns
    second = run(tiny_mesh.root, "prepare")
    assert dict(line.split(maxsplit=1) for line in second.err.splitlines())["insight"] == "1 model, up to date"
    assert profile.stat().st_mtime_ns == written


def test_dbt_runs_by_hand_afterwards(run: Run, story: TinyMesh) -> None:
    assert run(story.root, "prepare").code == 0
    project = "dbt_projects/insight"
    done = shell(story.root, f"dbt build --project-dir {project} --profiles-dir {project}")
    assert done.returncode == 0, done.stdout
    assert "PASS=1 " in done.stdout


def test_a_domain_that_cannot_be_prepared_keeps_no_other_from_it(run: Run, tiny_mesh: TinyMesh) -> None:
    tiny_mesh.edit(tiny.WEEKLY_SQL, ("source('shop', 'orders')", "source('shop', 'order')"))
    outcome = run(tiny_mesh.root, "prepare")
    assert outcome.code == 2
    assert "insight              cannot be prepared" in outcome.err
    assert "shop                 4 models, " in outcome.err
    assert "error: " in outcome.err
    assert "Traceback" not in outcome.err
