"""Lineage that is known already: by the SQL and the columns of what it reads, a file for each domain."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshwright.check.impact.lineage import FORMAT, Lineage
from meshwright.config import Settings
from meshwright.disk import write_whole

_LEAST = 500
"""Entries that are kept however few are used, so that switching branches stays cheap."""


@dataclass
class Kept:
    """What was found before; ``used`` are the entries that this run asked for."""

    file: Path
    entries: dict[str, dict[str, Any]]
    used: dict[str, None] = field(default_factory=dict)
    is_changed: bool = False

    @classmethod
    def of(cls, settings: Settings, domain: str) -> Kept:
        """That of a domain; empty where it is absent, of another format or damaged."""
        file = settings.lineage / f"{domain}.json"
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            entries = content["entries"] if content["format"] == _format() else {}
        except (OSError, ValueError, KeyError, TypeError):
            entries = {}
        return cls(file, entries)

    def get(self, key: str) -> Lineage | None:
        """What is known under a key."""
        found = self.entries.get(key)
        self.used[key] = None
        return Lineage.from_json(found) if found else None

    def put(self, key: str, found: Lineage) -> Lineage:
        """Keep what was found."""
        self.entries[key] = found.as_json()
        self.is_changed = True
        return found

    def save(self) -> None:
        """Write it whole or not at all, the least used entries forgotten."""
        if not self.is_changed:
            return
        older = [key for key in self.entries if key not in self.used]
        keep = [*older[max(len(older) - max(_LEAST, 2 * len(self.used)), 0) :], *self.used]
        content = {"format": _format(), "entries": {key: self.entries[key] for key in keep}}
        write_whole(self.file, json.dumps(content))


def _format() -> str:
    """Another sqlglot may read the same SQL otherwise."""
    from importlib.metadata import version

    return f"{FORMAT}/{version('sqlglot')}"
