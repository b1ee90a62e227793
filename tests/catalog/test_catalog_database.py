"""Opening the catalog database, and what it says when it cannot be used."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from meshwright.catalog import tables as t
from meshwright.catalog.database import Database
from meshwright.config import Settings
from meshwright.errors import UnavailableError
from support.processes import Helper


def test_asking_makes_no_file(database: Database, settings: Settings) -> None:
    assert not database.exists
    assert not settings.state_dir.exists()


def test_layout_of_a_newer_version_is_refused(database: Database, settings: Settings) -> None:
    with database.write() as connection:
        connection.execute(update(t.layout).values(version=t.LAYOUT_VERSION + 1))
    database.close()
    with pytest.raises(UnavailableError, match=rf"has layout {t.LAYOUT_VERSION + 1}; .* knows up to") as refused:
        assert Database(settings).engine
    assert refused.value.exit_code == 3
    assert refused.value.faults[0].command


def test_two_databases_laid_out_at_once(settings: Settings, helper: Helper) -> None:
    """Four processes that all come first."""
    code = (
        "import sys; from pathlib import Path; from meshwright.config import Settings\n"
        "from meshwright.catalog.database import Database\n"
        "database = Database(Settings.of(Path(sys.argv[1]))); print('ready', flush=True); sys.stdin.readline()\n"
        "database.engine; print('done', flush=True)"
    )
    started = [helper.python(code, str(settings.root), wait_for="ready") for _ in range(4)]
    for process in started:
        process.stdin.write("\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    assert [p.stdout.readline().strip() for p in started] == ["done"] * 4  # type: ignore[union-attr]
    with Database(settings).read() as connection:
        assert connection.execute(select(t.layout.c.version)).scalars().all() == [t.LAYOUT_VERSION]


def test_reader_sees_one_state(database: Database) -> None:
    n = t.iceberg_namespace_properties
    row = {"catalog_name": "mesh", "namespace": "sales", "property_key": "exists", "property_value": "true"}
    with database.read() as reader:
        assert reader.execute(select(n)).all() == []
        with database.write() as writer:
            writer.execute(insert(n).values(**row))
        assert reader.execute(select(n)).all() == []
    with database.read() as reader:
        assert len(reader.execute(select(n)).all()) == 1


def test_writer_that_raises_leaves_nothing(database: Database) -> None:
    n = t.iceberg_namespace_properties
    row = {"catalog_name": "mesh", "namespace": "sales", "property_key": "exists", "property_value": "true"}
    with pytest.raises(IntegrityError), database.write() as writer:
        writer.execute(insert(n), [row, row])
    with database.read() as reader:
        assert reader.execute(select(n)).all() == []


def test_writers_take_turns(settings: Settings) -> None:
    """Read, then write, 6 × 20 times at once: no update is lost and none fails half-way."""
    patient = Settings.of(settings.root, catalog_timeout=60)
    shared = Database(patient)
    p = t.iceberg_namespace_properties
    with shared.write() as connection:
        connection.execute(insert(p).values(catalog_name="c", namespace="n", property_key="k", property_value="0"))

    def count() -> None:
        database = Database(patient)
        for _ in range(20):
            with database.write() as connection:
                value = int(connection.execute(select(p.c.property_value)).scalar_one())
                connection.execute(update(p).values(property_value=str(value + 1)))
        database.close()

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with shared.read() as connection:
        assert connection.execute(select(p.c.property_value)).scalar_one() == "120"
    shared.close()


def sqlite_file(settings: Settings) -> Path:
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("a fault of SQLite's file")
    return Path(settings.database_url.removeprefix("sqlite:///"))


def test_locked_for_too_long(database: Database, settings: Settings) -> None:
    assert database.engine
    other = sqlite3.connect(sqlite_file(settings), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match=r"stayed locked for 0\.3 s") as locked, database.write():
        pass
    assert locked.value.exit_code == 3
    assert locked.value.faults[0].command == "mesh doctor"
    with database.read() as connection:
        assert connection.execute(select(t.layout.c.version)).scalar() == t.LAYOUT_VERSION
    other.close()
    with database.write() as connection:
        connection.execute(select(t.layout))


@pytest.mark.parametrize("damage", ["head", "middle", "text"])
def test_damaged_file(database: Database, settings: Settings, damage: str) -> None:
    assert database.engine
    database.close()
    file = sqlite_file(settings)
    whole = file.read_bytes()
    bad = {
        "head": b"\0" * 100 + whole[100:],
        "middle": whole[:4096] + b"\xff" * (len(whole) - 4096),
        "text": b"this is no database\n" * 500,
    }
    file.write_bytes(bad[damage])
    for wal in settings.state_dir.glob("catalog.db-*"):
        wal.unlink()
    with pytest.raises(UnavailableError, match="is damaged") as refused, Database(settings).read() as connection:
        connection.execute(select(t.iceberg_tables)).all()
    assert refused.value.exit_code == 3
    assert refused.value.faults[0].command == "mesh doctor"


def test_folder_in_the_place_of_the_file(database: Database, settings: Settings) -> None:
    sqlite_file(settings).mkdir(parents=True)
    with pytest.raises(UnavailableError, match="cannot be used"):
        assert database.engine


def test_password_is_never_shown(tmp_path: Path) -> None:
    url = "postgresql://mesh:secret@nowhere.example/mesh"
    assert "secret" not in Database(Settings.of(tmp_path, catalog_url=url)).shown
