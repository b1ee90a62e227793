"""Environments by themselves: names, layers, their place in the catalog, and catalogs of an older layout."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update

from meshwright.build import landing
from meshwright.catalog import environments
from meshwright.catalog import tables as t
from meshwright.catalog.database import Database
from meshwright.catalog.gc import collect
from meshwright.catalog.locks import gate, is_held, lock_name, lock_path, product_lock
from meshwright.catalog.pins import Layer, own, pin
from meshwright.catalog.publish import Move, MovedError, swap
from meshwright.config import Settings
from meshwright.errors import InputError, RefusedError
from support.bench import Bench, Made, port
from support.processes import Helper

LINES = port("sales.lines", {"id": "long"})
ONE, TWO = "SELECT 1::BIGINT AS id", "SELECT 2::BIGINT AS id"


def put(bench: Bench, environment: str, made: Made, expected: str | None, parent: str | None = None) -> None:
    """Publish a candidate into an environment."""
    move = Move("sales", "lines", expected, made.committed.location)
    swap(
        bench.database, made.namespace, [move], publishes=[], builds=[], inputs=[], audits=[],
        environment=environment, parents={"sales.lines": parent},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("production", "what everybody reads"),
        ("mesh_work", "reserved"),
        ("landing", "reserved"),
        ("deadbeef", "reads like the id of a run"),
        ("a__b", "holds '__'"),
        ("../x", "lower-case letters"),
        ("Try", "lower-case letters"),
        ("trу", r"U\+0443"),
        ("a" * 64, "longer than 63"),
        ("", "lower-case letters"),
        ("there", "already"),
        ("the_re", "reads like 'there'"),
    ],
)
def test_names_that_cannot_be(bench: Bench, name: str, said: str) -> None:
    environments.create(bench.settings, bench.database, "there", "somebody")
    with pytest.raises(InputError, match=said) as refused:
        environments.create(bench.settings, bench.database, name, "somebody")
    assert refused.value.faults[0].command
    assert list(environments.known(bench.database)) == ["there"]


def test_asking_makes_nothing(settings: Settings, database: Database) -> None:
    assert environments.known(database) == {}
    with pytest.raises(InputError, match="there is none yet") as refused:
        environments.require(database, "mine")
    assert refused.value.faults[0].command == "mesh env create mine"
    assert not settings.state_dir.exists()


def test_a_layer_moves_for_itself(bench: Bench) -> None:
    parent = bench.publish(LINES, ONE).committed.location
    for name in ("a", "a_b"):
        environments.create(bench.settings, bench.database, name, "somebody")
    first = bench.commit(LINES, TWO)
    put(bench, "a", first, None, parent)
    with bench.database.read() as connection:
        assert pin(connection) == pin(connection, environment="a_b") == {"sales.lines": parent}
        assert pin(connection, environment="a") == own(connection, "a") == {"sales.lines": first.committed.location}
    with pytest.raises(MovedError):
        put(bench, "a", bench.commit(LINES, ONE), None, parent)
    with pytest.raises(MovedError):
        put(bench, "a", bench.commit(LINES, ONE), first.committed.location, "elsewhere")
    back = Move("sales", "lines", first.committed.location, None)
    swap(bench.database, "none", [back], publishes=[], builds=[], inputs=[], audits=[], environment="a")
    with bench.database.read() as connection:
        assert own(connection, "a") == {}
        names = connection.execute(select(t.iceberg_namespace_properties.c.namespace)).scalars().all()
    assert Layer("a").namespace("sales") not in names


def test_locks_of_an_environment(settings: Settings) -> None:
    path = lock_path(settings, "sales/made", "mine")
    assert lock_name(path) == "mine@sales/made"
    with product_lock(settings, "sales/made", environment="mine"):
        assert is_held(settings, "sales/made", "mine")
        assert not is_held(settings, "sales/made")
        with product_lock(settings, "sales/made", timeout=0):
            pass


def test_nobody_takes_a_new_lock_behind_the_gate(settings: Settings, helper: Helper) -> None:
    code = (
        "import sys; from pathlib import Path; from meshwright.config import Settings\n"
        "from meshwright.catalog.locks import product_lock\n"
        "print('ready', flush=True)\n"
        "with product_lock(Settings.of(Path(sys.argv[1])), 'sales/made', environment='mine'): print('in', flush=True)"
    )
    with gate(settings):
        process = helper.python(code, str(settings.root), wait_for="ready")
        with pytest.raises(TimeoutError):
            _wait(process, 1.0)
        assert not lock_path(settings, "sales/made", "mine").exists()
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "in"


def _wait(process: object, seconds: float) -> None:
    import subprocess

    assert isinstance(process, subprocess.Popen)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error


def test_an_environment_alone_is_something_to_know(bench: Bench) -> None:
    """A mesh with an environment and nothing published is no catalog that was lost."""
    environments.create(bench.settings, bench.database, "mine", "somebody")
    made = bench.commit(LINES, ONE)
    with bench.database.write() as connection:
        connection.execute(delete(t.iceberg_tables))
        connection.execute(delete(t.iceberg_namespace_properties))
    found = collect(bench.settings, bench.database, {}, grace=timedelta(0), dry_run=False)
    assert found.files
    assert made.committed.rows == 1


def test_dropped_under_a_lock(bench: Bench) -> None:
    environments.create(bench.settings, bench.database, "mine", "somebody")
    with (
        product_lock(bench.settings, "sales/landing/people", environment="mine"),
        pytest.raises(RefusedError, match="sales/landing/people is being built in it"),
    ):
        environments.drop(bench.settings, bench.database, "mine")
    assert environments.drop(bench.settings, bench.database, "mine") == ()
    assert environments.known(bench.database) == {}


def test_a_catalog_of_layout_2_is_brought_up_to_date(settings: Settings, database: Database) -> None:
    """As 0.1.0 wrote it: no environments, landings without one."""
    row = {"domain": "shop", "source": "lines", "code": "c", "rows": 1, "bytes": 1, "run": "r", "arrived_at": "now"}
    with database.write() as connection:
        connection.execute(t.landings.insert().values(**row))
        connection.execute(text("ALTER TABLE mesh_landings DROP COLUMN environment"))
        connection.execute(text("DROP TABLE mesh_environments"))
        connection.execute(update(t.layout).values(version=2))
    database.close()
    opened = Database(settings)
    with opened.read() as connection:
        assert [found.environment for found in landing.latest(connection).values()] == ["production"]
        assert connection.execute(select(t.layout.c.version)).scalar() == t.LAYOUT_VERSION
    assert environments.known(opened) == {}
    environments.create(settings, opened, "mine", "somebody")
    opened.close()
