"""Whether files say what the standards allow, and what they refer to is there."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model import Finding
from meshwright.check.stage import Stage
from meshwright.check.subject import Subject
from meshwright.errors import BuildError, Fault, MeshError, SpecError
from meshwright.spec.contract import proposed_lines
from meshwright.spec.model import Domain, Product, Where


class Spec(Stage):
    """Files against ODPS and ODCS; references between products, contracts, models and ingests."""

    order = 100
    needs_products = False

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Faults of the selected products and of what they rest on; of others they are notes."""
        yield from self._files(subject)
        yield from self._workspace(subject)
        for name in subject.domains:
            domain = subject.mesh.domains.get(name)
            if domain is not None and any(product.domain == name for product in subject.products):
                yield from self._models(subject, domain)
        yield from self._ending(subject)
        yield from self._versions(subject)
        yield from self._unheeded(subject)
        yield from self._metrics(subject)
        yield from self._proposed(subject)
        self.facts["products"] = len(subject.selected)

    def _files(self, subject: Subject) -> Iterator[Finding]:
        sound = subject.sound
        causes = {cause for key, (_, cause) in sound.stranded.items() if key in subject.selected}
        for fault in sound.faults:
            owner = subject.product_of(fault)
            if owner is None or owner in subject.selected:
                yield self.error("file", fault, owner)
            elif owner in causes:
                yield self.error("rests-on-broken", fault, owner)
            else:
                yield self.note("elsewhere", fault, owner)
        for key, (product, cause) in sound.stranded.items():
            if key in subject.selected:
                reason = f"{key} cannot be judged whole: it rests on {cause}, which is broken"
                yield self.note("rests-on-broken", product.where.fault(reason), key)

    def _unheeded(self, subject: Subject) -> Iterator[Finding]:
        """What contracts say and nobody can act on."""
        from meshwright.spec.compatibility.lint import unheeded

        for product in subject.readable:
            for port in product.ports:
                yield from (self.warning("unheeded", fault, product) for fault in unheeded(port.contract))

    def _metrics(self, subject: Subject) -> Iterator[Finding]:
        """Core metrics that are not written as they must be."""
        from meshwright.check.metrics import read

        for product in subject.readable:
            try:
                list(read(product))
            except SpecError as error:
                yield from (self.error("core-metric", fault, product) for fault in error.faults)

    def _workspace(self, subject: Subject) -> Iterator[Finding]:
        """Domains that Dagster would not show; a workspace that cannot be read shows none."""
        from meshwright.build.health import unseen

        try:
            for fault in unseen(subject.root, [d for n, d in subject.mesh.domains.items() if n in subject.domains]):
                yield self.warning("workspace", fault)
        except SpecError as error:
            yield from (self.error("workspace", fault) for fault in error.faults)

    def _models(self, subject: Subject, domain: Domain) -> Iterator[Finding]:
        from meshwright.build.dbt.manifests import graph_faults

        try:
            graph = subject.graph(domain.name)
        except BuildError as error:
            # The stage code says what dbt has against them.
            for fault in error.faults:
                yield self.note("models", Fault(f"models are not looked at: {_first(fault.reason)}", fault.file))
            return
        except MeshError as error:
            for fault in error.faults:
                told = self.error if subject.concerns(fault) else self.warning
                yield told("models", fault, subject.product_of(fault))
            return
        for fault in graph_faults(subject.mesh, domain, graph):
            told = self.error if subject.concerns(fault) else self.note
            yield told("models", fault, subject.product_of(fault))
        for product in domain.products.values():
            if product.key in subject.selected:
                yield from self._unread(subject, product)
        yield from self._unused(subject, domain)

    def _ending(self, subject: Subject) -> Iterator[Finding]:
        """Products that read ports which come to their end, and what to read instead."""
        from meshwright.spec.notice import notices_for

        for product in subject.products:
            for notice, where in notices_for(subject.mesh, product):
                command = f"read {notice.use} instead" if notice.use else "ask its owner what to read instead"
                yield self.warning("deprecated-input", where.fault(str(notice), command=command), product)

    def _versions(self, subject: Subject) -> Iterator[Finding]:
        """Versions in ``product.yaml`` that are not those of the contracts; of an input, its first number."""
        for product in subject.products:
            for port in product.ports:
                if port.version not in (None, port.contract.version):
                    reason = f"lists {port.name} as {port.version}, and its contract is {port.contract.version}"
                    yield self.warning("listed-version", _to_list(port.where, reason, port.contract.version), product)
            for read in product.inputs:
                offered = subject.mesh.ports[read.port].contract.version
                if read.version and read.version.partition(".")[0] != offered.partition(".")[0]:
                    reason = f"was written for {read.port} {read.version}, which is {offered} by now"
                    yield self.warning("listed-version", _to_list(read.where, reason, offered), product)

    def _proposed(self, subject: Subject) -> Iterator[Finding]:
        """Contracts that still promise what only was derived from the rows of one day."""
        for product in subject.readable:
            for port in product.ports:
                file = port.contract.where.file
                if lines := proposed_lines(file):
                    counted = "1 line is" if len(lines) == 1 else f"{len(lines)} lines are"
                    reason = f"{counted} still proposed and not yet decided"
                    command = "keep, change or remove what is marked, and take the mark away"
                    yield self.note("proposed", Fault(reason, file, lines[0], key=port.key, command=command), product)

    def _unread(self, subject: Subject, product: Product) -> Iterator[Finding]:
        """Input ports that no model and no rule of the product reads."""
        from meshwright.spec.graph import judged_by

        graph = subject.graph(product.domain)
        read = {source for model in graph.by_product.get(product.name, ()) for source in model.sources}
        read |= {port for mine in product.ports for port, _ in judged_by(mine)}
        for input_ in product.inputs:
            if input_.port not in read:
                reason = f"no model and no rule of {product.key} reads {input_.port}"
                fault = input_.where.fault(reason, command=f"take {input_.port} out of inputPorts")
                yield self.warning("unread-input", fault, product)

    def _unused(self, subject: Subject, domain: Domain) -> Iterator[Finding]:
        """Ingests that land what no model reads."""
        graph = subject.graph(domain.name)
        read = {source for model in graph.models.values() for source in model.sources}
        for source in subject.sources(domain.name).values():
            if f"landing/{source.name}" not in read:
                reason = f"no model of {domain.name} reads source('landing', '{source.name}')"
                fault = Fault(reason, source.file, source.line, key=source.name, command=f"remove {source.name}")
                yield self.warning("unread-landing", fault)


def _to_list(where: Where, reason: str, version: str) -> Fault:
    return where.fault(reason, suggestion=f"version: {version}")


def _first(text: str) -> str:
    return text if len(text) < 160 else f"{text[:160]}…"
