"""What every DuckDB connection of the mesh shares: its extensions and the quoting of SQL text."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import duckdb

from meshwright.errors import Fault, UnavailableError

SAFE_CONFIG = {
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
}
"""Settings under which a connection loads, writes and picks up nothing by itself."""

UNVERIFIED = {"allow_unsigned_extensions": "true"}
"""Spares hashing the 60 MB of two extensions, 100 to 200 ms a connection, to check their signatures.

They came with pip beside DuckDB's own binary, which nobody checks either. :data:`VERIFY` ends it.
"""
VERIFY = "SET allow_unsigned_extensions = false"


def connect(**settings: str) -> duckdb.DuckDBPyConnection:
    """An in-memory connection that can read Iceberg tables, under :data:`SAFE_CONFIG` and UTC; not locked.

    Costs 10 ms, where :func:`load_iceberg` on a connection of one's own costs 100 to 200 ms.
    """
    con = duckdb.connect(config={**SAFE_CONFIG, **UNVERIFIED, **settings})
    load_iceberg(con)
    con.execute(VERIFY)
    con.execute("SET TimeZone = 'UTC'")
    return con


_OF_NAMES = {"Binder", "Catalog"}
_WITHOUT_VALUES = _OF_NAMES | {"Parser", "Compilation", "Memory"}
_KIND = re.compile(r"\b([A-Z][A-Za-z ]*?) Error:")


def without_values(error: str, *, named: bool = False) -> str:
    """The text of an error of DuckDB or dbt without what it may quote of the data: values, and SQL around them.

    What is said of the text of a statement alone, or of too little memory, is kept; where columns are ``named`` by
    values, as PIVOT does, what is said of names is not.
    """
    kinds = _KIND.findall(error)
    words = {kind.rpartition(" ")[2] for kind in kinds}
    if kinds and words <= _WITHOUT_VALUES and not (named and words & _OF_NAMES):
        return error
    kind = f"{kinds[-1]} Error" if kinds else "an error"
    return f"{kind} on a value; the text is withheld, since the contract has private columns"


def quote(identifier: str) -> str:
    """The identifier as SQL spells it, whatever characters it holds."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """The text as an SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def file_literal(file: Path) -> str:
    """The path of one file where DuckDB takes a pattern, as a literal: no character of its name stands for others."""
    return literal(re.sub(r"[\[*?]", r"[\g<0>]", str(file)))


def local_path(location: str) -> str:
    """A metadata or data location as DuckDB takes it: ``file://`` stripped, other schemes kept.

    PyIceberg writes paths into locations as they are, so nothing in them is unquoted.
    """
    return location.removeprefix("file://")


def load_iceberg(con: duckdb.DuckDBPyConnection) -> None:
    """Load ``iceberg`` and what it needs from the installed wheels, so that no home directory is touched.

    Raises UnavailableError where a wheel is missing or made for another DuckDB.
    """
    for statement in load_statements():
        con.execute(statement)


def load_statements() -> list[str]:
    """The statements of :func:`load_iceberg`."""
    # The order matters: iceberg looks for avro's functions while it loads.
    return [f"LOAD {literal(extension(name))}" for name in ("avro", "iceberg")]


def extension(name: str, extra: str | None = None) -> Path:
    """The file of an extension, from the wheel that carries it; ``extra`` of ours installs it.

    Raises UnavailableError where the wheel is missing or made for another DuckDB.
    """
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    for folder in (spec and spec.submodule_search_locations) or ():
        found = Path(folder, "extensions", f"v{duckdb.__version__}", f"{name}.duckdb_extension")
        if found.is_file():
            return found
    wheel = f"duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}"
    told = f"; the extra {extra!r} of meshwright has it" if extra else ""
    reason = f"DuckDB {duckdb.__version__} needs its {name} extension of the same version{told}"
    raise UnavailableError(Fault(reason, key=f"duckdb_extension_{name}", command=f"pip install {wheel}"))
