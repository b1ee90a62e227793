"""Whether ports give what consumers say they rely on, in the contract and in the published data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from meshwright.check.model import Finding
from meshwright.check.stage import Stage
from meshwright.check.subject import Subject
from meshwright.errors import Fault, shown
from meshwright.spec.expects import Expected, expected, misplaced, unknown_columns

if TYPE_CHECKING:
    from meshwright.spec.model import Contract, Port


class Expectations(Stage):
    """What consumers expect of a selected port, and what selected products expect, is promised and true."""

    order = 460
    needs_products = False

    def __init__(self) -> None:
        super().__init__()
        self._owners: dict[str, str] = {}

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Only files about selected products are read."""
        mine = set(subject.selected) | set(subject.removed)
        asked = [e for e in expected(subject.place) if e.consumer in mine or self._producer(subject, e.port) in mine]
        self.facts |= {"expectations": len(asked), "audited": 0}
        ports = dict(self._ports(subject, asked))
        read: list[tuple[Expected, Contract]] = []
        for of in asked:
            yield from self._judged(subject, of, ports, read)
        yield from self._audited(subject, read, ports)

    def _producer(self, subject: Subject, port: str) -> str | None:
        """The product that publishes a port, or did so before this change."""
        if port in subject.place.ports:
            return subject.place.ports[port]
        before = subject.prior.mesh.ports.get(port) if subject.prior else None
        return f"{before.domain}/{before.product}" if before else None

    def _ports(self, subject: Subject, asked: list[Expected]) -> Iterator[tuple[str, Port]]:
        """The ports that are asked about, of products that were not selected too."""
        from meshwright.spec.load import load_sound

        here = {port.key: port for product in subject.readable for port in product.ports} | dict(subject.mesh.ports)
        others = {subject.place.ports[e.port] for e in asked if e.port not in here and e.port in subject.place.ports}
        if others:
            here |= load_sound(subject.root, sorted(others)).mesh.ports
        yield from here.items()

    def _judged(
        self, subject: Subject, of: Expected, ports: dict[str, Port], read: list[tuple[Expected, Contract]]
    ) -> Iterator[Finding]:
        """One expectation against the contract; where it can be judged on data, it is added to ``read``."""
        from meshwright.check.impact.expectations import broken

        faults: list[Fault] = []
        wanted = of.read(faults.append)
        if wrong := misplaced(of, ports, subject.place.ports):
            faults = [wrong]
            if of.port not in subject.place.ports and self._producer(subject, of.port):
                reason = f"{of.port} is gone, on which {of.consumer} relies"
                yield self._told(subject, "expectation-broken", replace(wrong, reason=reason), of)
                return
        for fault in faults:
            # A file of somebody else's that is wrong is theirs to mend.
            told = self._told(subject, "expectation-file", fault, of)
            yield told if of.consumer in subject.selected else replace(told, severity="warning")
        offered = ports.get(of.port)
        if faults or wanted is None or offered is None:
            return
        missing = list(unknown_columns(wanted, offered.contract))
        yield from (self._told(subject, "expectation-broken", fault, of) for _, fault in missing)
        gone = {f"columns.{column.name}" for column, _ in missing}
        for change in broken(wanted, offered.contract):
            if not (change.rule == "column-removed" and change.path in gone):
                place = change.where if change.where.file == offered.contract.where.file else offered.contract.where
                reason = f"{of.port} does not give what {of.consumer} relies on: {change.reason}"
                fault = Fault(reason, place.file, place.line, place.column, change.path)
                yield self._told(subject, "expectation-broken", fault, of)
        read.append((of, wanted))

    def _told(self, subject: Subject, rule: str, fault: Fault, of: Expected) -> Finding:
        """An error, with the owner of whoever expects it."""
        owner = self._owner(subject, of.consumer)
        reason = f"{fault.reason} (expected by {of.consumer}, {owner}, in {shown(of.file)})"
        told = replace(fault, reason=reason, command=fault.command or f"ask {owner}")
        mine = of.consumer if of.consumer in subject.selected else subject.place.ports.get(of.port)
        return self.error(rule, told, mine)

    def _owner(self, subject: Subject, consumer: str) -> str:
        """Read once for each consumer, however much is found of it."""
        from meshwright.spec.load import load_sound

        if consumer not in self._owners:
            domain = load_sound(subject.root, [consumer]).mesh.domains.get(consumer.partition("/")[0])
            contact = f" <{domain.contact}>" if domain and domain.contact else ""
            self._owners[consumer] = f"{domain.owner}{contact}" if domain else consumer
        return self._owners[consumer]

    def _audited(
        self, subject: Subject, read: list[tuple[Expected, Contract]], ports: dict[str, Port]
    ) -> Iterator[Finding]:
        """Expectations on the data that are published."""
        from meshwright.check.impact.audited import audited

        for of, verdict in audited(subject, read, ports):
            self.facts["audited"] += 1
            if not verdict.passed:
                fault = verdict.rule.where.fault(f"{of.port} as published breaks {verdict.rule.id}: {verdict.message}")
                told = self._told(subject, "expectation-broken", fault, of)
                yield told if verdict.rule.severity == "error" else replace(told, severity="warning")
