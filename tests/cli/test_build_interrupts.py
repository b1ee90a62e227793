"""Ctrl-C and SIGTERM at any moment of a build: 130, no traceback, the lock free, the next build succeeds."""

from __future__ import annotations

import signal
import subprocess
import sys
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


IMPORTS = """
import atexit, os, signal, sys
from meshwright.signals import listen
listen()
atexit.register(lambda: print("imported" if "numpy" in sys.modules else "half"))
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy._core":
            os.kill(os.getpid(), signal.{number})
sys.meta_path.insert(0, Finder())
import numpy
import time
time.sleep(30)
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_not_in_the_middle_of_an_import(number: str) -> None:
    """Half an extension module would take the process down."""
    code = IMPORTS.replace("{number}", number)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert told.stdout == "imported\n"
    assert told.stderr.splitlines()[-1] == "KeyboardInterrupt"


@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.5, 2.5])
def test_terminated_between_steps(built_mesh: TinyMesh, seconds: float) -> None:
    command = [MESH, "build", "--force"]
    process = subprocess.Popen(command, cwd=built_mesh.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    out, told = process.communicate(timeout=60)
    assert out == ""
    check(process.returncode, told, built_mesh, "shop/orders")


def check(code: int, told: str, mesh: TinyMesh, lock: str) -> None:
    assert code == 130, told
    assert "Traceback" not in told
    assert told.splitlines()[-1] == "interrupted; what was published stays as it was"
    assert not is_held(mesh.settings, lock)
