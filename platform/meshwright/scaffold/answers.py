"""The answers files of a mesh: what each scaffold was made from, and how far an upgrade of it has come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from meshwright.disk import write_whole
from meshwright.errors import Fault, InputError

FILE = ".copier-answers.yml"
_PENDING = "_upgrading"
MARKED = "marked"
"""Stands in place of a digest once the marks of a conflict are in its file."""


@dataclass(frozen=True)
class Pending:
    """An upgrade that waits for people. ``conflicts``: files with the sha256 that each had before, or MARKED."""

    version: int
    conflicts: Mapping[PurePosixPath, str]


@dataclass(frozen=True)
class Scaffold:
    """What lies around one answers file. ``answers`` are those of its template, without our own keys."""

    root: Path
    file: Path
    template: str
    version: int
    answers: Mapping[str, Any] = field(default_factory=dict)
    pending: Pending | None = None

    @property
    def name(self) -> str:
        """``mesh``, the domain, or ``<domain>/<product>``."""
        return "/".join(self.file.parent.relative_to(self.root).parts[1:]) or "mesh"

    @property
    def place(self) -> PurePosixPath:
        """The answers file as seen from the root of the mesh."""
        return PurePosixPath(self.file.relative_to(self.root).as_posix())

    def wait(self, pending: Pending) -> None:
        """Note which files wait for people, before one of them is touched."""
        text = self.file.read_text(encoding="utf-8")
        head = text.partition(f"{_PENDING}:")[0]
        conflicts = {str(path): digest for path, digest in pending.conflicts.items()}
        note = {_PENDING: {"version": pending.version, "conflicts": conflicts}}
        write_whole(self.file, head + yaml.safe_dump(note, sort_keys=False))


def scaffolds(root: Path, within: str | None = None) -> Iterator[Scaffold | InputError]:
    """All scaffolds of a mesh, or of one domain; InputError in place of one whose answers cannot be read."""
    home = root / "domains"
    files = [*sorted(home.glob(f"*/{FILE}")), *sorted(home.glob(f"*/*/{FILE}"))]
    if within is None:
        files = [root / FILE, *files]
    else:
        files = [file for file in files if file.relative_to(home).parts[0] == within]
    for file in sorted(file for file in files if file.is_file()):
        try:
            yield _read(root, file)
        except InputError as error:
            yield error


def _read(root: Path, file: Path) -> Scaffold:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(Fault(f"cannot be read: {' '.join(str(error).split())}", file)) from error
    if not isinstance(found, dict):
        raise InputError(Fault("holds no answers", file))
    template, version = found.get("_template"), found.get("_version")
    if not isinstance(template, str) or not isinstance(version, int):
        raise InputError(Fault("names no template of ours with its version", file, key="_template"))
    answers = {name: value for name, value in found.items() if not name.startswith("_")}
    return Scaffold(root, file, template, version, answers, _pending(file, found.get(_PENDING)))


def _pending(file: Path, found: Any) -> Pending | None:
    if found is None:
        return None
    try:
        return Pending(int(found["version"]), {PurePosixPath(path): str(d) for path, d in found["conflicts"].items()})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(Fault("is no upgrade that waits", file, key=_PENDING, command="git restore it")) from error


def digest(content: bytes) -> str:
    """sha256 of a file."""
    return hashlib.sha256(content).hexdigest()
