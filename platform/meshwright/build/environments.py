"""How environments stand: what they hold, how much of it is their own, where production moved since."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from meshwright import duck
from meshwright.build.state import State
from meshwright.catalog import environments
from meshwright.catalog.database import Database
from meshwright.duck import literal, local_path


@dataclass(frozen=True, slots=True)
class Standing:
    """One environment. ``moved`` are products of it that production published since; ``bytes`` of its own files.

    ``sample`` is the part of the data on which it builds; None: all of it.
    """

    name: str
    created_at: str
    created_by: str
    ports: tuple[str, ...]
    moved: tuple[str, ...]
    bytes: int
    sample: str | None


def standings(database: Database) -> list[Standing]:
    """All environments, oldest first."""
    if not database.exists:
        return []
    with database.read() as connection:
        there = environments.known_to(connection)
        states = {name: State.read(connection, name) for name in there}
    if not any(state.own for state in states.values()):
        sizes = dict.fromkeys(states, 0)
    else:
        with duck.connect() as con:
            sizes = {name: _size(con, state) for name, state in states.items()}
    return [
        Standing(
            name, made.created_at, made.created_by, tuple(sorted(states[name].own)), tuple(sorted(states[name].moved)),
            sizes[name], made.sample,
        )
        for name, made in there.items()
    ]  # fmt: skip


def _size(con: duckdb.DuckDBPyConnection, state: State) -> int:
    assert state.below is not None
    mine = {file for location in state.own.values() for file in _files(con, location)}
    theirs = {file for port in state.own if (at := state.below.pins.get(port)) for file in _files(con, at)}
    return sum(file.stat().st_size for file in mine - theirs if file.is_file())


def _files(con: duckdb.DuckDBPyConnection, location: str) -> set[Path]:
    """The data files of a snapshot; none where its metadata cannot be read, which ``mesh doctor`` tells."""
    scan = f"SELECT file_path FROM iceberg_metadata({literal(local_path(location))}) WHERE status <> 'DELETED'"
    try:
        return {Path(local_path(path)) for (path,) in con.execute(scan).fetchall()}
    except duckdb.Error:
        return set()
