"""``mesh impact``: who uses a port or a column of it, or the ports of a domain or product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from meshwright.cli.output import emit, emit_json, format_option, say, settings_of
from meshwright.cli.words import counted

if TYPE_CHECKING:
    from meshwright.check.impact.asked import Asked
    from meshwright.check.impact.model import Hit, Target

EXAMPLES = """\b
Examples:
  mesh impact sales.transactions               who reads the port
  mesh impact sales.transactions.sales_value   who uses the column, however far
  mesh impact sales.orders.address.street      who uses a field of a struct, or the whole
  mesh impact sales                            which ports of the domain are read, and by whom
"""

_MOST = 6
"""Columns of a port that are named; --format json has all."""


@click.command("impact", epilog=EXAMPLES, short_help="Tell who uses a port or a column of it.")
@click.argument("names", nargs=-1, required=True, metavar="DOMAIN|PRODUCT|PORT[.COLUMN]...")
@format_option
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], format_: str) -> None:
    """Tell who uses a port or a column of it, with owners: by the SQL of consumers, however far behind.

    A domain or a product stands for all of its ports.

    What products read and make of it is told by their compiled dbt models; besides, contracts are named whose rules
    look at it, and dbt projects whose data tests do.
    """
    from meshwright.check.impact.asked import asked
    from meshwright.check.impact.walk import hits
    from meshwright.check.impact.world import now
    from meshwright.spec.load import load_sound

    settings = settings_of(ctx)
    sound = load_sound(settings.root)
    selection = asked(sound.mesh, names)
    world = now(settings, sound, say)
    found = hits(world, tuple(dict.fromkeys(target for one in selection for target in one.targets)))
    if format_ == "json":
        root = settings.root.absolute()
        emit_json([_as_data(target, [hit.as_json(root) for hit in mine]) for target, mine in found.items()])
    else:
        heads = [_head(one, found) for one in selection if one.kind != "port"]
        emit("\n\n".join([*heads, *(_told(target, mine) for target, mine in found.items())]))
    for key, reason in world.unread.items():
        say(f"{key} cannot be read and may use more: {reason}")


def _as_data(target: Target, hits: list[dict[str, Any]]) -> dict[str, Any]:
    return {"port": target.port, "column": target.column, "owner": target.owner, "used": bool(hits), "hits": hits}


def _head(asked: Asked, found: Mapping[Target, tuple[Hit, ...]]) -> str:
    """What a domain or product stands for, and which of its ports are used."""
    used, ports = [target.name for target in asked.targets if found[target]], counted(len(asked.targets), "port")
    told = f"{len(used)} of {ports} {'is' if len(used) == 1 else 'are'} used: {', '.join(used)}"
    return f"{asked.kind} {asked.name}: {told if used else f'nobody uses its {ports}'}"


def _told(target: Target, hits: tuple[Hit, ...]) -> str:
    if not hits:
        return f"{target.name}: nobody uses it"
    head = f"{target.name}: used by {counted(len({hit.consumer.name for hit in hits}), 'product')}"
    return "\n".join([head, *(line for hit in hits for line in _lines(hit))])


def _lines(hit: Hit) -> Iterator[str]:
    yield f"  {hit.consumer.called}"
    yield f"    {', '.join(hit.how)} {' → '.join(hit.via)}" + (f": {hit.reason}" if hit.reason else "")
    yield f"    at {hit.place}"
    made: dict[str, list[str]] = {}
    for name in hit.columns:
        port, _, column = name.rpartition(".")
        made.setdefault(port, []).append(column)
    for port, columns in made.items():
        more = f" and {len(columns) - _MOST} more" if len(columns) > _MOST else ""
        yield f"    makes {port}: {', '.join(columns[:_MOST])}{more}"
