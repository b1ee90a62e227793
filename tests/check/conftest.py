"""Meshes under git, and the command in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshwright.cli import main
from support.commands import Outcome
from support.tiny import TinyMesh

from .repository import Repo, kept, repository


@pytest.fixture(autouse=True)
def _own_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's configuration, and nobody's name."""
    config = tmp_path / "gitconfig"
    config.write_text('[user]\nname = A\nemail = a@example.com\n[protocol "file"]\nallow = always\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


@pytest.fixture
def sound(tiny_mesh: TinyMesh) -> TinyMesh:
    """A tiny mesh with nothing to find."""
    return kept(tiny_mesh)


@pytest.fixture
def repo(sound: TinyMesh) -> Repo:
    """It under git, on branch ``main``, everything committed."""
    return repository(sound)


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """``check(root, "sales", "--only", "spec")`` in this process; ``verb`` for another than check."""

    def call(root: Path, *arguments: str, verb: str = "check") -> Outcome:
        capsys.readouterr()
        code = main(["-C", str(root), verb, *arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def report(check: Callable[..., Outcome]) -> Callable[..., dict[str, Any]]:
    """As ``check``, its JSON: with ``code``, ``err`` and ``findings``, a list of those of all stages."""

    def call(root: Path, *arguments: str) -> dict[str, Any]:
        outcome = check(root, *arguments, "--format", "json")
        found: dict[str, Any] = json.loads(outcome.out)
        findings = [{"stage": stage["stage"], **f} for stage in found["stages"] for f in stage["findings"]]
        return {**found, "code": outcome.code, "err": outcome.err, "findings": findings}

    return call
