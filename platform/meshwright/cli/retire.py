"""``mesh retire``: a port that nobody uses any more leaves the mesh."""

from __future__ import annotations

import click

from meshwright.cli.output import emit_json, format_option, say, settings_of
from meshwright.errors import shown

EXAMPLES = """\b
Examples:
  mesh retire sales.orders             refused while anybody uses it
  mesh retire sales.orders --force     names whom it hits
"""


@click.command("retire", epilog=EXAMPLES, short_help="Take a port that nobody uses any more out of the mesh.")
@click.argument("port")
@click.option("--force", is_flag=True, help="Also before its day, and while it is used; whom it hits is named.")
@format_option
@click.pass_context
def command(ctx: click.Context, port: str, force: bool, format_: str) -> None:
    """Take PORT (domain.port), which nobody uses any more, out of the mesh.

    It leaves product.yaml, its contract is kept in retired/, and its name answers no more queries: whoever asks is told
    what to use. Its records stay, its files for as long as mesh gc keeps those of older publishes.
    """
    from meshwright.lifecycle.retire import retire

    done = retire(settings_of(ctx), port, force=force, say=say)
    if format_ == "json":
        emit_json({
            "port": done.port, "files": [str(shown(file)) for file in done.files], "unpublished": done.unpublished,
            "hit": list(done.hit),
        })  # fmt: skip
    for user in done.hit:
        say(f"hit: {user}")
    for file in done.files:
        say(f"{'wrote' if file.exists() else 'removed'} {shown(file)}")
    say(f"{done.port} {'answers no more queries' if done.unpublished else 'was not published'}")
