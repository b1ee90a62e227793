"""A new mesh: a repository of its own with one small domain that works."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from meshwright.config import Settings
from meshwright.errors import Fault, InputError, shown
from meshwright.scaffold.domain import NewDomain, check_email, check_name, domain_files
from meshwright.scaffold.kinds import Kind
from meshwright.scaffold.place import scaffolding
from meshwright.scaffold.product import NewProduct, new_product
from meshwright.scaffold.render import render
from meshwright.scaffold.templates import newest
from meshwright.scaffold.workspace import location
from meshwright.spec import load
from meshwright.spec.index import WORKSPACE
from meshwright.spec.words import snake

PRODUCT, ROWS = "receipts", "One row for each receipt."
_MAY_BE_THERE = frozenset({".git", ".mesh"})


@dataclass(frozen=True, slots=True)
class NewMesh:
    """What is to be known of a mesh that is to be. ``requirement`` installs meshwright in it."""

    folder: Path
    requirement: str
    domain: NewDomain
    git: bool = True


def new_mesh(mesh: NewMesh) -> list[Path]:
    """Write a mesh; the files that are new.

    InputError where something is in the folder already, or a name is wrong; nothing is written then.
    """
    check_name(mesh.domain.name, "domain", ())
    check_email(mesh.domain.email)
    _require_folder(mesh.folder)
    root = mesh.folder.resolve()
    _require_free(root)
    with ExitStack() as undone:  # Ctrl-C too must leave nothing
        for folder in _made(root):
            undone.callback(shutil.rmtree, folder, ignore_errors=True)
        written = _written(mesh, Settings.of(root))
        undone.pop_all()
    if mesh.git:
        _start_git(root)
    return written


def _written(mesh: NewMesh, settings: Settings) -> list[Path]:
    root, domain = settings.root, mesh.domain
    answers = {"name": snake(root.name) or "mesh", "meshwright": mesh.requirement, "domain": domain.name}
    files = render(newest("mesh"), answers)
    workspace = PurePosixPath(WORKSPACE)
    files[workspace] = files[workspace] + f"{location(domain.name)}\n".encode()
    with scaffolding(root, settings.state_dir) as placer:
        placer.place(files | domain_files(None, domain, frozenset()))
    product = NewProduct(domain.name, PRODUCT, Kind.SOURCE, PRODUCT, ROWS)
    return [*(root / path for path in files), *new_product(settings, load(root), product)]


def _require_folder(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(Fault("is in the way: no folder", folder.absolute(), key="DIR"))


def _require_free(root: Path) -> None:
    for above in root.parents:
        if (above / "domains").is_dir() and (above / "workspace.yaml").is_file():
            reason = f"lies inside the mesh {above}; a mesh in a mesh is none"
            command = f"mesh init {shown(above.parent / 'NEW_FOLDER')}"
            raise InputError(Fault(reason, root, key="DIR", command=command))
    there = sorted(p.name for p in root.iterdir() if p.name not in _MAY_BE_THERE) if root.is_dir() else []
    if there:
        told = f"is not empty: it holds {', '.join(there[:5])}{' …' if len(there) > 5 else ''}"
        raise InputError(Fault(told, root, key="DIR", command="mesh init NEW_FOLDER"))


def _made(root: Path) -> Iterator[Path]:
    """Make the folder and those above it; the highest that is new, to be taken away if nothing comes of it."""
    highest = next((p for p in reversed((root, *root.parents)) if not p.exists()), None)
    root.mkdir(parents=True, exist_ok=True)
    if highest is not None:
        yield highest


def is_under_git(folder: Path) -> bool:
    """Whether there is git, and a repository around the folder."""
    if shutil.which("git") is None:
        return False
    return not subprocess.run(["git", "-C", str(folder), "rev-parse"], capture_output=True, check=False).returncode


def _start_git(root: Path) -> None:
    """Begin a repository where there is git and none around; the first commit is its owner's."""
    if shutil.which("git") is not None and not is_under_git(root):
        subprocess.run(["git", "-C", str(root), "init", "--quiet", "--initial-branch=main"], check=False)
