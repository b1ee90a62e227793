"""How each port stands: what is published, when it was confirmed, how it was judged, what is stale because of what.

Loads neither dbt, PyIceberg, GX nor Dagster, unless a dbt project changed since it was last read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection

from meshwright.build.partitions import span
from meshwright.build.plan import NEVER_BUILT, Planner, PortPlan, ProductPlan
from meshwright.build.state import State
from meshwright.catalog import pins, records
from meshwright.catalog.database import Database
from meshwright.catalog.locks import is_held
from meshwright.config import PRODUCTION, Settings
from meshwright.errors import MeshError
from meshwright.spec.durations import seconds_of
from meshwright.spec.model import Mesh, Port, Product

Condition = Literal["current", "stale", "audit due", "not built", "broken"]
UNVERSIONED = "its ingest names no version"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A build after what is published now that came to nothing; ``kept`` where its candidates can be queried."""

    verdict: str
    run: str
    at: str
    message: str
    kept: bool


@dataclass(frozen=True, slots=True)
class PortStatus:
    """One port. ``state`` is ``broken`` where its product cannot even be planned.

    ``reasons`` say why it is not current. ``audit`` is the verdict on what is published, ``findings`` the rules
    that failed in it. ``notes`` are worth knowing and ask for no build.
    """

    port: str
    product: str
    state: Condition
    reasons: tuple[str, ...] = ()
    snapshot: int | None = None
    rows: int | None = None
    published_at: str | None = None
    confirmed_at: str | None = None
    audit: str | None = None
    findings: tuple[str, ...] = ()
    attempt: Attempt | None = None
    notes: tuple[str, ...] = ()
    building: bool = False


@dataclass
class _Records:
    """What the catalog recorded, read in one go."""

    publishes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    builds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failed_rules: Mapping[str, Sequence[str]] = field(default_factory=dict)
    confirmations: Mapping[str, str] = field(default_factory=dict)
    candidates: frozenset[str] = frozenset()


def status_of(
    settings: Settings, mesh: Mesh, database: Database, products: Sequence[Product], environment: str = PRODUCTION
) -> list[PortStatus]:
    """The ports of ``products`` in an environment, producers first.

    A product that cannot be planned (a dbt project that does not parse, an ingest that does not import) is
    ``broken`` and says why; all others are told as well. Raises UnavailableError for the catalog alone.
    """
    state = State.of(database, environment)
    planner = Planner(settings, mesh, state, environment=environment)
    teller = _Teller(planner, _recorded(database, state, environment))
    for product in mesh:
        teller.tell(product)
    wanted = {product.key for product in products}
    return [status for status in teller.told.values() if status.product in wanted]


def _recorded(database: Database, state: State, environment: str) -> _Records:
    if not database.exists:
        return _Records()
    with database.read() as connection:
        failed = {
            port: [
                f"{rule['severity']} {rule['rule']}: {rule['message']}"
                for rule in records.rule_results(connection, int(str(audit["seq"])))
                if not rule["passed"]
            ]
            for port, audit in state.audits.items()
            if audit["verdict"] != "passed"
        }
        return _Records(
            records.publishes_of(connection, environment, state.own),
            records.last_builds(connection, environment),
            failed,
            _confirmations(connection, state, environment),
            frozenset(pins.environments(connection)),
        )


def _confirmations(connection: Connection, state: State, environment: str) -> dict[str, str]:
    """When it was last found that nothing is to be done, in production only for what is read from there."""
    found = {p: at for p, at in records.confirmations(connection).items() if p not in state.own}
    for port, at in records.confirmations(connection, environment).items():
        found[port] = max(at, found.get(port, ""))
    return found


@dataclass
class _Teller:
    """Goes through the mesh from the producers on, since what is stale above makes stale below."""

    planner: Planner
    recorded: _Records
    told: dict[str, PortStatus] = field(default_factory=dict)

    def tell(self, product: Product) -> None:
        """Add the ports of a product to ``told``."""
        building = is_held(self.planner.settings, product.key, self.planner.environment)
        try:
            plan = self.planner.plan(product)
            reads = {port.key: self.planner.graph(product.domain).reads(port.name) for port in product.ports}
        except MeshError as error:
            why = tuple(str(fault) for fault in error.faults)
            self.told |= {port.key: self._told(port, "broken", why, (), building) for port in product.ports}
            return
        for port in product.ports:
            condition, reasons = self._condition(plan, port, reads[port.key])
            self.told[port.key] = self._told(port, condition, reasons, tuple(_notes(plan, reads[port.key])), building)

    def _condition(self, plan: ProductPlan, port: Port, reads: frozenset[str]) -> tuple[Condition, tuple[str, ...]]:
        reasons = tuple(_reasons(plan, port, reads, self.told))
        if plan.moved and port.key in self.planner.state.own:
            reasons = ("production published it since", *reasons)
        if port.key not in self.planner.state.pins:
            return "not built", tuple(reason for reason in reasons if reason != NEVER_BUILT)
        if reasons:
            return "stale", reasons
        if any(p.audit_due for p in plan.ports if p.port.key == port.key):
            return "audit due", ("its rules changed; the next build audits what is published",)
        return "current", ()

    def _told(
        self, port: Port, condition: Condition, reasons: tuple[str, ...], notes: tuple[str, ...], building: bool
    ) -> PortStatus:
        state, recorded = self.planner.state, self.recorded
        status = PortStatus(
            port.key, f"{port.domain}/{port.product}", condition, reasons, notes=notes, building=building,
            attempt=_attempt(recorded, port.key),
        )  # fmt: skip
        if port.key not in state.pins:
            return status
        publish, audit = recorded.publishes.get(port.key, {}), state.audits.get(port.key)
        built = (c.confirmed_at for c in state.contents.get(port.key, {}).values())
        confirmed = max(filter(None, (*built, recorded.confirmations.get(port.key))), default=None)
        return replace(
            status, snapshot=publish.get("snapshot"), rows=publish.get("rows"),
            published_at=publish.get("published_at"), confirmed_at=confirmed,
            audit=str(audit["verdict"]) if audit else None, findings=tuple(recorded.failed_rules.get(port.key, ())),
            notes=(*notes, *_late(port, confirmed)),
        )  # fmt: skip


def _reasons(plan: ProductPlan, port: Port, reads: frozenset[str], above: Mapping[str, PortStatus]) -> Iterator[str]:
    for name in plan.missing:
        if name in reads:
            yield f"needs {name}, which {'has not landed' if name.startswith('landing/') else 'was never built'}"
    for landing in plan.landings:
        name = f"landing/{landing.source.name}"
        if landing.reason not in (None, UNVERSIONED) and name in reads and name not in plan.missing:
            yield f"{name}: {landing.reason}"
    yield from (reason for p in plan.ports if p.port.key == port.key for reason in _due(p))
    for name in sorted(reads):
        if name in above and above[name].state in ("stale", "broken") and name not in plan.missing:
            yield f"because {name} is {above[name].state}"


def _due(plan: PortPlan) -> Iterator[str]:
    partition = plan.port.contract.partition
    grouped: dict[str, list[str]] = {}
    for part in plan.due:
        grouped.setdefault(part.reason or "", []).append(part.partition)
    for reason, texts in grouped.items():
        yield f"{span(partition.column, texts)}: {reason}" if partition and any(texts) else reason
    if plan.gone and partition:
        yield f"{span(partition.column, plan.gone)}: nothing fills it any more"


def _notes(plan: ProductPlan, reads: frozenset[str]) -> Iterator[str]:
    for landing in plan.landings:
        name = f"landing/{landing.source.name}"
        if landing.reason == UNVERSIONED and name in reads:
            yield f"{name} names no version, so each build lands it"


def _attempt(recorded: _Records, port: str) -> Attempt | None:
    build = recorded.builds.get(port)
    if build is None or build["verdict"] in records.CURRENT:
        return None
    if build["finished_at"] < recorded.confirmations.get(port, ""):
        return None  # what it tried was taken back, and a build has found all well since
    run = build["run"]
    return Attempt(build["verdict"], run, build["finished_at"], build["message"] or "", run in recorded.candidates)


def _late(port: Port, confirmed: str | None) -> Iterator[str]:
    """Service levels on the age of the port itself; those that name a column are rules of the audit."""
    if confirmed is None:
        return
    age = (datetime.now(UTC) - datetime.fromisoformat(confirmed)).total_seconds()
    for level in port.contract.service_levels:
        whole = (level.element or port.name).removeprefix(f"{port.domain}.") == port.name
        if level.property.lower() not in ("freshness", "latency", "ly") or not whole:
            continue
        most = seconds_of(f"{level.value}{level.unit or ''}")
        if most is not None and age > most:
            yield f"late: its service level allows {level.value} {level.unit or ''}".rstrip() + " since the last build"
