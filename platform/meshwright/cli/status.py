"""``mesh status``: how each port stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from meshwright.cli.output import emit_json, env_option, format_option, say, settings_of
from meshwright.cli.words import ago, counted, short
from meshwright.config import PRODUCTION

if TYPE_CHECKING:
    from meshwright.build.status import PortStatus
    from meshwright.cli.page import Page

EXAMPLES = """\b
Examples:
  mesh status
  mesh status sales growth.campaign_impact
  mesh status --format json | jq '.[] | select(.state != "current")'
"""
_DETAILS = 6


@click.command("status", epilog=EXAMPLES)
@click.argument("selectors", metavar="[SELECTOR]…", nargs=-1)
@env_option
@format_option
@click.pass_context
def command(ctx: click.Context, selectors: tuple[str, ...], environment: str, format_: str) -> int:
    """Show each port: snapshot, rows, age, verdict and what is stale because of what.

    AGE is the time since a build last made or confirmed what is published, AUDIT the verdict on it.
    A SELECTOR is a domain, a product (domain/product) or a port (domain.port, for its product); + before it adds
    everything upstream.
    """
    from meshwright.build.status import status_of
    from meshwright.catalog import environments
    from meshwright.catalog.database import Database
    from meshwright.cli.selection import selected

    settings = settings_of(ctx)
    chosen = selected(settings.root, selectors)
    database = Database(settings)
    environments.require(database, environment)
    ports = status_of(settings, chosen.mesh, database, chosen.products, environment)
    if format_ == "json":
        emit_json([asdict(p) | {"snapshot": None if p.snapshot is None else str(p.snapshot)} for p in ports])
        return chosen.exit_code
    _print(ports)
    _summarise(ports, selectors, environment)
    return chosen.exit_code


def _print(ports: Sequence[PortStatus]) -> None:
    from meshwright.cli.page import Page

    page = Page()
    page.table(
        ["port", "snapshot", "rows", "age", "audit", "state"],
        [
            {
                "port": port.port,
                "snapshot": short(port.snapshot),
                "rows": "–" if port.rows is None else f"{port.rows:,}",
                "age": ago(port.confirmed_at),
                "audit": port.audit or "–",
                "state": port.state,
            }
            for port in ports
        ],
        right=["rows", "age"],
    )
    published = [port for port in ports if port.snapshot is not None]
    _section(page, "Why", [p for p in published if p.state != "broken"], lambda p: p.reasons)
    _section(page, "Broken", [p for p in ports if p.state == "broken"], lambda p: p.reasons)
    _section(page, "Last attempt", ports, _attempt)
    _section(page, "Audit of what is published", ports, lambda p: p.findings)
    _section(page, "Notes", published, lambda p: p.notes)
    waiting = [p for p in ports if p.snapshot is None and p.state == "not built"]
    if published:
        _section(page, "Not built", waiting, lambda p: p.reasons)


def _section(
    page: Page, title: str, ports: Sequence[PortStatus], lines_of: Callable[[PortStatus], Sequence[str]]
) -> None:
    told = [(port.port, lines) for port in ports if (lines := lines_of(port))]
    if not told:
        return
    page.heading(title)
    rows = []
    for name, lines in told:
        shown = [*lines[:_DETAILS], *([f"… and {len(lines) - _DETAILS} more"] if len(lines) > _DETAILS else [])]
        rows += [(name if i == 0 else "", line) for i, line in enumerate(shown)]
    page.facts(rows)


def _attempt(port: PortStatus) -> list[str]:
    if port.attempt is None:
        return []
    attempt = port.attempt
    lines = [f"{attempt.verdict} {ago(attempt.at)} ago in run {attempt.run}: {attempt.message}"]
    if attempt.kept:
        lines.append(f'look into it: mesh query --env {attempt.run} "select * from mesh.{port.port} limit 10"')
    return lines


def _summarise(ports: Sequence[PortStatus], selectors: Sequence[str], environment: str) -> None:
    states = Counter(port.state for port in ports)
    parts = [f"{count} {state}" for state, count in states.most_common()]
    breaking = [port.port for port in ports if port.audit == "refused"]
    building = sorted({port.product for port in ports if port.building})
    say()
    say(f"{counted(len(ports), 'port')}: {', '.join(parts)}")
    if breaking:
        say(f"published against their contracts: {', '.join(breaking)}; next: mesh show {breaking[0]}")
    if building:
        say(f"being built now: {', '.join(building)}")
    if states.keys() - {"current"}:
        where = [] if environment == PRODUCTION else ["--env", environment]
        say(f"next: {' '.join(['mesh build', *where, *selectors])}")
