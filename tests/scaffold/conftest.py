"""A mesh as `mesh init` makes it, for tests that add to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import once
from meshwright.config import Settings
from meshwright.scaffold.domain import NewDomain
from meshwright.scaffold.kinds import Kind
from meshwright.scaffold.mesh import NewMesh, new_mesh
from meshwright.scaffold.product import NewProduct, new_product
from meshwright.spec import load

SHOP = NewDomain("shop", "Shop team", "shop@example.com", "What the shop sells.")
Scaffold = Callable[..., list[Path]]


@pytest.fixture(scope="session")
def fresh_template(shared_folder: Path) -> Path:
    """A new mesh, nothing built; not to be changed."""

    def make(folder: Path) -> None:
        new_mesh(NewMesh(folder / "mesh", "meshwright @ file:///nowhere/meshwright.whl", SHOP, git=False))

    return once(shared_folder, "fresh", make) / "mesh"


@pytest.fixture
def fresh(fresh_template: Path, tmp_path: Path) -> Path:
    """A new mesh of one's own, nothing built."""
    return Path(shutil.copytree(fresh_template, tmp_path / "mesh"))


@pytest.fixture
def product(fresh: Path) -> Scaffold:
    """Scaffold a product in the new mesh: ``product("shop/returns", "source", origin=…)``."""

    def make(name: str, kind: str = "source", **more: Any) -> list[Path]:
        domain, own = name.split("/", 1)
        wanted = NewProduct(domain, own, Kind(kind), more.pop("port", own), more.pop("description", "Rows."), **more)
        return new_product(Settings.of(fresh), load(fresh), wanted)

    return make


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file of a mesh but its state."""
    files = (f for f in root.rglob("*") if f.is_file() and ".mesh" not in f.relative_to(root).parts)
    return {str(f.relative_to(root)): f.read_bytes() for f in files}
