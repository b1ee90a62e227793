"""``mesh gc``: remove what nothing refers to."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from meshwright.cli.output import emit_json, format_option, say, settings_of
from meshwright.cli.words import counted, size

if TYPE_CHECKING:
    from meshwright.catalog.gc import Collected
    from meshwright.config import Settings

EXAMPLES = """\b
Examples:
  mesh gc --dry-run         what would go
  mesh gc                   orphans older than a day
  mesh gc --grace 0         all orphans; nobody may be reading old snapshots
  mesh gc --grace 30m
"""


_MOST = 100 * 365 * 86_400
"""Seconds of a grace period; a century spares everything."""


class _Length(click.ParamType[timedelta]):
    """A length of time: ``0``, ``30m``, ``24h``, ``7d``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Its timedelta."""
        from meshwright.spec.durations import seconds_of

        seconds = seconds_of(str(value))
        if seconds is None or seconds > _MOST:
            self.fail(f"{value!r} is no length of time; write 0, 30m, 24h or 7d", param, ctx)
        return timedelta(seconds=seconds)


@click.command("gc", epilog=EXAMPLES, short_help="Remove files that nothing refers to.")
@click.option("--grace", type=_Length(), default="24h", show_default=True, help="Spare files younger than this.")
@click.option("--dry-run", is_flag=True, help="Remove nothing, tell what would be.")
@format_option
@click.pass_context
def command(ctx: click.Context, grace: timedelta, dry_run: bool, format_: str) -> None:
    """Remove files that no published snapshot, refused candidate, landing or record refers to.

    What a build is making is left alone, whatever its age; the grace period is for readers, who hold no lock. Refused
    candidates stay queryable for a week. Files of products need not be sound: where they lie is all that is asked.
    """
    from meshwright.catalog.database import Database
    from meshwright.catalog.gc import collect
    from meshwright.spec.index import index

    settings = settings_of(ctx)
    products = index(settings.root).ports_of
    found = collect(settings, Database(settings), products, grace=grace, dry_run=dry_run)
    if format_ == "json":
        emit_json(_as_data(found, dry_run))
    elif found.files:
        _print(settings, found)
    _tell(settings, found, grace, dry_run)


def _as_data(found: Collected, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "files": [str(file) for file in found.files],
        "bytes": found.bytes,
        "candidates": found.candidates,
        "busy": found.busy,
        "unreadable": found.unreadable,
        "young": found.young,
    }


def _print(settings: Settings, found: Collected) -> None:
    """Files by the table or source that they belong to, at most three levels below the state folder."""
    from meshwright.cli.page import Page

    homes = Counter("/".join(file.relative_to(settings.state_dir).parts[:3]) for file in found.files)
    rows = [{"files": f"{count:,}", "where": home} for home, count in sorted(homes.items())]
    Page().table(["files", "where"], rows, right=["files"], wrap=["where"])


def _tell(settings: Settings, found: Collected, grace: timedelta, dry_run: bool) -> None:
    verb = "would remove" if dry_run else "removed"
    what = f"{counted(len(found.files), 'file')}, {size(found.bytes)}" if found.files else "nothing"
    names = f", and the candidates {', '.join(found.candidates)}" if found.candidates else ""
    say(f"{verb} {what}{f' in {settings.state_dir}' if found.files else ''}{names}")
    if found.young:
        say(f"spared {counted(found.young, 'file')} younger than {_words(grace)}; --grace 0 spares none")
    if found.busy:
        say(f"left alone, since a build is at work: {', '.join(found.busy)}")
    for port in found.unreadable:
        say(f"left alone, since its metadata cannot be read: {port}; next: mesh doctor")


def _words(grace: timedelta) -> str:
    hours = grace.total_seconds() / 3600
    return f"{hours:g} h" if hours >= 1 else f"{hours * 60:g} min"
