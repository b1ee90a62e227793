"""Whether the numbers that a product is run by move no more than its owners allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from meshwright.check.model import Finding
from meshwright.check.stage import Skip, Stage
from meshwright.check.subject import Subject
from meshwright.errors import InputError
from meshwright.spec.sql import ports_in

if TYPE_CHECKING:
    from meshwright.check.metrics import Metric


class Metrics(Stage):
    """Core metrics of the products that were built, against production."""

    order = 650
    after = ("build",)
    needs_all_rows = True

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Each metric of each product that changed, or that rests on one that did; those that the change drops too."""
        from meshwright.check.loosened import loosened
        from meshwright.check.metrics import PROPERTY, read

        built = {result.product.key for result in subject.built.heard.results}
        concerned = {*built, *subject.selected, *subject.removed}
        mine = [(p.key, metric) for p in subject.whole.mesh if p.key in concerned for metric in read(p)]
        former = list(loosened(subject, concerned, [metric for _, metric in mine]))
        if not mine and not former:
            raise Skip(f"no product concerned declares {PROPERTY}")
        self.facts["metrics"] = {}
        for key, metric in mine:
            try:
                yield from self._told(subject, key, metric)
            except InputError as error:
                yield from (self.error("core-metric", fault, key) for fault in error.faults)
        for key, metric in former:
            yield from self._told_of_old(subject, key, metric)

    def _told(self, subject: Subject, key: str, metric: Metric) -> Iterator[Finding]:
        from meshwright.check.metrics import moved

        ports = {**(subject.prior.mesh.ports if subject.prior else {}), **subject.whole.mesh.ports}
        read = [subject.published.guarded(ports[name]) for name in ports_in(metric.query) if name in ports]
        found = moved(subject.settings, subject.trial, metric, read)
        name = f"{metric.name} as {metric.since} has it" if metric.since else metric.name
        self.facts["metrics"][f"{key}: {name}"] = found.as_data()
        if found.is_too_far:
            yield self.error("core-metric", metric.where.fault(found.told), key)
        elif not found.is_known:
            yield self.note("core-metric", metric.where.fault(found.told), key)

    def _told_of_old(self, subject: Subject, key: str, metric: Metric) -> Iterator[Finding]:
        """A change that halves a number does not do away with the number, too."""
        from meshwright.check.metrics import PROPERTY

        try:
            for found in self._told(subject, key, metric):
                command = f"change {PROPERTY} of {key} in a change of its own, before this one"
                yield replace(found, fault=replace(found.fault, command=command))
        except InputError as error:
            for fault in error.faults:
                reason = f"{fault.reason}: it was not measured whether the change moves it"
                yield self.warning("core-metric", replace(fault, reason=reason), key)
