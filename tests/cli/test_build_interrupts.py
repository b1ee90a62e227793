"""Ctrl-C and SIGTERM at any moment of a build: 130, no traceback, the lock free, the next build succeeds."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from meshwright.catalog.locks import is_held
from support.commands import MESH, Outcome
from support.tiny import INGEST_PY, LINES_SQL, TinyMesh

Run = Callable[..., Outcome]
LANDS = '    import time\n    (DATA / "landing").touch()\n    time.sleep(60)\n    return DATA / "people.csv"'


def interrupted(mesh: TinyMesh, reached: Callable[[], object], number: signal.Signals) -> tuple[int, str]:
    """Send a signal to a build that has reached a point; its exit code and what it said."""
    process = subprocess.Popen([MESH, "build"], cwd=mesh.root, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not reached() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None, "it ended before it came that far"
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    return process.returncode, told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_an_ingest_works(tiny_mesh: TinyMesh, run: Run, number: signal.Signals) -> None:
    tiny_mesh.edit(INGEST_PY, ('    return DATA / "people.csv"', LANDS))
    code, told = interrupted(tiny_mesh, (tiny_mesh.root / "data" / "landing").exists, number)
    check(code, told, tiny_mesh, "shop/landing/people")
    tiny_mesh.edit(INGEST_PY, ("time.sleep(60)", "time.sleep(0)"))
    assert run(tiny_mesh.root, "build").code == 0


def test_while_dbt_works(tiny_mesh: TinyMesh, run: Run) -> None:
    before = (tiny_mesh.root / LINES_SQL).read_text()
    tiny_mesh.write(LINES_SQL, before.rstrip() + " where (select count(*) from range(40000000000)) > 0\n")
    tiny_mesh.edit(f"{LINES_SQL}", ("select order_id", "{{ config(materialized='table') }} select order_id"))
    scratch = tiny_mesh.settings.scratch_of("shop", "orders") / "scratch.duckdb"
    code, told = interrupted(tiny_mesh, lambda: scratch.exists() and not time.sleep(2), signal.SIGINT)
    check(code, told, tiny_mesh, "shop/orders")
    tiny_mesh.write(LINES_SQL, before)
    assert run(tiny_mesh.root, "build").code == 0


@pytest.mark.parametrize("pattern", ["catalog.db", "dagster/history/runs/*.db", "warehouse/shop/*/metadata/*.json"])
def test_at_other_moments(tiny_mesh: TinyMesh, run: Run, pattern: str) -> None:
    code, told = interrupted(tiny_mesh, lambda: next(tiny_mesh.settings.state_dir.glob(pattern), None), signal.SIGINT)
    check(code, told, tiny_mesh, "shop/orders")
    assert run(tiny_mesh.root, "build").code == 0
    assert tiny_mesh.sql("select count(*) from mesh.insight.weekly_sales") == [(18,)]


def check(code: int, told: str, mesh: TinyMesh, lock: str) -> None:
    assert code == 130, told
    assert "Traceback" not in told
    assert told.splitlines()[-1] == "interrupted; what was published stays as it was"
    assert not is_held(mesh.settings, lock)
