"""What a check finds and how it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from meshwright.errors import Fault

Severity = Literal["error", "warning", "note"]
Verdict = Literal["passed", "warned", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a stage has to say.

    ``rule`` is its stable name, by which people look it up. An ``error`` fails the stage, a ``note`` does not even
    warn. ``product`` is the product (``<domain>/<product>``) that it is about, where it is about one.
    """

    stage: str
    rule: str
    severity: Severity
    fault: Fault
    product: str | None = None


@dataclass(frozen=True, slots=True)
class StageResult:
    """How one stage ended. ``reason`` says why it was skipped, ``facts`` are figures for reports, as JSON has them.

    ``unavailable``: it failed because something cannot be reached, and not because of what was checked.
    """

    stage: str
    verdict: Verdict
    seconds: float = 0.0
    findings: Sequence[Finding] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    unavailable: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A check with all its stages, in the order in which they ran.

    ``products`` were checked, ``removed`` are those that the base has and the mesh has not any more. ``against``
    says in words what was compared with; None where there was nothing. ``sample`` is the part of the data that was
    built on; None: all of it. ``pages`` are the files that stages left in the folder of the report.
    """

    products: tuple[str, ...]
    stages: tuple[StageResult, ...]
    against: str | None = None
    commit: str | None = None
    removed: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    sample: str | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of all stages."""
        return tuple(finding for stage in self.stages for finding in stage.findings)

    @property
    def verdict(self) -> Verdict:
        """The worst of all stages; a check of skipped stages alone passed nothing, and is skipped."""
        found = {stage.verdict for stage in self.stages}
        order: tuple[Verdict, ...] = ("failed", "warned", "passed")
        return next((verdict for verdict in order if verdict in found), "skipped")

    @property
    def exit_code(self) -> int:
        """0 passed or warned, 1 a stage said no, 3 the only ones that failed could not reach something."""
        failed = [stage for stage in self.stages if stage.verdict == "failed"]
        return 0 if not failed else 3 if all(stage.unavailable for stage in failed) else 1
