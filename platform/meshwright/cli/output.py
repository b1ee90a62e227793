"""Messages for people on stderr, data on stdout, colours only on a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from meshwright.config import PRODUCTION, Settings

if TYPE_CHECKING:
    from meshwright.build.sampling import Sample


def say(text: str = "") -> None:
    """A message for people; work goes on where nobody can hear it."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(text, err=True)


def emit(text: str) -> None:
    """Data."""
    click.echo(text)


def emit_json(value: Any) -> None:
    """Data as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def style(text: str, **styles: Any) -> str:
    """Colours on a terminal that wants them, the text alone elsewhere."""
    plain = "NO_COLOR" in os.environ or not sys.stderr.isatty()
    return text if plain else click.style(text, **styles)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, right: Sequence[str] = ()) -> str:
    """Rows as aligned text; the columns named in ``right`` are right aligned."""
    cells = [[str(row.get(c, "") if row.get(c) is not None else "") for c in columns] for row in rows]
    widths = [max(len(c), *(len(r[i]) for r in cells)) if cells else len(c) for i, c in enumerate(columns)]
    aligned = [
        "  ".join(
            cell.rjust(w) if c in right else cell.ljust(w) for cell, w, c in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in [list(columns), *cells]
    ]
    return "\n".join([aligned[0], "  ".join("─" * w for w in widths), *aligned[1:]])


def settings_of(ctx: click.Context) -> Settings:
    """The settings of the mesh that the command works in."""
    settings = ctx.obj["settings"] = Settings.find(ctx.obj["root"])
    return settings


env_option = click.option(
    "--env", "environment", default=PRODUCTION, metavar="NAME", help="In an environment instead of production."
)


def _sample(_: click.Context, __: click.Parameter, value: str | None) -> Sample | None:
    from meshwright.build.sampling import Sample

    return Sample.parse(value) if value is not None else None


sample_option = click.option(
    "--sample", metavar="SHARE[:COLUMN]", callback=_sample,
    help="Build on a share of each large input, 5% or 5%:customer_id: the same values of a column, so that joins hold.",
)  # fmt: skip
format_option = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
