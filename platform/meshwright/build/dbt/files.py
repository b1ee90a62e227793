"""The files that decide what dbt compiles: those of a project, and those that it takes from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

PROJECT_FILE = "dbt_project.yml"
_IGNORED = frozenset({"target", "logs", "dbt_packages", "profiles.yml", ".user.yml"})
_PACKAGES = ("packages.yml", "dependencies.yml")
_READ = frozenset({".sql", ".py", ".yml", ".yaml", ".md", ".csv"})
"""What dbt reads of a folder that is not the project's own."""


def project_files(project: Path) -> list[Path]:
    """Every file of the project, folders behind links too, and of the folders that it shares, in a lasting order."""
    own = set(_below(project))
    theirs = {file for folder in shared(project) for file in _below(folder) if file.suffix in _READ}
    return [*sorted(own), *sorted(theirs - own)]


def shared(project: Path) -> tuple[Path, ...]:
    """The folders outside a project that it reads: its ``…-paths`` that lead there, and packages that lie there.

    Paths that only dbt can tell, by Jinja, are not seen.
    """
    home = _real(project)
    found, read = set[Path](), set[Path]()
    todo = [home]
    while todo:
        folder = todo.pop()
        if folder not in read:
            read.add(folder)
            packages = list(_local_packages(folder, home))
            todo += packages
            found |= {*_paths(folder), *packages}
    return tuple(sorted(path for path in found if not path.is_relative_to(home)))


def _paths(project: Path) -> Iterator[Path]:
    for key, given in _mapping(project / PROJECT_FILE).items():
        if str(key).endswith("-paths") and isinstance(given, list):
            yield from (_real(project / path) for path in given if isinstance(path, str))


def _local_packages(project: Path, home: Path) -> Iterator[Path]:
    """dbt counts the path of a package from the project that is built, whoever asks for it."""
    for name in _PACKAGES:
        given = _mapping(project / name).get("packages")
        for package in given if isinstance(given, list) else ():
            if isinstance(package, dict) and isinstance(package.get("local"), str):
                yield _real(home / package["local"])


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _mapping(file: Path) -> dict[Any, Any]:
    """What a file says that may name a path; empty where it names none, or only dbt can say what is wrong with it."""
    try:
        text = file.read_text(encoding="utf-8")
        found = yaml.safe_load(text) if "/" in text or ".." in text else {}
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def _below(folder: Path, around: frozenset[str] = frozenset()) -> Iterator[Path]:
    """The files in a folder, behind links too, but for what dbt makes there and what is hidden.

    ``around`` are the folders around it: a link to one of them leads nowhere.
    """
    here = os.path.realpath(folder)
    if here in around or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or (not around and path.name in _IGNORED):
            continue
        if path.is_dir():
            yield from _below(path, around | {here})
        elif path.is_file():
            yield path
