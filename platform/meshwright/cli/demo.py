"""``mesh demo``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from meshwright.build.plan import Planner
from meshwright.build.state import State
from meshwright.catalog.database import Database
from meshwright.cli.build import catch_up, confirm_current, nothing_changed, run_plans, tell_parsing
from meshwright.cli.output import say, settings_of
from meshwright.config import Settings
from meshwright.disk import write_whole
from meshwright.errors import Fault, InputError
from meshwright.spec import load
from meshwright.spec.model import Mesh

EXAMPLES = """\b
Examples:
  mesh demo            build what is due, then answer
  mesh demo --answer   answer again from what is published
"""


@click.command("demo", epilog=EXAMPLES, short_help="Build the example mesh and answer its running question.")
@click.option("--answer", "again", is_flag=True, help="Show the answer again; build nothing that is current.")
@click.pass_context
def command(ctx: click.Context, again: bool) -> int:
    """Land, build, audit and publish the example mesh, then answer: what did the campaigns do to sales?

    The answer goes to stdout as text and to .mesh/demo/answer.html as a page that needs no network.
    """
    settings = settings_of(ctx)
    mesh = load(settings.root)
    _require_example(settings, mesh)
    database = Database(settings)
    planner = Planner(settings, mesh, State.of(database), on_parse=tell_parsing)
    plans = planner.plan_all(list(mesh))
    confirm_current(database, plans)
    page = settings.state_dir / "demo" / "answer.html"
    if any(plan.is_due for plan in plans):
        if code := run_plans(settings, mesh, plans, None, force=False, format_="text"):
            return code
    else:
        catch_up(settings, mesh, database)
        if page.is_file() and not again:
            say(f"{nothing_changed(plans)} The answer: {_shown(page)} or mesh demo --answer")
            return 0
    _answer(settings, database, page)
    return 0


def _require_example(settings: Settings, mesh: Mesh) -> None:
    from meshwright.demo import PORTS

    missing = sorted(set(PORTS) - mesh.ports.keys())
    if missing:
        reason = f"mesh demo answers a question of the example mesh; this one has no {missing[0]}"
        raise InputError(Fault(reason, settings.root, command="mesh build"))


def _answer(settings: Settings, database: Database, page: Path) -> None:
    from meshwright.demo import PORTS, answer, render, show
    from meshwright.query.engine import connect

    state = State.of(database)
    pins = {name: state.pins[name] for name in PORTS}
    with connect(pins, warehouse=settings.warehouse) as con:
        found = answer(con)
    provenance = {name: state.digest(name)[:12] for name in PORTS}
    write_whole(page, render(found, provenance))
    say()
    show(found, sys.stdout)
    sys.stdout.flush()
    say(f"\nThe same as a page: {_shown(page)}\n")
    say("Next:")
    say("  mesh status")
    say('  mesh query "select campaign_type, effect, effect_lo, effect_hi from mesh.growth.campaign_type_impact"')
    say("  mesh up")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
