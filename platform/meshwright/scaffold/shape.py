"""Whether a file holds a table: what DuckDB would read somehow, and nobody meant."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb

from meshwright.duck import literal
from meshwright.errors import Fault, InputError

_DELIMITERS = ",;\t|"
_LOOKED_AT = 20_480
_KEY = re.compile(rb'\{\s*"json"\s*:')


def require_table(con: duckdb.DuckDBPyConnection, file: Path, format_: str) -> None:
    """InputError with the line that shows it where a CSV or JSON file is no table.

    Raises a DuckDB error where the file cannot be read at all.
    """
    if format_ == "csv":
        _require_fields(con, file)
    elif format_ == "json":
        _require_objects(con, file)


def _require_fields(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    first = _first_line(file)
    if first is None:
        raise _refusal("holds nothing but blank lines, so no column can be derived from it", file, 1)
    told = "Delimiter, SkipRows, HasHeader, list_transform(Columns, lambda c: c.name)"
    sniffed = con.execute(f"SELECT {told} FROM sniff_csv({literal(file)})").fetchone()
    assert sniffed is not None
    delimiter, skipped, has_header, names = sniffed
    if len(names) == 1:
        delimiter = max(_DELIMITERS, key=names[0].count)
        if delimiter not in names[0]:
            return
    elif has_header or not skipped:
        return
    header, *others = _widths(file, delimiter)
    for line, fields in others:
        if fields != header[1] > 1:
            counted = f"{fields} {'field' if fields == 1 else 'fields'}"
            reason = f"is no table: line {line} has {counted}, but its first one {header[1]}"
            raise _refusal(reason, file, line, "give every line as many fields as the first one has")


def _require_objects(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    columns = [row[0] for row in con.execute(f"DESCRIBE FROM read_json({literal(file)})").fetchall()]
    if columns != ["json"]:
        return
    with file.open("rb") as handle:
        if _KEY.search(handle.read(1 << 20)):
            return
    reason = "is no table: it holds no object with names and values"
    raise _refusal(
        reason, file, _first_line(file) or 1, 'write a list of objects, or one a line: {"id": 1, "name": "a"}'
    )


def _widths(file: Path, delimiter: str) -> Iterator[tuple[int, int]]:
    """Of the first lines that are not blank their number and how many fields they have."""
    with file.open(encoding="utf-8", errors="replace", newline="") as handle:
        lines = csv.reader(handle, delimiter=delimiter)
        try:
            for fields in islice(lines, _LOOKED_AT):
                if fields:
                    yield lines.line_num, len(fields)
        except csv.Error:
            return


def _first_line(file: Path) -> int | None:
    """The number of the first line that is not blank."""
    with file.open("rb") as handle:
        return next((number for number, line in enumerate(handle, 1) if line.strip()), None)


def _refusal(reason: str, file: Path, line: int, command: str | None = None) -> InputError:
    return InputError(Fault(reason, file, line, key="--from", command=command))
