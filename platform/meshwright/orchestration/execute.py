"""``mesh build``: one in-process run over the merged definitions of what it selects."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import dagster as dg
from sqlalchemy.exc import DatabaseError
from yaml import YAMLError

from meshwright.build.plan import LandingPlan, ProductPlan
from meshwright.build.product import record_failed_landing
from meshwright.build.state import State
from meshwright.config import PRODUCTION, Settings
from meshwright.errors import BuildError, Fault, UnavailableError
from meshwright.orchestration.definitions import assets_of
from meshwright.orchestration.instance import instance_of, passing_instance
from meshwright.orchestration.products import op_name
from meshwright.orchestration.reporting import PROCESS, mark_dead_runs, report_publishes
from meshwright.orchestration.session import Session, short_run_id
from meshwright.orchestration.specs import plain


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its id, and the products (``<domain>/<product>``) whose steps failed or were skipped.

    ``run`` is empty where nothing could be run.
    """

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
    """Run the steps of the plans that are due in this process, recorded in the mesh's Dagster instance.

    What could not be planned failed, and what needs it is skipped. Raises KeyboardInterrupt where the run was
    interrupted, UnavailableError where it cannot be recorded.
    """
    stuck, moving = _apart(plans)
    for plan in stuck:
        if plan.error:
            session.listener.failed(plan.product.key, plan.error)
    ran = _run(session, moving, partitions=partitions, force=force) if moving else Outcome("", (), ())
    failed = (plan.product.key for plan in stuck if plan.error)
    skipped = (plan.product.key for plan in stuck if not plan.error)
    return Outcome(ran.run, (*failed, *ran.failed), (*skipped, *ran.skipped))


def _apart(plans: Sequence[ProductPlan]) -> tuple[list[ProductPlan], list[ProductPlan]]:
    """Those due plans that cannot run, since they or what they need could not be planned; and those that can."""
    stuck: dict[str, ProductPlan] = {}
    for plan in plans:
        if plan.error or not stuck.keys().isdisjoint(plan.after):
            stuck[plan.product.key] = plan
    return list(stuck.values()), [plan for plan in plans if plan.is_due and plan.product.key not in stuck]


def _run(session: Session, moving: Sequence[ProductPlan], *, partitions: Sequence[str] | None, force: bool) -> Outcome:
    building = frozenset(port.key for plan in moving for port in plan.product.ports)
    session = replace(session, start=State.of(session.database, session.environment), building=building)
    landings = _due_landings(moving)
    assets = assets_of(session, [p.product for p in moving], [(lp.source.domain, lp.source.name) for lp in landings])
    config = {
        **{plain(lp.source.key): {"config": {"force": force}} for lp in landings},
        **{
            op_name(plan.product): {"config": {"partitions": list(partitions or ()), "force": force}} for plan in moving
        },
    }
    # What an ingest prints is for people; stdout is data.
    with _instance(session.settings, session.environment) as instance, contextlib.redirect_stdout(sys.stderr):
        mark_dead_runs(instance)
        if session.environment == PRODUCTION:
            report_publishes(session, instance)
        result = dg.materialize(
            assets,
            instance=instance,
            raise_on_error=False,
            run_config={"ops": config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            tags={
                "meshwright/products": ", ".join(plan.product.key for plan in moving),
                "meshwright/commit": session.commit or "none",
                PROCESS: str(os.getpid()),
            },
        )
        if _was_interrupted(result):
            raise KeyboardInterrupt
        _tell_unexpected(session, moving, result)
        return _outcome(session, moving, result)


def catch_up(session: Session) -> int:
    """Tell Dagster what it has never heard of, without a run; the number of ports that it heard of."""
    with _instance(session.settings) as instance:
        mark_dead_runs(instance)
        return report_publishes(session, instance)


@contextlib.contextmanager
def _instance(settings: Settings, environment: str = PRODUCTION) -> Iterator[dg.DagsterInstance]:
    """Where a run is recorded: one in an environment nowhere, since Dagster's assets are production's ports."""
    try:
        with instance_of(settings) if environment == PRODUCTION else passing_instance() as instance:
            yield instance
    except (OSError, DatabaseError, YAMLError) as error:
        reason = f"Dagster's records in {settings.dagster_home} cannot be kept: {getattr(error, 'orig', error)}"
        raise UnavailableError(Fault(reason, command="mesh doctor")) from error


def _due_landings(plans: Sequence[ProductPlan]) -> list[LandingPlan]:
    due = {lp.source.key: lp for plan in plans for lp in plan.landings if lp.reason}
    return list(due.values())


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    """Dagster makes a failed run of Ctrl-C and says nothing else."""
    unexpected = "UNEXPECTED_TERMINATION"
    ends = [event.job_failure_data for event in result.all_events if event.is_job_failure]
    return any(end.failure_reason is not None and end.failure_reason.value == unexpected for end in ends)


def _outcome(session: Session, plans: Sequence[ProductPlan], result: dg.ExecuteInProcessResult) -> Outcome:
    steps = {event.step_key: event.event_type_value for event in result.all_events if event.step_key and _is_end(event)}
    failed, skipped = [], []
    for plan in plans:
        ended = steps.get(op_name(plan.product))
        if ended == "STEP_FAILURE":
            failed.append(plan.product.key)
        elif ended != "STEP_SUCCESS":
            skipped.append(plan.product.key)
            because = BuildError(Fault("skipped: something that it needs failed", key=plan.product.key))
            # What made the catalog unreachable has been told by the step that failed of it.
            with contextlib.suppress(UnavailableError):
                record_failed_landing(session.run(result.run_id, lambda _: None), plan.product, because)
    return Outcome(short_run_id(result.run_id), tuple(failed), tuple(skipped))


def _tell_unexpected(session: Session, plans: Sequence[ProductPlan], result: dg.ExecuteInProcessResult) -> None:
    """A step that died of something else than an error of ours has told nobody yet."""
    names = {op_name(plan.product): plan.product.key for plan in plans}
    names |= {plain(lp.source.key): lp.source.key for lp in _due_landings(plans)}
    for event in result.all_events:
        error = event.step_failure_data.error if event.is_step_failure else None
        if error is not None and error.cls_name != "Failure":
            name = names[str(event.step_key)]
            cause = error.cause or error
            first = next(iter(cause.message.strip().splitlines()), str(cause.cls_name))
            told = BuildError(Fault(first, key=name, command=f"mesh --debug build {name.partition('/landing/')[0]}"))
            told.add_note(error.to_string())
            session.listener.failed(name, told)


def _is_end(event: dg.DagsterEvent) -> bool:
    return event.event_type_value in ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED")
