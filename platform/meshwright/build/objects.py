"""How JSON is read: all of it tells the types, and what would change on the way stays text or gets a wider one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import duckdb

from meshwright.build.dialect import ISO, doubtful, types_held
from meshwright.duck import SAFE_CONFIG, file_literal, literal, quote

_WRITTEN = frozenset({*ISO, "TIME", "UUID"})
"""What DuckDB makes of strings."""
_ZONE = ":[0-9]{2}([.][0-9]+)? ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$"
_BLOCK = 1 << 20


def json_scan(files: Sequence[Path], text: Collection[str] = ()) -> str:
    """SQL that reads JSON files of the same columns, strings of those of ``text`` as they are."""
    try:
        stats = [file.stat() for file in files]
        states = tuple((file, s.st_size, s.st_mtime_ns) for file, s in zip(files, stats, strict=True))
        options = _found_options(states, frozenset(name.casefold() for name in text))
    except (OSError, duckdb.Error):  # whoever reads the file is told why it cannot be read
        options = ", sample_size = -1"
    return _reader(files, options)


def _reader(files: Sequence[Path], options: str) -> str:
    more = ", union_by_name = true" if len(files) > 1 else ""
    return f"read_json([{', '.join(map(file_literal, files))}]{options}{more})"


@lru_cache(1024)
def _found_options(states: tuple[tuple[Path, int, int], ...], text: frozenset[str]) -> str:
    """The options of files as they are now, by which their sizes and times are asked for."""
    files = [file for file, *_ in states]
    with duckdb.connect(config={**SAFE_CONFIG, "threads": "1"}) as con:
        options = ", sample_size = -1"
        described = con.execute(f"DESCRIBE FROM {_reader(files, options)}").fetchall()
        kinds: dict[str, str] = {name: kind for name, kind, *_ in described}
        types = {name: "VARCHAR" for name, kind in kinds.items() if name.casefold() in text and kind in _WRITTEN}
        types |= _other_types(con, files, {name: kind for name, kind in kinds.items() if name not in types})
    if not types:
        return options
    return f", columns = {_listed({**kinds, **types})}"


def _other_types(con: duckdb.DuckDBPyConnection, files: Sequence[Path], kinds: dict[str, str]) -> dict[str, str]:
    if not (asked := doubtful(kinds, _blocks(files))):
        return {}
    texts = _reader(files, f", columns = {_listed(dict.fromkeys(asked, 'VARCHAR'))}")
    return _zoned(con, texts, asked) | types_held(con, texts, asked)


def _zoned(con: duckdb.DuckDBPyConnection, texts: str, kinds: dict[str, str]) -> dict[str, str]:
    """Types of times that say their zone, from which DuckDB alone would take it; text where only some do."""
    times = [name for name, kind in kinds.items() if kind == "TIMESTAMP"]
    if not times:
        return {}
    zoned = [f"regexp_matches(trim({quote(name)}), {literal(_ZONE)})" for name in times]
    row = (
        con.execute(f"SELECT {', '.join(f'bool_or({z}), bool_and({z})' for z in zoned)} FROM {texts}").fetchone() or ()
    )
    found = {}
    for name, some, all_ in zip(times, row[::2], row[1::2], strict=True):
        if some:
            found[name] = "TIMESTAMP WITH TIME ZONE" if all_ else "VARCHAR"
    return found


def _listed(types: dict[str, str]) -> str:
    return "{" + ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items()) + "}"


def _blocks(files: Sequence[Path]) -> Iterator[bytes]:
    for file in files:
        rest = b""
        with file.open("rb") as handle:
            while block := handle.read(_BLOCK):
                yield rest + block
                rest = block[-20:]
