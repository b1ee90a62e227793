"""The catalog database: opening, its layout version, transactions and what goes wrong with them."""

from __future__ import annotations

import atexit
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, delete, event, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.schema import CreateColumn

from meshwright.catalog import tables
from meshwright.config import Settings
from meshwright.disk import free
from meshwright.errors import Fault, InputError, UnavailableError


def now() -> str:
    """The present instant as the records keep it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


_LOG = 128 * 1024
"""Bytes that SQLite needs beside its file to be opened for writing."""


class Database:
    """One catalog database, SQLite or PostgreSQL, made on first use.

    Raises InputError for an address that is none, UnavailableError where it cannot be opened, is locked for longer than
    ``Settings.catalog_timeout``, is damaged, or was written by a newer Meshwright.
    """

    def __init__(self, settings: Settings) -> None:
        try:
            self.url = make_url(settings.database_url)
            self.url.get_dialect()
        except ArgumentError as error:
            fault = Fault(f"is no address of a database: {error}", key="catalog_url", command="unset MESH_CATALOG_URL")
            raise InputError(fault) from error
        self.timeout = settings.catalog_timeout
        self._state = settings.state_dir

    @property
    def exists(self) -> bool:
        """Whether anything was ever written here; false saves a reader from making an empty file."""
        return not (self.url.get_backend_name() == "sqlite" and not _size(self.url.database))

    @cached_property
    def engine(self) -> Engine:
        """The engine, with the tables in place."""
        sqlite = self.url.get_backend_name() == "sqlite"
        shut = sqlite and self._is_shut()
        if sqlite and not shut:
            self._state.mkdir(parents=True, exist_ok=True)
        try:
            engine = create_engine(
                self._read_only() if shut else self.url, pool_pre_ping=not sqlite,
                connect_args={"timeout": self.timeout} if sqlite else {},
            )  # fmt: skip
        except ImportError as error:
            fault = Fault(f"the catalog {self.shown} needs a driver: {error}", command=f"pip install {error.name}")
            raise UnavailableError(fault) from error
        if sqlite:
            event.listen(engine, "connect", _leave_transactions if shut else _connect_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        with ExitStack() as undone, self._explained():
            undone.callback(engine.dispose)  # an engine that nobody gets must not keep its file open
            self._lay_out(engine)
            undone.pop_all()
        # The last connection that closes folds SQLite's write-ahead log into the file that people back up.
        atexit.register(engine.dispose)
        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the database."""
        engine = self.engine
        with self._explained(), engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, the only writer from its first statement to its commit."""
        engine = self.engine
        with self._explained(), engine.connect().execution_options(mesh_write=True) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def _lay_out(self, engine: Engine) -> None:
        with engine.connect() as connection:
            found = (
                connection.execute(select(tables.layout.c.version)).scalar()
                if inspect(connection).has_table(tables.layout.name)
                else None
            )
        if found == tables.LAYOUT_VERSION:
            return
        if found is not None and found > tables.LAYOUT_VERSION:
            raise UnavailableError(
                Fault(
                    f"the catalog {self.shown} has layout {found}; this Meshwright knows up to {tables.LAYOUT_VERSION}",
                    command="install the newer meshwright that wrote it",
                )
            )
        with engine.connect().execution_options(mesh_write=True) as connection, connection.begin():
            tables.metadata.create_all(connection)
            _add_columns(connection)
            connection.execute(delete(tables.layout))
            connection.execute(insert(tables.layout).values(version=tables.LAYOUT_VERSION))

    def _is_shut(self) -> bool:
        """Whether the SQLite file is there and nothing can be written beside it, for want of rights or of room."""
        file = Path(self.url.database or "")
        if not file.is_file():
            return False
        allowed = os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)
        return not allowed or free(file.parent) < _LOG

    def _read_only(self) -> URL:
        """The file as it is, without the log that SQLite would keep beside it.

        UnavailableError where such a log holds transactions: the file alone would answer with older ones.
        """
        file = Path(self.url.database or "").absolute()
        if (log := file.with_name(f"{file.name}-wal")).is_file() and log.stat().st_size:
            reason = f"the catalog {self.shown} cannot be written to, and its newest transactions are still in {log}"
            raise UnavailableError(Fault(reason, command="mesh status, once, where it can be written to"))
        return make_url(f"sqlite:///file:{file}?mode=ro&immutable=1&uri=true")

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            locked = "locked" in str(error.orig)
            reason = (
                f"the catalog {self.shown} stayed locked for {self.timeout:g} s"
                if locked
                else f"the catalog {self.shown} cannot be used: {error.orig}"
            )
            raise UnavailableError(Fault(reason, command="mesh doctor")) from error
        except DatabaseError as error:
            if isinstance(error.orig, sqlite3.DatabaseError) and type(error.orig) is sqlite3.DatabaseError:
                raise UnavailableError(
                    Fault(f"the catalog {self.shown} is damaged: {error.orig}", command="mesh doctor")
                ) from error
            raise


def _add_columns(connection: Connection) -> None:
    """Bring tables of an older layout up to date; tables that are new since were just made."""
    there = inspect(connection)
    preparer = connection.dialect.identifier_preparer
    for table in tables.metadata.sorted_tables:
        known = {column["name"] for column in there.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                spelt = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {preparer.format_table(table)} ADD COLUMN {spelt}")


def _size(path: str | None) -> int:
    return Path(path).stat().st_size if path and Path(path).is_file() else 0


def _leave_transactions(connection: Any, record: Any) -> None:
    """To us: the driver would begin and end them by itself."""
    connection.isolation_level = None


def _connect_sqlite(connection: Any, record: Any) -> None:
    """Let readers read while one writes."""
    _leave_transactions(connection, record)
    # Turning the log on does not wait for another that does the same; the first of them is enough.
    for attempt in range(100):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            if attempt == 99 or "locked" not in str(error):
                raise
            time.sleep(0.05)
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock at once, so that it never fails half-way for having read first."""
    write = connection.get_execution_options().get("mesh_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
