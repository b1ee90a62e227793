"""A result as text: a table to read, JSON or CSV to process.

===========  ======================  ==============================  =========================
value        table                   json                            csv (RFC 4180)
===========  ======================  ==============================  =========================
NULL         ``NULL``                ``null``                        empty
decimal      every digit             a number with every digit       every digit
NaN, ±inf    ``nan``, ``inf``        ``null``, as JSON has no such   ``nan``, ``inf``
date, time   ISO                     ISO, ``T`` before the time      ISO
blob         hexadecimal             hexadecimal                     hexadecimal
list, map …  JSON                    array, object                   JSON
interval     as DuckDB writes it     as DuckDB writes it             as DuckDB writes it
===========  ======================  ==============================  =========================
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from itertools import chain, count, repeat
from typing import TextIO

from meshwright.query.cells import encode_json, plain, printable
from meshwright.query.run import Result, Row
from meshwright.query.table import write_table


def write(
    result: Result, out: TextIO, style: str = "table", *, width: int | None = None, most: int | None = None
) -> str | None:
    """Write a result in one of :data:`FORMATS`; the text returned, if any, says what was left out.

    ``width`` in characters (of a terminal; None cuts nothing) and ``most`` rows limit tables only. Control
    characters never reach a terminal as they are; CSV into a file or pipe keeps them, as data must.
    """
    return FORMATS[style](result, out, width, most)


def _table(result: Result, out: TextIO, width: int | None, most: int | None) -> str | None:
    return write_table(result.columns, result.types, result.rows, out, width=width, most=most)


def _csv(result: Result, out: TextIO, width: int | None, most: int | None) -> None:
    safe: Callable[[str], str] = printable if out.isatty() else str
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow(map(safe, result.columns))
    for row in result.rows:
        lines.writerow(["" if value is None else safe(plain(value)) for value in row])


def _json(result: Result, out: TextIO, width: int | None, most: int | None) -> None:
    keys = [encode_json(name) for name in unique(result.columns)]
    out.write("[")
    for separator, row in zip(chain(["\n"], repeat(",\n")), result.rows, strict=False):
        out.write(separator + _object(keys, row))
    out.write("\n]\n")


def _object(keys: list[str], row: Row) -> str:
    return "{" + ", ".join(f"{k}: {encode_json(v)}" for k, v in zip(keys, row, strict=True)) + "}"


def unique(names: tuple[str, ...]) -> list[str]:
    """The names, with ``_1``, ``_2`` … behind those that came before: an object's keys must differ."""
    taken: list[str] = []
    for name in names:
        free = chain([name], (f"{name}_{i}" for i in count(1)))
        taken.append(next(n for n in free if n not in taken and (n == name or n not in names)))
    return taken


FORMATS: Mapping[str, Callable[[Result, TextIO, int | None, int | None], str | None]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
}
"""The spellings of ``--format``."""
