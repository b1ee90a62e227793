"""One file of a scaffold between the template it was made from, the template of today and what a team made of it."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from meshwright.errors import Fault, UnavailableError

State = Literal["same", "changed", "added", "removed", "merged", "kept", "conflict"]
"""``kept``: the team's own file or removal stays although the template changed, and nothing is to be decided."""
_MARKS = (b"<<<<<<< ", b">>>>>>> ")


@dataclass(frozen=True, slots=True)
class Merged:
    """What is to become of a file; ``content`` None: it is not to be there."""

    state: State
    content: bytes | None


def merge(base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
    """Merge three ways. ``base``: as the old template made it, ``theirs``: as the new one does; None: not there."""
    if theirs in (base, ours):
        return Merged("same", ours)
    if ours == base:
        state: State = "removed" if theirs is None else "added" if base is None else "changed"
        return Merged(state, theirs)
    if ours is None:
        return Merged("kept", None)
    if theirs is None:
        return Merged("kept", ours)
    return _merged(base or b"", ours, theirs)


def has_marks(content: bytes) -> bool:
    """Whether somebody has yet to decide between two versions of some lines."""
    return any(line.startswith(_MARKS) for line in content.splitlines())


def _merged(base: bytes, ours: bytes, theirs: bytes) -> Merged:
    if b"\0" in base + ours + theirs:
        return Merged("kept", ours)
    with tempfile.TemporaryDirectory(prefix="meshwright-") as folder:
        files = [Path(folder, name) for name in ("yours", "before", "now")]
        for file, content in zip(files, (ours, base, theirs), strict=True):
            file.write_bytes(content)
        labels = [word for label in ("yours", "template before", "template now") for word in ("-L", label)]
        try:
            ended = subprocess.run(["git", "merge-file", "-p", "--diff3", *labels, *map(str, files)],
                                   capture_output=True, check=False)  # fmt: skip
        except FileNotFoundError as error:
            raise UnavailableError(Fault("git is needed to merge files, and there is none", key="git")) from error
    if ended.returncode < 0 or ended.returncode > 127:
        told = ended.stderr.decode(errors="replace").strip()
        raise UnavailableError(Fault(f"git merge-file failed: {told}", key="git"))
    return Merged("conflict" if ended.returncode else "merged", ended.stdout)
