"""The command as people use it, and files that change for a moment."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MESH = Path(sys.executable).with_name("mesh")
FIRST, REFUSED, SECOND, FAILED = "first0001", "refused0002", "second0003", "failed0004"
"""The runs of the story (see tests/cli/conftest.py), in their order."""


@dataclass(frozen=True)
class Outcome:
    """How one call of the command ended."""

    code: int
    out: str
    err: str


def shell(root: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Paste a line into a shell that stands in the mesh."""
    # dbt in this process leaves its switches in the environment.
    own = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    path = f"{MESH.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=root, capture_output=True, text=True, check=False, timeout=120,
        stdin=subprocess.DEVNULL, env={**own, "PATH": path, **environment},
    )  # fmt: skip


@contextlib.contextmanager
def changed(file: Path, text: str | None) -> Iterator[None]:
    """A file with another text, or (None) without it, for as long as the block lasts."""
    before = (file.read_bytes(), file.stat()) if file.exists() else None
    try:
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        yield
    finally:
        if before is None:
            file.unlink()
        else:
            file.write_bytes(before[0])
            os.utime(file, ns=(before[1].st_atime_ns, before[1].st_mtime_ns))


def replaced(file: Path, old: str, new: str) -> contextlib.AbstractContextManager[None]:
    """:func:`changed` by one replacement of a text that must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file} does not hold {old!r}"
    return changed(file, text.replace(old, new, 1))
