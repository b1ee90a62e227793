"""The step of one product: build in a scratch file, stage, commit candidates, audit, swap.

Safe to kill at any instant: before the swap nothing is visible, after it everything is.
"""

from __future__ import annotations

import json
import shutil
import textwrap
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from time import perf_counter

import duckdb
import yaml

from meshwright import duck
from meshwright.build import landing as landings
from meshwright.build import views
from meshwright.build.classified import Discretion, guarded_by
from meshwright.build.columns import bind
from meshwright.build.context import Run
from meshwright.build.dbt import generate, runner
from meshwright.build.dbt.graph import Graph
from meshwright.build.dbt.manifests import manifest_of
from meshwright.build.older import older_rows
from meshwright.build.plan import Planner, PortPlan, ProductPlan
from meshwright.build.publishing import PortResult, Publisher, Staged
from meshwright.build.staging import Stager
from meshwright.build.unreadable import Unreadable
from meshwright.catalog import environments, promises
from meshwright.catalog.database import now
from meshwright.catalog.locks import product_lock
from meshwright.catalog.promises import promise_of
from meshwright.catalog.records import BuildRecord, confirm, write_builds
from meshwright.config import PRODUCTION
from meshwright.duck import literal, quote
from meshwright.errors import BuildError, Fault, MeshError, shown
from meshwright.spec.model import Product, private_columns

MAX_REBUILDS = 5


@dataclass(frozen=True)
class ProductResult:
    """How the step of a product ended; ``tests`` are dbt's.

    ``failing`` are faults of snapshots that stay published although they break a rule that is new.
    """

    product: Product
    plan: ProductPlan
    ports: Mapping[str, PortResult]
    tests: Sequence[runner.NodeResult]
    seconds: float
    failing: Sequence[Fault] = ()

    @property
    def rows(self) -> int:
        """Rows of all its ports."""
        return sum(port.rows for port in self.ports.values())

    @property
    def verdict(self) -> str:
        """``published``, ``unchanged`` or ``audited``."""
        verdicts = {port.verdict for port in self.ports.values()}
        return next((v for v in ("published", "audited") if v in verdicts), "unchanged")


def build_product(
    run: Run, product: Product, *, partitions: Sequence[str] | None = None, force: bool = False
) -> ProductResult:
    """Build, audit and publish one product, or find that there is nothing to do.

    Waits for whoever else builds it, then plans anew. Raises BuildError, AuditError (candidates stay for
    looking into), ConflictError, SpecError or UnavailableError; the last snapshot answers in every case.
    """
    started = perf_counter()
    waiting = f"{product.key}: waiting for another build of it to end"
    lock = product_lock(run.settings, product.key, environment=run.environment, on_wait=lambda: run.say(waiting))
    with lock:
        environments.require(run.database, run.environment)
        if run.environment != PRODUCTION:
            run = replace(run, mesh=guarded_by(run.database, run.mesh))
            product = run.mesh.products[product.key]
        run.on_step("locked")
        for _ in range(MAX_REBUILDS):
            step = _Step(run, product, partitions, force)
            outcome = step.run_once()
            if outcome is not None:
                if partitions is None:
                    _confirm(run, product, outcome)
                return ProductResult(product, step.plan, outcome, step.tests, perf_counter() - started, step.failing)
            run.say(f"{product.key}: what it read or replaces was published anew meanwhile; building again")
    raise BuildError(Fault("its inputs moved in each of five attempts", key=product.key, command="mesh build"))


def _confirm(run: Run, product: Product, outcome: Mapping[str, PortResult]) -> None:
    current = [result.port.key for result in outcome.values() if result.verdict != "published"]
    with run.database.write() as connection:
        confirm(connection, current, now(), run.environment)
        promises.record(connection, map(promise_of, product.ports), now(), run.environment)


@dataclass
class _Step:
    """One attempt."""

    run: Run
    product: Product
    only: Sequence[str] | None
    force: bool
    tests: list[runner.NodeResult] = field(default_factory=list)
    failing: list[Fault] = field(default_factory=list)
    build: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: str = field(default_factory=now)

    def __post_init__(self) -> None:
        state = self.run.state()
        self.state = state.base_of(self.product)
        self.planner = Planner(self.run.settings, self.run.mesh, state, self.force, self.only, self.run.environment)

    @cached_property
    def plan(self) -> ProductPlan:
        """The plan after the lock."""
        return self.planner.plan(self.product)

    @property
    def graph(self) -> Graph:
        """The domain's models."""
        return self.planner.graph(self.product.domain)

    @property
    def project(self) -> Path:
        """The domain's dbt project."""
        return generate.project_dir(self.run.mesh, self.product.domain)

    @property
    def scratch(self) -> Path:
        """The product's scratch folder; the last scratch file is kept for looking into."""
        return self.run.scratch(self.product.domain, self.product.name)

    def run_once(self) -> Mapping[str, PortResult] | None:
        """The results by port; None where the product must be built again."""
        if self.plan.missing:
            raise BuildError(_missing(self.product, self.plan.missing))
        self.run.on_step("planned")
        publisher = Publisher(self.run, self.product, self.plan, self.state, self.build, self.started, self.force)
        self.failing = publisher.failing
        if not self.plan.due_ports:
            return publisher.audit_in_place()
        try:
            if again := self._older():
                return publisher.publish(again)
            statements = self._views()
            bind(statements, self.graph, [p.port for p in self.plan.due_ports], self.project, self._discretion)
            self.run.on_step("bound")
            self._run_dbt(statements)
            self.run.on_step("built")
            with self._opened(statements) as con:
                staged = [self._staged(con, plan) for plan in self.plan.due_ports]
                self.run.on_step("checked")
                return publisher.publish(staged)
        except MeshError as error:
            publisher.record_failure(error)
            raise

    def _older(self) -> list[Staged]:
        """The due ports as older snapshots hold them; empty where one of them has to be built."""
        if self.force or self.plan.whole or not self.plan.due_ports:
            return []
        staged = []
        for plan in self.plan.due_ports:
            rows = older_rows(self.run, self.state, plan)
            if rows is None:
                return []
            staged.append(Staged(plan, rows, rows.parts))
        self.run.say(f"{self.product.key}: made before; its older files are adopted again")
        self.run.on_step("adopted again")
        return staged

    def _views(self) -> list[str]:
        """The statements that make every view that the product's models may read."""
        partitions, sample = self.plan.partitions, self.state.sample
        statements = views.attach(views.mesh_domains(self.run.mesh))
        for source in self.planner.sources_of(self.product):
            landing = self.state.landings[source.key]
            landings.verify(landing)
            statements.append(views.landing_view(source, landing, partitions, sample))
        for read in self.product.inputs:
            if read.port in self.state.pins:
                port = self.run.mesh.ports[read.port]
                narrow = partitions if self.planner.is_same(self.product, read.port) else None
                part = None if read.port in self.state.own else sample  # what was made here is a sample already
                rows = sum(content.rows for content in self.state.held(read.port).values())
                statements.append(views.port_view(port, self.state.pins[read.port], narrow, part, rows))
        return statements

    def _run_dbt(self, statements: Sequence[str]) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        file = self.scratch / "views.json"
        file.write_text(json.dumps(statements), encoding="utf-8")
        profile = generate.profile(self.run.settings, self._scratch_file, {"views": str(file)})
        (self.scratch / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
        models = [self.graph.models[m].name for m in self.graph.ancestors([p.port.name for p in self.plan.due_ports])]
        results = runner.build(
            self.project, self.scratch, self.scratch / "target", manifest_of(self.run.settings, self.graph), models,
            self._say,
        )  # fmt: skip
        self.tests = [r for r in results if r.kind == "test"]
        failed = [r for r in results if not r.ok and r.status != "skipped"]
        if failed:
            raise BuildError(*(self._dbt_fault(r) for r in failed))

    @cached_property
    def _discretion(self) -> Discretion:
        """By the private columns of the ports that it publishes or reads, and all models behind its ports."""
        read = (self.run.mesh.ports[read.port] for read in self.product.inputs)
        models = self.graph.ancestors([port.name for port in self.product.ports])
        sql = "\n".join(self.graph.models[name].compiled for name in models)
        return Discretion(private_columns([*self.product.ports, *read]), sql)

    def _say(self, message: str) -> None:
        self.run.say(self._discretion.told(message) if " Error" in message else message)

    @property
    def _scratch_file(self) -> Path:
        return self.scratch / f"{generate.SCRATCH_DATABASE}.duckdb"

    def _dbt_fault(self, result: runner.NodeResult) -> Fault:
        kind, said = "test" if result.kind == "test" else "model", _without_title(result.message)
        said = said if result.status == "fail" else self._discretion.told(said)
        project, environment = shown(self.project), self.run.environment
        by_hand = f"dbt build --project-dir {project} --profiles-dir {project} --select {result.name}"
        # By hand dbt reads what production has.
        command = by_hand if environment == PRODUCTION else f"mesh build --env {environment} {self.product.key}"
        return Fault(
            f"dbt {kind} {result.name} failed: {said}",
            self.project / result.file,
            key=f"{self.product.key}/{result.name}",
            command=command,
        )

    def _opened(self, statements: Sequence[str]) -> duckdb.DuckDBPyConnection:
        spill = self.run.spill(self.product.domain, self.product.name)
        con = duck.connect(**self.run.settings.duckdb, preserve_insertion_order="false", temp_directory=str(spill))
        for statement in statements:
            con.execute(statement)
        con.execute(f"ATTACH {literal(self._scratch_file)} AS {generate.SCRATCH_DATABASE} (READ_ONLY)")
        return con

    def _staged(self, con: duckdb.DuckDBPyConnection, plan: PortPlan) -> Staged:
        relation = f"{generate.SCRATCH_DATABASE}.main.{quote(plan.port.name)}"
        file = self.project / self.graph.models[plan.port.name].file
        stager = Stager(con, plan.port, relation, file, self._discretion)
        try:
            stager.check()
            parts = stager.parts()
        except (duckdb.DataError, duckdb.ProgrammingError) as error:
            # A view computes its rows only now, so dbt could not see what is wrong with them.
            # What was raised is not told with it: it may quote a private value.
            if isinstance(error, duckdb.CatalogException):
                said = f"dbt left no table or view main.{plan.port.name}; a port's model keeps its name and schema"
                raise BuildError(Fault(f"its rows cannot be read: {said}", file, key=plan.port.key)) from None
            sources = self.planner.sources_of(self.product)
            raise BuildError(
                Unreadable(con, plan.port, self.graph, self.project, sources, self._discretion).fault(error)
            ) from None
        partitions = self.plan.partitions
        if plan.port.contract.partition is not None and partitions is not None:
            stager.require_within(partitions, parts)
        return Staged(plan, stager, {p.partition: p for p in parts})


def _without_title(message: str) -> str:
    """dbt's message without its first line, which names the model again; carets stay under what they point at."""
    title, _, rest = message.strip().partition("\n")
    return textwrap.dedent(rest).strip() if " Error in " in title and rest.strip() else message.strip()


def record_failed_landing(run: Run, product: Product, error: MeshError) -> None:
    """Leave a record of a product that could not be built because a source of it did not land."""
    stamp = now()
    rows = [
        BuildRecord(
            id=str(uuid.uuid4()), domain=product.domain, product=product.name, port=port.name, partition="",
            build_key="", key_parts={}, engine=duckdb.__version__, code="", contract_version=port.contract.version,
            run=run.id, verdict="failed", started_at=stamp, finished_at=stamp, message=str(error)[:2000],
            commit=run.commit, environment=run.environment,
        )
        for port in product.ports
    ]  # fmt: skip
    with run.database.write() as connection:
        for row in rows:
            write_builds(connection, [row], [])


def _missing(product: Product, missing: Sequence[str]) -> Fault:
    sources = [name for name in missing if name.startswith("landing/")]
    what = "has not landed" if sources else "was never published"
    name = (sources or list(missing))[0]
    where = product.domain if sources else name
    return Fault(f"needs {name}, which {what}", key=product.key, command=f"mesh build {where}")
