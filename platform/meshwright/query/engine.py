"""DuckDB as the mesh's query engine: pinned ports as views, everything else locked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from meshwright import duck
from meshwright.duck import literal, local_path, quote
from meshwright.query.faults import from_duckdb


def connect(
    pins: Mapping[str, str], *, warehouse: Path, threads: int | None = None, memory: str | None = None
) -> duckdb.DuckDBPyConnection:
    """A locked in-memory connection with the view ``mesh.<domain>.<port>`` for every pin.

    ``pins`` maps ``<domain>.<port>`` to the location of a metadata file, a path or a ``file:`` URL, under
    ``warehouse``. ``memory`` is DuckDB's ``memory_limit`` (``"2GB"``). Errors of this connection come as
    JSON (:func:`meshwright.query.faults.from_duckdb` reads it). Raises UnavailableError where a snapshot
    or an extension cannot be read.
    """
    con = open_engine(threads=threads, memory=memory)
    mount(con, pins, warehouse=warehouse)
    return con


def open_engine(*, threads: int | None = None, memory: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that can read Iceberg tables and holds nothing yet; it is not locked."""
    limits = {} if threads is None else {"threads": str(threads)}
    if memory is not None:
        limits["memory_limit"] = memory
    return duck.connect(errors_as_json="true", **limits)


def mount(con: duckdb.DuckDBPyConnection, pins: Mapping[str, str], *, warehouse: Path) -> None:
    """Make the views, then lock the connection for good; the order is what makes it hold."""
    con.execute("ATTACH ':memory:' AS mesh")
    con.execute("USE mesh")
    for port, location in sorted(pins.items()):
        domain, _, name = port.partition(".")
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(domain)}")
        scan = f"SELECT * FROM iceberg_scan({literal(local_path(location))})"
        try:
            con.execute(f"CREATE VIEW {quote(domain)}.{quote(name)} AS {scan}")
        except duckdb.Error as error:
            raise from_duckdb(error, scan) from error
    # The exact files instead of the warehouse (`allowed_paths`) would have to be read from the manifests
    # first: 9 ms for 14 of them, which doubles what a small query costs, and a COPY could overwrite exact
    # files as well. That no statement writes or names a file is the guard's part.
    con.execute(f"SET allowed_directories = [{literal(warehouse.resolve())}, {literal(warehouse.absolute())}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
