"""The group of all verbs, each loaded only when it is called, and the exit codes.

0 done (warnings too), 1 a check, audit or build said no, 2 wrong input or usage, 3 a service is unreachable,
130 interrupted.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shlex
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from meshwright import disk
from meshwright.cli.output import say
from meshwright.errors import MeshError, UnavailableError

VERBS = {
    "init": "Make a new mesh with one small domain that works.",
    "new": "Make a new domain or data product.",
    "upgrade": "Bring scaffolds to the templates of today.",
    "demo": "Build the example mesh and answer its running question.",
    "build": "Land, build, audit and publish products.",
    "check": "Say whether a change may merge.",
    "can-i-merge": "Say yes or no: does a change break a consumer?",
    "deprecate": "Say until when a port is there, and what takes its place.",
    "retire": "Take a port that nobody uses any more out of the mesh.",
    "impact": "Tell who uses a port or a column of it.",
    "policy": "List the rules of the mesh, and test their examples.",
    "status": "Show each port: snapshot, rows, age, verdict, what is stale.",
    "show": "Show a port's contract in plain words.",
    "history": "Show the builds and publishes of a port.",
    "env": "Try a change on production's data, beside production.",
    "query": "Run one SELECT over published ports.",
    "contract": "Lint and compare contract files, without a mesh.",
    "up": "Start the Dagster UI and daemon with all code locations.",
    "prepare": "Refresh generated dbt files and manifests.",
    "gc": "Remove files that nothing refers to.",
    "doctor": "Check versions, extensions, permissions, disk and leftovers.",
}


class _Verbs(click.Group):
    """Imports a verb's module when it is called; help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of a first day."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, or None."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"meshwright.cli.{cmd_name.replace('-', '_')}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; a reader that has seen enough ends it quietly, which click would call a failure.

        UnavailableError in place of any other where the disk is full, of which whoever met it says something else.
        """
        try:
            return super().invoke(ctx)
        except MeshError as error:
            settings = ctx.obj.get("settings") if ctx.obj else None
            if settings and (full := disk.full(settings.state_dir)):
                raise UnavailableError(full, *error.faults) from error
            raise
        except BrokenPipeError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that was typed; the nearest one is named where there is none of that name."""
        import difflib

        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


EXAMPLES = """\b
Examples:
  mesh demo
  mesh build sales +growth/campaign_effect
  mesh query "select campaign_type, effect from mesh.growth.campaign_type_impact"
  mesh show sales.transactions
"""


@click.group(cls=_Verbs, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="meshwright", prog_name="mesh", message="%(prog)s %(version)s")
@click.option(
    "-C", "--root", type=click.Path(path_type=Path, file_okay=False, exists=True), help="The mesh to work in."
)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_context
def mesh(ctx: click.Context, root: Path | None, debug: bool) -> None:
    """A data mesh: contracts, audited publishes, one SQL over every domain."""
    ctx.obj = {"root": root, "debug": debug}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    try:
        code = mesh.main(args=given, prog_name="mesh", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except MeshError as error:
        if debug:
            traceback.print_exc()
        for fault in error.faults:
            say(f"error: {fault}")
        return error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        say("interrupted; what was published stays as it was")
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except OSError as error:
        if debug:
            traceback.print_exc()
        place = f": {error.filename}" if error.filename else ""
        say(f"error: {error.strerror or error}{place}\n  next: mesh doctor")
        return UnavailableError.exit_code
    except Exception as error:  # noqa: BLE001  a defect: one line, not sixty
        if debug:
            traceback.print_exc()
        first = next(iter(str(error).strip().splitlines()), "")
        say(f"error: {type(error).__name__}: {first}\n  next: {shlex.join(['mesh', '--debug', *given])}")
        return 1
