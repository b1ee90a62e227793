"""``source scripts/activate`` of a new mesh tells what it does while it installs, and is silent afterwards."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from support.commands import shell
from support.terminal import on_terminal

PROJECT = """\
[project]
name = "tiny"
version = "0.1.0"
[project.optional-dependencies]
dev = []
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """\
import zipfile

INFO = "tiny-0.1.0.dist-info"
FILES = {
    "tiny.py": "def main(): print('mesh, tiny')",
    f"{INFO}/METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 0.1.0\\nProvides-Extra: dev\\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    f"{INFO}/entry_points.txt": "[console_scripts]\\nmesh = tiny:main\\n",
    f"{INFO}/RECORD": "",
}


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{wheel_directory}/tiny-0.1.0-py3-none-any.whl", "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(name, text)
    return "tiny-0.1.0-py3-none-any.whl"
"""
ACTIVATE = ["bash", "-c", "source scripts/activate && mesh"]


@pytest.fixture
def small(fresh: Path) -> Path:
    """A new mesh whose environment is made in seconds: what it installs is a few lines of its own."""
    (fresh / "pyproject.toml").write_text(PROJECT)
    (fresh / "backend.py").write_text(BACKEND)
    return fresh


@pytest.fixture
def variables() -> dict[str, str]:
    return {"PYTHON": sys.executable, "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INDEX": "1"}


def test_it_tells_what_it_does_and_for_how_long(small: Path, variables: dict[str, str]) -> None:
    first = on_terminal(ACTIVATE, small, "stderr", **variables)
    assert (first.code, first.out.splitlines()[-1]) == (0, "mesh, tiny"), first.err
    rows = first.err.splitlines()
    assert rows[0] == f"making {small / '.venv'}; this takes a minute or two"
    assert any("Successfully installed tiny" in row for row in rows), "pip's own progress, for who waits at a terminal"
    assert re.fullmatch(r"made .*/\.venv in \d+ s", rows[-1])
    again = on_terminal(ACTIVATE, small, "stderr", **variables)
    assert (again.code, again.out, again.err) == (0, "mesh, tiny\n", "")


def test_a_log_has_its_two_lines(small: Path, variables: dict[str, str]) -> None:
    done = shell(small, "source scripts/activate && mesh", **variables)
    assert (done.returncode, done.stdout) == (0, "mesh, tiny\n"), done.stderr
    begun, ended = done.stderr.splitlines()
    assert begun.startswith("making ")
    assert ended.startswith("made ")
