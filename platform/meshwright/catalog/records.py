"""What builds read, made and were judged; what was published and landed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select

from meshwright.catalog import tables as t
from meshwright.config import PRODUCTION

BuildVerdict = Literal["published", "unchanged", "refused", "failed"]
AuditVerdict = Literal["passed", "warned", "refused"]
CURRENT: tuple[BuildVerdict, ...] = ("published", "unchanged")


@dataclass(frozen=True, slots=True)
class InputRecord:
    """One thing that a port's build or audit read.

    ``input`` is ``<domain>.<port>`` or ``landing/<source>``; ``partition`` is empty for the whole of it.
    """

    port: str
    input: str
    partition: str = ""
    use: Literal["build", "audit"] = "build"
    digest: str | None = None
    snapshot: int | None = None
    metadata_location: str | None = None


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """One port, or one partition of it, in one build of its product."""

    id: str
    domain: str
    product: str
    port: str
    partition: str
    build_key: str
    key_parts: Mapping[str, Any]
    engine: str
    code: str
    contract_version: str
    run: str
    verdict: BuildVerdict
    started_at: str
    finished_at: str
    digest: str | None = None
    rows: int | None = None
    snapshot: int | None = None
    metadata_location: str | None = None
    publish: str | None = None
    commit: str | None = None
    message: str | None = None
    environment: str = PRODUCTION


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How one rule of an audit went."""

    rule: str
    severity: str
    passed: bool
    message: str
    failed_rows: int | None = None
    checked_rows: int | None = None
    samples: Sequence[Mapping[str, Any]] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One audit of one snapshot of a port; ``published`` where it is or became the current one."""

    build: str
    domain: str
    port: str
    audit_key: str
    snapshot: int
    metadata_location: str
    verdict: AuditVerdict
    published: bool
    run: str
    audited_at: str
    rules: Sequence[RuleResult] = ()
    environment: str = PRODUCTION


@dataclass(frozen=True, slots=True)
class PublishRecord:
    """One pointer that moved."""

    id: str
    domain: str
    product: str
    port: str
    snapshot: int
    metadata_location: str
    previous_location: str | None
    rows: int
    run: str
    published_by: str
    published_at: str
    reported_at: str | None = None
    environment: str = PRODUCTION


@dataclass(frozen=True, slots=True)
class Content:
    """What a partition of a port holds now: its digest, and the key that made it."""

    build: str
    build_key: str
    digest: str
    rows: int
    engine: str
    key_parts: Mapping[str, Any] = field(compare=False)
    confirmed_at: str = ""
    snapshot: int | None = None
    seq: int = field(default=0, compare=False)


def write_builds(connection: Connection, builds: Iterable[BuildRecord], inputs: Iterable[InputRecord]) -> None:
    """Add the records of one build; all of ``inputs`` belong to the build of the first record."""
    rows = [asdict(b) | {"key_parts": json.dumps(b.key_parts, sort_keys=True)} for b in builds]
    if not rows:
        return
    connection.execute(insert(t.builds), rows)
    read = [asdict(i) | {"build": rows[0]["id"]} for i in inputs]
    if read:
        connection.execute(insert(t.build_inputs), read)


def write_audits(connection: Connection, audits: Iterable[AuditRecord]) -> None:
    """Add audits with the results of their rules."""
    for audit in audits:
        row = {k: v for k, v in asdict(audit).items() if k != "rules"} | {"published": int(audit.published)}
        seq = connection.execute(insert(t.audits).values(**row)).inserted_primary_key
        assert seq is not None
        rules = [
            asdict(r) | {"audit": seq[0], "passed": int(r.passed), "samples": json.dumps(r.samples, default=str)}
            for r in audit.rules
        ]
        if rules:
            connection.execute(insert(t.audit_rules), rules)


def write_publishes(connection: Connection, publishes: Iterable[PublishRecord]) -> None:
    """Add publishes."""
    connection.execute(insert(t.publishes), [asdict(p) for p in publishes])


def confirm(connection: Connection, ports: Iterable[str], at: str, environment: str = PRODUCTION) -> None:
    """Record that a build found nothing to do for ``ports`` (``<domain>.<port>``)."""
    c = t.confirmations.c
    rows = [dict(zip(("domain", "port"), name.split("."), strict=True)) for name in ports]
    for row in rows:
        here = (c.environment == environment, c.domain == row["domain"], c.port == row["port"])
        connection.execute(delete(t.confirmations).where(*here))
    if rows:
        connection.execute(
            insert(t.confirmations), [{**row, "environment": environment, "confirmed_at": at} for row in rows]
        )


def confirmations(connection: Connection, environment: str = PRODUCTION) -> dict[str, str]:
    """``<domain>.<port>`` to when a build last found nothing to do for it."""
    rows = connection.execute(select(t.confirmations).where(t.confirmations.c.environment == environment)).mappings()
    return {f"{row['domain']}.{row['port']}": row["confirmed_at"] for row in rows}


def contents(connection: Connection, environment: str = PRODUCTION) -> dict[str, dict[str, Content]]:
    """``<domain>.<port>`` to partition to what it holds now, empty partitions too."""
    b = t.builds.c
    newest = (
        select(func.max(b.seq))
        .where(b.environment == environment, b.verdict.in_(CURRENT))
        .group_by(b.domain, b.port, b.partition)
    )
    found: dict[str, dict[str, Content]] = {}
    for row in connection.execute(select(t.builds).where(b.seq.in_(newest)).order_by(b.seq)).mappings():
        found.setdefault(f"{row['domain']}.{row['port']}", {})[row["partition"]] = Content(
            build=row["id"],
            build_key=row["build_key"],
            digest=row["digest"],
            rows=row["rows"],
            engine=row["engine"],
            key_parts=json.loads(row["key_parts"]),
            confirmed_at=row["finished_at"],
            snapshot=row["snapshot"],
            seq=row["seq"],
        )
    return found


def copy_builds(connection: Connection, seqs: Iterable[int], **changes: Any) -> None:
    """Add rows of ``mesh_builds`` once more, with other values in some columns; what their builds read is shared."""
    rows = connection.execute(select(t.builds).where(t.builds.c.seq.in_(list(seqs))).order_by(t.builds.c.seq))
    copies = [{k: v for k, v in row.items() if k != "seq"} | changes for row in rows.mappings()]
    if copies:
        connection.execute(insert(t.builds), copies)


def copy_audit(connection: Connection, seq: int, **changes: Any) -> None:
    """Add a row of ``mesh_audits`` once more with the results of its rules, with other values in some columns."""
    row = connection.execute(select(t.audits).where(t.audits.c.seq == seq)).mappings().one()
    values = {k: v for k, v in row.items() if k != "seq"} | changes
    made = connection.execute(insert(t.audits).values(**values)).inserted_primary_key
    assert made is not None
    rules = connection.execute(select(t.audit_rules).where(t.audit_rules.c.audit == seq)).mappings()
    copies = [{**rule, "audit": made[0]} for rule in rules]
    if copies:
        connection.execute(insert(t.audit_rules), copies)


def forget(connection: Connection, environment: str, domain: str | None = None, ports: Collection[str] = ()) -> None:
    """Remove the records of an environment, or those of what some of its ports hold and held.

    Refused and failed builds of ports stay until the environment goes.
    """
    b, a = t.builds.c, t.audits.c

    def of(table: Table) -> list[ColumnElement[bool]]:
        c = table.c
        mine = [c.environment == environment]
        return mine if domain is None else [*mine, c.domain == domain, c.port.in_(ports)]

    builds = [*of(t.builds), *([] if domain is None else [b.verdict.in_(CURRENT)])]
    audits = [*of(t.audits), *([] if domain is None else [a.published == 1])]
    connection.execute(delete(t.audit_rules).where(t.audit_rules.c.audit.in_(select(a.seq).where(*audits))))
    connection.execute(delete(t.audits).where(*audits))
    _forget_builds(connection, builds)
    for table in (t.publishes, t.confirmations, t.promises):
        connection.execute(delete(table).where(*of(table)))


def _forget_builds(connection: Connection, which: Iterable[ColumnElement[bool]]) -> None:
    """Remove build records, and what those builds read where no other record of them is left."""
    where = list(which)
    ids = set(connection.execute(select(t.builds.c.id).where(*where)).scalars())
    connection.execute(delete(t.builds).where(*where))
    left = set(connection.execute(select(t.builds.c.id).where(t.builds.c.id.in_(ids))).scalars())
    connection.execute(delete(t.build_inputs).where(t.build_inputs.c.build.in_(ids - left)))


def last_audits(connection: Connection, environment: str = PRODUCTION) -> dict[str, Mapping[str, Any]]:
    """``<domain>.<port>`` to the newest row of ``mesh_audits`` on what is published."""
    a = t.audits.c
    newest = select(func.max(a.seq)).where(a.environment == environment, a.published == 1).group_by(a.domain, a.port)
    rows = connection.execute(select(t.audits).where(a.seq.in_(newest))).mappings()
    return {f"{row['domain']}.{row['port']}": dict(row) for row in rows}


def rule_results(connection: Connection, audit: int) -> list[Mapping[str, Any]]:
    """The rows of ``mesh_audit_rules`` of one audit, failed ones first."""
    r = t.audit_rules.c
    rows = connection.execute(select(t.audit_rules).where(r.audit == audit).order_by(r.passed, r.rule)).mappings()
    return [dict(row) | {"samples": json.loads(row["samples"])} for row in rows]


def last_builds(connection: Connection, environment: str = PRODUCTION) -> dict[str, Mapping[str, Any]]:
    """``<domain>.<port>`` to its newest row of ``mesh_builds``, whatever its verdict."""
    b = t.builds.c
    newest = select(func.max(b.seq)).where(b.environment == environment).group_by(b.domain, b.port)
    rows = connection.execute(select(t.builds).where(b.seq.in_(newest))).mappings()
    return {f"{row['domain']}.{row['port']}": dict(row) for row in rows}


def last_publishes(connection: Connection, environment: str = PRODUCTION) -> dict[str, Mapping[str, Any]]:
    """``<domain>.<port>`` to its newest row of ``mesh_publishes``."""
    p = t.publishes.c
    newest = select(func.max(p.seq)).where(p.environment == environment).group_by(p.domain, p.port)
    rows = connection.execute(select(t.publishes).where(p.seq.in_(newest))).mappings()
    return {f"{row['domain']}.{row['port']}": dict(row) for row in rows}


def publishes_of(connection: Connection, environment: str, own: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """:func:`last_publishes` as an environment sees it that holds the ports ``own`` (``<domain>.<port>``) itself."""
    found = last_publishes(connection)
    if environment == PRODUCTION:
        return found
    mine = last_publishes(connection, environment)
    return found | {port: mine[port] for port in own if port in mine}


def newest_publishes(connection: Connection, environment: str) -> dict[str, tuple[int, frozenset[str]]]:
    """``<domain>/<product>`` to the number of its newest publish, and the ports that it ever published there."""
    p = t.publishes.c
    rows = connection.execute(
        select(p.domain, p.product, p.port, func.max(p.seq))
        .where(p.environment == environment)
        .group_by(p.domain, p.product, p.port)
    )
    found: dict[str, tuple[int, frozenset[str]]] = {}
    for domain, product, port, seq in rows:
        newest, ports = found.get(f"{domain}/{product}", (0, frozenset()))
        found[f"{domain}/{product}"] = max(newest, seq), ports | {f"{domain}.{port}"}
    return found


def audits_of_run(connection: Connection, domain: str, run: str) -> dict[str, int]:
    """Port to the number of its newest audit in a run."""
    a = t.audits.c
    rows = connection.execute(select(a.port, func.max(a.seq)).where(a.domain == domain, a.run == run).group_by(a.port))
    return {row.port: row[1] for row in rows}


def parts_of(connection: Connection, publish: str, port: str) -> list[Mapping[str, Any]]:
    """The rows of ``mesh_builds`` of the partitions of a port that a publish changed."""
    b = t.builds.c
    rows = connection.execute(select(t.builds).where(b.publish == publish, b.port == port).order_by(b.seq)).mappings()
    return [dict(row) for row in rows]


def unreported(connection: Connection, environment: str = PRODUCTION) -> list[Mapping[str, Any]]:
    """Publishes that the orchestrator has not heard of, oldest first."""
    p = t.publishes.c
    rows = connection.execute(
        select(t.publishes).where(p.environment == environment, p.reported_at.is_(None)).order_by(p.seq)
    ).mappings()
    return [dict(row) for row in rows]


def made_by(
    connection: Connection, domain: str, port: str, partition: str, build_key: str, environment: str = PRODUCTION
) -> Mapping[str, Any] | None:
    """The newest row of ``mesh_builds`` whose content a key made for a partition; None where none did."""
    b = t.builds.c
    row = connection.execute(
        select(t.builds)
        .where(b.environment == environment, b.domain == domain, b.port == port, b.partition == partition)
        .where(b.build_key == build_key, b.verdict.in_(CURRENT))
        .order_by(b.seq.desc())
        .limit(1)
    ).mappings()
    return next((dict(found) for found in row), None)
