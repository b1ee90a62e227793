"""From names to snapshots, through layers."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert

from meshwright.catalog.database import Database
from meshwright.catalog.pins import Layer, environments, pin
from meshwright.catalog.tables import iceberg_tables


def name(database: Database, catalog: str, namespace: str, table: str, location: str | None) -> None:
    with database.write() as connection:
        connection.execute(
            insert(iceberg_tables).values(
                catalog_name=catalog, table_namespace=namespace, table_name=table, metadata_location=location
            )
        )


def pinned(database: Database, *ports: str, environment: str = "production") -> Mapping[str, str]:
    with database.read() as connection:
        return pin(connection, ports or None, environment)


def test_nothing_is_published(database: Database) -> None:
    assert pinned(database) == {}


def test_production_is_what_stands_under_mesh(database: Database) -> None:
    name(database, "mesh", "sales", "lines", "p1")
    name(database, "mesh_work", "ab12__sales", "lines", "c1")
    name(database, "other", "sales", "lines", "x1")
    assert pinned(database) == {"sales.lines": "p1"}


def test_environment_comes_before_its_parent(database: Database) -> None:
    name(database, "mesh", "sales", "lines", "p1")
    name(database, "mesh", "sales", "stores", "p2")
    name(database, "mesh_work", "ab12__sales", "lines", "c1")
    name(database, "mesh_work", "ab12__growth", "panel", "c3")
    wanted = {"sales.lines": "c1", "sales.stores": "p2", "growth.panel": "c3"}
    assert pinned(database, environment="ab12") == wanted
    assert pinned(database, environment="ab1") == {"sales.lines": "p1", "sales.stores": "p2"}


def test_only_what_is_asked_for(database: Database) -> None:
    name(database, "mesh", "sales", "lines", "p1")
    name(database, "mesh", "sales", "stores", "p2")
    assert pinned(database, "sales.stores", "sales.nothing") == {"sales.stores": "p2"}


def test_name_without_a_table_is_none(database: Database) -> None:
    name(database, "mesh", "sales", "lines", None)
    assert pinned(database) == {}


def test_environments_are_told_by_their_names(database: Database) -> None:
    name(database, "mesh", "sales", "lines", "p1")
    name(database, "mesh_work", "b__sales", "lines", "c1")
    name(database, "mesh_work", "a_long_one__sales", "lines", "c1")
    name(database, "mesh_work", "a_long_one__growth", "panel", "c1")
    with database.read() as connection:
        assert environments(connection) == ("a_long_one", "b")


def test_layers() -> None:
    assert (Layer().catalog, Layer().namespace("sales")) == ("mesh", "sales")
    assert (Layer("pr7").catalog, Layer("pr7").namespace("sales")) == ("mesh_work", "pr7__sales")
