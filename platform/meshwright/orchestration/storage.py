"""Dagster's SQLite storage with connections that stay open.

Dagster opens the database anew for every event and waits for the disk after each; a build of the example
mesh writes about two thousand. The catalog is the truth and the event log a view of it, so an event that a
power failure takes is no loss: the next build reports the publish again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event

_OPEN = 8
"""Databases kept open: the index, and those of the newest runs."""


class PooledEventLogStorage(SqliteEventLogStorage):
    """The event log in the same files as Dagster's own, one open engine a file."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._tables: set[str] = set()
        self._opening = Lock()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; a table that was there stays."""
        if table_name not in self._tables:
            # Called while a connection is open as well, so it must not wait for the lock of connections.
            with self._engine(INDEX_SHARD_NAME).connect() as connection:
                if not connection.dialect.has_table(connection, table_name):
                    return False
            self._tables.add(table_name)
        return True

    def dispose(self) -> None:
        """Close every file."""
        with self._db_lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()
        super().dispose()

    def _engine(self, shard: str) -> Engine:
        with self._opening:
            if shard not in self._engines:
                engine = create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": 60})
                event.listen(engine, "connect", _relax)
                self._engines[shard] = engine
                while len(self._engines) > _OPEN:
                    oldest = next(name for name in self._engines if name != INDEX_SHARD_NAME)
                    self._engines.pop(oldest).dispose()
            self._engines.move_to_end(shard)
            return self._engines[shard]


class MeshStorage(DagsterSqliteStorage):
    """Runs, schedules and events in ``base_dir``, as Dagster lays them out by default."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        # Two processes that lay out the same new database at once would trip over each other's tables.
        with FileLock(Path(base_dir) / "layout.lock"):
            super().__init__(base_dir, inst_data)
            self._event_log_storage: Any = PooledEventLogStorage(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> MeshStorage:
        """As the instance's configuration says."""
        return cls(config_value["base_dir"], inst_data)


def _relax(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
