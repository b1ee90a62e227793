"""Every error that Meshwright raises on purpose.

::

    MeshError                  exit 1
    ├── InputError             exit 2   a file, name, option or SQL text is wrong
    │   └── SpecError          exit 2   one or more faults in the YAML of the mesh
    ├── RefusedError           exit 1   the mesh said no; the last snapshot still answers
    │   ├── BuildError         exit 1   an ingest, a dbt model or a cast failed
    │   ├── AuditError         exit 1   a candidate broke its contract
    │   └── ConflictError      exit 1   somebody else published first, too often
    └── UnavailableError       exit 3   a service, file or lock cannot be reached

Every one of them carries faults: what, where, why, the nearest right spelling and the next command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


def shown(file: Path) -> Path:
    """``file`` as seen from the current folder; unchanged where it lies elsewhere."""
    try:
        return file.relative_to(Path.cwd())
    except (ValueError, OSError):
        return file


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, in six parts.

    ``line`` and ``column`` count from 1; None where the fault has no place in a file. ``key`` is the
    dotted path of the value in its file (``schema[0].properties[2].name``) or another name of what is
    at fault. ``suggestion`` is the nearest right spelling, ``command`` what to type next. ``text`` is
    what ``line`` and ``column`` point into where it is no file, such as an SQL text.
    """

    reason: str
    file: Path | None = None
    line: int | None = None
    column: int | None = None
    key: str | None = None
    suggestion: str | None = None
    command: str | None = None
    text: str | None = None

    @property
    def place(self) -> str:
        """``file:line``, ``file`` or an empty string."""
        if self.file is None:
            return ""
        name = _printable(str(shown(self.file)))
        return f"{name}:{self.line}" if self.line else name

    def excerpt(self) -> str:
        """The line at fault with a caret under its column; empty where there is none to show."""
        rows = self._rows()
        if self.line is None or not 0 < self.line <= len(rows):
            return ""
        column = self.column or 1
        start = max(column - 120, 0)
        row = _printable(rows[self.line - 1])
        gutter = f"{self.line:>5} | "
        shown = gutter + row[start : start + 160]
        caret = " " * (len(gutter) - 2) + "| " + " " * (column - 1 - start) + "^"
        return f"{shown}\n{caret}" if column <= len(row) + 1 else shown

    def _rows(self) -> list[str]:
        if self.text is not None:
            return self.text.splitlines()
        if self.file is None or not self.file.is_file():
            return []
        return self.file.read_text(encoding="utf-8", errors="replace").splitlines()

    def __str__(self) -> str:
        return self.told(self.place)

    def told(self, place: str) -> str:
        """All of it in several lines, with ``place`` for where it is."""
        head = " - ".join(part for part in (place, self.key) if part)
        lines = [f"{head}: {self.reason}" if head else self.reason]
        if excerpt := self.excerpt():
            lines.append(excerpt)
        if self.suggestion:
            lines.append(f"  did you mean {self.suggestion!r}?")
        if self.command:
            lines.append(f"  next: {self.command}")
        return "\n".join(lines)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


class MeshError(Exception):
    """The root of the tree. ``exit_code`` is what the ``mesh`` command ends with."""

    exit_code: ClassVar[int] = 1

    def __init__(self, *faults: Fault | str) -> None:
        self.faults: Sequence[Fault] = tuple(Fault(f) if isinstance(f, str) else f for f in faults)
        super().__init__("\n".join(map(str, self.faults)))


class InputError(MeshError):
    """A file, a name, an option or an SQL text is wrong."""

    exit_code = 2


class SpecError(InputError):
    """The YAML of the mesh is wrong; all faults of all files at once."""


class RefusedError(MeshError):
    """The mesh said no. Nothing was published; the last snapshot still answers."""


class BuildError(RefusedError):
    """An ingest, a dbt model or a cast failed."""


class AuditError(RefusedError):
    """A candidate broke its contract."""


class ConflictError(RefusedError):
    """Another publish came between, more often than it is worth retrying."""


class UnavailableError(MeshError):
    """A service, a file or a lock cannot be reached."""

    exit_code = 3
