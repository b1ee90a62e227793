"""``mesh history``: what became of a port, build by build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from meshwright.cli.output import emit_json, env_option, format_option, say, settings_of
from meshwright.cli.words import clock, short
from meshwright.config import PRODUCTION

if TYPE_CHECKING:
    from meshwright.catalog.history import Entry
    from meshwright.config import Settings
    from meshwright.spec.model import Port

EXAMPLES = """\b
Examples:
  mesh history sales.transactions
  mesh history growth.campaign_impact --limit 3
  mesh history sales.baskets --format json
"""


@click.command("history", epilog=EXAMPLES, short_help="Show the builds and publishes of a port.")
@click.argument("port")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True, help="Builds to show.")
@env_option
@format_option
@click.pass_context
def command(ctx: click.Context, port: str, limit: int, environment: str, format_: str) -> None:
    """Show the builds of PORT (domain.port), newest first: verdict, rows, run, commit, when and by whom.

    ROWS are those of the whole port after a publish, PARTS the partitions that it moved. A refused build says which
    rules its candidate broke and how to look into it.
    """
    from meshwright.cli.selection import sound_port

    settings = settings_of(ctx)
    _, found = sound_port(settings.root, port)
    entries = _entries(settings, found, limit + 1, environment)
    shown = entries[:limit]
    if format_ == "json":
        emit_json([asdict(e) | {"snapshot": None if e.snapshot is None else str(e.snapshot)} for e in shown])
    elif shown:
        _print(found, shown)
    if not shown:
        where = "" if environment == PRODUCTION else f"--env {environment} "
        say(f"{found.key} was never built{' there' if where else ''}; next: mesh build {where}{found.key}")
    elif len(entries) > limit:
        say(f"… older ones: mesh history {found.key} --limit {limit * 5}")


def _entries(settings: Settings, port: Port, limit: int, environment: str) -> list[Entry]:
    from meshwright.catalog import environments
    from meshwright.catalog.database import Database
    from meshwright.catalog.history import history

    database = Database(settings)
    environments.require(database, environment)
    if not database.exists:
        return []
    with database.read() as connection:
        return history(connection, port.domain, port.name, limit=limit, environment=environment)


def _print(port: Port, entries: Sequence[Entry]) -> None:
    from meshwright.cli.page import Page

    page = Page()
    partition = port.contract.partition
    columns = ["when (UTC)", "verdict", "rows", *(["parts"] if partition else []), "run", "commit", "by"]
    rows = [
        {
            "when (UTC)": clock(entry.finished_at),
            "verdict": entry.verdict,
            "rows": "–" if entry.rows is None else f"{entry.rows:,}",
            "parts": str(len(entry.partitions)) if entry.partitions else "–",
            "run": short(entry.run),
            "commit": short(entry.commit) + "+" * (entry.commit or "").endswith("+"),
            "by": entry.by or "–",
        }
        for entry in entries
    ]
    page.table(columns, rows, right=["rows", "parts"])
    for entry in entries:
        if lines := _details(port, entry, partition.column if partition else ""):
            page.heading(f"{clock(entry.finished_at)} {entry.verdict}")
            for line in lines:
                page.line(line, indent=2)
            if entry.kept:
                page.literal(f'  look into it: mesh query --env {entry.run} "select * from mesh.{port.key} limit 10"')


def _details(port: Port, entry: Entry, column: str) -> list[str]:
    from meshwright.build.partitions import span

    lines = [*entry.broken]
    if entry.message and not any(broken.partition(": ")[2] in entry.message for broken in entry.broken):
        lines.append(entry.message)
    if lines and entry.partitions:
        lines.insert(0, f"partitions: {span(column, entry.partitions)}")
    return lines
