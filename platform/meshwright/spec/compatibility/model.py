"""What a comparison of two contracts says: changes with their verdicts, and the version that they ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from meshwright.errors import shown
from meshwright.spec.compatibility.verify import Verify
from meshwright.spec.model import Where


class Verdict(StrEnum):
    """How much a change asks of the version, the least first; what is refused cannot be published at all."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    REFUSED = "refused"

    @property
    def rank(self) -> int:
        """0 for ``none`` up to 4 for ``refused``."""
        return list(Verdict).index(self)


def highest(verdicts: Iterable[Verdict]) -> Verdict:
    """The highest of several; ``none`` where there are none."""
    return max(verdicts, key=lambda v: v.rank, default=Verdict.NONE)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two contracts.

    ``path`` leads to it by names and never by positions (``columns.amount.type``), ``rule`` is the id of the rule
    that judged it. ``verify`` is what must hold on the published data, ``where`` its place in the new file, or of what
    it was part of where it is gone. ``approval`` asks for the approval of a policy, whatever the verdict.
    """

    path: str
    rule: str
    verdict: Verdict
    reason: str
    where: Where
    verify: Verify | None = None
    approval: bool = False

    def as_json(self) -> dict[str, Any]:
        """As ``mesh contract diff --format json`` prints it."""
        return {
            "path": self.path,
            "rule": self.rule,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "verify": self.verify.as_json() if self.verify else None,
            "approval": self.approval,
            "file": str(shown(self.where.file)),
            "line": self.where.line,
        }


@dataclass(frozen=True, slots=True)
class VersionJudgement:
    """What the version must become. ``required`` is the lowest that will do, None where nobody can tell.

    ``enough`` says whether the new one will; ``reason`` is one sentence. ``verdict`` is that of the changes of which
    the version must tell.
    """

    old: str
    new: str
    required: str | None
    enough: bool
    reason: str
    verdict: Verdict = Verdict.NONE

    def as_json(self) -> dict[str, Any]:
        """As ``mesh contract diff --format json`` prints it."""
        return {
            "old": self.old,
            "new": self.new,
            "required": self.required,
            "enough": self.enough,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """All changes, the gravest first. ``verdict`` is the highest of theirs."""

    changes: tuple[Change, ...]
    version: VersionJudgement

    @property
    def verdict(self) -> Verdict:
        """The highest verdict of its changes."""
        return highest(change.verdict for change in self.changes)

    @property
    def breaking(self) -> tuple[Change, ...]:
        """The changes that can only pass as a new output port beside the old one."""
        return tuple(change for change in self.changes if change.verdict is Verdict.MAJOR)

    @property
    def refused(self) -> bool:
        """Whether no approval helps: a change is refused, or the version does not tell of the changes."""
        return self.verdict is Verdict.REFUSED or not self.version.enough

    @property
    def approval(self) -> bool:
        """Whether a policy must approve."""
        return any(change.approval for change in self.changes)

    def as_json(self) -> dict[str, Any]:
        """As ``mesh contract diff --format json`` prints it."""
        return {
            "verdict": self.verdict.value,
            "approval": self.approval,
            "version": self.version.as_json(),
            "changes": [change.as_json() for change in self.changes],
        }


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The gravest first, then by path."""
    return tuple(sorted(changes, key=lambda c: (-c.verdict.rank, c.path, c.rule, c.reason)))
