"""A released version of a template never changes: an upgrade renders it to know what a team made of it (ADR 18)."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from conftest import REPOSITORY
from meshwright.scaffold.templates import OURS

RELEASED: Mapping[str, str] = {}
"""``<name>/<version>`` to the digest of its files. Each release adds the versions that are new in it."""


def digest_of(folder: Path) -> str:
    """sha256 over the paths, modes and contents of all files."""
    found = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        runs = bool(file.stat().st_mode & 0o100)
        found.update(f"{file.relative_to(folder).as_posix()}\0{runs}\0{file.stat().st_size}\0".encode())
        found.update(file.read_bytes())
    return found.hexdigest()


def faults(templates: Path, released: Mapping[str, str], *, unreleased: bool) -> Iterator[str]:
    """What is wrong with the versions in ``templates``; ``unreleased``: the newest of each may still change."""
    there = {f"{path.parent.name}/{path.name}": path for path in templates.glob("*/[0-9]*")}
    newest = {
        max((p for p in there.values() if p.parent == name), key=lambda p: int(p.name)) for name in templates.iterdir()
    }
    yield from (f"{name} was released, and is gone" for name in sorted(released.keys() - there.keys()))
    for name, folder in sorted(there.items()):
        digest = digest_of(folder)
        if name in released and released[name] != digest:
            yield f"{name} was released, and has changed: make a new version"
        elif name not in released and not (unreleased and folder in newest):
            yield f'{name} is released now; add "{name}": "{digest}"'


def test_released_versions_are_recorded_and_have_not_changed() -> None:
    heading = re.search(r"^## \[.*$", (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heading is not None
    assert list(faults(OURS, RELEASED, unreleased="unreleased" in heading[0].lower())) == []


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Our templates, to be changed."""
    return Path(shutil.copytree(OURS, tmp_path / "templates"))


def test_a_release_has_to_record_them(copied: Path) -> None:
    told = list(faults(copied, {}, unreleased=False))
    assert len(told) == len(list(OURS.iterdir()))
    assert told[0] == f'domain/1 is released now; add "domain/1": "{digest_of(OURS / "domain/1")}"'


def test_whatever_changes_a_released_version_is_told(copied: Path) -> None:
    released = {f"{path.name}/1": digest_of(path / "1") for path in copied.iterdir()}
    assert list(faults(copied, released, unreleased=True)) == []
    (copied / "mesh/1/files/scripts/ci").chmod(0o600)
    (copied / "product/1/copier.yml").write_text("kind: {type: str}\n")
    (copied / "domain/1").rename(copied / "domain/2")
    assert list(faults(copied, released, unreleased=True)) == [
        "domain/1 was released, and is gone",
        "mesh/1 was released, and has changed: make a new version",
        "product/1 was released, and has changed: make a new version",
    ]


def test_an_older_version_was_released(copied: Path) -> None:
    shutil.copytree(copied / "domain/1", copied / "domain/2")
    assert [told.partition(";")[0] for told in faults(copied, {}, unreleased=True)] == ["domain/1 is released now"]
