"""Everything of production, to the byte: what no environment may touch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from meshwright.catalog import tables as t
from meshwright.catalog.candidates import live_files
from meshwright.duck import local_path

from .tiny import TinyMesh


def fingerprint(mesh: TinyMesh) -> Mapping[str, Any]:
    """Production's pointers, records and landings, and a hash of each file that its names stand for."""
    found: dict[str, Any] = {}
    with mesh.database.read() as connection:
        for table in (t.iceberg_tables, t.iceberg_namespace_properties):
            rows = connection.execute(select(table).where(table.c.catalog_name == "mesh")).all()
            found[table.name] = sorted(map(str, rows))
        for table in (t.landings, t.builds, t.audits, t.publishes, t.confirmations, t.promises):
            rows = connection.execute(select(table).where(table.c.environment == "production")).all()
            found[table.name] = sorted(map(str, rows))
        mine = select(t.builds.c.id).where(t.builds.c.environment == "production")
        inputs = connection.execute(select(t.build_inputs).where(t.build_inputs.c.build.in_(mine))).all()
        found[t.build_inputs.name] = sorted(map(str, inputs))
    for location in mesh.pins().values():
        for file in (Path(local_path(location)), *live_files(location)):
            found[str(file)] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def leftovers(mesh: TinyMesh, environment: str) -> dict[str, int]:
    """How many rows of each table are an environment's."""
    tables = (t.landings, t.builds, t.audits, t.publishes, t.confirmations, t.promises)
    with mesh.database.read() as connection:
        return {
            table.name: len(connection.execute(select(table).where(table.c.environment == environment)).all())
            for table in tables
        }
