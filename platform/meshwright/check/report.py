"""The folder that a check leaves: ``report.json``, ``summary.md``, and the pages of stages.

Stages write their pages while they run, the other two come last and whole. What an earlier check left is known from
its ``report.json`` and taken away first; nothing else in the folder is touched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from meshwright.check.data import as_data
from meshwright.check.model import Report
from meshwright.check.summary import summary
from meshwright.disk import write_whole
from meshwright.errors import Fault, UnavailableError

DATA, SUMMARY = "report.json", "summary.md"


@dataclass(frozen=True)
class ReportFolder:
    """A folder for one report. ``foreign`` are the files that lay there before and are none of ours."""

    path: Path
    foreign: frozenset[str]

    @classmethod
    def opened(cls, path: Path) -> ReportFolder:
        """The folder, made where there is none, without what an earlier check left. UnavailableError where it fails."""
        path = path.absolute()
        with _told(path):
            path.mkdir(parents=True, exist_ok=True)
            for name in (*_pages(path), SUMMARY, DATA):
                (path / name).unlink(missing_ok=True)
            return cls(path, frozenset(_files(path)))

    def finished(self, report: Report, root: Path) -> Report:
        """Write a report, and give it with the names of its pages. UnavailableError where that fails."""
        with _told(self.path):
            full = replace(report, pages=tuple(name for name in _files(self.path) if name not in self.foreign))
            write_whole(self.path / SUMMARY, summary(full, root))
            data = json.dumps(as_data(full, root), indent=2, ensure_ascii=False, default=str)
            # A name that is no UTF-8 is a lone surrogate, whose escape in JSON this makes of it.
            write_whole(self.path / DATA, data.encode("utf-8", "backslashreplace") + b"\n")
        return full


def _pages(folder: Path) -> list[str]:
    """The pages that an earlier report names, as far as they are files of its folder."""
    try:
        told = json.loads((folder / DATA).read_bytes())
        named = {name for name in told["pages"] if isinstance(name, str)}
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return []
    return [name for name in _files(folder) if name in named]


def _files(folder: Path) -> list[str]:
    """What lies in a folder, however deep, by names as seen from it; links are not followed."""
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if not file.is_dir())


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"the report cannot be written: {error.strerror or error}"
        raise UnavailableError(Fault(reason, folder, key="--report", command="mesh check --report FOLDER")) from error
