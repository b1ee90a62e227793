"""``mesh upgrade``."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from meshwright.cli.output import emit, emit_json, format_option, say, settings_of, table
from meshwright.errors import Fault, InputError, shown
from meshwright.scaffold.upgrade import Upgrade

_SAID = {
    "conflict": "has lines to decide, between <<<<<<< and >>>>>>>",
    "kept": "stays as yours; the template has another",
    "merged": "merged",
    "changed": "changed",
    "added": "added",
    "removed": "removed",
}


@click.command("upgrade", short_help="Bring scaffolds to the templates of today.")
@click.argument("domain", required=False)
@click.option("--all", "everything", is_flag=True, help="All domains, and what lies around them.")
@format_option
@click.pass_context
def command(ctx: click.Context, domain: str | None, everything: bool, format_: str) -> None:
    """Bring the scaffolds of DOMAIN, or of all domains, to the templates of today.

    What a team changed is merged with what a template changed. Where both changed the same lines, both stand in
    the file between marks: decide, and run it again. Without DOMAIN and --all nothing is changed: it is told what
    is behind.

    Exit codes: 0 done, 1 something waits for a decision or failed.
    """
    from meshwright.scaffold.upgrade import upgrade

    if domain and everything:
        raise InputError(Fault("either a domain or --all", key="--all"))
    settings = settings_of(ctx)
    results = upgrade(settings, domain, write=bool(domain or everything))
    if format_ == "json":
        emit_json([_plain(result) for result in results])
    else:
        emit(table([_row(result) for result in results], ["scaffold", "template", "version", "result", "files"]))
        for result in results:
            _tell(ctx, result)
        _next(results, domain)
    if any(result.verdict in ("conflicts", "failed") for result in results):
        ctx.exit(1)


def _row(result: Upgrade) -> dict[str, str]:
    moved = result.before != result.after
    counted = Counter(result.files.values())
    return {
        "scaffold": result.name,
        "template": result.template,
        "version": f"{result.before} → {result.after}" if moved else str(result.before or ""),
        "result": result.verdict,
        "files": ", ".join(f"{n} {state}" for state, n in sorted(counted.items())),
    }


def _tell(ctx: click.Context, result: Upgrade) -> None:
    root = settings_of(ctx).root
    for fault in result.error.faults if result.error else ():
        say(f"error: {fault}")
    for path, state in result.files.items():
        say(f"  {shown(root / path)}  {_SAID[state]}")


def _next(results: list[Upgrade], domain: str | None) -> None:
    verdicts = {result.verdict for result in results}
    if "conflicts" in verdicts:
        say(f"next: decide in the files with marks, then mesh upgrade {domain or '--all'}")
    elif "behind" in verdicts:
        say("next: mesh upgrade --all")
    elif "upgraded" in verdicts:
        say("next: git diff, mesh build")
    elif verdicts == {"untouched"}:
        say("Nothing to upgrade: all are of the newest version.")
    elif not verdicts:
        say("Nothing to upgrade: nothing here was scaffolded.")


def _plain(result: Upgrade) -> dict[str, Any]:
    return {
        "scaffold": result.name,
        "template": result.template,
        "before": result.before,
        "after": result.after,
        "result": result.verdict,
        "files": {str(path): state for path, state in result.files.items()},
        "error": [fault.reason for fault in result.error.faults] if result.error else [],
    }
