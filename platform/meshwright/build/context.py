"""What the steps of one run share."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from meshwright.build.plan import State
from meshwright.catalog.database import Database
from meshwright.config import PRODUCTION, Settings
from meshwright.spec.model import Mesh


def _nothing(_: str) -> None: ...


@dataclass(frozen=True)
class Run:
    """One run of the orchestrator over one mesh.

    ``start`` is what was published when the run began; all ports but those that it builds (``building``) are
    read as they were then. None: every step reads what is published when it begins. ``say`` takes
    lines for people, ``on_step`` the names of the steps of a publish as they are reached.
    """

    id: str
    settings: Settings
    mesh: Mesh
    database: Database
    start: State | None = None
    building: frozenset[str] = frozenset()
    environment: str = PRODUCTION
    say: Callable[[str], None] = _nothing
    on_step: Callable[[str], None] = _nothing
    commit: str | None = None

    def state(self) -> State:
        """What this run sees of the catalog at this instant."""
        now = State.of(self.database, self.environment)
        return now if self.start is None else now.frozen(self.start, self.building)

    @property
    def by(self) -> str:
        """Who runs it."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            return "unknown"


def head_commit(root: Path) -> str | None:
    """The commit that is checked out in ``root``; None without git or without a commit."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", "HEAD"], cwd=root, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
