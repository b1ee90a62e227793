"""DuckDB's errors and positions as faults of the mesh."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from meshwright.errors import Fault, InputError, MeshError, RefusedError, UnavailableError

_DATA_FILE = re.compile(r"/(\w+)/(\w+)-[0-9a-f-]{36}/data/")
"""A file of a port in the warehouse: whatever is wrong with it is not the query's fault."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in an SQL text; ``line`` and ``column`` count from 1, None where the text has no such place."""

    sql: str
    line: int | None = None
    column: int | None = None


def at(sql: str, position: int | None) -> Place:
    """The place of a position that counts UTF-8 bytes, as DuckDB's do."""
    encoded = sql.encode()
    if position is None or not 0 <= position <= len(encoded):
        return Place(sql)
    before = encoded[:position].decode(errors="ignore")
    # The appended letter keeps a line that ends at the position from being dropped.
    rows = f"{before}|".splitlines()
    return Place(sql, len(rows), len(rows[-1]))


def place_of(sql: str, fields: Mapping[str, Any]) -> Place:
    """The place that DuckDB gives for an error. Its parser counts characters, all else there counts bytes."""
    if (position := fields.get("position")) is None:
        return Place(sql)
    if fields.get("error_subtype") == "SYNTAX_ERROR":
        return at(sql, len(sql[: int(position)].encode()))
    return at(sql, int(position))


def fault_at(place: Place, reason: str, *, suggestion: str | None = None, command: str | None = None) -> Fault:
    """A fault in an SQL text; the reason comes out in printable characters only."""
    safe = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in reason)
    return Fault(safe, None, place.line, place.column, None, suggestion, command, text=place.sql)


_NO_COLUMN = re.compile(r'Values list "([^"]*)" does not have a column named "([^"]*)"')


def from_duckdb(error: duckdb.Error, sql: str, columns: Collection[str] = ()) -> MeshError:
    """What DuckDB's error means for whoever wrote ``sql``.

    Reads the fields that ``errors_as_json`` gives; ``columns`` are those that the query could have named. A file
    that cannot be read is UnavailableError, too little memory RefusedError, DuckDB's own faults MeshError, all else
    InputError.
    """
    fields = _fields(error)
    reason = str(fields.get("exception_message", error)).strip()
    kind = _kind(error)
    if damaged := _DATA_FILE.search(reason):
        return UnavailableError(Fault(reason, command=f"mesh build --force {damaged[1]}.{damaged[2]}"))
    if kind is UnavailableError:
        return kind(Fault(reason, command="mesh doctor"))
    if kind is not InputError:
        return kind(reason)
    wrong = str(fields.get("name", ""))
    candidates = [c for c in str(fields.get("candidates", "")).split(",") if c]
    if aliased := _NO_COLUMN.search(reason):
        reason, wrong, candidates = f"{aliased[1]} has no column {aliased[2]}", aliased[2], sorted(columns)
    near = difflib.get_close_matches(wrong, candidates, n=1, cutoff=0.5)
    return kind(fault_at(place_of(sql, fields), reason, suggestion=near[0] if near else None))


def _kind(error: duckdb.Error) -> type[MeshError]:
    if isinstance(error, duckdb.InternalException | duckdb.FatalException):
        return MeshError
    if isinstance(error, duckdb.OutOfMemoryException):
        return RefusedError
    if isinstance(error, duckdb.IOException | duckdb.HTTPException) or "TProtocolException" in str(error):
        return UnavailableError
    return InputError


def _fields(error: duckdb.Error) -> dict[str, Any]:
    _, brace, rest = str(error).partition("{")
    try:
        return dict(json.loads(brace + rest, strict=False))
    except ValueError:
        return {}
