"""What Dagster has to be told of builds that ended without a word."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from meshwright.build.partitions import in_order
from meshwright.build.state import State
from meshwright.catalog import publish as publishing
from meshwright.catalog import records
from meshwright.catalog.locks import is_held
from meshwright.orchestration import checks
from meshwright.orchestration.products import register_partitions
from meshwright.orchestration.session import Session
from meshwright.orchestration.specs import port_key

PROCESS = "meshwright/process"
"""The tag of a run that names the process in which its steps work."""
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def report_publishes(session: Session, instance: dg.DagsterInstance) -> int:
    """Tell Dagster of publishes whose process died before it could; the number of ports.

    A product that somebody is building is left to them.
    """
    if not session.database.exists:
        return 0
    with session.database.read() as connection:
        missed = [r for r in records.unreported(connection) if not _is_at_work(session, r)]
        parts = [records.parts_of(connection, row["id"], row["port"]) for row in missed]
    contents = State.of(session.database)
    for row, built in zip(missed, parts, strict=True):
        name = f"{row['domain']}.{row['port']}"
        if name in session.mesh.ports:
            register_partitions(instance, session.mesh.ports[name], [p["partition"] for p in built if p["partition"]])
        for event in _materializations(row, built, contents.digest(name)):
            instance.report_runless_asset_event(event)
    for name in dict.fromkeys(f"{row['domain']}.{row['port']}" for row in missed):
        if name in session.mesh.ports:
            for result in checks.of_port(session, session.mesh.ports[name]):
                instance.report_runless_asset_event(result)
    publishing.mark_reported(session.database, {row["id"] for row in missed})
    return len(missed)


def mark_dead_runs(instance: dg.DagsterInstance) -> None:
    """Mark runs of ``mesh build`` as failed whose process is gone; they would stay STARTED for ever."""
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        process = run.tags.get(PROCESS)
        if process and not _is_alive(int(process)):
            instance.report_run_failed(run, f"process {process} ended without a word")


def _is_at_work(session: Session, row: Mapping[str, Any]) -> bool:
    return is_held(session.settings, f"{row['domain']}/{row['product']}")


def _materializations(
    row: Mapping[str, Any], parts: list[Mapping[str, Any]], digest: str
) -> Iterator[dg.AssetMaterialization]:
    """One for the port, and one for each partition that its build made."""
    key, publish = port_key(f"{row['domain']}.{row['port']}"), {"publish": row["id"]}
    yield dg.AssetMaterialization(
        key, tags={"dagster/data_version": digest},
        metadata={"dagster/row_count": row["rows"], "snapshot": str(row["snapshot"]), **publish},
        description=f"Published by run {row['run']}; promoted since, or the run ended before it could say so.",
    )  # fmt: skip
    for part in sorted(parts, key=lambda part: in_order(part["partition"])):
        if part["partition"]:
            yield dg.AssetMaterialization(
                key, partition=part["partition"], tags={"dagster/data_version": part["digest"]},
                metadata={"dagster/partition_row_count": part["rows"], **publish},
            )  # fmt: skip


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
