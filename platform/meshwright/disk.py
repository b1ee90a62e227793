"""Files that others read while they are written, and files that a power failure must not take."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from meshwright.errors import Fault

SCARCE = 8 * 1024**2
"""Free bytes below which nobody can tell whose fault a failure is."""


def write_whole(file: Path, content: str | bytes) -> None:
    """Write a file, whole or not at all, and only where it differs: hashes and modification times stay."""
    wanted = content.encode() if isinstance(content, str) else content
    if file.is_file() and file.read_bytes() == wanted:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{uuid.uuid4()}.partial")
    try:
        partial.write_bytes(wanted)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def free(folder: Path) -> int:
    """Bytes that are free for ``folder``, or for what is there of its path."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), Path("/"))
    return shutil.disk_usage(there).free


def full(place: Path) -> Fault | None:
    """That the disk of ``place`` is full, of which whoever meets it says something else; None where it is not."""
    if (left := free(place)) >= SCARCE:
        return None
    reason = f"the disk is full ({left / 1024**2:.1f} MiB are free): what fails may be for want of room alone"
    return Fault(reason, place, command="mesh gc, or free some space")


def sync(files: Iterable[Path], home: Path) -> None:
    """Put files on disk for good, and every folder that names them from ``home`` on downwards."""
    folders: set[Path] = set()
    for file in files:
        _sync(file)
        for folder in file.parents:
            folders.add(folder)
            if folder in (home, folder.parent):
                break
    for folder in folders:
        _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
