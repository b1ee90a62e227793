"""``mesh init``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from meshwright.cli.ask import Asker, email_of_git
from meshwright.cli.output import say


@click.command("init", short_help="Make a new mesh with one small domain that works.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--domain", default="shop", show_default=True, help="Name of its first domain.")
@click.option("--team", help="Name of the team that owns it.")
@click.option("--email", help="Where that team is reached; what git knows, if nothing is said.")
@click.option(
    "--meshwright",
    "source",
    metavar="SOURCE",
    help="Wheel, folder, URL or git URL that the mesh installs meshwright from.",
)
@click.option("--no-git", is_flag=True, help="Do not begin a git repository.")
def command(folder: Path, domain: str, team: str | None, email: str | None, source: str | None, no_git: bool) -> None:
    """Make a new mesh in DIR, which must be new or empty.

    It is a repository of its own: pyproject.toml, workspace.yaml, tests, checks for pull requests, and one
    domain with one product, ready to be built.
    """
    from meshwright.scaffold.domain import NewDomain
    from meshwright.scaffold.mesh import NewMesh, is_under_git, new_mesh
    from meshwright.scaffold.origin import is_local, requirement

    ask = Asker()
    needed = requirement(source)
    first = NewDomain(
        name=domain,
        team=ask.text("--team", team, "Team that owns it", default=f"{domain.replace('_', ' ').capitalize()} team"),
        email=ask.text("--email", email, "E-mail of the team", default=email_of_git()),
        description=f"What domain {domain} knows.",
    )
    ask.require_all()
    written = new_mesh(NewMesh(folder, needed, first, git=not no_git))
    say(f"made a mesh in {folder}: {len(written)} files, domain {domain}")
    if is_local(needed):
        say("note: it installs meshwright from this machine; for others name a URL in pyproject.toml")
    there = "" if folder.absolute() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    say(f"next: {there}source scripts/activate && mesh build")
    if is_under_git(folder):
        say("then: git add . && git commit -m 'A new mesh', since mesh check compares with what is committed")
