"""A data diff as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshwright.check.diff.model import ColumnDiff, Example, PortDiff, SchemaChange, Text


def render(diffs: Sequence[PortDiff]) -> str:
    """All ports, one after the other; no character in it moves the cursor or colours anything."""
    return "\n\n".join("\n".join(map(clean, _port(diff))) for diff in diffs)


def clean(text: str) -> str:
    """``text`` on one line, what cannot be printed replaced."""
    return "".join(c if c.isprintable() else "�" for c in text)


def summary(diff: PortDiff) -> str:
    """What became of the rows, in one line."""
    before, after = diff.rows
    if before is None:
        return f"new, {_rows(after)}"
    if after is None:
        return f"gone, it had {_rows(before)}"
    if diff.is_same:
        return f"the same {_rows(after)}"
    counts = [f"{diff.added:,} added", f"{diff.removed:,} removed"]
    counts += [f"{diff.changed:,} changed"] if diff.key else []
    return f"{before:,} → {_rows(after)}: {', '.join(counts)}"


def schema_words(change: SchemaChange) -> str:
    """A change of the schema in words."""
    if change.kind == "renamed":
        types = (change.before, change.after) if change.before != change.after else ("", "")
        before, after = (f" ({type_})" if type_ else "" for type_ in types)
        return f"{change.was}{before} is now {change.column}{after}"
    if change.kind == "type":
        return f"{change.column} was {change.before} and is {change.after}"
    return f"{change.column} ({change.after or change.before}) {change.kind}"


def called(column: ColumnDiff) -> str:
    """The name of a column, and the one that it had."""
    return f"{column.name} (was {column.was})" if column.was else column.name


def both(before: str, after: str) -> str:
    """A pair in short: one value where both are the same."""
    return before if before == after else f"{before} → {after}"


def rate(nulls: int | None, rows: int | None) -> str | None:
    """The share of NULLs."""
    if nulls is None or rows is None:
        return None
    share = 100 * nulls / rows if rows else 0.0
    return "0 %" if not nulls else f"{share:.2g} %" if share >= 0.01 else "< 0.01 %"


def count(number: int | None, approximate: bool) -> str | None:
    """A number of distinct values."""
    return None if number is None else f"{'≈' if approximate and number else ''}{number:,}"


def cells(diff: PortDiff, column: ColumnDiff) -> list[tuple[str, str]]:
    """Type, changed rows, share of NULLs, distinct values, least and greatest of a column, before and after."""
    nulls = [rate(n, r) for n, r in zip(column.nulls, diff.rows, strict=True)]
    distinct = [count(n, column.approximate) for n in column.distinct]
    changed = "" if column.changed is None else f"{column.changed:,}"
    pairs = [column.types, (changed, changed), nulls, distinct, column.least, column.greatest]
    return [("–" if before is None else before, "–" if after is None else after) for before, after in pairs]


_WIDEST = 50
"""Characters of a cell in the table of columns."""
TITLES = ("type", "changed", "NULL", "distinct", "least", "greatest")


def _rows(rows: int | None) -> str:
    return f"{rows:,} row" if rows == 1 else f"{rows:,} rows"


def _port(diff: PortDiff) -> Iterator[str]:
    by = f" (by {', '.join(diff.key)})" if diff.key and not diff.is_same else ""
    yield f"{diff.port}  {summary(diff)}{by}"
    if diff.is_same:
        return
    if diff.note and None not in diff.rows:
        yield f"  {diff.note}"
    for change in diff.schema:
        yield f"  column {schema_words(change)}"
    yield ""
    yield from _table(
        ["column", *TITLES],
        [[called(column), *(both(*pair) for pair in cells(diff, column))] for column in diff.columns],
    )
    if diff.examples:
        yield ""
    yield from (f"  {line}" for example in diff.examples for line in _example(example))


def _example(example: Example) -> Iterator[str]:
    sign = {"changed": "~", "added": "+", "removed": "-"}[example.kind]
    key = ", ".join(f"{name} = {_shown(value)}" for name, value in example.key.items())
    times = f" ({example.times:,} times)" if example.times > 1 else ""
    if example.kind == "changed":
        values = ", ".join(f"{name}: {_shown(old)} → {_shown(new)}" for name, (old, new) in example.values.items())
    else:
        side = example.kind == "added"
        rest = {name: pair[side] for name, pair in example.values.items() if name not in example.key}
        values = ", ".join(f"{name}: {_shown(value)}" for name, value in rest.items())
    yield f"{sign} {'; '.join(part for part in (key, values) if part)}{times}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _shown(value: Text) -> str:
    return "NULL" if value is None else value


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    lines = [[_cut(clean(cell)) for cell in line] for line in (titles, *rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(titles))]
    for line in lines:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
