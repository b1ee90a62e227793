"""Whether the code of the selected products is sound, as far as that shows before a build."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model import Finding
from meshwright.check.stage import Stage
from meshwright.check.subject import Subject
from meshwright.errors import Fault, MeshError
from meshwright.spec.model import Domain


class Code(Stage):
    """dbt reads the models, SQL parses, Dagster loads the definitions, the domain's own tests pass."""

    order = 300

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Each domain of the selected products; one that dbt cannot read has its tests run all the same."""
        self.facts |= {"models": 0, "assets": 0, "tests": 0}
        for name in subject.domains:
            domain = subject.mesh.domains.get(name)
            if domain is not None and any(product.domain == name for product in subject.products):
                yield from self._read(subject, domain)
                yield from self._tests(subject, domain)

    def _read(self, subject: Subject, domain: Domain) -> Iterator[Finding]:
        """Models, then what rests on them."""
        try:
            subject.graph(domain.name)
        except MeshError as error:
            yield from (self._told(subject, "dbt", fault) for fault in error.faults)
            return
        yield from self._sql(subject, domain)
        yield from self._definitions(subject, domain)

    def _sql(self, subject: Subject, domain: Domain) -> Iterator[Finding]:
        """The SQL of the published ports and of the models that they rest on."""
        from meshwright.build.dbt.generate import project_dir
        from meshwright.check.code.sql import broken_sql, unread_sql

        graph = subject.graph(domain.name)
        mine = [product for product in subject.products if product.domain == domain.name]
        for product in mine:
            ports = [port.name for port in product.ports if port.name in graph.models]
            for model in (graph.models[name] for name in graph.ancestors(ports)):
                file = project_dir(subject.mesh, domain.name) / model.file
                if file.suffix != ".sql":
                    continue
                self.facts["models"] += 1
                if not model.compiled:
                    fault = Fault("dbt did not compile it, so its SQL is not read", file, key=model.name)
                    yield self.note("sql", fault, product)
                elif broken := list(broken_sql(model, file)):
                    yield from (self.error("sql", fault, product) for fault in broken)
                else:
                    yield from (self.warning("sql-unread", fault, product) for fault in unread_sql(model, file))

    def _definitions(self, subject: Subject, domain: Domain) -> Iterator[Finding]:
        from meshwright.check.code.locations import load_definitions

        subject.say(f"Dagster loads {domain.name}")
        try:
            self.facts["assets"] += load_definitions(subject.settings, subject.mesh, domain)
        except MeshError as error:
            yield from (self._told(subject, "definitions", fault) for fault in error.faults)

    def _tests(self, subject: Subject, domain: Domain) -> Iterator[Finding]:
        from meshwright.check.code.own_tests import folder_of, has_pytest, run_tests

        folder = folder_of(subject.root, domain.name)
        if folder is None:
            return
        if not has_pytest():
            fault = Fault("these tests are not run: pytest is not installed", folder, command="pip install pytest")
            yield self.warning("tests", fault)
            return
        subject.say(f"pytest runs tests/{domain.name}")
        outcome = run_tests(subject.root, folder, subject.settings.tests_seconds)
        self.facts["tests"] += outcome.count
        yield from (self.error("tests", fault) for fault in outcome.faults)

    def _told(self, subject: Subject, rule: str, fault: Fault) -> Finding:
        """An error; a warning where the fault is that of a product nobody asked about, in the same dbt project."""
        told = self.error if subject.concerns(fault) else self.warning
        return told(rule, fault, subject.product_of(fault))
