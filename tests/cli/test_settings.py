"""Settings that are wrong: told by where they were written, with the nearest right spelling."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.commands import MESH, Outcome, changed, shell
from support.tiny import TinyMesh

Run = Callable[..., Outcome]


@pytest.mark.parametrize(("variable", "value", "said"), [
    ("MESH_THREADS", "many", "MESH_THREADS: Input should be a valid integer"),
    ("MESH_CATALOG_TIMEOUT", "-1", "MESH_CATALOG_TIMEOUT: Input should be greater than 0, not '-1'"),
    ("MESH_MEMORY_LIMIT", "lots", "MESH_MEMORY_LIMIT: should be a size such as 1536MB or 4GB, not 'lots'"),
    ("MESH_CATALOG_URL", "junk", "catalog_url: is no address of a database"),
    ("MESH_CATALOG_URL", "junk://x/y", "catalog_url: is no address of a database"),
    ("MESH_STATE", "domains/shop", "must lie apart from"),
    ("MESH_STATE", ".", "must lie apart from"),
    ("MESH_THREAD", "2", "MESH_THREAD: is no variable that mesh reads\n  did you mean 'MESH_THREADS'?"),
])  # fmt: skip
def test_a_variable(
    run: Run, tiny_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv(variable, value)
        outcome = run(tiny_mesh.root, "status")
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


@pytest.mark.parametrize(("text", "said"), [
    ("[tool\n", "pyproject.toml:1: is no valid TOML"),
    ("[tool]\nmeshwright = 3\n", "pyproject.toml - tool.meshwright: is no table of settings"),
    ("[tool.meshwright]\n\nmemry_limit = '1GB'\n",
     "pyproject.toml:3 - tool.meshwright.memry_limit: there is no setting 'memry_limit'\n    3 | memry_limit = '1GB'\n"
     "      | ^\n  did you mean 'memory_limit'?"),
    ("[tool.meshwright]\nthreads = 'x'\n", "pyproject.toml:2 - tool.meshwright.threads: Input should be a valid"),
])  # fmt: skip
def test_a_key(run: Run, story: TinyMesh, text: str, said: str) -> None:
    with changed(story.root / "pyproject.toml", text):
        outcome = run(story.root, "status")
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err.replace(f"{story.root}/", "")


def test_bytes_that_are_no_text(run: Run, story: TinyMesh) -> None:
    with changed(story.root / "pyproject.toml", ""):
        (story.root / "pyproject.toml").write_bytes(b"\xff\xfe")
        outcome = run(story.root, "status")
    assert outcome.code == 2
    assert "pyproject.toml: cannot be read" in outcome.err


def test_an_ingest_that_is_no_text(run: Run, tiny_mesh: TinyMesh) -> None:
    (tiny_mesh.root / "domains" / "shop" / "odd.py").write_bytes(b"# ingest\n\xff\n")
    outcome = run(tiny_mesh.root, "build", "--plan")
    assert outcome.code == 1
    assert "odd.py" in outcome.err
    assert "cannot be imported" in outcome.err


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- 2>&-"])
def test_a_closed_stream_is_no_failure(tiny_mesh: TinyMesh, closed: str) -> None:
    command = ["bash", "-c", f"{MESH} build shop {closed}"]
    assert subprocess.run(command, cwd=tiny_mesh.root, check=False, timeout=120).returncode == 0
    assert tiny_mesh.sql("select count(*) from mesh.shop.orders") == [(24,)]


def test_an_answer_that_cannot_be_written(story: TinyMesh) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = shell(story.root, "mesh status >/dev/full")
    assert done.returncode == 3
    assert done.stderr == "error: No space left on device\n  next: mesh doctor\n"


def test_ctrl_c_while_modules_are_imported_is_130() -> None:
    script = """
import sys
import meshwright.cli
class Stop:
    def find_spec(self, name, *rest):
        raise KeyboardInterrupt
sys.meta_path.insert(0, Stop())
raise SystemExit(meshwright.cli.main(["status"]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (130, "")
