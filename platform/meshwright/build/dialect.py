"""How a CSV is read, and why it cannot be: what DuckDB would take for quotes, comments, dates or a head by itself."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, islice
from pathlib import Path

import duckdb

from meshwright.build.digits import has_long_number, held_by
from meshwright.duck import SAFE_CONFIG, file_literal, literal, quote

_ALWAYS = "dateformat = '%Y-%m-%d', comment = ''"
_QUOTED = """, quote = '"', escape = '"'"""
_EVEN = "give every line as many fields as the first one has"
_DELIMITERS = ",;\t|"
_SAMPLED_ROWS, _SAMPLED_BYTES, _BLOCK = 20_480, 32 << 20, 1 << 20
"""As many rows, of so many bytes at most, does DuckDB look at before it decides on the types of a CSV."""
_DATE = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_TIME = "([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6}0*)?)?( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?)?"
ISO = {"DATE": _DATE, "TIMESTAMP": _DATE + _TIME, "TIMESTAMP WITH TIME ZONE": _DATE + _TIME}
"""How dates and times are written after ISO 8601, no finer than microseconds."""
_WHOLE = "[+-]?[0-9]+([.]0*)?"
_EXACT = {"BIGINT": _WHOLE, "HUGEINT": _WHOLE, **ISO}
"""What of a text DuckDB reads as a type without rounding or guessing; other types it refuses by itself."""
_ROW = "row of the file"
_NOT_WHOLE = "contains({0}, '.') OR contains({0}, 'e') OR contains({0}, 'E')"
_NOT_ISO = "substr({0}, 5, 1) <> '-' OR length({0}) > "
_ODD = {
    "BIGINT": _NOT_WHOLE,
    "HUGEINT": _NOT_WHOLE,
    "DATE": f"{_NOT_ISO}10",
    "TIMESTAMP": f"{_NOT_ISO}26",
    "TIMESTAMP WITH TIME ZONE": f"{_NOT_ISO}32",
}
"""What is worth a closer look; it takes a tenth of the time."""
_SAID = {"BIGINT": "no whole number", "HUGEINT": "no whole number", "DATE": "no date as ISO 8601 writes it"}


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a file is no table, the line that shows it where one does, and what would mend it."""

    reason: str
    line: int | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class _Sniffed:
    """What DuckDB finds in a CSV. ``options`` are those under which it was looked at."""

    options: str
    delimiter: str
    skipped: int
    columns: dict[str, str]


def csv_scan(files: Sequence[Path], text: Collection[str] = ()) -> str:
    """SQL that reads CSVs of the same columns, those of ``text`` as the text that they are."""
    groups: dict[str, list[Path]] = {}
    for file in files:
        groups.setdefault(_options(file, text), []).append(file)
    scans = [_reader(group, options) for options, group in groups.items()]
    return scans[0] if len(scans) == 1 else f"({' UNION ALL BY NAME '.join(f'SELECT * FROM {scan}' for scan in scans)})"


def flaw_of(con: duckdb.DuckDBPyConnection, file: Path, text: Collection[str] = ()) -> Flaw | None:
    """Why a CSV is no table, of which rows would be left out or values changed; None for one that is.

    Raises a DuckDB error where it cannot be read at all.
    """
    return _nul_in_head(file) or _uneven(file, _sniffed(*_state(file))) or _inexact(con, file, text)


def first_line(file: Path) -> int | None:
    """The number of the first line that is not blank."""
    with file.open("rb") as handle:
        return next((number for number, line in enumerate(handle, 1) if line.strip()), None)


def _reader(files: Sequence[Path], options: str) -> str:
    more = ", union_by_name = true" if len(files) > 1 else ""
    return f"read_csv([{', '.join(map(file_literal, files))}], {options}{more})"


def _options(file: Path, text: Collection[str]) -> str:
    try:
        return _found_options(*_state(file), frozenset(name.casefold() for name in text))
    except (OSError, duckdb.Error):  # whoever reads the file is told why it cannot be read
        return _ALWAYS


def _state(file: Path) -> tuple[Path, int, int]:
    """A file as it is now: what is found in it is remembered by its size and time."""
    stat = file.stat()
    return file, stat.st_size, stat.st_mtime_ns


@lru_cache(1024)
def _found_options(file: Path, size: int, mtime_ns: int, text: frozenset[str]) -> str:
    """The options by which a file is read."""
    sniffed = _sniffed(file, size, mtime_ns)
    with _connected() as con:
        types = {name: "VARCHAR" for name in sniffed.columns if name.casefold() in text}
        types |= _other_types(con, file, sniffed, types)
    told = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    return sniffed.options + (f", types = {{{told}}}" if told else "")


def _connected() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={**SAFE_CONFIG, "threads": "1"})


@lru_cache(1024)
def _sniffed(file: Path, size: int, mtime_ns: int) -> _Sniffed:
    """A sample without a quotation mark tells nothing of quoting, so it is as nearly all files have it.

    Unless DuckDB finds another mark, or marks that are none: then it reads as it finds.
    """
    with _connected() as con:
        if _has_other_marks(con, file):
            return _looked_at(con, file, _ALWAYS)
        quoted = _looked_at(con, file, _ALWAYS + _QUOTED)
        if len(quoted.columns) > 1:
            return quoted
        free = _looked_at(con, file, _ALWAYS)
        return free if len(free.columns) > 1 else quoted


def _has_other_marks(con: duckdb.DuckDBPyConnection, file: Path) -> bool:
    """Whether DuckDB finds values quoted with ``'``, or marks in them escaped by a backslash."""
    if not any(b"'" in block or b"\\" in block for block in _head(file)):
        return False
    row = con.execute(f"SELECT Quote, Escape FROM sniff_csv({file_literal(file)}, {_ALWAYS})").fetchone()
    return row is not None and (row[0] == "'" or row == ('"', "\\"))


def _looked_at(con: duckdb.DuckDBPyConnection, file: Path, options: str) -> _Sniffed:
    told = "Delimiter, SkipRows, Columns"
    row = con.execute(f"SELECT {told} FROM sniff_csv({file_literal(file)}, {options})").fetchone()
    assert row is not None
    delimiter, skipped, columns = row
    return _Sniffed(options, delimiter, skipped, {column["name"]: column["type"] for column in columns})


def _other_types(
    con: duckdb.DuckDBPyConnection, file: Path, sniffed: _Sniffed, known: Collection[str]
) -> dict[str, str]:
    """Types in place of those that would lose something: of dates not after ISO 8601, and of long whole numbers."""
    kinds = {name: kind for name, kind in sniffed.columns.items() if name not in known}
    if not (asked := doubtful(kinds, _head(file))):
        return {}
    sample = f"(SELECT * FROM {_reader([file], sniffed.options)[:-1]}, all_varchar = true) LIMIT {_SAMPLED_ROWS})"
    return types_held(con, sample, asked)


def doubtful(kinds: Mapping[str, str], blocks: Iterable[bytes]) -> dict[str, str]:
    """The columns of which DuckDB's type may change what a file of these bytes has: dates, times, long numbers."""
    asked = {name: kind for name, kind in kinds.items() if kind in (*ISO, "DOUBLE")}
    if "DOUBLE" in asked.values() and not has_long_number(blocks):
        return {name: kind for name, kind in asked.items() if kind != "DOUBLE"}
    return asked


def types_held(con: duckdb.DuckDBPyConnection, texts: str, asked: dict[str, str]) -> dict[str, str]:
    """Other types for those of ``asked`` (dates, times, doubles) that change what ``texts`` has in their columns."""
    told = [_is_iso(quote(name), kind) if kind in ISO else held_by(quote(name)) for name, kind in asked.items()]
    row = con.execute(f"SELECT {', '.join(told)} FROM {texts}").fetchone() or ()
    found = {}
    for (name, kind), said in zip(asked.items(), row, strict=True):
        if kind != "DOUBLE" and said is False:
            found[name] = "VARCHAR"
        elif kind == "DOUBLE" and said:
            found[name] = said
    return found


def _is_iso(name: str, kind: str) -> str:
    return f"bool_and(regexp_full_match(trim({name}), {literal(ISO[kind])}))"


def _head(file: Path) -> Iterator[bytes]:
    """What DuckDB looks at before it decides, in blocks; a number may reach from one into the next."""
    rows = size = 0
    rest = b""
    with file.open("rb") as handle:
        while rows < _SAMPLED_ROWS and size < _SAMPLED_BYTES and (block := handle.read(_BLOCK)):
            yield rest + block
            rows, size, rest = rows + block.count(b"\n"), size + len(block), block[-20:]


def _nul_in_head(file: Path) -> Flaw | None:
    """A name cannot hold a NUL: neither SQL nor a contract could say it."""
    line = first_line(file) or 1
    with file.open("rb") as handle:
        for _ in range(line - 1):
            handle.readline()
        head = handle.readline(_BLOCK)
    # In UTF-16 every second byte is one.
    if 0 < 3 * head.count(0) < len(head):
        return Flaw(f"is no table: line {line} has a NUL byte in the name of a column", line)
    return None


def _uneven(file: Path, sniffed: _Sniffed) -> Flaw | None:
    """Lines of other numbers of fields, which DuckDB skips up to the last odd one, or reads as a single column."""
    delimiter, skipped = sniffed.delimiter, sniffed.skipped
    if len(sniffed.columns) == 1:
        name = next(iter(sniffed.columns))
        delimiter = max(_DELIMITERS, key=name.count)
        if delimiter not in name:
            return None
    elif not skipped or _is_title(file, delimiter, skipped):
        return None
    head, *others = _widths(file, delimiter)
    for line, fields in others:
        if fields != head[1] and (skipped or head[1] > 1):
            counted = f"{fields} {'field' if fields == 1 else 'fields'}"
            return Flaw(f"is no table: line {line} has {counted}, but its first one {head[1]}", line, _EVEN)
    return Flaw(f"is no table: nothing tells what its first {skipped} lines are", 1, _EVEN) if skipped else None


def _is_title(file: Path, delimiter: str, lines: int) -> bool:
    """Whether the first lines are blank or a title, which has one field a line and a blank line behind it."""
    with file.open(encoding="utf-8", errors="replace", newline="") as handle:
        head = [line.strip() for line in islice(handle, lines)]
    return not any(head) or not (head[-1] or any(delimiter in line for line in head))


def _widths(file: Path, delimiter: str) -> Iterator[tuple[int, int]]:
    """Of the first lines that are not blank their number and how many fields they have."""
    with file.open(encoding="utf-8", errors="replace", newline="") as handle:
        lines = csv.reader(handle, delimiter=delimiter)
        try:
            for fields in islice(lines, _SAMPLED_ROWS):
                if fields:
                    yield lines.line_num, len(fields)
        except csv.Error:
            return


def _inexact(con: duckdb.DuckDBPyConnection, file: Path, text: Collection[str]) -> Flaw | None:
    """A value behind those that were looked at, of which reading it as their type would silently make another.

    It is not told: whose column is private is not known here.
    """
    options = _options(file, text)
    described = con.execute(f"DESCRIBE FROM {_reader([file], options)}").fetchall()
    kinds = {name: kind for name, kind, *_ in described if kind in _EXACT}
    if not kinds or _is_whole_in_head(file):
        return None
    texts = f"{_reader([file], options.partition(', types = ')[0])[:-1]}, all_varchar = true)"
    looked = ", ".join(f"bool_or({_ODD[kind].format(quote(name))})" for name, kind in kinds.items())
    odd = con.execute(f"SELECT {looked} FROM {texts}").fetchone() or ()
    rows = ((_first_inexact(con, texts, name, kinds[name]), name) for name in compress(kinds, odd))
    found = [(row, name) for row, name in rows if row is not None]
    if not found:
        return None
    row, name = min(found)
    said = _SAID.get(kinds[name], "no time as ISO 8601 writes it, to the microsecond at most,")
    return Flaw(f"has {said} in row {row:,} of column {name}, where the rows before have one")


def _first_inexact(con: duckdb.DuckDBPyConnection, texts: str, name: str, kind: str) -> int | None:
    column = quote(name)
    wrong = (
        f"NOT regexp_full_match(trim({column}), {literal(_EXACT[kind])}) AND TRY_CAST({column} AS {kind}) IS NOT NULL"
    )
    numbered = f"SELECT {column}, row_number() OVER () AS {quote(_ROW)} FROM {texts}"
    row = con.execute(f"SELECT min({quote(_ROW)}) FROM ({numbered}) WHERE {wrong}").fetchone()
    return row[0] if row else None


def _is_whole_in_head(file: Path) -> bool:
    """Whether DuckDB looks at all of a file before it decides: then all of it is what it decides for."""
    if file.stat().st_size > _SAMPLED_BYTES:
        return False
    return sum(block.count(b"\n") for block in _head(file)) < _SAMPLED_ROWS
