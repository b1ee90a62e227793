"""A model's columns against its contract: before anything runs where SQL tells, and before staging in any case."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from meshwright import duck
from meshwright.build.classified import Discretion
from meshwright.build.dbt.generate import SCRATCH_DATABASE
from meshwright.build.dbt.graph import Graph
from meshwright.duck import quote
from meshwright.errors import BuildError, Fault, shown
from meshwright.spec.model import MASK, Column, Port
from meshwright.spec.types import TypeSpellingError, from_duckdb, to_duckdb
from meshwright.spec.words import edit

_NUMBERS = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
    "FLOAT", "DOUBLE", "DECIMAL",
)  # fmt: skip
_FAMILIES = (
    ("BOOLEAN",),
    _NUMBERS,
    ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    ("TIMESTAMP WITH TIME ZONE",),
    ("TIME",),
    ("VARCHAR",),
    ("BLOB",),
)  # fmt: skip


def fits(found: str, wanted: str) -> bool:
    """Whether values of a DuckDB type may become the wanted one, value by value, without loss."""
    if found in {wanted, '"NULL"'} or _is_same(found, wanted):
        return True
    family = next((f for f in _FAMILIES if _base(found) in f), None)
    return family is not None and _base(wanted) in family


def _is_same(found: str, wanted: str) -> bool:
    """Whether two spellings mean one nested type: DuckDB quotes names of fields only where it must."""
    try:
        return from_duckdb(found) == from_duckdb(wanted)
    except TypeSpellingError:
        return False


def compare(
    con: duckdb.DuckDBPyConnection, port: Port, relation: str, file: Path, discretion: Discretion
) -> list[Fault]:
    """Faults where the columns of a model, which ``relation`` reads, are not those of the contract.

    Of rows with private values no text is shown, since it may be one of them under another name.
    """
    promised, found = {c.name: c for c in port.contract.columns}, described(con, relation)
    others = list(dict.fromkeys(MASK if discretion.nameless else name for name in found if name not in promised))
    faults = []
    for name, column in promised.items():
        if name not in found:
            near = difflib.get_close_matches(name, others, n=1, cutoff=0.5)
            faults.append(
                column.where.fault(
                    f"the contract of {port.key} promises column {name}; model {file.name} has none",
                    suggestion=near[0] if near else None, command=edit(file, 1),
                )
            )  # fmt: skip
        elif not fits(found[name], to_duckdb(column.type)):
            stray = _stray(con, port, relation, column, discretion) if found[name] == "VARCHAR" else ""
            faults.append(_wrong_type(port, column, found[name], stray, file))
    for name in others:
        near = difflib.get_close_matches(name, [n for n in promised if n not in found], n=1, cutoff=0.5)
        faults.append(
            Fault(
                f"the model has column {name}, which the contract of {port.key} does not promise", file,
                key=name, suggestion=near[0] if near else None,
                command=f"add it to {shown(port.contract.where.file)} or leave it out of the model",
            )
        )  # fmt: skip
    return faults


def bind(views: Iterable[str], graph: Graph, ports: Sequence[Port], project: Path, discretion: Discretion) -> None:
    """Bind the compiled SQL of ``ports`` and all that they rest on, without running any of it.

    BuildError with every mismatch, as :func:`compare` tells it. A model that does not bind by itself (it needs a table
    that a hook makes) is left to dbt, whose message names it.
    """
    with duck.connect() as con:
        for statement in views:
            con.execute(statement)
        con.execute(f"ATTACH ':memory:' AS {SCRATCH_DATABASE}")
        con.execute(f"USE {SCRATCH_DATABASE}")
        unbound: set[str] = set()
        for name in graph.ancestors([port.name for port in ports]):
            if not _bound(con, graph, name, unbound):
                unbound.add(name)
        faults = [
            fault
            for port in ports
            if port.name not in unbound
            for fault in compare(con, port, f"{SCRATCH_DATABASE}.main.{quote(port.name)}",
                                 project / graph.models[port.name].file, discretion)
        ]  # fmt: skip
    if faults:
        raise BuildError(*faults)


def described(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Column to DuckDB type of a relation."""
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {relation}").fetchall()}


def _bound(con: duckdb.DuckDBPyConnection, graph: Graph, name: str, unbound: set[str]) -> bool:
    model = graph.models[name]
    if not model.compiled or unbound & set(model.models):
        return False
    try:
        con.execute(f"CREATE VIEW {SCRATCH_DATABASE}.main.{quote(name)} AS {model.compiled}")
    except duckdb.Error:
        return False
    return True


def _stray(con: duckdb.DuckDBPyConnection, port: Port, relation: str, column: Column, discretion: Discretion) -> str:
    """Which text is no value of the column's type, and in which row: mostly why a file landed as text."""
    key = [c for c in port.contract.columns if c.name in port.contract.primary_key and c.name != column.name]
    name, kind = quote(column.name), to_duckdb(column.type)
    texts = ", ".join(f"{quote(c.name)}::VARCHAR" for c in [column, *key])
    wide = {"DATE": "TIMESTAMP", "FLOAT": "FLOAT"}.get(kind, "DOUBLE" if _base(kind) in _NUMBERS else kind)
    cast, whole = f"TRY_CAST({name} AS {kind})", f"TRY_CAST({name} AS {wide})"
    wrong = f"{name} IS NOT NULL AND ({cast} IS NULL OR TRY_CAST({cast} AS {wide}) IS DISTINCT FROM {whole})"
    try:
        row = con.execute(f"SELECT count(*) OVER (), {texts} FROM {relation} WHERE {wrong} LIMIT 1").fetchone()
    except duckdb.Error:  # its rows cannot be read either; the type is wrong all the same
        return ""
    if row is None:
        return ""
    count, value, *of_key = row
    place = ", ".join(f"{c.name} = {MASK if c.is_private else v}" for c, v in zip(key, of_key, strict=True))
    told = MASK if discretion.private or column.is_private else repr(value)
    return f"; {count:,} of its values are none, such as {told}" + (f" where {place}" if place else "")


def _wrong_type(port: Port, column: Column, found: str, stray: str, file: Path) -> Fault:
    kind = to_duckdb(column.type).lower()
    cast = f"cast it in {shown(file)}: cast({column.name} as {kind}) as {column.name}"
    return column.where.fault(
        f"the contract of {port.key} promises {column.name} as {column.type}; model {file.name} yields {found}{stray}",
        command=for_a_value(file) if stray else cast,
    )


def for_a_value(file: Path) -> str:
    """What helps against a value that is none of its type, in a model's file."""
    return f"correct it at its source, or say in {shown(file)} what it becomes: try_cast makes NULL of it"


def _base(kind: str) -> str:
    return re.sub(r"\(.*\)$", "", kind)
