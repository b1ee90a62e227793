"""A port in plain words: its contract, who owns and reads it, what is published, how its rules went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.build.partitions import in_order
from meshwright.build.state import State
from meshwright.catalog import records
from meshwright.catalog.database import Database
from meshwright.config import PRODUCTION
from meshwright.duck import literal
from meshwright.quality.rules import rules_of
from meshwright.spec.model import Column, Mapping_, Mesh, Partition, Port, ServiceLevel, Transform
from meshwright.spec.notice import notice_of


@dataclass(frozen=True, slots=True)
class ColumnWords:
    """One column; ``key`` is its place in the primary key."""

    name: str
    type: str
    required: bool
    unique: bool
    key: int | None
    classification: str | None
    description: str


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule with its last result; ``passed`` is None where it was never checked."""

    id: str
    kind: str
    severity: str
    description: str
    passed: bool | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Published:
    """What readers see. ``partitions`` are those that hold rows, in order."""

    snapshot: int
    rows: int
    published_at: str
    published_by: str
    run: str
    partitions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """Everything that a reader of a port wants to know before the first query."""

    port: str
    product: str
    title: str
    version: str
    status: str
    notice: str | None
    description: str
    purpose: str
    usage: str
    limitations: str
    owner: str
    contact: str | None
    tags: tuple[str, ...]
    primary_key: tuple[str, ...]
    partitioned_by: str | None
    columns: tuple[ColumnWords, ...]
    rules: tuple[RuleWords, ...]
    audit: str | None
    audited_at: str | None
    service_levels: tuple[str, ...]
    inputs: tuple[str, ...]
    siblings: tuple[str, ...]
    consumers: tuple[str, ...]
    published: Published | None
    query: str
    contract: str


def describe(mesh: Mesh, database: Database, port: Port, environment: str = PRODUCTION) -> Description:
    """Describe ``port`` as declared now and as an environment has it; UnavailableError where the catalog is not."""
    published, audit, results = _recorded(database, port, environment)
    contract, domain, product = port.contract, mesh.domains[port.domain], mesh.product_of(port.key)
    return Description(
        port=port.key,
        product=product.key,
        title=contract.name or port.name,
        version=contract.version,
        status=contract.status,
        notice=str(notice) if (notice := notice_of(port.key, contract)) else None,
        description=contract.description,
        purpose=contract.purpose,
        usage=contract.usage,
        limitations=contract.limitations,
        owner=domain.owner,
        contact=domain.contact,
        tags=contract.tags,
        primary_key=contract.primary_key,
        partitioned_by=_partitioning(contract.partition),
        columns=tuple(map(_column, contract.columns)),
        rules=tuple(_rules(port, results)),
        audit=audit["verdict"] if audit else None,
        audited_at=audit["audited_at"] if audit else None,
        service_levels=tuple(_level(port, level) for level in contract.service_levels),
        inputs=tuple(f"{i.port} ({_reading(mesh, i.port, i.mapping)})" for i in product.inputs),
        siblings=tuple(p.key for p in product.ports if p.key != port.key),
        consumers=tuple(p.key for p in mesh if any(i.port == port.key for i in p.inputs)),
        published=published,
        query=_query(port, published),
        contract=str(contract.where.file.relative_to(mesh.root)),
    )


def _recorded(
    database: Database, port: Port, environment: str
) -> tuple[Published | None, Mapping[str, Any] | None, Mapping[str, Mapping[str, Any]]]:
    if not database.exists:
        return None, None, {}
    with database.read() as connection:
        state = State.read(connection, environment)
        if port.key not in state.pins:
            return None, None, {}
        publish = records.publishes_of(connection, environment, state.own)[port.key]
        audit = state.audits.get(port.key)
        results = records.rule_results(connection, int(str(audit["seq"]))) if audit else []
    partitions = sorted((p for p in state.held(port.key) if p and state.held(port.key)[p].rows), key=in_order)
    published = Published(
        publish["snapshot"], publish["rows"], publish["published_at"], publish["published_by"], publish["run"],
        tuple(partitions),
    )  # fmt: skip
    return published, audit, {str(r["rule"]): r for r in results}


def _column(column: Column) -> ColumnWords:
    return ColumnWords(
        column.name, column.type, column.required, column.unique, column.primary_key_position, column.classification,
        column.description,
    )  # fmt: skip


def _rules(port: Port, results: Mapping[str, Mapping[str, Any]]) -> Iterable[RuleWords]:
    for rule in rules_of(port):
        result = results.get(rule.id)
        yield RuleWords(
            rule.id, rule.kind, rule.severity, rule.description, bool(result["passed"]) if result else None,
            str(result["message"]) if result else None,
        )  # fmt: skip


def _partitioning(partition: Partition | None) -> str | None:
    if partition is None:
        return None
    by = "" if partition.transform is Transform.IDENTITY else f" (by {partition.transform})"
    return partition.column + by


_LEVELS = {"frequency": "new data every {}", "freshness": "at most {} old", "latency": "at most {} old"}


def _level(port: Port, level: ServiceLevel) -> str:
    """``at most 8 d old``; what is not about time in the words of the contract."""
    amount = f"{level.value} {level.unit or ''}".rstrip()
    words = _LEVELS.get(level.property.lower(), level.property + " {}").format(amount)
    element = (level.element or "").removeprefix(f"{port.domain}.")
    return words if element in ("", port.name) else f"{words} ({element})"


def _reading(mesh: Mesh, port: str, mapping: Mapping_) -> str:
    return "the same partition" if mapping is Mapping_.SAME and mesh.ports[port].contract.partition else "all of it"


def _query(port: Port, published: Published | None) -> str:
    """SQL that shows a few rows, of the last partition where there are any."""
    return f"select * from mesh.{port.key}{_last(port, published.partitions if published else ())} limit 10"


def _last(port: Port, partitions: Sequence[str]) -> str:
    partition = port.contract.partition
    if partition is None or not partitions or partition.transform is not Transform.IDENTITY:
        return ""
    column = port.contract.column(partition.column)
    number = column is not None and column.type in ("int", "long")
    return f" where {partition.column} = {partitions[-1] if number else literal(partitions[-1])}"
