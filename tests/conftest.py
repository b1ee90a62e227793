"""Meshes that tests share: a tiny one of two domains, written, parsed and copied; the example, built once."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from support.processes import Helper
from support.tiny import TinyMesh, copy_tiny, write_tiny

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    for name in [name for name in os.environ if name.startswith("MESH_")]:
        del os.environ[name]


@pytest.fixture(scope="session", autouse=True)
def _signals_are_heard() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and all that it starts in turn."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """``folder/name`` as ``make`` fills it, in whichever worker comes first."""
    made = folder / name
    with FileLock(folder / f"{name}.lock"):
        if not (made / ".made").exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            make(made)
            (made / ".made").touch()
    return made


@pytest.fixture(scope="session")
def tiny_template(shared_folder: Path) -> Path:
    """The tiny mesh, written and its dbt projects parsed, not built; not to be changed."""

    def make(root: Path) -> None:
        mesh = write_tiny(root)
        for product in mesh.mesh:
            mesh.parse(product.domain)

    return once(shared_folder, "tiny", make)


@pytest.fixture
def tiny_mesh(tiny_template: Path, tmp_path: Path) -> Iterator[TinyMesh]:
    """A tiny mesh of one's own: written and parsed, nothing landed or built."""
    mesh = copy_tiny(tiny_template, tmp_path / "mesh")
    yield mesh
    mesh.close()


@pytest.fixture
def built_mesh(tiny_mesh: TinyMesh) -> TinyMesh:
    """A tiny mesh of one's own with everything published."""
    tiny_mesh.build()
    tiny_mesh.steps.clear()
    tiny_mesh.said.clear()
    return tiny_mesh


@pytest.fixture(scope="session")
def example_mesh(shared_folder: Path) -> Iterator[TinyMesh]:
    """The whole example mesh of this repository, built once into a folder of its own; only to be read."""

    def make(root: Path) -> None:
        for folder in ("domains", "dbt_projects"):
            generated = shutil.ignore_patterns("_mesh", "profiles.yml", "target", "logs", "__pycache__")
            shutil.copytree(REPOSITORY / folder, root / folder, ignore=generated)
        mesh = TinyMesh(root)
        mesh.build()
        mesh.close()

    mesh = TinyMesh(once(shared_folder, "example", make))
    yield mesh
    mesh.close()


@pytest.fixture
def helper() -> Iterator[Helper]:
    """Starts other processes, and ends them with the test."""
    made = Helper()
    yield made
    made.close()
