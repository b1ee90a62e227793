"""Whether readers of a product can go on as they are when the change is merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from meshwright.check.model import Finding
from meshwright.check.stage import Stage
from meshwright.check.subject import Subject
from meshwright.errors import Fault
from meshwright.spec.model import Product

if TYPE_CHECKING:
    from meshwright.check.baseline import Before
    from meshwright.spec.compatibility import Change, Judgement, ProductJudgement, VersionJudgement


class Compatibility(Stage):
    """Old contract against new: what breaks readers, which version it takes, what the published data must keep."""

    order = 400
    after = ("spec",)
    needs_products = False

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Each product against what is published of it, or else against the base."""
        ports: dict[str, object] = {}
        for product in subject.products:
            yield from self._of(subject, product, ports)
        for key in subject.removed:
            yield from self._gone(subject, key)
        self.facts |= {"ports": ports}

    def _of(self, subject: Subject, product: Product, told: dict[str, object]) -> Iterator[Finding]:
        from meshwright.check.baseline import before, read_alike
        from meshwright.spec.compatibility import compare_product

        old = before(subject, product)
        if old.product is None:
            yield self.note("new", product.where.fault("is new: nobody relies on it yet"), product)
            return
        new = replace(product, ports=tuple(map(read_alike, product.ports)))
        judged = compare_product(old.product, new, date.today())
        judgements = {name: _counted_on(j, old, new, name) for name, j in judged.ports.items()}
        yield from self._changes(product, judged)
        yield from self._rushed(subject, new, old)
        for name, judgement in judgements.items():
            key = f"{product.domain}.{name}"
            told[key] = {"against": old.ports[name].name, **judgement.as_json()}
            yield from self._of_port(product, key, judgement)
            if any(change.verify for change in judgement.changes):
                yield from self._on_data(subject, product, old, name)

    def _changes(self, product: Product, judged: ProductJudgement) -> Iterator[Finding]:
        breaking = set(judged.breaking)
        for change in judged.changes:
            yield self._told(product, change, breaks=change in breaking)

    def _rushed(self, subject: Subject, product: Product, old: Before) -> Iterator[Finding]:
        """Ends that come too soon: told by what the change itself does, however long ago the port was built."""
        from meshwright.spec.compatibility.lifecycle import rushed

        earlier = subject.earlier(product.key)
        before = {port.name: port.contract for port in earlier.ports} if earlier else {}
        before = {name: baseline.contract for name, baseline in old.ports.items()} | before
        for port in product.ports:
            for change in rushed(before[port.name], port.contract, date.today()) if port.name in before else ():
                command = f"mesh deprecate {port.key} --until YYYY-MM-DD --use PORT"
                yield self._told(product, change, breaks=True, remedy=command)

    def _of_port(self, product: Product, key: str, judgement: Judgement) -> Iterator[Finding]:
        from meshwright.spec.compatibility import Verdict, way_out

        name, version, first = key.partition(".")[2], judgement.version, next(iter(judgement.breaking), None)
        own = first is None or version.required is None or version.verdict is not Verdict.MAJOR
        for change in judgement.changes:
            told = _with_version(change, version) if change is first and not own else change
            yield self._told(product, told, breaks=change in judgement.breaking, remedy=way_out(name))
            if change.approval:
                yield self._approval(product, name, change)
        if own and not version.enough and judgement.changes and not _step_refused(judgement):
            where = next(iter(judgement.changes)).where
            fault = Fault(version.reason, where.file, key=f"{key} version", suggestion=version.required)
            yield self.error("version", fault, product)

    def _approval(self, product: Product, port: str, change: Change) -> Finding:
        """That access changes needs a reason in the product, which whoever owns the policies sees in the review."""
        from meshwright.check.policy.exemptions import ACCESS, exemptions_of

        recorded = exemptions_of(product, (), lambda _: None)
        approval = next((e for e in recorded if e.approves(port, date.today())), None)
        if approval is not None:
            reason = f"{change.reason}: approved until {approval.until}, since {approval.reason}"
            return self.note("approved", change.where.fault(reason), product)
        reason = f"{change.reason}: who may see or reach it changes, which needs an approval"
        command = f"record rule: {ACCESS}, reason and until under policyExceptions in product.yaml"
        return self.error("approval", change.where.fault(reason, command=command), product)

    def _told(self, product: Product, change: Change, *, breaks: bool, remedy: str | None = None) -> Finding:
        from meshwright.spec.compatibility import Verdict

        fault = change.where.fault(f"{change.verdict.value}: {change.reason}", command=remedy if breaks else None)
        refused = change.verdict is Verdict.REFUSED
        return (self.error if breaks or refused else self.note)(change.rule, fault, product)

    def _on_data(self, subject: Subject, product: Product, old: Before, name: str) -> Iterator[Finding]:
        """What the new contract promises for the first time must hold on what is published already."""
        from meshwright.check.promises import broken_promises

        port = next(port for port in product.ports if port.name == name)
        for fault in broken_promises(subject, port, old.ports[name].contract):
            yield self.error("data-breaks-promise", fault, product)

    def _gone(self, subject: Subject, key: str) -> Iterator[Finding]:
        """A product that the change removes, with all its ports."""
        from meshwright.spec.compatibility import lifecycle

        product = subject.earlier(key)
        for port in product.ports if product else ():
            if not lifecycle.ended(port.contract, date.today()):
                reason = f"major: output port {port.key} is gone with its product; mark it deprecated with an end date"
                domain, name = key.split("/")
                commit = subject.base.commit[:8] if subject.base else "HEAD"
                places = f"domains/{key} dbt_projects/{domain}/models/{name}"
                fault = Fault(reason, key=key, command=f"git restore --source {commit} -- {places}")
                yield self.error("output-port-removed", fault, key)


def _step_refused(judgement: Judgement) -> bool:
    """Whether a change says already what is wrong with the step from one version to the other."""
    from meshwright.spec.compatibility import Verdict

    return any(change.path == "version" and change.verdict is Verdict.REFUSED for change in judgement.changes)


def _with_version(change: Change, version: VersionJudgement) -> Change:
    """A breaking change that says which version it takes, where the new one does not tell of it."""
    if version.enough:
        return change
    reason = f"{change.reason}; version {version.old} must become {version.required}"
    return replace(change, reason=reason if version.new == version.old else f"{reason}, not {version.new}")


def _counted_on(judgement: Judgement, old: Before, new: Product, name: str) -> Judgement:
    """The judgement, its version counted on from what was merged and not built yet, where there is that."""
    from meshwright.spec.compatibility import compare

    merged = old.ports[name].merged
    if merged is None:
        return judgement
    contract = next(port.contract for port in new.ports if port.name == name)
    since = compare(merged, contract)
    steps = [change for change in since.changes if change.path == "version"]
    kept = [change for change in judgement.changes if change.path != "version"]
    return replace(judgement, changes=(*steps, *kept), version=since.version)
