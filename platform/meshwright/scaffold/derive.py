"""From data to the columns of a contract: types, nullability, candidate keys, value sets and ranges.

Everything that follows from the rows of today and not from their types is a proposal with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, compress
from typing import Any

import duckdb
from duckdb.sqltypes import DuckDBPyType

from meshwright.build.columns import fits
from meshwright.duck import literal, quote
from meshwright.scaffold.columns import (
    PERSONAL_CLASS,
    ProposedColumn,
    identifier,
    in_jinja,
    names,
    published,
    said,
)
from meshwright.scaffold.written import AMOUNT, FORMATS, is_time, pattern_of, read_as_amount, read_as_date
from meshwright.spec import types
from meshwright.spec.model import PUBLIC_CLASSES
from meshwright.spec.personal import is_personal
from meshwright.spec.words import snake

MOST_VALUES, ROWS_A_VALUE = 12, 3
"""A text column with at most so many values, each in so many rows on average, may be a value set."""
_KEY_KINDS = frozenset({"int", "long", "string", "date", "decimal", "timestamp", "timestamptz"})
_KEY_WORDS = frozenset(
    [
        "id",
        "key",
        "no",
        "nr",
        "num",
        "number",
        "code",
        "uuid",
        "guid",
        "sku",
        "ean",
        "line",
        "position",
        "seq",
        "version",
        "date",
        "day",
        "week",
        "month",
        "quarter",
        "year",
    ]
)
_TIMES = frozenset({"timestamp", "timestamptz"})
"""What tells rows of one thing apart, and by itself no two things that happen at once."""
_COUNTED = frozenset({"int", "long", "float", "double", "decimal"})
_WIDEST_KEY, _MOST_TRIES = 3, 40


@dataclass(frozen=True, slots=True)
class _Found:
    """A column as it is in the data. ``distinct`` is approximate; ``low`` and ``high`` are those of numbers."""

    original: str
    lands: str
    column: ProposedColumn
    nulls: int
    distinct: int
    low: Any
    high: Any

    @property
    def kind(self) -> str:
        return types.parse(self.column.type).kind


def derive(con: duckdb.DuckDBPyConnection, relation: str) -> list[ProposedColumn]:
    """The columns of ``relation`` (SQL that can stand in FROM), in its order.

    Reads the data a few times: once for all columns, once for each candidate key and value set.
    """
    rows, found = _measured(con, relation)
    found = [_read(con, relation, rows, f) if f.kind == "string" else f for f in found]
    found = [_exact(con, relation, rows, f) if f.lands == "TIMESTAMP_NS" else f for f in found]
    columns = [_with_values(con, relation, rows, _with_bounds(rows, f)) for f in found]
    keys = _key(con, relation, rows, found) if rows else ()
    told = f"{_count(len(keys))} no two of {rows:,} rows share" if keys else ""
    return [_keyed(column, keys.index(f) + 1, told) if f in keys else column
            for f, column in zip(found, columns, strict=True)]  # fmt: skip


def _measured(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, list[_Found]]:
    described = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    originals = [(row[0], row[1]) for row in described]
    plain = [_column(con, name, original, type_) for name, (original, type_) in zip(names(o for o, _ in originals),
                                                                              originals, strict=True)]  # fmt: skip
    asked = ["count(*)"]
    for (original, _), column in zip(originals, plain, strict=True):
        name, counted = quote(original), types.parse(column.type).kind in _COUNTED
        whole = f"cast({name} as {types.to_duckdb(column.type)})"
        asked += [f"count({name})", f"approx_count_distinct(cast({name} as varchar))"]
        asked += [f"min({whole})", f"max({whole})"] if counted else ["NULL", "NULL"]
    told = con.execute(f"SELECT {', '.join(asked)} FROM {relation}").fetchone()
    assert told is not None
    rows = told[0]
    found = [
        _Found(original, type_, column, rows - told[4 * i + 1], *told[4 * i + 2 : 4 * i + 5])
        for i, ((original, type_), column) in enumerate(zip(originals, plain, strict=True))
    ]
    return rows, found


def _column(con: duckdb.DuckDBPyConnection, name: str, original: str, type_: str) -> ProposedColumn:
    proposed = {"description": "say what it means, and in which unit"}
    private = is_personal(name)
    field = next((f for f in _fields(con.dtype(type_)) if is_personal(snake(f, lossy=True) or f)), None)
    if private:
        proposed["classification"] = "its name suggests that it tells about a person"
    elif field:
        proposed["classification"] = f"the name of its field {field} suggests that it tells about a person"
    return ProposedColumn(
        name=name,
        type=published(type_),
        sql=in_jinja(_as_promised(identifier(original), type_, published(type_))),
        description=said(name),
        classification=PERSONAL_CLASS if private or field else "internal",
        proposed=proposed,
        text=original if type_ == "VARCHAR" else "",
    )


def _fields(type_: DuckDBPyType) -> Iterator[str]:
    """Names of the fields of structs in a type, at any depth; it may be one that cannot be published but as text."""
    if type_.id in ("struct", "list", "map", "array", "union"):
        for name, inner in type_.children:
            if type_.id in ("struct", "union"):
                yield name
            if isinstance(inner, DuckDBPyType):  # an array has its length beside its elements
                yield from _fields(inner)


def _as_promised(sql: str, found: str, promised: str) -> str:
    """SQL for a column that lands as type ``found``; without a cast where the build makes that of it without a loss.

    A cast would round, or cut, what a later file has in place of it; the build takes only what nothing is lost of.
    """
    kind = types.to_duckdb(promised)
    return sql if fits(found, kind) else f"cast({sql} as {kind.lower()})"


def _read(con: duckdb.DuckDBPyConnection, relation: str, rows: int, found: _Found) -> _Found:
    """A text column as that which all of its values are: dates or amounts that a file writes in its country's way."""
    text = f"{quote(found.original)}::VARCHAR"
    reads = ", ".join(_is_read(text, format_) for format_ in FORMATS)
    # The first value spares reading the rest of nearly every text.
    first = con.execute(f"SELECT {text}, {reads} FROM {relation} WHERE {text} IS NOT NULL LIMIT 1").fetchone()
    if first is None:
        return found
    value, *read = first
    if re.fullmatch(AMOUNT, value):
        return _amounts(con, relation, rows, found)
    likely = list(compress(FORMATS, read))
    return _dates(con, relation, rows, found, likely) if likely else found


def _is_read(text: str, format_: str) -> str:
    matched = f"regexp_full_match({text}, {literal(pattern_of(format_))})"
    return f"{matched} AND try_strptime({text}, {literal(format_)}) IS NOT NULL"


def _exact(con: duckdb.DuckDBPyConnection, relation: str, rows: int, found: _Found) -> _Found:
    """Times with nanoseconds, of which a timestamp keeps no more than microseconds, as the text that keeps them."""
    name = quote(found.original)
    finer = f"SELECT 1 FROM {relation} WHERE epoch_ns({name}) % 1000 <> 0 LIMIT 1"
    if con.execute(finer).fetchone() is None:
        return found
    note = {"type": f"some of {rows:,} rows have nanoseconds, of which a timestamp would keep microseconds"}
    sql = in_jinja(f"cast({identifier(found.original)} as varchar)")
    column = replace(found.column, type="string", sql=sql, proposed={**found.column.proposed, **note})
    return replace(found, column=column)


def _amounts(con: duckdb.DuckDBPyConnection, relation: str, rows: int, found: _Found) -> _Found:
    name = quote(found.original)
    odd = f"count({name}) - count(CASE WHEN regexp_full_match({name}::VARCHAR, {literal(AMOUNT)}) THEN 1 END)"
    dotted = f"count(CASE WHEN contains({name}::VARCHAR, '.') THEN 1 END)"
    told = con.execute(f"SELECT {odd}, {dotted} FROM {relation}").fetchone()
    if told is None or told[0]:
        return found
    sql = in_jinja(read_as_amount(found.original, thousands=bool(told[1])))
    note = {"type": f"all values of {rows:,} rows are amounts with a decimal comma"}
    column = replace(found.column, type="decimal(18,2)", sql=sql, proposed={**found.column.proposed, **note})
    return replace(found, column=column)


def _dates(con: duckdb.DuckDBPyConnection, relation: str, rows: int, found: _Found, likely: Sequence[str]) -> _Found:
    """Dates or times where one format reads all of them; where that may be two, only the note that it looks so."""
    name = quote(found.original)
    wrong = ", ".join(f"count({name}) FILTER (NOT ({_is_read(f'{name}::VARCHAR', f)}))" for f in likely)
    told = con.execute(f"SELECT {wrong} FROM {relation}").fetchone() or ()
    reading = [format_ for format_, failed in zip(likely, told, strict=True) if not failed]
    if not reading:
        return found
    column, kind = found.column, "timestamp" if is_time(reading[0]) else "date"
    what = "times" if is_time(reading[0]) else "dates"
    if len(reading) == 1:
        note = {"type": f"all values of {rows:,} rows are {what} when read as {reading[0]}"}
        column = replace(column, type=kind, sql=in_jinja(read_as_date(found.original, reading[0])))
    else:
        either = " or ".join(reading)
        note = {"type": f"looks like {what}, of which nobody can tell day from month; say {either} in staging"}
    return replace(found, column=replace(column, proposed={**column.proposed, **note}))


def _with_bounds(rows: int, found: _Found) -> _Found:
    column, proposed = found.column, dict(found.column.proposed)
    if rows and not found.nulls:
        proposed["required"] = f"none of {rows:,} rows lacks it"
        column = replace(column, required=True)
    if found.low is not None and found.low >= 0 and column.classification in PUBLIC_CLASSES:
        proposed["minimum"] = f"the values lie between {found.low} and {found.high}"
        column = replace(column, minimum=0)
    return replace(found, column=replace(column, proposed=proposed))


def _with_values(con: duckdb.DuckDBPyConnection, relation: str, rows: int, found: _Found) -> ProposedColumn:
    column = found.column
    few = found.distinct <= MOST_VALUES and found.distinct * ROWS_A_VALUE <= rows - found.nulls
    if found.kind != "string" or not few or not found.distinct or column.classification not in PUBLIC_CLASSES:
        return column
    name = f"cast({quote(found.original)} as varchar)"
    distinct = f"SELECT DISTINCT {name} AS v FROM {relation} WHERE v IS NOT NULL ORDER BY v LIMIT {3 * MOST_VALUES}"
    values = [value for (value,) in con.execute(distinct).fetchall()]
    if any(len(v) > 60 or not v.isprintable() for v in values):
        return column
    note = {"accepted": f"all values of {rows:,} rows"}
    return replace(column, accepted=values, proposed={**column.proposed, **note})


def _key(con: duckdb.DuckDBPyConnection, relation: str, rows: int, found: Sequence[_Found]) -> tuple[_Found, ...]:
    """The narrowest key of columns whose names sound like one, or with a time: values may be unique by chance."""
    usable = [f for f in found if not f.nulls and f.kind in _KEY_KINDS]
    likely = [f for f in usable if _looks_like_key(f.column.name) or f is found[0] or f.kind in _TIMES][:8]
    for width in range(1, _WIDEST_KEY + 1):
        for candidate in list(combinations(likely, width))[:_MOST_TRIES]:
            if width == 1 and candidate[0].kind in _TIMES and not _looks_like_key(candidate[0].column.name):
                continue
            if _enough(candidate, rows) and _is_key(con, relation, candidate):
                return candidate
    return ()


def _looks_like_key(name: str) -> bool:
    return name.rpartition("_")[2] in _KEY_WORDS


def _enough(candidate: Sequence[_Found], rows: int) -> bool:
    """Whether so many values can tell all rows apart; the count of values may be off by a quarter."""
    most = 1.0
    for found in candidate:
        most *= 1.3 * found.distinct
    return most >= rows


def _is_key(con: duckdb.DuckDBPyConnection, relation: str, candidate: Sequence[_Found]) -> bool:
    listed = ", ".join(quote(found.original) for found in candidate)
    twice = f"SELECT 1 FROM {relation} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1"
    return con.execute(twice).fetchone() is None


def _keyed(column: ProposedColumn, position: int, told: str) -> ProposedColumn:
    return replace(column, key=position, required=True, proposed={**column.proposed, "key": told})


def _count(width: int) -> str:
    return "a value that" if width == 1 else f"{width} columns whose values together"
