"""What would be landed and built, and why, key by key. Loads neither dbt, PyIceberg, GX nor Dagster."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from meshwright.build import landing as landings_
from meshwright.build.dbt.graph import Graph
from meshwright.build.dbt.manifests import graph_of
from meshwright.build.keys import KeyParts, contract_part, digest_of
from meshwright.build.partitions import WHOLE, in_order, require_known
from meshwright.build.sources import Source, sources_of
from meshwright.build.state import State
from meshwright.catalog.database import Database
from meshwright.catalog.pins import require_catalog, require_here
from meshwright.catalog.records import Content
from meshwright.config import PRODUCTION, Settings
from meshwright.errors import BuildError, Fault, InputError, MeshError
from meshwright.quality.rules import audit_key, rules_of
from meshwright.spec.model import Mapping_, Mesh, Port, Product

NEVER_BUILT = "never built"


@dataclass(frozen=True)
class PartPlan:
    """One partition of a port (``""``: the port has none). ``reason`` is None where it is current."""

    partition: str
    parts: KeyParts
    reason: str | None


@dataclass(frozen=True)
class PortPlan:
    """What a port needs. ``gone`` are partitions that hold rows now and will hold none."""

    port: Port
    parts: tuple[PartPlan, ...]
    gone: tuple[str, ...]
    audit_due: bool

    @cached_property
    def due(self) -> tuple[PartPlan, ...]:
        """The partitions to build."""
        return tuple(part for part in self.parts if part.reason)

    @property
    def built(self) -> tuple[str, ...]:
        """Every partition that a build of it answers for."""
        return (*(part.partition for part in self.due), *self.gone)

    @property
    def is_due(self) -> bool:
        """Whether it is to be built."""
        return bool(self.due or self.gone)

    @property
    def reason(self) -> str:
        """Why, in one line."""
        if not self.due and self.gone:
            return f"{len(self.gone)} partitions lost their input"
        reasons = dict.fromkeys(part.reason for part in self.due if part.reason)
        return "; ".join(list(reasons)[:2])


@dataclass(frozen=True)
class LandingPlan:
    """Whether a source is to be landed; ``reason`` is None where what has landed is still equal."""

    source: Source
    version: str | None
    reason: str | None


@dataclass(frozen=True)
class ProductPlan:
    """What a product needs. ``whole`` says why all partitions are taken, where they are.

    ``moved``: production published it after the environment did, so that what the environment holds of it is made
    on production again.

    ``partitions`` are those whose rows the build reads and replaces; None: all. ``missing`` are inputs that
    were never published or landed. ``error`` is why it could not be planned: an ingest, a version or a dbt project
    that is broken, which is nobody else's matter.
    """

    product: Product
    landings: tuple[LandingPlan, ...]
    ports: tuple[PortPlan, ...]
    missing: tuple[str, ...] = ()
    whole: str | None = None
    after: tuple[str, ...] = ()
    error: MeshError | None = None
    moved: bool = False

    @property
    def due_ports(self) -> tuple[PortPlan, ...]:
        """Ports to build."""
        return tuple(port for port in self.ports if port.is_due)

    @property
    def must_land(self) -> bool:
        """Whether a source is to be landed first."""
        return any(landing.reason for landing in self.landings)

    @property
    def is_noop(self) -> bool:
        """Whether there is nothing to land, to build or to audit."""
        audit_due = any(p.audit_due for p in self.ports)
        return not (self.must_land or self.due_ports or self.after or audit_due or self.moved)

    @property
    def is_due(self) -> bool:
        """Whether its step is to run, if only to say what it lacks."""
        return bool(self.missing) or self.error is not None or not self.is_noop

    @cached_property
    def partitions(self) -> tuple[str, ...] | None:
        """The partitions that are built together; None for all of them."""
        if self.whole or not any(p.port.contract.partition for p in self.due_ports):
            return None
        texts = {part.partition for p in self.due_ports if p.port.contract.partition for part in p.due}
        texts |= {gone for p in self.due_ports for gone in p.gone}
        return tuple(sorted(texts, key=in_order))


@dataclass
class Planner:
    """Plans products of one mesh against one state; UnavailableError where it was moved or its catalog is gone.

    ``following`` are domains whose sources are landed in an environment as in production, where they are new.
    """

    settings: Settings
    mesh: Mesh
    state: State
    force: bool = False
    only: Collection[str] | None = None
    environment: str = PRODUCTION
    on_parse: Callable[[str], None] = lambda _: None
    following: Collection[str] = ()
    _graphs: dict[str, Graph] = field(default_factory=dict)
    _sources: dict[str, dict[str, Source]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_here(self.settings, self.state.pins)
        if not self.state.pins:
            require_catalog(self.settings, Database(self.settings))

    def graph(self, domain: str) -> Graph:
        """The models of a domain."""
        if domain not in self._graphs:
            self._graphs[domain] = graph_of(self.settings, self.mesh, self.mesh.domains[domain], self.on_parse)
        return self._graphs[domain]

    def sources(self, domain: str) -> Mapping[str, Source]:
        """The ingests of a domain."""
        if domain not in self._sources:
            self._sources[domain] = sources_of(self.mesh, self.mesh.domains[domain])
        return self._sources[domain]

    def sources_of(self, product: Product) -> tuple[Source, ...]:
        """The ingests that a product reads; BuildError where a model names one that nobody declared."""
        graph, known = self.graph(product.domain), self.sources(product.domain)
        names = sorted({s for port in product.ports for s in graph.reads(port.name) if s.startswith("landing/")})
        names = [name.removeprefix("landing/") for name in names]
        for name in names:
            if name not in known:
                command = f"declare it in domains/{product.domain}/ingest.py"
                reason = f"no ingest of domain {product.domain} is called {name!r}"
                raise BuildError(Fault(reason, product.where.file, key=product.key, command=command))
        return tuple(known[name] for name in names)

    def plan(self, product: Product) -> ProductPlan:
        """The plan of one product, as if nothing above it changed."""
        base = self.state.base_of(product)
        planner = self if base is self.state else replace(self, state=base)
        return replace(planner._plan(product), moved=product.key in self.state.moved)

    def _plan(self, product: Product) -> ProductPlan:
        landings = tuple(self._plan_landing(source) for source in self.sources_of(product))
        missing = tuple(name for name in sorted(self._needs(product)) if not self._is_there(product, name))
        if missing:
            return ProductPlan(product, landings, (), missing)
        ports = tuple(self._plan_port(product, port) for port in product.ports)
        self._require_known_partitions(product, ports)
        if self.only is not None:
            ports = tuple(_narrowed(plan, self.only) for plan in ports)
        return ProductPlan(product, landings, ports, whole=self._why_whole(product, ports))

    def plan_all(self, products: Sequence[Product]) -> tuple[ProductPlan, ...]:
        """Plans of several products, producers first; ``after`` names those whose outcome may change a plan.

        One that cannot be planned does not stop the others; where nothing else was asked for, its error is raised,
        and so is one about the partitions that were asked for.
        """
        plans: list[ProductPlan] = []
        moving: set[str] = set()
        for product in products:
            try:
                plan = self.plan(product)
            except MeshError as error:
                if len(products) == 1 or (self.only is not None and type(error) is InputError):
                    raise
                plan = ProductPlan(product, (), (), error=error)
            if plan.error:
                moving.add(product.key)
                plans.append(plan)
                continue
            read = {name for name in self._needs(product) if not name.startswith("landing/")}
            after = tuple(sorted({up for name in read if (up := self.mesh.product_of(name).key) in moving}))
            plan = replace(plan, after=after)
            if plan.is_due:
                moving.add(product.key)
            plans.append(plan)
        return tuple(plans)

    def _plan_landing(self, source: Source) -> LandingPlan:
        version = landings_.current_version(source)
        last = self.state.landings.get(source.key)
        follows = self.environment == PRODUCTION or source.domain in self.following
        reason = landings_.why_due(source, last, version, follows=follows, force=self.force)
        return LandingPlan(source, version, reason)

    def _needs(self, product: Product) -> set[str]:
        """What its models read and its rules refer to, outside the product."""
        read = {r for port in product.ports for r in self.graph(product.domain).reads(port.name)}
        judged = {r for port in product.ports for rule in rules_of(port) for r in rule.reads}
        return read | judged - {port.key for port in product.ports}

    def _is_there(self, product: Product, name: str) -> bool:
        if name.startswith("landing/"):
            return f"{product.domain}/{name}" in self.state.landings
        return name in self.state.pins

    def _plan_port(self, product: Product, port: Port) -> PortPlan:
        current = self.state.contents.get(port.key, {})
        partitions = self._partitions_of(product, port)
        known = partitions if partitions is not None else (tuple(self.state.held(port.key)) or (WHOLE,))
        graph = self.graph(product.domain)
        code, contract = graph.code(port.name), contract_part(port.contract)
        parts = []
        for partition in known:
            mapped = None if partitions is None or port.contract.partition is None else partition
            key = KeyParts(code, contract, self._inputs(product, port, mapped), self._parameters)
            parts.append(PartPlan(partition, key, self._why(key, current.get(partition))))
        gone = tuple(p for p in self.state.held(port.key) if partitions is not None and p not in partitions)
        audited = self.state.audits.get(port.key)
        audit_due = bool(current) and (audited is None or audited["audit_key"] != audit_key(port))
        return PortPlan(port, tuple(parts), gone, audit_due)

    @property
    def _parameters(self) -> dict[str, str]:
        return {"sample": str(self.state.sample)} if self.state.sample else {}

    def _why(self, parts: KeyParts, content: Content | None) -> str | None:
        if content is None:
            return NEVER_BUILT
        if self.force:
            return "forced"
        return None if content.build_key == parts.key else parts.changed(content.key_parts)

    def _partitions_of(self, product: Product, port: Port) -> tuple[str, ...] | None:
        """The partitions that its ``same`` inputs hold; None where only a build can tell."""
        if port.contract.partition is None:
            return (WHOLE,)
        found: set[str] = set()
        mapped = False
        for name in self.graph(product.domain).reads(port.name):
            if name.startswith("landing/"):
                held = self.state.landings[f"{product.domain}/{name}"].partitions()
            else:
                held = frozenset(self.state.held(name)) if self.is_same(product, name) else None
            if held is not None:
                mapped = True
                found |= held
        return tuple(sorted(found, key=in_order)) if mapped else None

    def is_same(self, product: Product, name: str) -> bool:
        """Whether an input port is read partition by partition."""
        mapping = next(i.mapping for i in product.inputs if i.port == name)
        return mapping is Mapping_.SAME and self.mesh.ports[name].contract.partition is not None

    def _inputs(self, product: Product, port: Port, partition: str | None) -> dict[str, str]:
        digests = {}
        for name in sorted(self.graph(product.domain).reads(port.name)):
            if name.startswith("landing/"):
                landing = self.state.landings[f"{product.domain}/{name}"]
                ingest = self.sources(product.domain)[name.removeprefix("landing/")].ingest
                expression = ingest.partition
                # The expression says which landed rows a build reads, so it decides the content as the files do.
                digest = digest_of([landing.digest(partition), expression]) if expression else landing.digest()
                digests[name] = digest_of([digest, sorted(ingest.text)]) if ingest.text else digest
                continue
            held = self.state.held(name)
            if partition is not None and self.is_same(product, name):
                digests[name] = held[partition].digest if partition in held else "absent"
            else:
                digests[name] = self.state.digest(name)
        return digests

    def _why_whole(self, product: Product, ports: Sequence[PortPlan]) -> str | None:
        """Why a build of these ports must read every partition."""
        due = [plan for plan in ports if plan.is_due]
        if not any(plan.port.contract.partition for plan in due):
            return None
        for plan in due:
            name = plan.port.name
            if plan.port.contract.partition and self._partitions_of(product, plan.port) is None:
                return f"{name} reads no input partition by partition"
            if plan.port.contract.partition is None:
                narrowed = [r for r in sorted(self.graph(product.domain).reads(name)) if self._is_narrowed(product, r)]
                if narrowed:
                    return f"{name} has no partitions and reads {narrowed[0]} whole"
        return None

    def _is_narrowed(self, product: Product, name: str) -> bool:
        if name.startswith("landing/"):
            return self.state.landings[f"{product.domain}/{name}"].partitions() is not None
        return self.is_same(product, name)

    def _require_known_partitions(self, product: Product, ports: Sequence[PortPlan]) -> None:
        partitioned = [plan for plan in ports if plan.port.contract.partition]
        if self.only and partitioned:
            known = {part.partition for plan in partitioned for part in plan.parts}
            require_known(self.only, known | {g for plan in partitioned for g in plan.gone}, product.key)


def _narrowed(plan: PortPlan, only: Collection[str]) -> PortPlan:
    if plan.port.contract.partition is None:
        return plan
    parts = tuple(part if part.partition in only else PartPlan(part.partition, part.parts, None) for part in plan.parts)
    return PortPlan(plan.port, parts, tuple(g for g in plan.gone if g in only), plan.audit_due)
