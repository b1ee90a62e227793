"""What became of a port, build by build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from meshwright.catalog import tables as t
from meshwright.catalog.pins import environments
from meshwright.catalog.records import rule_results
from meshwright.config import PRODUCTION


@dataclass(frozen=True, slots=True)
class Entry:
    """One build of a port, newest first in a history.

    ``rows`` are those of the whole port after a publish, None where nothing was published. ``partitions`` are those
    that were published or, without a publish, all that were built; empty for a port without partitions. ``broken``
    are the rules that failed, as ``severity rule: message``. ``kept`` says whether the candidates of a refused build
    can still be queried under its run.
    """

    build: str
    run: str
    verdict: str
    audit: str | None
    snapshot: int | None
    rows: int | None
    partitions: tuple[str, ...]
    commit: str | None
    contract_version: str
    by: str | None
    started_at: str
    finished_at: str
    message: str | None
    broken: tuple[str, ...]
    kept: bool


def history(
    connection: Connection, domain: str, port: str, *, limit: int, environment: str = PRODUCTION
) -> list[Entry]:
    """The newest ``limit`` builds of a port."""
    b = t.builds.c
    mine = (b.environment == environment, b.domain == domain, b.port == port)
    newest = select(b.id).where(*mine).group_by(b.id).order_by(func.max(b.seq).desc()).limit(limit)
    builds: dict[str, list[Mapping[str, Any]]] = {}
    rows = connection.execute(select(t.builds).where(*mine, b.id.in_(newest)).order_by(b.seq.desc())).mappings()
    for row in rows:
        builds.setdefault(row["id"], []).append(dict(row))
    published = _publishes(connection, domain, port, environment)
    audits = _audits(connection, domain, port, list(builds))
    kept = frozenset(environments(connection))
    return [_entry(connection, parts, published, audits.get(build), kept) for build, parts in builds.items()]


def _entry(
    connection: Connection,
    parts: Sequence[Mapping[str, Any]],
    published: Mapping[str, Mapping[str, Any]],
    audit: Mapping[str, Any] | None,
    kept: frozenset[str],
) -> Entry:
    """One entry from the records of its partitions; what was published outweighs what stayed."""
    moved = [part for part in parts if part["publish"]]
    one = (moved or parts)[0]
    publish = published.get(one["publish"] or "", {})
    results = rule_results(connection, audit["seq"]) if audit else []
    return Entry(
        build=one["id"],
        run=one["run"],
        verdict=one["verdict"],
        audit=audit["verdict"] if audit else None,
        snapshot=publish.get("snapshot"),
        rows=publish.get("rows"),
        partitions=tuple(part["partition"] for part in reversed(moved or parts) if part["partition"]),
        commit=one["commit"],
        contract_version=one["contract_version"],
        by=publish.get("published_by"),
        started_at=one["started_at"],
        finished_at=one["finished_at"],
        message=one["message"],
        broken=tuple(f"{r['severity']} {r['rule']}: {r['message']}" for r in results if not r["passed"]),
        kept=one["verdict"] == "refused" and one["run"] in kept,
    )


def _publishes(connection: Connection, domain: str, port: str, environment: str) -> dict[str, Mapping[str, Any]]:
    p = t.publishes.c
    rows = connection.execute(
        select(t.publishes).where(p.environment == environment, p.domain == domain, p.port == port)
    ).mappings()
    return {row["id"]: dict(row) for row in rows}


def _audits(connection: Connection, domain: str, port: str, builds: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    a = t.audits.c
    rows = connection.execute(
        select(t.audits).where(a.domain == domain, a.port == port, a.build.in_(builds)).order_by(a.seq)
    ).mappings()
    return {row["build"]: dict(row) for row in rows}
