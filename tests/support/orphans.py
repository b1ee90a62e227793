"""What a mesh's state folder holds that nothing refers to, worked out on another way than the collection's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pyiceberg.table import StaticTable
from sqlalchemy import select

from meshwright.catalog import tables as t

from .tiny import TinyMesh


def orphans(mesh: TinyMesh) -> set[str]:
    """Files without a reference and names without a reason, relative to the state folder."""
    state = mesh.settings.state_dir
    rooms = (mesh.settings.warehouse, mesh.settings.landing)
    there = {file for room in rooms for file in room.rglob("*") if file.is_file()}
    found = {str(file.relative_to(state)) for file in there - set(_referenced(mesh))}
    found |= {
        str(folder.relative_to(state)) for room in rooms for folder in room.glob("*/*/**/") if not any(folder.iterdir())
    }
    found |= {str(file.relative_to(state)) for file in mesh.settings.manifests.glob("*.partial")}
    return found | set(_leftover_names(mesh))


def _referenced(mesh: TinyMesh) -> Iterator[Path]:
    with mesh.database.read() as connection:
        locations = [loc for (loc,) in connection.execute(select(t.iceberg_tables.c.metadata_location))]
        named = [loc for (loc,) in connection.execute(select(t.publishes.c.metadata_location))]
        yield from (Path(path) for (path,) in connection.execute(select(t.landing_files.c.path)))
    for location in locations:
        content = json.loads(_path(location).read_text())
        kept = {snapshot["snapshot-id"] for snapshot in content["snapshots"]}
        yield _path(location)
        yield from (_path(n) for n in named if json.loads(_path(n).read_text())["current-snapshot-id"] in kept)
        yield from (_path(snapshot["manifest-list"]) for snapshot in content["snapshots"])
        inspect = StaticTable.from_metadata(location).inspect
        yield from (_path(path) for path in inspect.all_manifests()["path"].to_pylist())
        yield from (_path(path) for path in inspect.all_files()["file_path"].to_pylist())


def _leftover_names(mesh: TinyMesh) -> Iterator[str]:
    n = t.iceberg_namespace_properties.c
    with mesh.database.read() as connection:
        rows = connection.execute(
            select(t.iceberg_tables.c.table_namespace).where(t.iceberg_tables.c.catalog_name != "mesh")
        )
        yield from (f"name in {namespace}" for (namespace,) in rows)
        rows = connection.execute(select(n.namespace).where(n.catalog_name != "mesh"))
        yield from (f"namespace {namespace}" for (namespace,) in rows)


def _path(location: str) -> Path:
    return Path(location.removeprefix("file://"))
