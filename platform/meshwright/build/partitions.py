"""How a partition is written: as text in records and on the command line, as SQL, as Iceberg keeps it.

Texts are ``10`` for an identity partition, ``2017-03-09`` for a day, ``2017-03`` for a month.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from meshwright.duck import literal, quote
from meshwright.errors import Fault, InputError
from meshwright.spec.model import Port, Transform
from meshwright.spec.types import to_duckdb

_FORMATS = {Transform.DAY: "%Y-%m-%d", Transform.MONTH: "%Y-%m"}
WHOLE = ""
"""The partition of a port that has none."""


def text_of_row(port: Port) -> str:
    """SQL for the partition text of a row of ``port``; ``''`` where it is not partitioned."""
    partition = port.contract.partition
    if partition is None:
        return "''"
    column = quote(partition.column)
    if partition.transform is Transform.IDENTITY:
        return f"CAST({column} AS VARCHAR)"
    return f"strftime({column}, {literal(_FORMATS[partition.transform])})"


def predicate(port: Port, texts: Iterable[str]) -> str:
    """SQL that holds for the rows of these partitions, in a form that prunes files."""
    partition = port.contract.partition
    if partition is None:
        return "true"
    column = quote(partition.column)
    if partition.transform is Transform.IDENTITY:
        declared = port.contract.column(partition.column)
        assert declared is not None
        kind = to_duckdb(declared.type)
        values = ", ".join(f"CAST({literal(text)} AS {kind})" for text in sorted(texts, key=in_order))
        return f"{column} IN ({values})" if values else "false"
    spans = [_span(partition.transform, text) for text in sorted(texts)]
    return " OR ".join(f"({column} >= DATE '{first}' AND {column} < DATE '{end}')" for first, end in spans) or "false"


def stored(port: Port, text: str) -> object:
    """The value that an Iceberg data file of this partition carries."""
    partition = port.contract.partition
    assert partition is not None
    if partition.transform is Transform.DAY:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    if partition.transform is Transform.MONTH:
        year, month = map(int, text.split("-"))
        return (year - 1970) * 12 + month - 1
    declared = port.contract.column(partition.column)
    assert declared is not None
    if declared.type in ("int", "long"):
        return int(text)
    if declared.type == "date":
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    return text


def in_order(text: str) -> tuple[int, int, str]:
    """A sort key that puts 2 before 10 and leaves other texts in their own order."""
    return (0, int(text), "") if text.lstrip("-").isdigit() else (1, 0, text)


def span(column: str, texts: Collection[str]) -> str:
    """Partitions in a few words: ``week 9, 10`` or ``52 partitions (week 2 to 53)``."""
    ordered = sorted(texts, key=in_order)
    if len(ordered) <= 3:
        return f"{column} {', '.join(ordered)}"
    return f"{len(ordered)} partitions ({column} {ordered[0]} to {ordered[-1]})"


def require_known(wanted: Iterable[str], known: Iterable[str], what: str) -> None:
    """InputError for a partition that nothing ever held, with the range of those that are."""
    there = sorted(set(known), key=in_order)
    for text in wanted:
        if text not in there:
            span = f"{there[0]} to {there[-1]} ({len(there)} partitions)" if there else "no partition at all"
            raise InputError(Fault(f"{what} has no partition {text!r}; it has {span}", key=f"--partition {text}"))


def _span(transform: Transform, text: str) -> tuple[str, str]:
    if transform is Transform.DAY:
        first = date.fromisoformat(text)
        return text, date.fromordinal(first.toordinal() + 1).isoformat()
    year, month = map(int, text.split("-"))
    return f"{text}-01", f"{year + month // 12:04}-{month % 12 + 1:02}-01"
