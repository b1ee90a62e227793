"""Compiled SQL of models, read by DuckDB's own parser and by sqlglot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from meshwright.build.dbt.graph import Model
from meshwright.errors import Fault


def broken_sql(model: Model, file: Path) -> Iterator[Fault]:
    """What DuckDB's parser has against a model; nothing is run."""
    import duckdb

    try:
        count = len(duckdb.extract_statements(model.compiled))
    except duckdb.Error as error:
        said = str(error).strip()
        # After its message the parser shows the row at fault, and under it a caret.
        row = re.search(r"^(LINE \d+: )(.*)\n( *)\^", said, re.MULTILINE)
        reason = said.splitlines()[0].removeprefix("Parser Error: ")
        yield _fault(model, file, reason, row[2] if row else "", len(row[3]) - len(row[1]) if row else 0)
        return
    if count > 1:
        yield Fault(f"holds {count} statements; a model is one SELECT", file, key=model.name)


def unread_sql(model: Model, file: Path) -> Iterator[Fault]:
    """What sqlglot, by which lineage and portability are judged, cannot read although DuckDB can."""
    import sqlglot
    from sqlglot.errors import ParseError, SqlglotError

    try:
        sqlglot.parse_one(model.compiled, dialect="duckdb")
    except SqlglotError as error:
        first = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
        rows = model.compiled.splitlines()
        number = int(first.get("line") or 0)
        row = rows[number - 1] if 0 < number <= len(rows) else ""
        said = str(first.get("description") or str(error).splitlines()[0]).rstrip(".")
        reason = f"sqlglot cannot read it, so its lineage is not known: {said}"
        yield _fault(model, file, reason, row, max(int(first.get("col") or 1) - 1, 0))


def _fault(model: Model, file: Path, reason: str, row: str, at: int) -> Fault:
    """At the row of the model's file that reads as the compiled one does, ``at`` counted in it from 0.

    Where none does, the compiled row is shown.
    """
    text = row.strip().removeprefix("...").removesuffix("...")
    inside = max(at - row.index(text), 0)
    rows = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
    for number, written in enumerate(rows, 1):
        if text and text in written:
            return Fault(reason, file, number, written.index(text) + 1 + inside, key=model.name)
    shown = f"; compiled: {text[:120]}" if text else ""
    return Fault(f"{reason}{shown}", file, key=model.name)
