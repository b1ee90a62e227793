"""A new mesh in a real git repository, and what its CI calls."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.commands import shell

CONTRACT = "domains/shop/receipts/receipts.contract.yaml"
GOOD = (('description: "Amount."', 'description: "Amount, in euros."'), ("version: 1.0.0", "version: 1.0.1"))
BAD = (("logicalType: number", "logicalType: nummer"),)
VARIABLES = ("GITHUB_", "CI_", "GIT_", "PUSHED_FROM")
"""What a CI that runs these tests has set, and a script under test must not see."""


@dataclass(frozen=True)
class Ran:
    """How ``scripts/ci`` ended, and what it left."""

    code: int
    out: str
    err: str
    root: Path

    @property
    def summary(self) -> str:
        return (self.root / "mesh-report" / "summary.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Clone:
    """A work tree of a mesh under git."""

    root: Path

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def change(self, edits: Sequence[tuple[str, str]], branch: str | None = "change") -> str:
        """Commit edits of the contract, on a branch of its own unless that is None; the commit."""
        if branch:
            self.git("switch", "-q", "-C", branch)
        text = (self.root / CONTRACT).read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text
            text = text.replace(old, new, 1)
        (self.root / CONTRACT).write_text(text, encoding="utf-8")
        self.git("commit", "-q", "-a", "-m", "Change")
        return self.git("rev-parse", "HEAD")

    def clone(self, into: Path, *options: str) -> Clone:
        """A clone by the protocol, which alone can be shallow; a fresh checkout as CI makes one."""
        shutil.rmtree(into, ignore_errors=True)
        self.git("clone", "-q", *options, self.root.as_uri(), str(into))
        return Clone(into)

    def ci(self, arguments: str = "--only policy", **variables: str) -> Ran:
        """Run the one command with the environment of the tests."""
        own = [name for name in os.environ if name.startswith(VARIABLES) and name not in ("GIT_CONFIG_GLOBAL",)]
        unset = "".join(f"unset {name}; " for name in own if name not in variables)
        done = shell(self.root, f"{unset}./scripts/ci {arguments}", **variables)
        return Ran(done.returncode, done.stdout, done.stderr, self.root)


def repository(root: Path) -> Clone:
    """Put a mesh under git, on branch ``main``, everything committed."""
    made = Clone(root)
    made.git("init", "-q", "-b", "main")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "First")
    return made
