"""``mesh build``."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import click

from meshwright import disk
from meshwright.build.partitions import in_order
from meshwright.build.plan import Planner, ProductPlan
from meshwright.build.state import State
from meshwright.catalog import environments, promises, records
from meshwright.catalog.database import Database, now
from meshwright.catalog.promises import promise_of
from meshwright.cli.ending import tell_ending
from meshwright.cli.output import emit, emit_json, env_option, format_option, say, settings_of, style, table
from meshwright.cli.selection import selected
from meshwright.cli.words import counted
from meshwright.config import PRODUCTION, Settings
from meshwright.errors import Fault, InputError, UnavailableError
from meshwright.spec.graph import downstream
from meshwright.spec.model import Mesh, Product

EXAMPLES = """\b
Examples:
  mesh build                          everything that is due
  mesh build sales                    the products of a domain
  mesh build +growth.campaign_impact  a port's product and all that it reads
  mesh build sales --partition 10     one partition
  mesh build sales --from 10 --to 12  a range of partitions
  mesh build --env try_it sales       beside production, on production's data
  mesh build --plan                   what would be done, and why
"""


@click.command("build", epilog=EXAMPLES, short_help="Land, build, audit and publish products.")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--partition", "partitions", multiple=True, metavar="P", help="Only this partition; may be repeated.")
@click.option("--from", "first", metavar="P", help="The first partition of a range.")
@click.option("--to", "last", metavar="P", help="The last partition of a range.")
@click.option("--force", is_flag=True, help="Land and build even what is current.")
@click.option("--plan", "plan_only", is_flag=True, help="Show what would be landed and built, and why; do nothing.")
@env_option
@format_option
@click.pass_context
def command(
    ctx: click.Context,
    selectors: tuple[str, ...],
    partitions: tuple[str, ...],
    first: str | None,
    last: str | None,
    force: bool,
    plan_only: bool,
    environment: str,
    format_: str,
) -> int:
    """Land sources, build, audit and publish products.

    A SELECTOR is a domain, a product (<domain>/<product>) or a port (<domain>.<port>); + before it adds all
    that it reads. A product is built and published whole, and only where something changed.

    With --env, what is selected and whoever reads it is built into that environment, on what production has; nothing
    of production is written. What has landed is used as it is, unless the code of its ingest changed.

    Products whose files cannot be read are told and left out with those that rest on them; the exit code is 2 then.
    """
    settings = settings_of(ctx)
    chosen = selected(settings.root, selectors)
    mesh, products = chosen.mesh, chosen.products
    tell_ending(mesh, products)
    database = Database(settings)
    environments.require(database, environment)
    state = State.of(database, environment)
    if environment != PRODUCTION:
        products = _with_readers(mesh, products, state)
    only = _partitions(products, state, partitions, first, last)
    planner = Planner(settings, mesh, state, force, only, environment, on_parse=tell_parsing)
    plans = planner.plan_all(products)
    if plan_only:
        _print_plan(plans, format_)
        return max(_tell_broken(plans), chosen.exit_code)
    if only is None:
        confirm_current(database, plans, environment)
    if any(plan.is_due for plan in plans):
        code = run_plans(settings, mesh, plans, only, force=force, format_=format_, environment=environment)
        return max(code, chosen.exit_code)
    if environment == PRODUCTION:
        catch_up(settings, mesh, database)
    return max(_nothing(plans, state, format_), chosen.exit_code)


def _with_readers(mesh: Mesh, products: Sequence[Product], state: State) -> tuple[Product, ...]:
    """``products``, and whoever reads them or what the environment holds, directly or not."""
    wanted = {product.key for product in products}
    held = {mesh.product_of(port).key for port in state.own if port in mesh.ports} - wanted
    keys = downstream(list(mesh), wanted | held) - held
    return tuple(product for product in mesh if product.key in keys)


def run_plans(
    settings: Settings,
    mesh: Mesh,
    plans: Sequence[ProductPlan],
    only: Sequence[str] | None,
    *,
    force: bool,
    format_: str,
    environment: str = PRODUCTION,
) -> int:
    """Execute plans with live progress; the exit code."""
    from meshwright.cli.progress import Progress
    from meshwright.orchestration.execute import execute
    from meshwright.orchestration.session import Session

    progress = Progress([plan for plan in plans if plan.is_due], debug=click.get_current_context().obj["debug"])
    session = Session(settings, mesh, listener=progress, environment=environment)
    outcome = execute(session, plans, partitions=only, force=force)
    progress.finish(outcome)
    if format_ == "json":
        emit_json(progress.as_data(outcome))
    if not outcome.ok and (full := disk.full(settings.state_dir)):
        say(f"error: {full}")
        return UnavailableError.exit_code
    return progress.exit_code(outcome)


def confirm_current(database: Database, plans: Sequence[ProductPlan], environment: str = PRODUCTION) -> None:
    """Record when it was found that there is nothing to do, and under which contracts.

    Where that cannot be written, it is only not told.
    """
    current = [port.key for plan in plans if not plan.is_due for port in plan.product.ports]
    with contextlib.suppress(UnavailableError):
        if current and database.exists:
            with database.write() as connection:
                records.confirm(connection, current, now(), environment)
                same = (port for plan in plans if not plan.is_due for port in plan.product.ports)
                promises.record(connection, map(promise_of, same), now(), environment)


def tell_parsing(domain: str) -> None:
    """Say what takes so long before anything is built."""
    say(f"  {style('preparing', fg='cyan')}  dbt project {domain}")


def catch_up(settings: Settings, mesh: Mesh, database: Database) -> None:
    """Tell the orchestrator of publishes that it has not heard of; free where there are none."""
    if not _unreported(database):
        return
    from meshwright.orchestration.execute import catch_up as told
    from meshwright.orchestration.session import Session

    if ports := told(Session(settings, mesh)):
        say(f"Dagster has now heard of {counted(ports, 'port')} published without its knowledge.")


def _tell_broken(plans: Sequence[ProductPlan]) -> int:
    """Say what could not be planned, each fault once; the exit code."""
    broken = [plan.error for plan in plans if plan.error]
    for fault in dict.fromkeys(str(fault) for error in broken for fault in error.faults):
        say(f"error: {fault}")
    return max((error.exit_code for error in broken), default=0)


def _partitions(
    products: Sequence[Product], state: State, given: Sequence[str], first: str | None, last: str | None
) -> list[str] | None:
    if not given and first is None and last is None:
        return None
    if given and (first is not None or last is not None):
        raise InputError(Fault("--partition and --from/--to exclude each other", key="--partition"))
    if not all(text.strip() for text in (*given, *filter(None, (first, last)))):
        raise InputError(Fault("a partition is named by a text that is not empty", key="--partition"))
    partitioned = [port for product in products for port in product.ports if port.contract.partition]
    if not partitioned:
        raise InputError(Fault("none of the selected ports is partitioned", key="--partition"))
    if given:
        return list(given)
    held = {p for port in partitioned for p in state.held(port.key)}
    for product in products:
        for landing in state.landings.values():
            if landing.domain == product.domain:
                held |= landing.partitions() or set()
    low, high = in_order(first or ""), in_order(last or "\uffff")
    chosen = [p for p in sorted(held, key=in_order) if (first is None or low <= in_order(p)) and in_order(p) <= high]
    if not chosen:
        raise InputError(
            Fault(f"no partition lies between {first or 'the first'} and {last or 'the last'}", key="--from")
        )
    return chosen


def _unreported(database: Database) -> bool:
    if not database.exists:
        return False
    with database.read() as connection:
        return bool(records.unreported(connection))


def nothing_changed(plans: Sequence[ProductPlan]) -> str:
    """The line of a build that had nothing to do."""
    return f"Nothing changed: {counted(len(plans), 'product')} {'is' if len(plans) == 1 else 'are'} current."


def _nothing(plans: Sequence[ProductPlan], state: State, format_: str) -> int:
    """Nothing to do; 1 as long as something published breaks a rule, for whoever looks at the code alone."""
    say(nothing_changed(plans))
    broken = broken_ports(plans, state)
    for port in broken:
        say(f"  {style('refused', fg='red')}  {port} is published and breaks its contract\n  next: mesh show {port}")
    if format_ == "json":
        emit_json({"run": None, "products": [], "broken": broken})
    return 1 if broken else 0


def broken_ports(plans: Sequence[ProductPlan], state: State) -> list[str]:
    """The planned ports whose published snapshot failed its last audit."""
    ports = [port.key for plan in plans for port in plan.product.ports]
    return [port for port in ports if state.audits.get(port, {}).get("verdict") == "refused"]


def _print_plan(plans: Sequence[ProductPlan], format_: str) -> None:
    if format_ == "json":
        emit_json([_plan_data(plan) for plan in plans])
        return
    rows: list[dict[str, Any]] = []
    for plan in plans:
        rows += [{"what": f"land   {lp.source.key}", "why": lp.reason} for lp in plan.landings if lp.reason]
        if plan.error:
            rows.append({"what": f"build  {plan.product.key}", "why": "cannot be planned"})
        if plan.missing:
            rows.append({"what": f"build  {plan.product.key}", "why": f"needs {', '.join(plan.missing)} first"})
        for port in plan.ports:
            if port.is_due:
                rows.append({"what": f"build  {port.port.key}", "partitions": _span(port.built), "why": port.reason})
            elif port.audit_due:
                rows.append({"what": f"audit  {port.port.key}", "why": "rules of its contract changed"})
        if plan.moved:
            rows.append({"what": f"rebase {plan.product.key}", "why": "production published it since"})
        if plan.whole:
            rows.append({"what": f"       {plan.product.key}", "why": f"all partitions: {plan.whole}"})
        if plan.after and plan.is_noop is False and not plan.due_ports:
            rows.append({"what": f"check  {plan.product.key}", "why": f"after {', '.join(plan.after)}"})
    if rows:
        emit(table(rows, ["what", "partitions", "why"]))
    else:
        say(nothing_changed(plans))


def _span(partitions: Sequence[str]) -> str:
    ordered = sorted((p for p in partitions if p), key=in_order)
    if not ordered:
        return ""
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]}…{ordered[-1]} ({len(ordered)})"


def _plan_data(plan: ProductPlan) -> dict[str, Any]:
    return {
        "product": plan.product.key,
        "landings": [{"source": lp.source.key, "reason": lp.reason} for lp in plan.landings if lp.reason],
        "missing": plan.missing,
        "error": [fault.reason for fault in plan.error.faults] if plan.error else None,
        "after": plan.after,
        "moved": plan.moved,
        "whole": plan.whole,
        "ports": [
            {
                "port": p.port.key,
                "partitions": {part.partition: {"reason": part.reason, "key": part.parts.key} for part in p.due},
                "gone": p.gone,
                "audit": p.audit_due,
            }
            for p in plan.ports
            if p.is_due or p.audit_due
        ],
    }
