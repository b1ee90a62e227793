"""Where a source-aligned product has its data from, as its template and its profile take it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from meshwright import duck
from meshwright.build.landing import format_of, scan_of
from meshwright.errors import Fault, InputError
from meshwright.scaffold.columns import ProposedColumn
from meshwright.scaffold.derive import derive
from meshwright.scaffold.templates import newest

SAMPLE = "sample.csv"
"""A few rows that come along where nobody names data."""


@dataclass(frozen=True, slots=True)
class Data:
    """A file. ``path`` is as the ingest names it: below its own folder's ``up``-th parent, else absolute."""

    file: Path
    path: str
    up: int | None = None
    sample: bool = False

    def answer(self) -> dict[str, Any]:
        """As templates take it."""
        return {"path": self.path, "up": self.up or 0, "relative": self.up is not None, "sample": self.sample}


def data_of(root: Path, domain: str, product: str, origin: str | None) -> Data:
    """The file that ``origin`` names, from where the user stands; None: the sample that comes along.

    InputError where it is not there, or no format that lands.
    """
    if origin is None:
        return Data(next(newest("product").folder.rglob(SAMPLE)), SAMPLE, 0, sample=True)
    file = Path(origin).expanduser().absolute()
    if not file.exists():
        raise InputError(Fault(f"there is no {origin[:200]}", key="--from", suggestion=_near(file)))
    if file.is_dir():
        raise InputError(Fault("is a folder; name one file of it", file, key="--from"))
    if format_of(file) is None:
        raise InputError(Fault("is no CSV, Parquet or JSON file by its name", file, key="--from"))
    if file.is_relative_to(root):
        return Data(file, str(file.relative_to(root)), len(Path("domains", domain, product).parts))
    return Data(file, str(file))


def columns_of(data: Data) -> list[ProposedColumn]:
    """The columns of a contract for what lies there. InputError where it cannot be read, or holds no column."""
    format_ = format_of(data.file)
    assert format_ is not None
    with duckdb.connect(config={**duck.SAFE_CONFIG}) as con:
        con.execute("SET TimeZone = 'UTC'")
        try:
            return derive(con, scan_of([(data.file, format_)]))
        except duckdb.Error as error:
            told = str(error).strip().splitlines()[0]
            raise InputError(Fault(f"cannot be read: {told}", data.file, key="--from")) from error


def _near(file: Path) -> str | None:
    from meshwright.spec.words import nearest

    return nearest(file.name, (p.name for p in file.parent.iterdir())) if file.parent.is_dir() else None
