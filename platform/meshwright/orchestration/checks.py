"""Verdicts as results of asset checks.

Dagster wants a result for every check of a step that ran. A rule that this build had no cause to judge again
keeps its last result, which is said in its metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from meshwright.build.dbt.runner import NodeResult
from meshwright.build.product import ProductResult
from meshwright.build.state import State
from meshwright.catalog import records
from meshwright.orchestration.session import Session
from meshwright.orchestration.specs import check_name, model_key, plain, port_key, tests_of
from meshwright.quality.rules import rules_of
from meshwright.spec.model import Port, Product

_SEVERITY = {"error": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def of_build(
    session: Session, product: Product, result: ProductResult, context: dg.AssetExecutionContext
) -> Iterator[dg.AssetCheckResult]:
    """A result for every rule of every port and for every dbt test."""
    audits = State.of(session.database, session.environment).audits
    with session.database.read() as connection:
        for port in product.ports:
            judged = bool(result.ports[port.name].verdicts)
            audit = audits.get(port.key)
            results = records.rule_results(connection, int(str(audit["seq"]))) if audit else []
            yield from _of_rules(port, results, judged=judged)
    yield from _of_tests(session, product, result.tests, context)


def of_last_audit(
    session: Session, product: Product, run: str, context: dg.AssetExecutionContext
) -> Iterator[dg.AssetCheckResult]:
    """The results of an audit that refused, for the run that failed by it."""
    with session.database.read() as connection:
        for port, audit in records.audits_of_run(connection, product.domain, run).items():
            found = next((p for p in product.ports if p.name == port), None)
            if found is not None:
                yield from _of_rules(found, records.rule_results(connection, audit), judged=True)


def of_port(session: Session, port: Port) -> Iterator[dg.AssetCheckEvaluation]:
    """The last audit of what is published of a port, for Dagster to hear of it outside a run."""
    with session.database.read() as connection:
        audit = records.last_audits(connection).get(port.key)
        results = records.rule_results(connection, audit["seq"]) if audit else []
    for found in _of_rules(port, results, judged=True):
        yield dg.AssetCheckEvaluation(
            port_key(port.key), str(found.check_name), found.passed, found.metadata, severity=found.severity,
            description=found.description,
        )  # fmt: skip


def _of_rules(port: Port, results: list[Mapping[str, Any]], *, judged: bool) -> Iterator[dg.AssetCheckResult]:
    by_rule = {row["rule"]: row for row in results}
    for rule in rules_of(port):
        row = by_rule.get(rule.id)
        yield dg.AssetCheckResult(
            asset_key=port_key(port.key),
            check_name=check_name(rule),
            passed=bool(row and row["passed"]),
            severity=_SEVERITY[rule.severity if row else "warning"],
            description=row["message"] if row else "never judged",
            metadata=_metadata(row, judged=judged) if row else {},
        )


def _metadata(row: Mapping[str, Any], *, judged: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"seconds": row["seconds"], "judged_in_this_run": judged}
    if row["failed_rows"]:
        found |= {"failed_rows": row["failed_rows"], "checked_rows": row["checked_rows"]}
    if row["samples"]:
        found["samples"] = dg.MetadataValue.json(row["samples"])
    return found


def _of_tests(
    session: Session, product: Product, tests: Any, context: dg.AssetExecutionContext
) -> Iterator[dg.AssetCheckResult]:
    ran: dict[str, NodeResult] = {test.name: test for test in tests}
    known = [(model_key(product, model.name), name) for model, name in tests_of(product, session.graph(product.domain))]
    for key, name in known:
        if test := ran.get(name):
            yield dg.AssetCheckResult(
                asset_key=key, check_name=plain(name), passed=test.status == "pass", description=test.message or None,
                severity=_SEVERITY["warning" if test.status == "warn" else "error"], metadata={"seconds": test.seconds},
            )  # fmt: skip
            continue
        passed = _last_result(context.instance, dg.AssetCheckKey(key, plain(name)))
        yield dg.AssetCheckResult(
            asset_key=key, check_name=plain(name), passed=bool(passed), severity=_SEVERITY["warning"],
            description="never run" if passed is None else "not run again: its model did not change",
            metadata={"judged_in_this_run": False},
        )  # fmt: skip


def _last_result(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> bool | None:
    """Whether a check passed when it was last judged; None where it never was.

    The newest record of a check is the one that this run has only planned.
    """
    statuses = {AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED}
    records_ = instance.event_log_storage.get_asset_check_execution_history(key, limit=1, status=statuses)
    return records_[0].status is AssetCheckExecutionRecordStatus.SUCCEEDED if records_ else None
