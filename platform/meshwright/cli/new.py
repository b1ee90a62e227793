"""``mesh new``."""

from __future__ import annotations

from pathlib import Path

import click

from meshwright.cli.ask import Asker, email_of_git
from meshwright.cli.output import say, settings_of
from meshwright.errors import shown
from meshwright.scaffold.kinds import Kind
from meshwright.spec.contract import proposed_lines
from meshwright.spec.documents import raise_all

_KINDS = tuple(kind.value for kind in Kind)


@click.group("new", short_help="Make a new domain or data product.")
def command() -> None:
    """Make a new domain or data product; what is not said is asked for."""


@command.command("domain")
@click.argument("name", required=False)
@click.option("--team", help="Name of the team that owns it.")
@click.option("--email", help="Where that team is reached; what git knows, if nothing is said.")
@click.option("--description", help="What the domain is about, in one sentence.")
@click.pass_context
def domain(ctx: click.Context, name: str | None, team: str | None, email: str | None, description: str | None) -> None:
    """Make the domain NAME: its owner, an empty dbt project and a code location of its own in Dagster."""
    from meshwright.scaffold.domain import NewDomain, check_name, new_domain

    settings = settings_of(ctx)
    ask = Asker()
    name = ask.text("NAME", name, "Domain")
    ask.require_all()
    check_name(name, "domain", ())
    wanted = NewDomain(
        name=name,
        team=ask.text("--team", team, "Team that owns it", default=f"{name.replace('_', ' ').capitalize()} team"),
        email=ask.text("--email", email, "E-mail of the team", default=email_of_git()),
        description=ask.text(
            "--description", description, "What it is about, in one sentence", default=f"What domain {name} knows."
        ),
    )
    ask.require_all()
    _tell(f"made domain {name}", new_domain(settings, wanted))
    say(f"next: mesh new product {name}/PRODUCT")


@command.command("product")
@click.argument("name", metavar="DOMAIN/NAME", required=False)
@click.option(
    "--kind", type=click.Choice(_KINDS),
    help="source: from data of its own; dbt: from one port of another product; aggregate: from several, joined.",
)  # fmt: skip
@click.option("--port", help="Name of its output port; the product's name, if nothing is said.")
@click.option(
    "--from", "origin", metavar="FILE|URL|PORT", help="A CSV, Parquet or JSON file, postgres://…, or a port to read."
)
@click.option("--table", metavar="SCHEMA.TABLE", help="Which table of a PostgreSQL database.")
@click.option("--inputs", metavar="PORT,…", help="kinds dbt and aggregate: ports to read, as <domain>.<port>.")
@click.option(
    "--on", metavar="COLUMN,…", help="kind aggregate: columns to join on; what the contracts tell, if nothing is said."
)
@click.option("--description", help="What one row is, in one sentence.")
@click.pass_context
def product(
    ctx: click.Context, name: str | None, kind: str | None, port: str | None, origin: str | None, table: str | None,
    inputs: str | None, on: str | None, description: str | None,
) -> None:  # fmt: skip
    """Make the product NAME of DOMAIN with one output port, ready to be built.

    The port's contract is derived from the data or from the contracts of its inputs; what rests on the rows of
    today is marked `proposed`.
    """
    from meshwright.scaffold.data import variable_of
    from meshwright.scaffold.product import NewProduct, domain_of, new_product, split
    from meshwright.spec import load_sound

    settings = settings_of(ctx)
    sound = load_sound(settings.root)
    mesh = sound.mesh
    ask = Asker()
    name = ask.text("DOMAIN/NAME", name, "Product, as <domain>/<product>")
    ask.require_all()
    in_domain, own = split(name)
    if in_domain not in mesh.domains or not {*_names(inputs)} <= mesh.ports.keys():
        # What is missing may be what is broken: then that is the fault to tell.
        raise_all(sound.faults)
    domain_of(mesh, in_domain)
    if origin in mesh.ports and kind != Kind.SOURCE:
        kind, inputs, origin = kind or Kind.DBT.value, inputs or origin, None
    kind = kind or (Kind.SOURCE.value if origin else None)
    kind = ask.text("--kind", kind, "Kind", choices=_KINDS)
    if kind in (Kind.DBT, Kind.AGGREGATE):
        inputs = ask.text("--inputs", inputs, "Ports to read, as <domain>.<port>, with commas between")
    else:
        origin = ask.text("--from", origin, "File or postgres://… to derive it from (none: sample rows)", default="")
    ask.require_all()
    port = own if port is None else port
    default = f"Rows of {port.replace('_', ' ')}."
    about = ask.text("--description", description, "What one row is, in one sentence", default=default)
    wanted = NewProduct(in_domain, own, Kind(kind), port, about, origin or None, table, _names(inputs), _names(on))
    written = new_product(settings, mesh, wanted)
    _tell(f"made product {name}", written)
    if proposed := proposed_lines(_contract(written)):
        say(f"{len(proposed)} lines of its contract are proposed: see {shown(_contract(written))}")
    _warn(settings.root, origin, table, written)
    if table:
        say(f"next: export {variable_of(in_domain)}=URL, since no secret is written into the mesh")
    say(f'next: mesh build {name}\nthen: mesh query "from mesh.{in_domain}.{port} limit 10"')


def _warn(root: Path, origin: str | None, table: str | None, written: list[Path]) -> None:
    """What works here and now, and will not do for long."""
    if origin and not table and not Path(origin).expanduser().absolute().is_relative_to(root):
        say(f"note: {origin} lies outside the mesh, so others find it only where it lies at the same place")
    if "primaryKey" not in _contract(written).read_text(encoding="utf-8"):
        say("note: nothing was found that identifies a row; say in the contract what does (primaryKey)")


def _names(given: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (given or "").split(",") if name.strip())


def _contract(written: list[Path]) -> Path:
    return next(file for file in written if file.name.endswith(".contract.yaml"))


def _tell(what: str, written: list[Path]) -> None:
    say(f"{what}:")
    for file in written:
        say(f"  {shown(file)}")
