"""The templates that are there: every released version of each, in this package, and those that a mesh adds.

A template is a folder ``<name>/<version>/`` with a ``copier.yml``. A mesh that has ``templates/<name>/`` uses that in
place of ours. Released versions stay, since an upgrade renders the old one to know what a team changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from meshwright.errors import Fault, InputError
from meshwright.spec.words import listed, nearest

OURS = Path(__file__).parent / "templates"
THEIRS = "templates"
CONFIG = "copier.yml"
_RUNS = ("_tasks", "_migrations", "_jinja_extensions", "_external_data")
"""What lets a template run commands or code, or read files of the user."""


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a template; versions count from 1."""

    name: str
    version: int
    folder: Path

    def config(self) -> dict[str, Any]:
        """Its ``copier.yml``. InputError where it cannot be read as one."""
        file = self.folder / CONFIG
        try:
            found = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise InputError(Fault(f"cannot be read: {error}", file, key=self.name)) from error
        if not isinstance(found, dict):
            raise InputError(Fault("holds no questions", file, key=self.name))
        return found

    def questions(self) -> frozenset[str]:
        """What it asks."""
        return frozenset(name for name in self.config() if not name.startswith("_"))

    def require_harmless(self, trusted: frozenset[str]) -> None:
        """InputError where it would run commands or code, and nobody trusts it by name."""
        runs = [name for name in _RUNS if self.config().get(name)]
        if runs and self.name not in trusted:
            reason = f"template {self.name!r} declares {listed(runs)}, which run commands or code or read your files"
            command = f'[tool.meshwright] trusted_templates = "{self.name}" in pyproject.toml, if you trust it'
            raise InputError(Fault(reason, self.folder / CONFIG, key=runs[0], command=command))


def versions(name: str, root: Path | None = None) -> tuple[Template, ...]:
    """All versions of a template, oldest first; InputError where there is no such template."""
    for base in ([root / THEIRS] if root else []) + [OURS]:
        if found := sorted(_versions(base / name), key=lambda t: t.version):
            return tuple(found)
    known = sorted({path.name for base in ([root / THEIRS] if root else []) + [OURS] for path in _folders(base)})
    raise InputError(Fault(f"there is no template {name[:80]!r}: {listed(known)}", suggestion=nearest(name, known)))


def newest(name: str, root: Path | None = None) -> Template:
    """The version that new scaffolds are made of."""
    return versions(name, root)[-1]


def _versions(folder: Path) -> Iterator[Template]:
    if folder.name != folder.resolve().name:
        return
    for path in _folders(folder):
        if path.name.isdecimal() and (path / CONFIG).is_file():
            yield Template(folder.name, int(path.name), path)


def _folders(base: Path) -> list[Path]:
    return [p for p in base.iterdir() if p.is_dir() and not p.name.startswith(("_", "."))] if base.is_dir() else []
