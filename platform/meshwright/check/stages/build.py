"""Whether the change can be built, with everything that rests on it, on the data of production."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from meshwright.check.model import Finding
from meshwright.check.stage import Stage
from meshwright.check.subject import Subject
from meshwright.errors import Fault

if TYPE_CHECKING:
    from meshwright.check.trial import Heard


class Build(Stage):
    """Builds what changed and its readers beside production, and audits it by the contracts."""

    order = 600
    after = ("spec", "code")

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Every failure is a finding; a rule of severity warning that fails is one that warns."""
        trial, again = subject.trial, f"mesh check --only build {' '.join(subject.selected)}"
        for finding in self._failures(subject, trial.heard):
            # The environment is gone when anybody reads this.
            gone = trial.environment in (finding.fault.command or "")
            fault = replace(finding.fault, command=again) if gone else finding.fault
            yield replace(finding, fault=fault)
        for key in trial.skipped:
            fault = Fault("was not built, since something that it reads failed", key=key)
            yield self.note("skipped", fault, key)
        for result in trial.heard.results:
            for port in result.ports.values():
                for verdict in port.verdicts:
                    if not verdict.passed and verdict.rule.severity == "warning":
                        on = f"; it was built on {subject.sample} of the data" if subject.sample else ""
                        reason = f"{port.port.key} breaks {verdict.rule.id}: {verdict.message}{on}"
                        yield self.warning("rule", verdict.rule.where.fault(reason), result.product)
        self.facts["products"] = {result.product.key: result.verdict for result in trial.heard.results}

    def _failures(self, subject: Subject, heard: Heard) -> Iterator[Finding]:
        for name, error in heard.errors.items():
            product = name if name in subject.place.products else None
            rule = "audit" if type(error).__name__ == "AuditError" else "build"
            yield from (self.error(rule, fault, product) for fault in error.faults)
