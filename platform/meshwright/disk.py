"""Small files that others read while they are written."""

from __future__ import annotations

import uuid
from pathlib import Path


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
