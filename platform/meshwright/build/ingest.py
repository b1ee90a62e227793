"""What a domain team writes to land a source: a plain function with one decorator.

::

    @ingest(partition="week", version=files(TRANSACTIONS), immutable=True)
    def transactions() -> Path:
        '''Line items as the tills recorded them.'''
        return TRANSACTIONS
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload


@dataclass(frozen=True)
class Ingest:
    """A declared source. Calling it calls the function.

    ``partition`` is a SQL expression over the landed columns that gives the partition of a row. ``version``
    returns a text that is equal as long as the source is; None: the source is read in each build.
    ``immutable`` promises that the returned files never change, so that they are registered in place. ``text`` names
    columns of CSV or JSON files whose texts stay as they are, whatever else they look like: 0.10, 1E5 or 2026-01-05.
    """

    function: Callable[[], Any]
    name: str
    description: str = ""
    partition: str | None = None
    version: Callable[[], str] | None = None
    immutable: bool = False
    text: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def __call__(self) -> Any:
        """Whatever the function returns."""
        return self.function()


@overload
def ingest(function: Callable[[], Any], /) -> Ingest: ...
@overload
def ingest(
    *,
    name: str | None = None,
    description: str | None = None,
    partition: str | None = None,
    version: Callable[[], str] | None = None,
    immutable: bool = False,
    text: Collection[str] = (),
    tags: Mapping[str, str] | None = None,
) -> Callable[[Callable[[], Any]], Ingest]: ...
def ingest(
    function: Callable[[], Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    partition: str | None = None,
    version: Callable[[], str] | None = None,
    immutable: bool = False,
    text: Collection[str] = (),
    tags: Mapping[str, str] | None = None,
) -> Ingest | Callable[[Callable[[], Any]], Ingest]:
    """Declare a function without parameters as the ingest of a source.

    It returns a path or paths (Parquet, CSV, JSON; relative ones count from the folder of its module), a DuckDB
    relation, an Arrow table or reader, or a pandas frame. The name is the function's, the description its docstring,
    unless given.
    """

    def declare(function: Callable[[], Any]) -> Ingest:
        return Ingest(
            function=function,
            name=name or function.__name__,
            description=description or inspect.getdoc(function) or "",
            partition=partition,
            version=version,
            immutable=immutable,
            text=(text,) if isinstance(text, str) else tuple(text),
            tags=dict(tags or {}),
        )

    return declare if function is None else declare(function)


def files(*paths: str | Path) -> Callable[[], str]:
    """A version made of path, size and modification time of files; a folder counts with all below it.

    A relative path counts from the folder of the module that calls this.
    """
    home = Path(sys._getframe(1).f_code.co_filename).parent

    def version() -> str:
        found = sorted(
            file for path in (home / path for path in paths) for file in (_below(path) if path.is_dir() else (path,))
        )
        return "\n".join(f"{file}\t{(stat := file.stat()).st_size}\t{stat.st_mtime_ns}" for file in found)

    return version


def postgres_table(variable: str, table: str) -> Any:
    """All rows of ``table`` (``<schema>.<table>``) in the PostgreSQL database whose URL is in a variable.

    The URL (``postgres://USER:PASSWORD@HOST/DATABASE``) is read from the environment, so that no secret is in the
    code. Returns a DuckDB relation. InputError where the variable is not set or the table is not there,
    UnavailableError where the database does not answer.
    """
    from meshwright.build import postgres

    return postgres.table(variable, table)


def _below(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
