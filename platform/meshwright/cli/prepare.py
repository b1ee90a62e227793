"""``mesh prepare``: generated dbt files and manifests, up to date."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import click

from meshwright.cli.ending import tell_ending
from meshwright.cli.output import say, settings_of
from meshwright.cli.selection import selected
from meshwright.cli.words import counted
from meshwright.errors import MeshError

if TYPE_CHECKING:
    from meshwright.config import Settings
    from meshwright.spec.model import Domain, Mesh

EXAMPLES = """\b
Examples:
  mesh prepare        before dbt build by hand, or dagster dev
"""


@click.command("prepare", epilog=EXAMPLES, short_help="Refresh generated dbt files and manifests.")
@click.pass_context
def command(ctx: click.Context) -> int:
    """Refresh generated dbt files and manifests of all domains.

    Writes dbt_projects/<domain>/profiles.yml and models/_mesh/*.yml from the contracts, and has dbt read each
    project whose files changed. Every other verb does that as it needs it. Products whose files cannot be read are told
    and left out.
    """
    settings = settings_of(ctx)
    selection = selected(settings.root, ())
    mesh = selection.mesh
    errors: list[MeshError] = []
    for domain in mesh.domains.values():
        try:
            say(_prepared(settings, mesh, domain))
        except MeshError as error:
            say(f"{domain.name:<20} cannot be prepared")
            errors.append(error)
    tell_ending(mesh, mesh)
    if errors:
        raise type(errors[0])(*(fault for error in errors for fault in error.faults))
    return selection.exit_code


def _prepared(settings: Settings, mesh: Mesh, domain: Domain) -> str:
    from meshwright.build.dbt.manifests import graph_of

    started = perf_counter()
    before = {file.name for file in settings.manifests.glob(f"{domain.name}-*.json")}
    graph = graph_of(settings, mesh, domain)
    if not graph.hash:
        return f"{domain.name:<20} no dbt project"
    known = f"{domain.name}-{graph.hash}.json" in before
    done = "up to date" if known else f"read by dbt in {perf_counter() - started:.1f} s"
    return f"{domain.name:<20} {counted(len(graph.models), 'model')}, {done}"
