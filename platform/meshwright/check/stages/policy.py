"""Whether products keep to the policies of the mesh, except where they record why not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from meshwright.check.model import Finding
from meshwright.check.stage import Stage
from meshwright.check.subject import Subject
from meshwright.errors import Fault

if TYPE_CHECKING:
    from meshwright.check.policy.exemptions import Exemption
    from meshwright.check.policy.judge import Violation


class Policy(Stage):
    """The rules of the mesh in policies/ and those that come with it; exceptions that have ended."""

    order = 200

    def run(self, subject: Subject) -> Iterator[Finding]:
        """A broken policy is an error whoever is checked: nobody knows whether it holds."""
        from meshwright.check.policy.judge import judge
        from meshwright.check.policy.read import BUILT_IN, policies_of

        policies = policies_of(subject.root)
        yield from (self.error("policy-file", fault) for fault in policies.faults)
        # The examples of those that come with it are tested where they are made.
        wanted = [replace(p, examples=()) if p.source == BUILT_IN else p for p in policies.by_id.values()]
        found = judge(wanted, [(subject.mesh.domains[product.domain], product) for product in subject.readable])
        yield from (self.error("policy-file", fault) for fault in found.faults)
        recorded, wrong = self._recorded(subject, policies.by_id.keys())
        yield from wrong
        # Nobody knows whether an exception to a policy that is broken is needed.
        recorded = [exemption for exemption in recorded if exemption.rule not in found.broken]
        yield from self._violations(found.violations, recorded, date.today())
        self.facts |= {"policies": sum(policy.enabled for policy in wanted), "judged": found.judged}

    def _recorded(self, subject: Subject, known: Collection[str]) -> tuple[list[Exemption], list[Finding]]:
        """The exceptions of the products, and what is wrong with some."""
        from meshwright.check.policy.exemptions import exemptions_of

        found: list[Exemption] = []
        wrong: list[Finding] = []
        for product in subject.readable:
            faults: list[Fault] = []
            found += exemptions_of(product, known, faults.append)
            wrong += [self.error("exception", fault, product) for fault in faults]
        return found, wrong

    def _violations(
        self, violations: tuple[Violation, ...], recorded: list[Exemption], today: date
    ) -> Iterator[Finding]:
        from meshwright.check.policy.exemptions import ACCESS, ended, excusing, idle

        needed: dict[Exemption, int] = {}
        for violation in violations:
            policy, excused = violation.policy, False
            for exemption in recorded:
                if exemption.covers(violation):
                    needed[exemption] = needed.get(exemption, 0) + 1
                    excused = excused or not exemption.is_over(today)
            if not excused:
                told = self.error if policy.severity == "error" else self.warning
                yield told(policy.id, violation.fault(), violation.product)
        for exemption in (e for e in recorded if e.rule != ACCESS):
            if exemption not in needed:
                yield self.warning("exception-idle", idle(exemption), exemption.product)
            elif exemption.is_over(today):
                yield self.error("exception-ended", ended(exemption), exemption.product)
            else:
                yield self.note("exception-used", excusing(exemption, needed[exemption]), exemption.product)
