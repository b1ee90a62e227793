"""What the change does to the rows that readers get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from meshwright.check.model import Finding
from meshwright.check.stage import Stage
from meshwright.check.subject import Subject
from meshwright.errors import Fault

if TYPE_CHECKING:
    from meshwright.check.diff import PortDiff, SchemaChange

PAGE = "diff.html"


class Diff(Stage):
    """Rows added, removed and changed in each port that was built, against production."""

    order = 700
    after = ("build",)
    needs_all_rows = True

    def run(self, subject: Subject) -> Iterator[Finding]:
        """One note for each port whose rows differ; all of it as facts, and as a page where a report is asked for."""
        from meshwright.check.diff import as_data, compare_ports

        trial = subject.built
        before, after = trial.start.pins, trial.made
        ports = [port for port in subject.whole.mesh.ports.values() if port.key in after.own]
        found: list[PortDiff] = []
        for port in ports:
            subject.say(f"comparing {port.key}")
            guarded, promised = subject.published.guarded(port), subject.published.contract(port)
            diff = compare_ports(
                subject.settings, guarded, before.get(port.key), after.own[port.key], promised=promised
            )
            found.append(diff)
            if not diff.is_same:
                yield self.note("rows", Fault(_told(diff), key=port.key), f"{port.domain}/{port.product}")
        self.facts["ports"] = as_data(found)
        self._page(subject, found)

    def _page(self, subject: Subject, found: list[PortDiff]) -> None:
        """Leave the page where the report is to be."""
        from meshwright.check.diff import as_page

        if found:
            against = subject.base.name if subject.base else "production"
            note = f"What the change makes of production's data; the change is told against {against}."
            subject.leave(PAGE, as_page(found, title="Data diff", note=note))


def _told(diff: PortDiff) -> str:
    if diff.rows[0] is None:
        return f"is new, with {diff.rows[1]:,} rows"
    counts = {"added": diff.added, "removed": diff.removed, "changed": diff.changed}
    parts = [f"{count:,} {what}" for what, count in counts.items() if count]
    parts += [f"column {_named(change)}" for change in diff.schema]
    return f"of {diff.rows[0]:,} rows {', '.join(parts)}" if parts else "differs"


def _named(change: SchemaChange) -> str:
    return f"{change.was} renamed to {change.column}" if change.was else f"{change.column} {change.kind}"
