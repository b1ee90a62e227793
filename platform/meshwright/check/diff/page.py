"""A data diff as one HTML file that needs no network, script or font."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from meshwright.check.diff.model import ColumnDiff, Example, PortDiff, Text
from meshwright.check.diff.text import TITLES, called, cells, clean, schema_words, summary

_HEADINGS = {"changed": "Rows that changed", "added": "Rows that came", "removed": "Rows that went"}


def render(diffs: Sequence[PortDiff], *, title: str, note: str = "") -> str:
    """The page; ``note`` says below the title what is compared with what."""
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=_text(title), note=_text(note), overview=_overview(diffs), ports="".join(map(_port, diffs))
    )


def _text(words: object) -> str:
    """Escaped; what cannot be printed, or turns the direction of writing, is replaced."""
    return escape(clean(str(words)))


def _overview(diffs: Sequence[PortDiff]) -> str:
    if not diffs:
        return '<p class="lead">Nothing differs.</p>'
    titles = ("port", "rows before", "rows after", "added", "removed", "changed")
    rows = [_row([f'<a href="#{_text(diff.port)}">{_text(diff.port)}</a>', *_counts(diff)]) for diff in diffs]
    return _table(titles, rows, kind="numbers")


def _counts(diff: PortDiff) -> list[str]:
    counts = [*diff.rows, diff.added, diff.removed, diff.changed if diff.key else None]
    return [f"{n:,}" if n else f'<span class="quiet">{"–" if n is None else n}</span>' for n in counts]


def _port(diff: PortDiff) -> str:
    name = _text(diff.port)
    by = f"Rows are matched by {', '.join(diff.key)}." if diff.key else ""
    note = by or (f"Here {diff.note}." if diff.note and None not in diff.rows else "")
    return (
        f'<section id="{name}"><h2>{name}</h2><p class="sum">{_text(summary(diff))}</p>'
        f'<p class="note">{_text(note)}</p>{_schema(diff)}{"" if diff.is_same else _columns(diff)}'
        f"{''.join(_examples(diff, kind) for kind in _HEADINGS)}</section>"
    )


def _schema(diff: PortDiff) -> str:
    items = "".join(f"<li>{_text(schema_words(change))}</li>" for change in diff.schema)
    title = "<h3>Columns that came, went, or have another name or type</h3>"
    return f'<div class="card">{title}<ul>{items}</ul></div>' if items else ""


def _columns(diff: PortDiff) -> str:
    approximate = any(column.approximate for column in diff.columns)
    said = '<p class="note">≈: distinct values are estimated.</p>' if approximate else ""
    return _table(["column", *TITLES], [_column(diff, column) for column in diff.columns]) + said


def _column(diff: PortDiff, column: ColumnDiff) -> str:
    moved = bool(column.changed or column.was) or column.types[0] != column.types[1]
    return _row([_text(called(column)), *(_pair(*pair) for pair in cells(diff, column))], kind="moved" if moved else "")


def _pair(before: str, after: str) -> str:
    if before == after:
        return _text(before)
    return (
        f'<span class="pair"><span class="was">{_text(before)}</span> → <span class="is">{_text(after)}</span></span>'
    )


def _examples(diff: PortDiff, kind: str) -> str:
    found = [example for example in diff.examples if example.kind == kind]
    if not found:
        return ""
    total = {"changed": diff.changed, "added": diff.added, "removed": diff.removed}[kind]
    shown = sum(example.times for example in found)
    of = f' <span class="quiet">{shown:,} of {total:,}</span>' if shown < total else ""
    return f"<h3>{_HEADINGS[kind]}{of}</h3>" + (_changed(found) if kind == "changed" else _whole(found, kind))


def _changed(found: Sequence[Example]) -> str:
    rows = []
    for example in found:
        key = ", ".join(f"{name} = {_shown(value)}" for name, value in example.key.items())
        first = [f'<td rowspan="{len(example.values)}">{_text(key)}</td>']
        for name, (before, after) in example.values.items():
            shown = [_text(name), _cell(before, "was"), _cell(after, "is")]
            rows.append(_row(shown, first="".join(first), kind="" if first else "more"))
            first = []
    return _table(("row", "column", "before", "after"), rows)


def _whole(found: Sequence[Example], kind: str) -> str:
    repeated = any(example.times > 1 for example in found)
    titles = [*found[0].values, *(["times"] if repeated else [])]
    rows = [
        _row([*(_cell(pair[kind == "added"]) for pair in e.values.values()), *([f"{e.times:,}"] if repeated else [])])
        for e in found
    ]
    return _table(titles, rows)


def _table(titles: Sequence[str], rows: Sequence[str], *, kind: str = "") -> str:
    head = "".join(f"<th>{_text(title)}</th>" for title in titles)
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="scroll"><table class="{kind}">{body}</table></div>'


def _row(cells_: Sequence[str], *, first: str = "", kind: str = "") -> str:
    return f'<tr class="{kind}">{first}{"".join(f"<td>{cell}</td>" for cell in cells_)}</tr>'


def _shown(value: Text) -> str:
    return "NULL" if value is None else value


def _cell(value: Text, kind: str = "") -> str:
    shown = '<span class="quiet">NULL</span>' if value is None else _text(value)
    return f'<span class="{kind}">{shown}</span>' if kind else shown
