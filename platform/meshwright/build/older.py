"""A build key that made an older snapshot which is still there: its files are adopted again, nothing is built."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from sqlalchemy import Connection

from meshwright.build.context import Run
from meshwright.build.partitions import stored
from meshwright.build.plan import PortPlan
from meshwright.build.staging import Part
from meshwright.build.state import State
from meshwright.catalog import records
from meshwright.config import PRODUCTION
from meshwright.duck import local_path
from meshwright.spec.model import Port

if TYPE_CHECKING:
    from pyiceberg.schema import Schema


@dataclass(frozen=True)
class OlderRows:
    """The due partitions of a port as an older snapshot holds them."""

    parts: Mapping[str, Part]
    files: Mapping[str, tuple[Path, ...]]

    def write(self, folder: Path, schema: Schema, partitions: Collection[str] | None, rows: int) -> list[Path]:
        """The files of ``partitions`` (None: all); they lie where they are, and nothing is written."""
        return [f for p, files in self.files.items() if partitions is None or p in partitions for f in files]

    def count(self, column: str) -> int | None:
        """None: how many values a column has was not looked at."""
        return None


def older_rows(run: Run, state: State, plan: PortPlan) -> OlderRows | None:
    """What the due partitions' keys made before; None where one of them is new or its files are gone."""
    parts: dict[str, Part] = {}
    files: dict[str, tuple[Path, ...]] = {}
    with run.database.read() as connection:
        found = {
            due.partition: _made(connection, run.environment, plan.port, due.partition, due.parts.key)
            for due in plan.due
        }
    for partition, record in found.items():
        if record is None or record["engine"] != duckdb.__version__ or not record["metadata_location"]:
            return None
        live = _files(plan.port, state, record["metadata_location"], partition)
        if live is None:
            return None
        parts[partition] = Part(partition, record["rows"], record["digest"])
        files[partition] = live
    return OlderRows(parts, files)


def _made(connection: Connection, environment: str, port: Port, partition: str, key: str) -> Mapping[str, Any] | None:
    """What a key made before in this environment, else in production."""
    for place in dict.fromkeys((environment, PRODUCTION)):
        if found := records.made_by(connection, port.domain, port.name, partition, key, place):
            return found
    return None


def _files(port: Port, state: State, location: str, partition: str) -> tuple[Path, ...] | None:
    """The data files of a partition at a metadata location; None where they cannot be adopted as they are."""
    from pyiceberg.table import StaticTable

    from meshwright.catalog.schema import evolved_schema, partition_spec, read_elements, same_partitioning

    parent = state.pins.get(port.key)
    if parent is None or not Path(local_path(location)).is_file():
        return None
    table, now = StaticTable.from_metadata(location), StaticTable.from_metadata(parent)
    wanted = evolved_schema(port.contract.columns, now.schema(), read_elements(now.properties))
    spec = partition_spec(port.contract.partition, wanted)
    if table.schema().as_struct() != wanted.as_struct() or not same_partitioning(table.spec(), spec):
        return None
    files = [task.file for task in table.scan().plan_files()]
    if partition:
        files = [file for file in files if file.partition[0] == stored(port, partition)]
    paths = tuple(Path(local_path(file.file_path)) for file in files)
    return paths if all(path.is_file() for path in paths) else None
