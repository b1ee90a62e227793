"""``mesh env``: environments by hand."""

from __future__ import annotations

import errno
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meshwright.cli.output import emit, emit_json, format_option, sample_option, say, settings_of
from meshwright.cli.words import ago, counted, size
from meshwright.errors import Fault, InputError, UnavailableError

if TYPE_CHECKING:
    from meshwright.build.environments import Standing
    from meshwright.build.promoting import Promoted
    from meshwright.build.sampling import Sample
    from meshwright.catalog.database import Database
    from meshwright.check.diff import PortDiff
    from meshwright.config import Settings

EXAMPLES = """\b
Examples:
  mesh env create try_discounts
  mesh env create quick --sample 5%:customer_id
  mesh build --env try_discounts sales
  mesh query --env try_discounts "from mesh.growth.campaign_impact"
  mesh env diff try_discounts --format html --output diff.html
  mesh env promote try_discounts
  mesh env drop try_discounts
"""


@click.group("env", epilog=EXAMPLES, short_help="Try a change on production's data, beside production.")
def command() -> None:
    """Make, compare, promote and drop environments.

    An environment is a layer of names over production. Making one copies nothing; mesh build --env fills it with what
    differs, every other name in it is production's.
    """


@command.command("create", short_help="Make an environment.")
@click.argument("name")
@sample_option
@click.pass_context
def create(ctx: click.Context, name: str, sample: Sample | None) -> None:
    """Make the environment NAME (lower-case letters, digits and _); it costs nothing and holds nothing yet.

    With --sample its builds see a part of production's rows, for a first look. It cannot be promoted.
    """
    from meshwright.build.context import whoever
    from meshwright.catalog import environments

    settings, database = _opened(ctx)
    environments.create(settings, database, name, whoever(), str(sample) if sample else None)
    on = f", for builds on {sample} of the data" if sample else ""
    say(f"made {name}, in which every name is production's{on}; next: mesh build --env {name}")


@command.command("list", short_help="List environments and what they hold.")
@format_option
@click.pass_context
def list_(ctx: click.Context, format_: str) -> None:
    """List environments: ports that they hold themselves, size, age, and products that production published since.

    SIZE is that of data files that production does not have.
    """
    from meshwright.build.environments import standings

    _, database = _opened(ctx)
    found = standings(database)
    if format_ == "json":
        emit_json([_as_data(standing) for standing in found])
    elif found:
        _print(found)
    if not found:
        say("there is no environment; next: mesh env create NAME")


@command.command("diff", short_help="Compare an environment's data with production's.")
@click.argument("name")
@click.argument("selectors", metavar="[SELECTOR]...", nargs=-1)
@click.option(
    "--examples", type=click.IntRange(0, 1000), default=5, show_default=True, help="Rows of each kind to show."
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file instead of stdout.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "html"]), default="text", show_default=True,
    help="How to print; html is one page that needs no network.",
)  # fmt: skip
@click.pass_context
def diff(
    ctx: click.Context, name: str, selectors: tuple[str, ...], examples: int, output: Path | None, format_: str
) -> int:
    """Compare what the environment NAME holds with what production has, row by row.

    Rows are matched by the primary key, doubles with nine significant digits. Values of columns that are neither public
    nor internal show as dots. Products whose files cannot be read are told and left out.
    """
    from meshwright.build.state import State
    from meshwright.catalog import environments
    from meshwright.check.diff import compare_ports
    from meshwright.check.published import Published
    from meshwright.cli.selection import selected

    settings, database = _opened(ctx)
    environments.require(database, name)
    selection, published = selected(settings.root, selectors), Published.read(settings)
    state = State.of(database, name)
    below = state.below.pins if state.below else {}
    ports = [port for product in selection.products for port in product.ports if port.key in state.own]
    found = [
        compare_ports(
            settings, published.guarded(port), below.get(port.key), state.own[port.key],
            promised=published.contract(port), examples=examples,
        )
        for port in ports
    ]  # fmt: skip
    _write_diff(found, name, output, format_)
    return selection.exit_code


def _write_diff(found: Sequence[PortDiff], name: str, output: Path | None, format_: str) -> None:
    from meshwright.check.diff import as_data, as_page, as_text

    if format_ == "html":
        text = as_page(found, title=name, note="What the environment holds, against production.")
    elif format_ == "json":
        text = json.dumps(as_data(found), indent=2, ensure_ascii=False)
    else:
        text = as_text(found)
    if output is None:
        if text:
            emit(text)
    else:
        try:
            output.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            kind = UnavailableError if error.errno == errno.ENOSPC else InputError
            reason = f"cannot be written: {error.strerror}"
            raise kind(Fault(reason, output, key="--output", command="--output OTHER_FILE")) from error
        say(f"wrote {output}")
    if not found:
        say(f"{name} holds nothing that differs")


@command.command("promote", short_help="Make what an environment holds production's.")
@click.argument("name")
@click.argument("selectors", metavar="[SELECTOR]...", nargs=-1)
@format_option
@click.pass_context
def promote(ctx: click.Context, name: str, selectors: tuple[str, ...], format_: str) -> int:
    """Make production's what the environment NAME holds, product by product and each in one step.

    Nothing is built or copied: pointers and records move. Refused for a product that production published since, or
    that was built on what production does not have. Products whose files cannot be read are told and left out.
    """
    from meshwright.build.context import whoever
    from meshwright.build.promoting import promote as promoted
    from meshwright.catalog import environments
    from meshwright.cli.build import catch_up
    from meshwright.cli.selection import selected

    settings, database = _opened(ctx)
    environments.require(database, name)
    selection = selected(settings.root, selectors)
    found = promoted(database, name, selection.products, whoever())
    for one in found:
        _tell(one, name)
    if not found:
        say(f"nothing to promote: {name} holds nothing of {', '.join(selectors) or 'its own'}")
    catch_up(settings, selection.mesh, database)
    if format_ == "json":
        emit_json([_outcome(one) for one in found])
    return max(selection.exit_code, *(one.error.exit_code for one in found if one.error), 0)


@command.command("drop", short_help="Take environments away.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.pass_context
def drop(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Take away environments with their names and records; mesh gc then removes their files.

    Refused while a build in one of them is at work.
    """
    from meshwright.catalog import environments

    settings, database = _opened(ctx)
    for name in names:
        environments.require(database, name)
    for name in dict.fromkeys(names):
        ports = environments.drop(settings, database, name)
        say(f"dropped {name} with {counted(len(ports), 'port')}" + ("; its files go with mesh gc" if ports else ""))


def _opened(ctx: click.Context) -> tuple[Settings, Database]:
    from meshwright.catalog.database import Database

    settings = settings_of(ctx)
    return settings, Database(settings)


def _print(found: Sequence[Standing]) -> None:
    from meshwright.cli.page import Page

    rows = [
        {
            "name": standing.name,
            "ports": str(len(standing.ports)),
            "size": size(standing.bytes),
            "age": ago(standing.created_at),
            "by": standing.created_by,
            "sample": standing.sample or "–",
            "production moved": ", ".join(standing.moved) or "–",
        }
        for standing in found
    ]
    page = Page()
    page.table(
        ["name", "ports", "size", "age", "by", "sample", "production moved"], rows, right=["ports", "size", "age"]
    )
    for standing in found:
        if standing.ports:
            page.heading(standing.name)
            page.line(", ".join(standing.ports), indent=2)


def _as_data(standing: Standing) -> dict[str, Any]:
    return {
        "name": standing.name,
        "created_at": standing.created_at,
        "created_by": standing.created_by,
        "ports": standing.ports,
        "moved": standing.moved,
        "bytes": standing.bytes,
        "sample": standing.sample,
    }


def _tell(one: Promoted, environment: str) -> None:
    if one.error:
        say(f"  refused   {one.product}")
        for fault in one.error.faults:
            say("\n".join(f"            {line}" for line in str(fault).splitlines()))
    elif one.ports:
        say(f"  promoted  {one.product}: {', '.join(one.ports)}")
    else:
        say(f"  promoted  {one.product}: its rows are production's already; {environment}'s keys are now too")


def _outcome(one: Promoted) -> dict[str, Any]:
    return {
        "product": one.product,
        "ports": one.ports,
        "publish": one.publish or None,
        "errors": [fault.reason for fault in one.error.faults] if one.error else [],
    }
