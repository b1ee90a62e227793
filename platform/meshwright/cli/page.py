"""Pages for people on stdout: tables, facts and lists that wrap at the terminal's width."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence

import click
from rich.box import Box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from meshwright.query.cells import printable

_WIDE = 100
"""Columns where there is no terminal to ask."""
_UNDERLINED = Box("    \n    \n ─  \n    \n    \n    \n    \n    \n")
_TRAILING = re.compile(r" +(\x1b\[0m)?$", re.MULTILINE)

MARKS = {
    "current": "green", "passed": "green", "ok": "green", "published": "green",
    "stale": "yellow", "warned": "yellow", "audit due": "yellow", "warning": "yellow", "unchanged": "dim",
    "refused": "red", "failed": "red", "broken": "red", "not built": "dim",
}  # fmt: skip
"""The colour of a word that judges."""


class Page:
    """Writes to stdout; colours on a terminal alone, control characters spelt out everywhere."""

    def __init__(self) -> None:
        terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size((80, 24)).columns if terminal or "COLUMNS" in os.environ else _WIDE
        self._console = Console(
            file=sys.stdout, width=min(width, 140), force_terminal=terminal, highlight=False, markup=False, emoji=False,
            color_system="auto" if terminal else None, legacy_windows=False,
        )  # fmt: skip

    @property
    def width(self) -> int:
        """Columns that a line may take."""
        return self._console.width

    def line(self, text: str = "", *, indent: int = 0, style: str = "") -> None:
        """A paragraph, wrapped."""
        self._print(Padding(Text(_clean(text), style), (0, 0, 0, indent), expand=False))

    def literal(self, text: str) -> None:
        """A line to copy: never wrapped."""
        click.echo(_clean(text))

    def heading(self, text: str) -> None:
        """A heading with a blank line before it."""
        self._print(Text.assemble("\n", (_clean(text), "bold")))

    def facts(self, pairs: Iterable[tuple[str, str | None]], *, indent: int = 2) -> None:
        """Names and what they are; those that are nothing are left out."""
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        table.add_column(no_wrap=True, style="dim")
        table.add_column(overflow="fold")
        for name, value in pairs:
            if value:
                table.add_row(_clean(name), Text(_clean(value), MARKS.get(value, "")))
        self._print(Padding(table, (0, 0, 0, indent), expand=False))

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Mapping[str, str | None]],
        *,
        right: Sequence[str] = (),
        wrap: Sequence[str] = (),
        indent: int = 0,
    ) -> None:
        """Rows under their names; only the columns in ``wrap`` may be folded, those in ``right`` are numbers."""
        table = Table(box=_UNDERLINED, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
        for name in columns:
            table.add_column(
                name, no_wrap=name not in wrap, overflow="fold" if name in wrap else "ellipsis",
                justify="right" if name in right else "left",
            )  # fmt: skip
        for row in rows:
            cells = [_clean(row.get(name) or "") for name in columns]
            table.add_row(*(Text(cell, MARKS.get(cell, "")) for cell in cells))
        self._print(Padding(table, (0, 0, 0, indent), expand=False))

    def _print(self, what: RenderableType) -> None:
        with self._console.capture() as captured:
            self._console.print(what)
        click.echo(_TRAILING.sub(r"\1", captured.get()), nl=False, color=True)


def _clean(text: str) -> str:
    return "\n".join(printable(line) for line in text.splitlines())
