"""Whom a breaking change hits: consumers by their own SQL, with owners; or nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from meshwright.check.model import Finding
from meshwright.check.stage import Skip, Stage
from meshwright.check.subject import Subject
from meshwright.errors import Fault

if TYPE_CHECKING:
    from meshwright.check.impact.changes import Impact


class Impact_(Stage):  # noqa: N801 - the result has the plain name
    """Who uses what a breaking change breaks, by column-level lineage; a port that goes must not be read."""

    order = 450
    needs_products = False

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Consumers are looked at only where something breaks."""
        from meshwright.check.impact.changes import impacts

        if subject.prior is None:
            raise Skip("there is nothing to compare with")
        found = impacts(subject)
        self.facts["impacts"] = [impact.as_json(subject.root) for impact in found]
        self.facts["breaking"] = len({(i.change.path, i.target.port) for i in found})
        self.facts["hit"] = sorted({hit.consumer.name for impact in found for hit in impact.hits})
        for impact in found:
            yield self._told(impact)
        readable = {product.key for product in subject.readable}
        for key in subject.selected:
            if key not in readable:
                reason = f"{key} cannot be read, so nobody knows whom it would hit"
                file = subject.root / "domains" / key / "product.yaml"
                yield self.note("unjudged", Fault(reason, file, command="mesh check --only spec"), key)

    def _told(self, impact: Impact) -> Finding:
        change, target = impact.change, impact.target
        head = f"{target.name}: {change.reason}"
        if not impact.used:
            reason = f"{head}. It breaks the contract by the letter, and nobody in fact: no consumer uses it"
            return self.note("unused", _fault(impact, reason), target.owner)
        direct = [hit for hit in impact.hits if hit.direct]
        if impact.is_end and direct:
            command = f"tell {', '.join(sorted({hit.consumer.called for hit in direct}))}"
            reason = f"{head}, and is still read: {impact.listed()}"
            return self.error("still-read", _fault(impact, reason, command), target.owner)
        return self.warning("used", _fault(impact, f"{head}. It hits {impact.listed()}"), target.owner)


def _fault(impact: Impact, reason: str, command: str | None = None) -> Fault:
    where = impact.change.where
    return Fault(reason, where.file, where.line, where.column, impact.change.path, None, command)
