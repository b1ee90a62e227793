"""Whether a file holds a table: what DuckDB would read somehow, and nobody meant."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from meshwright.build.dialect import first_line, flaw_of
from meshwright.duck import file_literal
from meshwright.errors import Fault, InputError

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
    if first_line(file) is None:
        raise _refusal("holds nothing but blank lines, so no column can be derived from it", file, 1)
    if flaw := flaw_of(con, file):
        raise _refusal(flaw.reason, file, flaw.line, flaw.command)


def _require_objects(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    columns = [row[0] for row in con.execute(f"DESCRIBE FROM read_json({file_literal(file)})").fetchall()]
    if columns != ["json"]:
        return
    with file.open("rb") as handle:
        if _KEY.search(handle.read(1 << 20)):
            return
    reason = "is no table: it holds no object with names and values"
    raise _refusal(
        reason, file, first_line(file) or 1, 'write a list of objects, or one a line: {"id": 1, "name": "a"}'
    )


def _refusal(reason: str, file: Path, line: int | None, command: str | None = None) -> InputError:
    return InputError(Fault(reason, file, line, key="--from", command=command))
