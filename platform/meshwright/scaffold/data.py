"""Where a source-aligned product has its data from, as its template and its profile take it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from meshwright import duck
from meshwright.build import postgres
from meshwright.build.reading import encoding_of, format_of, scan_of, told
from meshwright.errors import Fault, InputError, shown
from meshwright.scaffold.columns import ProposedColumn
from meshwright.scaffold.derive import derive
from meshwright.scaffold.shape import require_table
from meshwright.scaffold.templates import newest

SAMPLE = "sample.csv"
"""A few rows that come along where nobody names data."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file. ``path`` is as the ingest names it: below its own folder's ``up``-th parent, else absolute."""

    file: Path
    path: str
    up: int | None = None
    sample: bool = False

    def answer(self) -> dict[str, Any]:
        """As templates take it."""
        place = {"path": self.path, "up": self.up or 0, "relative": self.up is not None}
        return {**place, "sample": self.sample, "typed": format_of(self.file) == "parquet"}

    def columns(self) -> list[ProposedColumn]:
        """The columns of a contract for what lies there. InputError where it cannot be read."""
        format_ = format_of(self.file)
        assert format_ is not None
        with duckdb.connect(config={**duck.SAFE_CONFIG}) as con:
            con.execute("SET TimeZone = 'UTC'")
            try:
                require_table(con, self.file, format_)
                return derive(con, scan_of([(self.file, format_)]))
            except duckdb.Error as error:
                written = None if format_ == "parquet" else encoding_of(self.file)
                if written is None:
                    raise InputError(Fault(f"cannot be read: {told(error)}", self.file, key="--from")) from error
                command = written.command(shown(self.file))
                raise InputError(
                    Fault(written.why(), self.file, written.line, key="--from", command=command)
                ) from error


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table of the PostgreSQL database at ``url``, which the ingest reads from the environment's ``variable``."""

    url: str
    table: str
    variable: str

    def answer(self) -> dict[str, Any]:
        """As templates take it, which is without the URL: it may hold a password."""
        return {"table": self.table, "variable": self.variable, "sample": False}

    def columns(self) -> list[ProposedColumn]:
        """The columns of a contract for what it holds. UnavailableError where the database does not answer."""
        with postgres.attached(self.url) as con:
            try:
                return derive(con, postgres.relation(con, self.table))
            except duckdb.Error as error:
                raise InputError(Fault(f"{self.table} cannot be read: {told(error)}", key="--from")) from error


Data = DataFile | DataTable


def variable_of(domain: str) -> str:
    """The variable in which the ingests of a domain look for the URL of its database."""
    return f"{domain.upper()}_DATABASE_URL"


def data_of(root: Path, domain: str, product: str, origin: str | None, table: str | None) -> Data:
    """What ``origin`` names: a file, seen from where the user stands, or a database with ``table``; None: the sample.

    InputError where a file is not there, or no format that lands.
    """
    if origin is not None and origin.startswith(postgres.SCHEMES):
        if not table:
            raise InputError(Fault("which table of the database?", key="--table", command="--table SCHEMA.TABLE"))
        return DataTable(origin, table, variable_of(domain))
    if table:
        raise InputError(Fault("names a table of a database: --from postgres://HOST/DATABASE", key="--table"))
    if origin is None:
        return DataFile(next(newest("product").folder.rglob(SAMPLE)), SAMPLE, 0, sample=True)
    file = Path(origin).expanduser().absolute()
    if not file.exists():
        raise InputError(Fault(f"there is no {origin[:200]}", key="--from", suggestion=_near(file)))
    if file.is_dir():
        raise InputError(Fault("is a folder; name one file of it", file, key="--from"))
    if format_of(file) is None:
        raise InputError(Fault("is no CSV, Parquet or JSON file by its name", file, key="--from"))
    if not file.stat().st_size:
        raise InputError(Fault("is empty, so no column can be derived from it", file, key="--from"))
    if file.is_relative_to(root):
        return DataFile(file, str(file.relative_to(root)), len(Path("domains", domain, product).parts))
    return DataFile(file, str(file))


def _near(file: Path) -> str | None:
    from meshwright.spec.words import nearest

    return nearest(file.name, (p.name for p in file.parent.iterdir())) if file.parent.is_dir() else None
