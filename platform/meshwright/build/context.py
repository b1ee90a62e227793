"""What the steps of one run share."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from meshwright.build.state import State
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

    def scratch(self, domain: str, product: str) -> Path:
        """Where the build of a product in this environment leaves its scratch files."""
        return self.settings.scratch_of(domain, product, self.environment)

    def spill(self, domain: str, product: str) -> Path:
        """Where DuckDB may put what does not fit into memory."""
        return self.settings.spill(domain, product, self.environment)

    def state(self) -> State:
        """What this run sees of the catalog at this instant."""
        now = State.of(self.database, self.environment)
        return now if self.start is None else now.frozen(self.start, self.building)

    @property
    def by(self) -> str:
        """Who runs it."""
        return whoever()


def whoever() -> str:
    """Who runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def head_commit(root: Path) -> str | None:
    """The commit that is checked out in ``root``, with ``+`` where what teams write differs from it.

    None without git or without a commit.
    """
    sha = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if not sha:
        return None
    return sha + ("+" if _git(root, "status", "--porcelain", "--", "domains", "dbt_projects") else "")


def _git(root: Path, *arguments: str) -> str:
    """What git says; nothing where it fails or is not there."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
