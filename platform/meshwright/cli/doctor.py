"""``mesh doctor``: what is wrong here, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from meshwright.cli.output import emit_json, format_option, say, settings_of
from meshwright.cli.words import counted
from meshwright.errors import MeshError

if TYPE_CHECKING:
    from meshwright.catalog.health import Diagnosis
    from meshwright.config import Settings

EXAMPLES = """\b
Examples:
  mesh doctor
  mesh doctor --format json
"""


@click.command("doctor", epilog=EXAMPLES, short_help="Check versions, extensions, permissions, disk and leftovers.")
@format_option
@click.pass_context
def command(ctx: click.Context, format_: str) -> int:
    """Check versions, extensions, permissions, disk, catalog, landed and generated files, locks and leftovers.

    Whatever is not in order comes with its remedy. Nothing is changed. Exit code 1 where something is broken.
    """
    findings = list(_examine(settings_of(ctx)))
    broken = sum(finding.level == "broken" for finding in findings)
    if format_ == "json":
        emit_json([asdict(finding) for finding in findings])
    else:
        _print(findings)
        warnings = sum(finding.level == "warning" for finding in findings)
        said = [counted(n, what) for n, what in ((broken, "thing"), (warnings, "warning")) if n]
        say("\n" + (" and ".join(said).replace("thing", "broken thing") if said else "all is well"))
    return 1 if broken else 0


def _examine(settings: Settings) -> Iterator[Diagnosis]:
    """All findings; what cannot be looked into for a fault found before is left out."""
    from meshwright.build import health as building
    from meshwright.catalog import health
    from meshwright.catalog.database import Database
    from meshwright.spec import load
    from meshwright.spec.index import index

    yield from building.machine(settings)
    yield from health.folders(settings)
    database = Database(settings)
    catalog = list(health.catalog(settings, database))
    yield from catalog
    try:
        mesh = load(settings.root)
        products = tuple(mesh)
    except MeshError as error:
        for fault in error.faults:
            yield health.Diagnosis("broken", "declared", str(fault), fault.command)
        return
    yield health.Diagnosis("ok", "declared", f"{counted(len(products), 'product')}, {counted(len(mesh.ports), 'port')}")
    if all(finding.level != "broken" for finding in catalog):
        yield from building.contents(settings, mesh, database)
        yield from health.data_files(database)
        yield from health.leftovers(settings, database, index(settings.root).ports_of)


def _print(findings: Sequence[Diagnosis]) -> None:
    """The table, then each remedy on a line of its own, to be pasted whole."""
    from meshwright.cli.page import Page

    page = Page()
    rows = [{"what": finding.what, "verdict": finding.level, "found": finding.message} for finding in findings]
    page.table(["what", "verdict", "found"], rows, wrap=["found"])
    if remedies := [(finding.what, finding.remedy) for finding in findings if finding.remedy]:
        page.heading("What to do")
        for what, remedy in remedies:
            page.literal(f"  {what:<10}  {remedy}")
