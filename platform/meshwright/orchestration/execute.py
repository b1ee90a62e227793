"""``mesh build``: one in-process run over the merged definitions of what it selects."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import dagster as dg

from meshwright.build.plan import LandingPlan, ProductPlan, State
from meshwright.build.product import record_failed_landing
from meshwright.catalog import publish as publishing
from meshwright.catalog import records
from meshwright.errors import BuildError, Fault
from meshwright.orchestration.definitions import assets_of
from meshwright.orchestration.instance import instance_of
from meshwright.orchestration.products import op_name
from meshwright.orchestration.session import Session, short_run_id
from meshwright.orchestration.specs import plain, port_key

_PROCESS = "meshwright/process"


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its id, and the products (``<domain>/<product>``) whose steps failed or were skipped."""

    run: str
    failed: tuple[str, ...]
    skipped: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for is published or current."""
        return not self.failed and not self.skipped


def execute(
    session: Session, plans: Sequence[ProductPlan], *, partitions: Sequence[str] | None, force: bool
) -> Outcome:
    """Run the steps of these plans in this process, recorded in the mesh's Dagster instance."""
    moving = [plan for plan in plans if not plan.is_noop or plan.missing]
    ours = {port.key for plan in moving for port in plan.product.ports}
    state = State.of(session.database)
    session = replace(session, pins={name: location for name, location in state.pins.items() if name not in ours})
    landings = _due_landings(moving)
    assets = assets_of(session, [p.product for p in moving], [(lp.source.domain, lp.source.name) for lp in landings])
    config = {
        **{plain(lp.source.key): {"config": {"force": force}} for lp in landings},
        **{
            op_name(plan.product): {"config": {"partitions": list(partitions or ()), "force": force}} for plan in moving
        },
    }
    with instance_of(session.settings) as instance:
        _mark_dead_runs(instance)
        report_publishes(session, instance)
        result = dg.materialize(
            assets,
            instance=instance,
            raise_on_error=False,
            run_config={"ops": config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            tags={"meshwright/commit": session.commit or "none", _PROCESS: str(os.getpid())},
        )
        return _outcome(session, moving, result)


def report_publishes(session: Session, instance: dg.DagsterInstance) -> int:
    """Tell Dagster of publishes whose process died before it could; the number of them."""
    if not session.database.exists:
        return 0
    with session.database.read() as connection:
        missed = records.unreported(connection)
    contents = State.of(session.database)
    for row in missed:
        name = f"{row['domain']}.{row['port']}"
        metadata = {"dagster/row_count": row["rows"], "publish": row["id"], "snapshot": str(row["snapshot"])}
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                port_key(name), metadata=metadata, tags={"dagster/data_version": contents.digest(name)},
                description="Published by a run that ended before it could say so.",
            )
        )  # fmt: skip
    publishing.mark_reported(session.database, {row["id"] for row in missed})
    return len(missed)


def _due_landings(plans: Sequence[ProductPlan]) -> list[LandingPlan]:
    due = {lp.source.key: lp for plan in plans for lp in plan.landings if lp.reason}
    return list(due.values())


def _mark_dead_runs(instance: dg.DagsterInstance) -> None:
    """Mark runs of ``mesh build`` as failed whose process is gone; they would stay STARTED for ever."""
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        process = run.tags.get(_PROCESS)
        if process and not _is_alive(int(process)):
            instance.report_run_failed(run, f"process {process} ended without a word")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _outcome(session: Session, plans: Sequence[ProductPlan], result: dg.ExecuteInProcessResult) -> Outcome:
    steps: Mapping[str, str] = {
        event.step_key: event.event_type_value for event in result.all_events if event.step_key and _is_end(event)
    }
    failed, skipped = [], []
    for plan in plans:
        ended = steps.get(op_name(plan.product))
        if ended == "STEP_FAILURE":
            failed.append(plan.product.key)
            _tell_unexpected(session, plan, result)
        elif ended != "STEP_SUCCESS":
            skipped.append(plan.product.key)
            because = BuildError(Fault("skipped: something that it needs failed", key=plan.product.key))
            record_failed_landing(session.run(result.run_id, lambda _: None), plan.product, because)
    return Outcome(short_run_id(result.run_id), tuple(failed), tuple(skipped))


def _tell_unexpected(session: Session, plan: ProductPlan, result: dg.ExecuteInProcessResult) -> None:
    """A step that died of something else than an error of ours has told nobody yet."""
    for event in result.all_events:
        if event.step_key == op_name(plan.product) and event.is_step_failure:
            error = event.step_failure_data.error
            if error is not None and error.cls_name != "Failure":
                cause = error.cause or error
                reason = f"{cause.cls_name}: {cause.message.strip()}"
                fault = Fault(reason, key=plan.product.key, command="mesh --debug build " + plan.product.key)
                session.listener.failed(plan.product.key, BuildError(fault))


def _is_end(event: dg.DagsterEvent) -> bool:
    return event.event_type_value in ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED")
