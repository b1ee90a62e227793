"""A tiny mesh with all that Dagster asks of a project, and the example with its real workspace."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from conftest import REPOSITORY
from meshwright.orchestration.instance import instance_of
from meshwright.orchestration.session import Session
from support.tiny import TinyMesh

DEFS = "type: meshwright.orchestration.DomainComponent\n"
PYPROJECT = """\
[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "domains"
defs_module = "domains"
code_location_target_module = "meshwright.orchestration.project"
"""


def located(mesh: TinyMesh) -> TinyMesh:
    """The mesh with its components and its project file."""
    for domain in mesh.mesh.domains:
        mesh.write(f"domains/{domain}/defs.yaml", DEFS)
    mesh.write("pyproject.toml", PYPROJECT)
    return mesh


@pytest.fixture
def shop(tiny_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> TinyMesh:
    """A tiny mesh of one's own, seen from its folder."""
    monkeypatch.chdir(tiny_mesh.root)
    return located(tiny_mesh)


@pytest.fixture
def instance(shop: TinyMesh) -> Iterator[dg.DagsterInstance]:
    """Dagster's records of that mesh."""
    with instance_of(shop.settings) as found:
        yield found


@pytest.fixture
def session(tiny_template: Path) -> Iterator[Session]:
    """The tiny mesh as its definitions are derived from it; only to be read."""
    mesh = TinyMesh(tiny_template)
    found = Session(mesh.settings, mesh.mesh)
    yield found
    found.database.close()


@pytest.fixture(scope="session")
def example_project(example_mesh: TinyMesh) -> TinyMesh:
    """The example mesh with the project files of this repository."""
    for name in ("pyproject.toml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, example_mesh.root / name)
    return example_mesh
