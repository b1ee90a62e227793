"""The real command on a real mesh: one with a past to look at, and ones to change."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meshwright.cli import main
from meshwright.errors import MeshError
from support import tiny
from support.commands import FAILED, FIRST, REFUSED, SECOND, Outcome
from support.tiny import TinyMesh, copy_tiny, lines_of


@pytest.fixture(scope="session")
def story_root(tiny_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny mesh with a past: published, week 2 refused, published anew by shop alone, then a model that fails.

    One a worker, since tests change its files for a moment.
    """
    mesh = copy_tiny(tiny_template, tmp_path_factory.mktemp("story") / "mesh")
    mesh.build(run=mesh.run(FIRST))
    mesh.put_lines(2, [(201, 1, 1, 2, -5.0), (201, 2, 1, 2, 1.0)])
    with contextlib.suppress(MeshError):
        mesh.build(run=mesh.run(REFUSED))
    mesh.put_lines(2, lines_of(2, 2.0))
    mesh.build("shop", run=mesh.run(SECOND))
    mesh.edit(tiny.CUSTOMERS_SQL, ("name from", "upper(nme) as name from"))
    with contextlib.suppress(MeshError):
        mesh.build("shop", run=mesh.run(FAILED))
    mesh.close()
    return mesh.root


@pytest.fixture
def story(story_root: Path) -> Iterator[TinyMesh]:
    """The mesh with a past; only to be read, or to be changed through :func:`changed`."""
    mesh = TinyMesh(story_root)
    yield mesh
    mesh.close()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Call the command in this process: ``run(root, "status", stdin="…")``."""
    monkeypatch.delenv("COLUMNS", raising=False)

    def call(root: Path, *arguments: str, stdin: str | None = None) -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin or ""))
        capsys.readouterr()
        code = main(["-C", str(root), *arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call
