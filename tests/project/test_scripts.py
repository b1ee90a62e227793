"""The scripts on machines that lack something: a plain remedy on stderr, an exit code, nothing half done."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from project.repository import REPOSITORY

TOOLS = ("awk", "bash", "cat", "cksum", "df", "dirname", "env", "grep", "id", "ls", "mkdir", "rm", "tee")
NOWHERE = "http://127.0.0.1:9/simple"
PYTHON = getattr(sys, "_base_executable", sys.executable)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of what the scripts look at, without an environment, in a folder with a blank."""
    root = tmp_path / "a mesh"
    (root / "platform").mkdir(parents=True)
    shutil.copytree(REPOSITORY / "scripts", root / "scripts")
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(REPOSITORY / name, root / name)
    return root


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A folder for PATH with the usual tools and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool} here"))
    return folder


def run(script: Path, path: Path | str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "HOME": str(script.parents[1] / "home"), **variables}
    return subprocess.run(
        ["bash", str(script)], env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=120
    )


def shim(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("name", ["demo", "test", "lock", "activate", "environment.sh"])
def test_bash_can_read_it(name: str) -> None:
    subprocess.run(["bash", "-n", str(REPOSITORY / "scripts" / name)], check=True)


@pytest.mark.parametrize("name", ["demo", "test"])
def test_help_needs_nothing(repository: Path, bare_path: Path, name: str) -> None:
    done = subprocess.run(
        ["bash", str(repository / "scripts" / name), "--help"],
        env={"PATH": str(bare_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: ./scripts/{name}")


@pytest.mark.parametrize("name", ["demo", "test"])
def test_a_package_called_platform_is_refused(repository: Path, bare_path: Path, name: str) -> None:
    (repository / "platform" / "__init__.py").touch()
    done = run(repository / "scripts" / name, bare_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "hides Python's own module platform" in done.stderr
    assert "next: rm " in done.stderr


def test_no_python_at_all(repository: Path, bare_path: Path) -> None:
    done = run(repository / "scripts" / "demo", bare_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no CPython 3.11, 3.12 or 3.13" in done.stderr
    assert "apt-get install python3" in done.stderr
    assert not (repository / ".venv").exists()


def test_a_shim_that_refuses_and_an_old_python_are_passed_over(repository: Path, bare_path: Path) -> None:
    shim(bare_path, "python3.13", 'echo "python3.13: command not found" >&2; exit 127')
    shim(bare_path, "python3", 'case "$*" in *python_version*) echo 3.9.2 ;; *) exit 1 ;; esac')
    done = run(repository / "scripts" / "demo", bare_path)
    assert done.returncode == 2
    assert "python3 is 3.9.2" in done.stderr
    assert "python3.13 is" not in done.stderr


def test_a_python_without_venv(repository: Path, bare_path: Path) -> None:
    shim(bare_path, "python3.12", f'case "$*" in *ensurepip*) exit 1 ;; *) exec "{PYTHON}" "$@" ;; esac')
    done = run(repository / "scripts" / "demo", bare_path)
    assert done.returncode == 2
    assert f"apt-get install python{sys.version_info.major}.{sys.version_info.minor}-venv" in done.stderr


@pytest.mark.parametrize("made", ["file", "folder"])
def test_something_else_in_the_place_of_the_environment_stays(repository: Path, made: str) -> None:
    keep = repository / ".venv" if made == "file" else repository / ".venv" / "thesis.txt"
    keep.parent.mkdir(exist_ok=True)
    keep.write_text("mine", encoding="utf-8")
    done = run(repository / "scripts" / "demo", os.environ["PATH"], PYTHON=PYTHON)
    assert done.returncode == 2
    assert "is in the way" in done.stderr
    assert keep.read_text(encoding="utf-8") == "mine"


def test_no_space(repository: Path, bare_path: Path) -> None:
    (bare_path / "df").unlink()
    shim(bare_path, "df", "echo header; echo disk 900000 800000 102400 90% /")
    done = run(repository / "scripts" / "demo", bare_path, PYTHON=PYTHON)
    assert done.returncode == 2
    assert "100 MB are free" in done.stderr
    assert not (repository / ".venv").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(repository: Path, bare_path: Path) -> None:
    repository.chmod(0o555)
    done = run(repository / "scripts" / "demo", bare_path, PYTHON=PYTHON)
    repository.chmod(0o755)
    assert done.returncode == 2
    assert "cannot be written to" in done.stderr


def test_no_network_and_an_environment_that_was_moved(repository: Path) -> None:
    """The environment is made anew where its paths lead elsewhere; the index that cannot be reached is exit 3."""
    moved = repository / "old"
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", str(moved)], check=True)
    moved.rename(repository / ".venv")
    done = run(
        repository / "scripts" / "demo",
        os.environ["PATH"],
        PYTHON=PYTHON,
        PIP_INDEX_URL=NOWHERE,
        PIP_RETRIES="0",
        PIP_NO_CACHE_DIR="1",
        UV_DEFAULT_INDEX=NOWHERE,
        UV_HTTP_RETRIES="0",
        UV_NO_CACHE="1",
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "replacing .venv" in done.stderr
    assert "the package index cannot be reached" in done.stderr
    assert str(repository) in (repository / ".venv" / "bin" / "activate").read_text(encoding="utf-8")


def test_activation_names_the_remedy_where_there_is_no_environment(repository: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", 'source "$1"; echo "$?"', "_", str(repository / "scripts" / "activate")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1\n"
    assert f"next: {repository}/scripts/demo" in done.stderr


def test_activation_from_any_folder(repository: Path) -> None:
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", str(repository / ".venv")], check=True)
    code = 'set -eu; source "$1"; command -v python; printf "%s\\n" "$DAGSTER_HOME"; test -d "$DAGSTER_HOME"'
    done = subprocess.run(
        ["bash", "-c", code, "_", str(repository / "scripts" / "activate")],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [f"{repository}/.venv/bin/python", f"{repository}/.mesh/dagster"]
