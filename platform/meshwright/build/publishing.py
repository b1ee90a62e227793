"""From staged rows to moved pointers: digests, candidates, audit, swap, records."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from meshwright import duck
from meshwright.build.auditing import Audit, Auditor
from meshwright.build.context import Run
from meshwright.build.keys import KeyParts
from meshwright.build.older import OlderRows
from meshwright.build.partitions import predicate, stored
from meshwright.build.plan import PortPlan, ProductPlan
from meshwright.build.staging import EMPTY, Part, Stager, digests
from meshwright.build.state import State
from meshwright.catalog import records
from meshwright.catalog.database import now
from meshwright.catalog.promises import promise_of
from meshwright.catalog.publish import Move, MovedError, swap
from meshwright.duck import literal, local_path, quote
from meshwright.errors import AuditError, BuildError, ConflictError, Fault, MeshError
from meshwright.quality.rules import rules_of
from meshwright.spec.model import Mapping_, Port, Product

if TYPE_CHECKING:
    from pyiceberg.catalog.sql import SqlCatalog

    from meshwright.catalog.candidates import Candidate, Committed
    from meshwright.quality.model import Verdict

MAX_SWAPS = 5


@dataclass(frozen=True)
class Staged:
    """A due port with the rows that it is to hold, by partition, and where they come from."""

    plan: PortPlan
    rows: Stager | OlderRows
    parts: Mapping[str, Part]

    @property
    def port(self) -> Port:
        """The port."""
        return self.plan.port


@dataclass(frozen=True)
class PortResult:
    """What became of one port. ``partitions`` are those whose rows really changed."""

    port: Port
    verdict: str
    rows: int
    snapshot: int | None = None
    location: str | None = None
    partitions: Mapping[str, Part] = field(default_factory=dict)
    verdicts: Sequence[Verdict] = ()
    publish: str | None = None


@dataclass
class _Moving:
    """A due port on its way. ``changed`` are partitions whose rows differ from what is published.

    It ``returns`` where an environment made the rows that production holds: the layer needs no snapshot of it.
    ``files`` is None as long as nothing needs to be written.
    """

    staged: Staged
    changed: frozenset[str]
    is_first: bool
    returns: bool = False
    candidate: Candidate | None = None
    files: list[Path] | None = None
    committed: Committed | None = None

    @property
    def port(self) -> Port:
        """The port."""
        return self.staged.port

    def write(self, candidate: Candidate, current: Collection[str]) -> None:
        """Stage the changed partitions, or everything where nothing can be kept."""
        self.candidate = candidate
        if candidate.must_be_whole:
            left_out = sorted(set(current) - set(self.staged.plan.built))
            if left_out:
                raise BuildError(
                    Fault(
                        f"its columns or its partitioning changed, so all partitions must be built; "
                        f"{len(left_out)} would be left out", self.port.where.file, key=self.port.key,
                        command=f"mesh build {self.port.key}",
                    )
                )  # fmt: skip
            self.changed = frozenset({*self.staged.parts, *filter(self._is_named, current)})
        whole = self.port.contract.partition is None or candidate.must_be_whole
        wanted = None if whole else self.changed & self.staged.parts.keys()
        rows = sum(part.rows for name, part in self.staged.parts.items() if wanted is None or name in wanted)
        if rows:
            self.files = self.staged.rows.write(candidate.data_dir, candidate.schema, wanted, rows)
        else:
            self.files = []

    def _is_named(self, partition: str) -> bool:
        """Whether it is no stand-in for partitions that only the build could tell."""
        return bool(partition) or self.port.contract.partition is None

    def commit(self, build: str, retention_days: int) -> None:
        """Adopt the files into the candidate."""
        assert self.candidate is not None
        assert self.files is not None
        whole = self.port.contract.partition is None or self.candidate.must_be_whole
        touched = None if whole else {stored(self.port, p) for p in self.changed}
        self.committed = self.candidate.commit(
            self.files, touched, properties={"meshwright.build": build}, retention_days=retention_days
        )


@dataclass
class Publisher:
    """Publishes what one build of a product staged.

    ``force``: a port whose published files are gone or damaged is written anew, although its content is the same.
    ``failing`` is what the audits of snapshots that stay found; their pointers do not move for it.
    """

    run: Run
    product: Product
    plan: ProductPlan
    state: State
    build: str
    started: str
    force: bool = False
    failing: list[Fault] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        """Where this run's candidates of the domain live, under ``mesh_work``."""
        return f"{self.run.id}__{self.product.domain}"

    def publish(self, staged: Sequence[Staged]) -> Mapping[str, PortResult] | None:
        """Commit, audit and swap; None where something that the build rests on moved meanwhile."""
        from meshwright.catalog.candidates import open_work_catalog

        catalog = open_work_catalog(self.run.settings)
        try:
            moving = [self._moving(s) for s in staged]
            self.state = self.state.returned([m.port.key for m in moving if m.returns])
            return self._published(catalog, moving)
        finally:
            catalog.engine.dispose()

    def _published(self, catalog: SqlCatalog, moving: Sequence[_Moving]) -> Mapping[str, PortResult] | None:
        from meshwright.catalog.candidates import Candidate

        for attempt in range(MAX_SWAPS):
            for item in moving:
                if item.changed or item.is_first:
                    parent = self.state.pins.get(item.port.key)
                    candidate = Candidate(catalog, self.namespace, item.port, parent, self.run.settings.warehouse)
                    if attempt == 0:
                        item.write(candidate, self.state.held(item.port.key))
                        self.run.on_step(f"staged {item.port.name}")
                    item.candidate = candidate
                    item.commit(self.build, self.run.settings.retention_days)
                    self.run.on_step(f"committed {item.port.name}")
            audits = self._audit(moving)
            self.run.on_step("audited")
            try:
                results = self._swap(moving, audits)
            except MovedError:
                if self.state.below is not None or self._rests_on_what_moved(moving):
                    return None
                continue
            self.run.on_step("swapped")
            return results
        raise ConflictError(
            Fault("others published it five times meanwhile", key=self.product.key, command="mesh build")
        )

    def audit_in_place(self) -> Mapping[str, PortResult] | None:
        """Audit what is published, where its rules changed; the pointers stay.

        In an environment, ports that production holds by now resolve to it again; None where it moved meanwhile.
        """
        audits = self._audit([])
        if left := self._left([]):
            try:
                self._swap_in([], left, audits)
            except MovedError:
                return None
        elif audits:
            with self.run.database.write() as connection:
                records.write_audits(connection, [a.record for a in audits.values()])
            self.failing += self._faults(audits)
        return {port.name: self._kept(port, audits.get(port.name)) for port in self.product.ports}

    def record_failure(self, error: MeshError) -> None:
        """Leave a record of a build that ended without a publish; its audit, if any, was recorded."""
        verdict: records.BuildVerdict = "refused" if isinstance(error, AuditError) else "failed"
        rows = [
            self._record(plan, part.partition, part.parts, verdict, message=" ".join(error.faults[0].reason.split()))
            for plan in self.plan.due_ports
            for part in plan.due
        ]
        with self.run.database.write() as connection:
            records.write_builds(connection, rows, [])

    def _moving(self, staged: Staged) -> _Moving:
        current = self.state.contents.get(staged.port.key, {})
        comparable = {p: c.digest for p, c in current.items() if c.engine == duckdb.__version__}
        scope = {p for p in staged.plan.built if self._holds_rows(staged.port, p)} | staged.parts.keys()
        found = {p: staged.parts[p].digest if p in staged.parts else EMPTY for p in scope}
        if self._is_as_below(staged.port, current, found):
            return _Moving(staged, frozenset(), is_first=False, returns=True)
        changed = frozenset(p for p, digest in found.items() if comparable.get(p, EMPTY) != digest)
        if self.force and not self._reads_as_recorded(staged.port, comparable):
            changed = frozenset(scope)
        return _Moving(staged, changed, is_first=staged.port.key not in self.state.pins)

    def _is_as_below(self, port: Port, current: Mapping[str, records.Content], found: Mapping[str, str]) -> bool:
        """Whether an environment's port comes to hold what production holds; false in production."""
        below = self.state.below
        if below is None or port.key not in below.pins:
            return False
        there = {p: c for p, c in below.contents.get(port.key, {}).items() if c.digest != EMPTY}
        kept = {p: c.digest for p, c in current.items()}
        wanted = {p: digest for p, digest in {**kept, **found}.items() if digest != EMPTY}
        engines = {c.engine for c in (*there.values(), *current.values())}
        return wanted == {p: c.digest for p, c in there.items()} and engines <= {duckdb.__version__}

    def _left(self, moving: Sequence[_Moving]) -> list[Port]:
        """Ports whose own name in the layer goes, since it would point to nothing but what production holds."""
        back = {m.port.key for m in moving if m.returns}
        if self.product.key in self.state.moved:
            back |= {p.key for p in self.product.ports} - {m.port.key for m in moving}
        return [port for port in self.product.ports if port.key in back and port.key in self.state.own]

    def _holds_rows(self, port: Port, partition: str) -> bool:
        """Whether a planned partition is one, and no stand-in for those that only the build could tell."""
        known = self.state.contents.get(port.key, {}).get(partition)
        return bool(partition) or port.contract.partition is None or bool(known and known.rows)

    def _reads_as_recorded(self, port: Port, recorded: Mapping[str, str]) -> bool:
        """Whether readers get from the published files what the records say; true where nothing is published."""
        location = self.state.pins.get(port.key)
        if location is None:
            return True
        try:
            with duck.connect(**self.run.settings.duckdb) as con:
                read = digests(con, port, f"iceberg_scan({literal(local_path(location))})")
        except duckdb.Error:
            return False
        return {p.partition: p.digest for p in read if p.rows} == {
            p: digest for p, digest in recorded.items() if not digest.startswith(EMPTY)
        }

    def _audit(self, moving: Sequence[_Moving]) -> dict[str, Audit]:
        """Audit candidates, and what stays but has new rules, or rules that read a candidate.

        AuditError where an error rule of a candidate failed, or one of a port that stays beside it and reads it.
        """
        candidates = {m.port.key: m.committed.location for m in moving if m.committed}
        due = {m.port.name: m for m in moving if m.committed}
        beside = {p.port.name: _reads(p.port, candidates) for p in self.plan.ports if p.port.name not in due}
        in_place = [p.port for p in self.plan.ports if p.port.name in beside and (p.audit_due or beside[p.port.name])]
        if not due and not in_place:
            return {}
        auditor = Auditor(self.run, self.build, {**self.state.pins, **candidates}, self.state.sample is not None)
        with auditor.opened([*(m.port for m in due.values()), *in_place]) as con:
            for item in due.values():
                self._require_readable(con, item)
            audits = {m.port.name: auditor.audit(con, m.port, m.committed, self._built(m)) for m in due.values()}
            audits |= {port.name: auditor.audit(con, port, None, None) for port in in_place}
        if due:
            broken = {f for port in in_place for f in audits[port.name].faults(beside[port.name])}
            self._require_passed({name: a for name, a in audits.items() if name in due}, sorted(broken, key=str))
        return audits

    def _built(self, item: _Moving) -> str | None:
        """SQL for the rows of a candidate that this build made; None for all."""
        assert item.candidate is not None
        whole = item.port.contract.partition is None or item.candidate.must_be_whole
        return None if whole else predicate(item.port, item.changed)

    def _require_readable(self, con: duckdb.DuckDBPyConnection, item: _Moving) -> None:
        """BuildError where readers would see other rows than the model yielded."""
        built = self._built(item)
        where = f" WHERE {built}" if built else ""
        name = f"mesh.{quote(item.port.domain)}.{quote(item.port.name)}"
        read = {p.partition: p for p in digests(con, item.port, f"(SELECT * FROM {name}{where})")}
        wanted = {p: part for p, part in item.staged.parts.items() if p in item.changed or built is None}
        if {p: x.digest for p, x in read.items() if x.rows} == {p: x.digest for p, x in wanted.items() if x.rows}:
            return
        lost = [c.name for c in item.port.contract.columns if self._is_lost(con, name + where, item, c.name)]
        reason = f"reads as NULL throughout: {', '.join(lost)}" if lost else "reads differently than it was written"
        raise BuildError(Fault(f"the candidate {reason}", key=item.port.key, command=f"mesh build {item.port.key}"))

    def _is_lost(self, con: duckdb.DuckDBPyConnection, rows: str, item: _Moving, column: str) -> bool:
        name = quote(column)
        read = con.execute(f"SELECT count({name}) FROM {rows}").fetchone()
        return bool(item.staged.rows.count(column)) and not (read and read[0])

    def _require_passed(self, audits: Mapping[str, Audit], beside: Sequence[Fault]) -> None:
        """AuditError where a candidate broke an error rule; its audit is recorded, its names stay.

        ``beside`` is what candidates would break of the ports that stay; these keep their verdict.
        """
        if not beside and not any(audit.faults() for audit in audits.values()):
            return
        with self.run.database.write() as connection:
            records.write_audits(connection, [a.record for a in audits.values()])
        look = f'mesh query --env {self.run.id} "select * from mesh.{{}}"'
        own = (replace(f, command=look.format(a.port.key)) for a in audits.values() for f in a.faults())
        moved = next(iter(audits.values())).port.key
        raise AuditError(*own, *(replace(f, command=look.format(moved)) for f in beside))

    def _faults(self, audits: Mapping[str, Audit]) -> list[Fault]:
        """What is wrong with published snapshots under their new rules."""
        return [replace(f, command=f"mesh show {a.port.key}") for a in audits.values() for f in a.faults()]

    def _swap(self, moving: Sequence[_Moving], audits: Mapping[str, Audit]) -> Mapping[str, PortResult]:
        publish = self._swap_in(moving, self._left(moving), audits)
        results = {m.port.name: self._result(m, publish, audits.get(m.port.name)) for m in moving}
        kept = {p.name: self._kept(p, audits.get(p.name)) for p in self.product.ports if p.name not in results}
        self.failing += self._faults({name: a for name, a in audits.items() if name in kept})
        return {**results, **kept}

    def _swap_in(self, moving: Sequence[_Moving], left: Sequence[Port], audits: Mapping[str, Audit]) -> str:
        """Move the pointers of this run's layer; the publish id."""
        publish = str(uuid.uuid4())
        moved = [m for m in moving if m.committed]
        domain, stamp = self.product.domain, now()
        moves = [
            Move(domain, m.port.name, self.state.pointer(m.port.key), m.committed.location)
            for m in moved
            if m.committed
        ]
        moves += [Move(domain, port.name, self.state.own[port.key], None) for port in left]
        below = self.state.below
        self.run.on_step("before swap")
        swap(
            self.run.database, self.namespace, moves,
            publishes=[self._publish_record(m, publish, stamp) for m in moved],
            builds=[record for m in moving for record in self._build_records(m, publish)],
            inputs=[i for m in moving for i in self._inputs(m)],
            audits=[replace(a.record, published=True) for a in audits.values()],
            environment=self.run.environment,
            parents={p.key: below.pins.get(p.key) for p in self.product.ports} if below else None,
            inherited=[seq for m in moved for seq in self._inherited(m)],
            made=list(map(promise_of, self.product.ports)),
        )  # fmt: skip
        return publish

    def _inherited(self, item: _Moving) -> list[int]:
        """Production's records of partitions that a port keeps when it comes to have a name in the layer."""
        is_new = item.port.key not in self.state.own or self.product.key in self.state.moved
        if self.state.below is None or not is_new:
            return []
        built = {record.partition for record in self._build_records(item, "")}
        contents = self.state.contents.get(item.port.key, {})
        return [content.seq for partition, content in contents.items() if partition not in built]

    def _rests_on_what_moved(self, moving: Sequence[_Moving]) -> bool:
        """Whether an input or a partition that is replaced is no longer what this build planned on."""
        before, self.state = self.state, self.run.state()
        read = {i.port for i in self.product.inputs}
        if any(before.pins.get(name) != self.state.pins.get(name) for name in read):
            return True
        return any(
            before.contents.get(m.port.key, {}).get(p) != self.state.contents.get(m.port.key, {}).get(p)
            for m in moving
            for p in m.changed
        )

    def _publish_record(self, item: _Moving, publish: str, stamp: str) -> records.PublishRecord:
        assert item.committed is not None
        return records.PublishRecord(
            id=publish, domain=self.product.domain, product=self.product.name, port=item.port.name,
            snapshot=item.committed.snapshot, metadata_location=item.committed.location,
            previous_location=self.state.pins.get(item.port.key), rows=item.committed.rows, run=self.run.id,
            published_by=self.run.by, published_at=stamp, environment=self.run.environment,
        )  # fmt: skip

    def _build_records(self, item: _Moving, publish: str) -> list[records.BuildRecord]:
        parts = {part.partition: part.parts for part in item.staged.plan.parts}
        fallback = item.staged.plan.parts[0].parts
        planned = [p for p in item.staged.plan.built if self._holds_rows(item.port, p)]
        built = dict.fromkeys([*planned, *item.staged.parts, *item.changed]) or item.staged.plan.built
        found = []
        for partition in built:
            part = item.staged.parts.get(partition)
            moved = item.committed is not None and partition in item.changed
            found.append(
                self._record(
                    item.staged.plan, partition, parts.get(partition, fallback), "published" if moved else "unchanged",
                    part=part or Part(partition, 0, EMPTY), committed=item.committed,
                    publish=publish if moved else None,
                )
            )  # fmt: skip
        return found

    def _record(
        self,
        plan: PortPlan,
        partition: str,
        parts: KeyParts,
        verdict: records.BuildVerdict,
        *,
        part: Part | None = None,
        committed: Committed | None = None,
        publish: str | None = None,
        message: str | None = None,
    ) -> records.BuildRecord:
        return records.BuildRecord(
            id=self.build, domain=self.product.domain, product=self.product.name, port=plan.port.name,
            partition=partition, build_key=parts.key, key_parts=parts.short(), engine=duckdb.__version__,
            code=parts.code_hash, contract_version=plan.port.contract.version, run=self.run.id, verdict=verdict,
            started_at=self.started, finished_at=now(), digest=part.digest if part else None,
            rows=part.rows if part else None, snapshot=committed.snapshot if committed else None,
            metadata_location=committed.location if committed else self.state.pins.get(plan.port.key),
            publish=publish, commit=self.run.commit, message=message, environment=self.run.environment,
        )  # fmt: skip

    def _inputs(self, item: _Moving) -> list[records.InputRecord]:
        found: dict[tuple[str, str], records.InputRecord] = {}
        same = {i.port for i in self.product.inputs if i.mapping is Mapping_.SAME}
        for part in item.staged.plan.due:
            for name, digest in part.parts.inputs.items():
                narrowed = part.partition if name in same or name.startswith("landing/") else ""
                landing = self.state.landings.get(f"{self.product.domain}/{name}")
                found[name, narrowed] = records.InputRecord(
                    item.port.name, name, narrowed, digest=digest, snapshot=landing.seq if landing else None,
                    metadata_location=self.state.pins.get(name),
                )  # fmt: skip
        for name in {read for rule in rules_of(item.port) for read in rule.reads}:
            found[name, "audit"] = records.InputRecord(
                item.port.name, name, use="audit", metadata_location=self.state.pins.get(name)
            )
        return list(found.values())

    def _result(self, item: _Moving, publish: str, audit: Audit | None) -> PortResult:
        if item.committed is None:
            return self._kept(item.port, audit)
        changed = {p: item.staged.parts.get(p, Part(p, 0, EMPTY)) for p in item.changed}
        return PortResult(
            item.port, "published", item.committed.rows, item.committed.snapshot, item.committed.location, changed,
            audit.verdicts if audit else (), publish,
        )  # fmt: skip

    def _kept(self, port: Port, audit: Audit | None) -> PortResult:
        held = self.state.contents.get(port.key, {})
        rows = sum(content.rows for content in held.values())
        return PortResult(
            port, "audited" if audit else "unchanged", rows, location=self.state.pins.get(port.key),
            verdicts=audit.verdicts if audit else (),
        )  # fmt: skip


def _reads(port: Port, candidates: Collection[str]) -> frozenset[str]:
    """The rules of a port that read one of ``candidates``."""
    return frozenset(rule.id for rule in rules_of(port) if not frozenset(rule.reads).isdisjoint(candidates))
