"""Whether the numbers that a product is run by move no more than its owners allow."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model import Finding
from meshwright.check.stage import Skip, Stage
from meshwright.check.subject import Subject
from meshwright.spec.sql import ports_in


class Metrics(Stage):
    """Core metrics of the products that were built, against production."""

    order = 650
    after = ("build",)
    needs_all_rows = True

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Each metric of each product that changed, or that rests on one that did."""
        from meshwright.check.metrics import PROPERTY, moved, read

        told: dict[str, object] = {}
        ports = subject.whole.mesh.ports
        built = {result.product.key for result in subject.trial.heard.results}
        products = [p for p in subject.whole.mesh if p.key in built or p.key in subject.selected]
        if not any(product.custom.get(PROPERTY) for product in products):
            raise Skip(f"no product concerned declares {PROPERTY}")
        for product in products:
            for metric in read(product):
                read_ = [subject.published.guarded(ports[name]) for name in ports_in(metric.query) if name in ports]
                found = moved(subject.settings, subject.trial, metric, read_)
                told[f"{product.key}: {metric.name}"] = found.as_data()
                if found.is_too_far:
                    yield self.error("core-metric", metric.where.fault(found.told), product)
                elif not found.is_known:
                    yield self.note("core-metric", metric.where.fault(found.told), product)
        self.facts["metrics"] = told
