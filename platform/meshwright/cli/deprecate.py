"""``mesh deprecate``: a port comes to its end, and another takes its place."""

from __future__ import annotations

import click

from meshwright.cli.output import emit_json, format_option, say, settings_of
from meshwright.errors import shown

EXAMPLES = """\b
Examples:
  mesh deprecate sales.orders --until 2027-03-31 --use sales.orders_v2
"""


@click.command("deprecate", epilog=EXAMPLES, short_help="Say until when a port is there, and what takes its place.")
@click.argument("port")
@click.option("--until", required=True, metavar="DATE", help="The day of its end, YYYY-MM-DD.")
@click.option("--use", required=True, metavar="PORT", help="The port that takes its place.")
@format_option
@click.pass_context
def command(ctx: click.Context, port: str, until: str, use: str, format_: str) -> None:
    """Say until when PORT (domain.port) is there, and what takes its place.

    Writes status, end dates, replacement and the version that they ask for into its contract, and that version into
    product.yaml. Readers are warned by mesh query, build, prepare, show and check. Nothing else changes.
    """
    from meshwright.cli.selection import sound_part
    from meshwright.lifecycle.deprecate import deprecate

    done = deprecate(sound_part(settings_of(ctx).root, port, use), port, until, use)
    if format_ == "json":
        emit_json({
            "port": done.port, "until": str(done.until), "use": done.use, "version": done.version,
            "files": [str(shown(file)) for file in done.files],
        })  # fmt: skip
    if not done.files:
        say(f"{done.port} ends on {done.until} already; nothing was written")
    for file in done.files:
        say(f"wrote {shown(file)}")
    if done.files:
        say(f"{done.port} {done.version} ends on {done.until}, {done.use} takes its place")
        say(f"next: mesh impact {done.port}")
