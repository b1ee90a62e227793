"""Put files into a mesh: all of them or none, and never over what is there unless it is to be replaced.

Files are laid out beside the mesh's state first. Then whole folders that did not exist are renamed into place, one
after the other; files that are replaced (``workspace.yaml``) come next, and those that are taken away last. A list of
all that, and what is replaced as it was, lie beside the files as long as that takes: by them the next one that writes
undoes one that was killed in between.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from meshwright.errors import Fault, InputError, UnavailableError

_JOURNAL = "placing.json"
_WAIT = 60.0


@contextmanager
def scaffolding(root: Path, state: Path) -> Iterator[Placer]:
    """Hold the right to scaffold in a mesh; what a killed scaffold left is undone first.

    UnavailableError where another one holds it for a minute.
    """
    home = _home(root, state)
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / "lock", timeout=_WAIT):
            for left in home.iterdir():
                if left.is_dir():
                    _undo(root, left)
            yield Placer(root, home / uuid.uuid4().hex)
    except Timeout as error:
        reason = f"somebody else has been scaffolding in {root} for {_WAIT:g} s"
        raise UnavailableError(Fault(reason, home / "lock", command="try again")) from error


class Placer:
    """Places files under ``root`` by way of ``staging``, a folder of its own on the same disk."""

    def __init__(self, root: Path, staging: Path) -> None:
        self.root, self.staging = root, staging

    def place(self, files: Mapping[PurePosixPath, bytes], replaced: Mapping[PurePosixPath, bytes | None] = {}) -> None:
        """Write ``files``, which must not be there, then ``replaced``, which may be; None takes a file away.

        InputError where one is there already or its folder cannot be; nothing is written then.
        """
        _require_free(self.root, files)
        written = {path: content for path, content in replaced.items() if content is not None}
        removed = [path for path in replaced if path not in written]
        units = [*sorted({_unit(self.root, path) for path in files}, reverse=True), *written]
        try:
            for path, content in {**files, **written}.items():
                staged = self._staged("files", path)
                staged.write_bytes(content)
                let_run(staged, content)
            for path in replaced:
                if (self.root / path).exists():
                    shutil.copy2(self.root / path, self._staged("before", path))
            journal = {"placed": list(map(str, units)), "removed": list(map(str, removed))}
            (self.staging / _JOURNAL).write_text(json.dumps(journal), encoding="utf-8")
            for unit in units:
                (self.staging / "files" / unit).rename(self.root / unit)
            for path in removed:
                (self.root / path).unlink(missing_ok=True)
        finally:
            _undo(self.root, self.staging)

    def _staged(self, what: str, path: PurePosixPath) -> Path:
        staged = self.staging / what / path
        staged.parent.mkdir(parents=True, exist_ok=True)
        return staged


def _home(root: Path, state: Path) -> Path:
    """Where files are laid out: in the state folder, but on the disk of the mesh, since they are renamed into it."""
    there = next(place for place in (state, *state.parents) if place.exists())
    return (state if there.stat().st_dev == root.stat().st_dev else root / ".mesh") / "scaffold"


def let_run(file: Path, content: bytes) -> None:
    """Make a script (``#!``) executable for those who may read it: a template gives texts alone, without modes."""
    if content.startswith(b"#!"):
        mode = file.stat().st_mode
        file.chmod(mode | (mode & 0o444) >> 2)


def _require_free(root: Path, files: Mapping[PurePosixPath, bytes]) -> None:
    there = [path for path in files if os.path.lexists(root / path)]
    if there:
        raise InputError(*(Fault("is there already; nothing was written", root / path) for path in there[:10]))
    for path in files:
        for folder in path.parents:
            real = root / folder
            if os.path.lexists(real) and (real.is_symlink() or not real.is_dir()):
                raise InputError(Fault("is no folder, so nothing can be put into it; nothing was written", real))


def _unit(root: Path, path: PurePosixPath) -> PurePosixPath:
    """The highest folder above a file that does not exist yet, else the file."""
    missing = path
    while missing.parent.parts and not (root / missing.parent).exists():
        missing = missing.parent
    return missing


def _undo(root: Path, staging: Path) -> None:
    """Take back what was done where something was not, and take away the staged files in any case."""
    journal = staging / _JOURNAL
    told = json.loads(journal.read_text(encoding="utf-8")) if journal.exists() else {"placed": [], "removed": []}
    units, removed = ([PurePosixPath(unit) for unit in told[what]] for what in ("placed", "removed"))
    staged = {unit for unit in units if os.path.lexists(staging / "files" / unit)}
    if staged or any(os.path.lexists(root / path) for path in removed):
        for unit in [*(unit for unit in units if unit not in staged), *removed]:
            _take_back(root / unit, staging / "before" / unit, staging / "restored")
    # First the list: without it, what is left is nobody's; with it, staged files that are gone would count as placed.
    journal.unlink(missing_ok=True)
    shutil.rmtree(staging, ignore_errors=True)


def _take_back(target: Path, before: Path, partial: Path) -> None:
    """Leave at ``target`` what was there before, by way of ``partial``; may be killed and done again."""
    if before.exists():
        shutil.copy2(before, partial)
        partial.replace(target)
    elif target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
