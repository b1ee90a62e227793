"""A result as a table to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, TextIO

from meshwright.query.cells import cut, plain, printable, width_of

_SAMPLE = 1000
_COUNTED = 100_000
_CELL = 60
_GAP = "  "
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(.*|BIGNUM")


def write_table(
    columns: Sequence[str],
    types: Sequence[str],
    rows: Iterator[tuple[Any, ...]],
    out: TextIO,
    *,
    width: int | None = None,
    most: int | None = None,
) -> str | None:
    """Write the rows under their names, numbers to the right; the text returned says what was left out.

    With a ``width``, cells are cut at 60 columns and what does not fit beside the others is dropped,
    rightmost first. Without, nothing is cut; then the first thousand rows decide how wide the columns are.
    """
    longest = _CELL if width else None
    sample = [_cells(row, longest) for row in islice(rows, _SAMPLE if most is None else most)]
    head = [_clean(name, longest) for name in columns]
    widths = [max(map(width_of, column)) for column in zip(head, *sample, strict=True)]
    fitting = _fitting(widths, width)
    right = [bool(_NUMBER.fullmatch(kind)) for kind in types]
    later = () if most is not None else (_cells(row, longest) for row in rows)
    for cells in chain([head, ["-" * w for w in widths]], sample, later):
        aligned = (_align(c, w, r) for c, w, r in zip(cells[:fitting], widths, right, strict=False))
        out.write(_GAP.join(aligned).rstrip() + "\n")
    return _left_out(rows, columns[fitting:])


def _cells(row: tuple[Any, ...], longest: int | None) -> list[str]:
    return ["NULL" if value is None else _clean(plain(value), longest) for value in row]


def _clean(text: str, longest: int | None) -> str:
    # Cutting first keeps a cell of megabytes from being spelt out whole.
    text = printable(text if longest is None else text[: longest + 1])
    return text if longest is None else cut(text, longest)


def _align(cell: str, width: int, right: bool) -> str:
    space = " " * (width - width_of(cell))
    return space + cell if right else cell + space


def _fitting(widths: Sequence[int], width: int | None) -> int:
    """How many columns fit, at least one."""
    if width is None:
        return len(widths)
    taken = -len(_GAP)
    for i, one in enumerate(widths):
        taken += one + len(_GAP)
        if taken > width:
            return max(i, 1)
    return len(widths)


def _left_out(rows: Iterator[tuple[Any, ...]], dropped: Sequence[str]) -> str | None:
    more = sum(1 for _ in islice(rows, _COUNTED + 1))
    parts = []
    if more:
        count = f"more than {_COUNTED:,}" if more > _COUNTED else f"{more:,}"
        parts.append(f"{count} more row{'s' * (more != 1)}")
    if dropped:
        names = ", ".join(printable(name) for name in dropped)
        parts.append(f"{len(dropped)} more column{'s' * (len(dropped) != 1)} ({cut(names, 80)})")
    return f"… {' and '.join(parts)}; --format csv or json gives all" if parts else None
