"""What differs behind symbolic links: git tells of the file that one leads to, people see it where the link lies."""

from __future__ import annotations

import os
from pathlib import Path

from meshwright.check.git import Repository


def changed(repository: Repository, commit: str) -> tuple[str, ...]:
    """The files that differ from ``commit`` now, and those that links of teams show, as seen from the mesh."""
    home, found = repository.root.resolve(), set(repository.changed(commit))
    targets = {link: _targets(home / link) for link in repository.links}
    outside = {path for paths in targets.values() for path in paths if not path.is_relative_to(home)}
    differing = {*(home / path for path in found), *repository.differing(commit, outside)}
    for link, paths in targets.items():
        for path in paths:
            found |= {(link / file.relative_to(path)).as_posix() for file in differing if file.is_relative_to(path)}
    return tuple(sorted(found))


def _targets(link: Path) -> set[Path]:
    """Where a link leads, every link on the way too."""
    found, path = set[Path](), link
    while path.is_symlink() and path not in found:
        path = Path(os.path.normpath(path.parent / path.readlink()))
        found.add(path)
    return {*found, Path(os.path.realpath(link))} if found else found
