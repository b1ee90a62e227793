"""Candidates: a port's next state, committed under ``mesh_work``, where no reader looks.

One OVERWRITE snapshot adopts staged files into a table that starts from the parent's metadata. The files of
the touched partitions go, whether or not new ones came.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from pyarrow.parquet import ParquetFile  # type: ignore[import-untyped]
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile, ManifestEntry, ManifestFile
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.update import (
    AddPartitionSpecUpdate,
    AddSchemaUpdate,
    SetCurrentSchemaUpdate,
    SetDefaultSpecUpdate,
    SetPropertiesUpdate,
    TableUpdate,
)
from pyiceberg.table.update.snapshot import ExpireSnapshots, _ManifestMergeManager, _OverwriteFiles
from pyiceberg.typedef import EMPTY_DICT

from meshwright.catalog import schema as schemas
from meshwright.catalog.pins import WORK_CATALOG
from meshwright.config import Settings
from meshwright.disk import sync
from meshwright.duck import local_path
from meshwright.errors import BuildError, Fault
from meshwright.spec.model import Port

MERGE_ABOVE = 16
"""Manifests that a snapshot may have before they are merged."""
KEEP_AT_LEAST, KEEP_AT_MOST = 10, 100
"""Bounds on the snapshots that the retention leaves in a table's history."""


class _Replace(_OverwriteFiles):
    """PyIceberg's OVERWRITE, without manifests that only remember deletions, and merging the rest.

    ``whole`` replaces everything by carrying nothing over: deleting file by file would need the old partitioning,
    whose column may be gone. Rests on private classes of PyIceberg 0.12.0; tests hold the number of manifests down.
    """

    whole = False

    def _existing_manifests(self) -> list[ManifestFile]:
        if self.whole:
            return []
        return [m for m in super()._existing_manifests() if m.has_added_files() or m.has_existing_files()]

    def _deleted_entries(self) -> list[ManifestEntry]:
        return [] if self.whole else super()._deleted_entries()

    def _summary(self, snapshot_properties: dict[str, str] = EMPTY_DICT) -> Summary:
        parent = self._parent_snapshot_id
        try:
            # Totals are the parent's and what changed; of a whole replacement they begin anew.
            self._parent_snapshot_id = None if self.whole else parent
            return super()._summary(snapshot_properties)
        finally:
            self._parent_snapshot_id = parent

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        if len(manifests) < MERGE_ABOVE:
            return manifests
        merger = _ManifestMergeManager(
            target_size_bytes=8 << 20, min_count_to_merge=8, merge_enabled=True, snapshot_producer=self
        )
        return merger.merge_manifests(manifests)


@dataclass(frozen=True, slots=True)
class Committed:
    """A candidate as it was committed."""

    location: str
    snapshot: int
    rows: int


class Candidate:
    """The next state of one port. ``parent`` is the metadata location it starts from, None for the first.

    ``schema`` and ``spec`` say how files must be staged, ``data_dir`` where: files are adopted in place.
    """

    def __init__(self, catalog: SqlCatalog, namespace: str, port: Port, parent: str | None, warehouse: Path) -> None:
        self.port, self.parent = port, parent
        self._catalog, self._name = catalog, (namespace, port.name)
        self._warehouse = warehouse
        self._home = warehouse / port.domain / f"{port.name}-{uuid.uuid4()}"
        catalog.create_namespace_if_not_exists(namespace)
        with contextlib.suppress(NoSuchTableError):
            catalog.drop_table(self._name)
        self._table = catalog.register_table(self._name, parent) if parent else None

    @cached_property
    def schema(self) -> Schema:
        """The schema of the contract, with the parent's field ids where columns stayed."""
        if self._table is None:
            return schemas.evolved_schema(self.port.contract.columns, None, {})
        elements = schemas.read_elements(self._table.properties)
        last = self._table.metadata.last_column_id
        return schemas.evolved_schema(self.port.contract.columns, self._table.schema(), elements, last)

    @cached_property
    def spec(self) -> PartitionSpec:
        """The partition spec of the contract."""
        return schemas.partition_spec(self.port.contract.partition, self.schema)

    @property
    def must_be_whole(self) -> bool:
        """Whether kept rows cannot be carried over: new partitioning, or a column whose field is new.

        A column that was added and is not required may stay NULL in kept rows, but not silently: all
        partitions are built.
        """
        if self._table is None:
            return True
        kept = {f.field_id for f in self._table.schema().fields}
        fresh = any(f.field_id not in kept for f in self.schema.fields)
        return fresh or not schemas.same_partitioning(self._table.spec(), self.spec)

    @property
    def data_dir(self) -> Path:
        """A fresh folder inside the table's own."""
        base = Path(self._table.location().removeprefix("file://")) if self._table else self._home
        return base / "data" / str(uuid.uuid4())

    def commit(
        self,
        files: Sequence[Path],
        touched: Collection[Any] | None,
        *,
        properties: dict[str, str],
        retention_days: int,
    ) -> Committed:
        """Adopt ``files``; the live files of ``touched`` partition values go (None: all of them)."""
        table = self._table or self._create()
        with table.transaction() as transaction:
            self._evolve(transaction)
            live = [task.file for task in table.scan().plan_files()] if self.parent and touched is not None else []
            replace = _Replace(
                operation=Operation.OVERWRITE, transaction=transaction, io=table.io, snapshot_properties=properties
            )
            replace.whole = touched is None
            with replace:
                for file in live:
                    if _partition_value(file) in (touched or ()):
                        replace.delete_data_file(file)
                for path in files:
                    replace.append_data_file(self._data_file(table, transaction, path))
            expired = _expired(transaction, retention_days)
            if expired:
                ExpireSnapshots(transaction).by_ids(expired).commit()
        self._table = table = self._catalog.load_table(self._name)
        snapshot = table.current_snapshot()
        assert snapshot is not None
        assert snapshot.summary is not None
        sync(_written(table, snapshot), self._warehouse)
        return Committed(table.metadata_location, snapshot.snapshot_id, int(snapshot.summary["total-records"] or 0))

    def _data_file(self, table: Table, transaction: Transaction, path: Path) -> DataFile:
        """The file as manifests list it, with the least and the greatest value of each column."""
        try:
            return parquet_file_to_data_file(table.io, transaction.table_metadata, f"file://{path}")
        except (OverflowError, ValueError) as error:
            if (column := _far(path)) is None:
                raise
            reason = f"{self.port.key}.{column} holds a date outside the years 1 to 9999, or an infinite one"
            hint = "make it NULL in the model, where it means that there is none"
            raise BuildError(Fault(reason, self.port.contract.where.file, command=hint)) from error

    def _create(self) -> Table:
        return self._catalog.create_table(
            self._name,
            self.schema,
            location=f"file://{self._home}",
            partition_spec=self.spec,
            properties={
                "format-version": "2",
                schemas.ELEMENTS: json.dumps(schemas.element_ids(self.port.contract.columns, self.schema)),
            },
        )

    def _evolve(self, transaction: Transaction) -> None:
        """Put the contract's schema and partitioning into the same commit as its rows.

        Both at once: a spec whose column is gone does not fit the new schema, nor the new spec the old one.
        """
        metadata = transaction.table_metadata
        updates: list[TableUpdate] = []
        if metadata.schema().as_struct() != self.schema.as_struct():
            fresh = 1 + max(s.schema_id for s in metadata.schemas)
            updates.append(AddSchemaUpdate(schema=Schema(*self.schema.fields, schema_id=fresh)))
            updates.append(SetCurrentSchemaUpdate(schema_id=fresh))  # type: ignore[call-arg]
        elements = schemas.element_ids(self.port.contract.columns, self.schema)
        if elements != schemas.read_elements(metadata.properties):
            updates.append(SetPropertiesUpdate(updates={schemas.ELEMENTS: json.dumps(elements)}))
        if not schemas.same_partitioning(metadata.spec(), self.spec):
            first = 1 + (metadata.last_partition_id or 999)
            fields = (f.model_copy(update={"field_id": first + i}) for i, f in enumerate(self.spec.fields))
            fresh = 1 + max(s.spec_id for s in metadata.partition_specs)
            updates.append(AddPartitionSpecUpdate(spec=PartitionSpec(*fields, spec_id=fresh)))
            updates.append(SetDefaultSpecUpdate(spec_id=fresh))  # type: ignore[call-arg]
        if updates:
            transaction._apply(tuple(updates))


def _far(path: Path) -> str | None:
    """The first column of a Parquet file with a date or time that Python has no value for."""
    metadata = ParquetFile(path).metadata
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            column = metadata.row_group(group).column(number)
            try:
                repr(column.statistics)
            except (OverflowError, ValueError):
                return str(column.path_in_schema)
    return None


def open_work_catalog(settings: Settings) -> SqlCatalog:
    """PyIceberg's view of ``mesh_work``."""
    url = settings.database_url
    if url.startswith("sqlite"):
        url += f"?timeout={settings.catalog_timeout:g}"
    return SqlCatalog(WORK_CATALOG, uri=url, warehouse=f"file://{settings.warehouse}", init_catalog_tables="false")


def live_files(metadata_location: str) -> dict[Path, int]:
    """The data files of the current snapshot of one metadata file, with their sizes in bytes."""
    from pyiceberg.table import StaticTable

    files = [task.file for task in StaticTable.from_metadata(metadata_location).scan().plan_files()]
    return {Path(local_path(file.file_path)): file.file_size_in_bytes for file in files}


def _written(table: Table, snapshot: Snapshot) -> list[Path]:
    """The metadata that a commit wrote, which must outlive a power failure before a pointer names it."""
    manifests = [m.manifest_path for m in snapshot.manifests(table.io) if m.added_snapshot_id == snapshot.snapshot_id]
    return [Path(local_path(place)) for place in (table.metadata_location, snapshot.manifest_list, *manifests)]


def _partition_value(file: DataFile) -> Any:
    return file.partition[0] if len(file.partition) else None


def _expired(transaction: Transaction, retention_days: int) -> list[int]:
    """Snapshots beyond the retention, oldest first; never the last ten, always those beyond a hundred."""
    horizon = (datetime.now(UTC) - timedelta(days=retention_days)).timestamp() * 1000
    history = sorted(transaction.table_metadata.snapshots, key=lambda s: s.sequence_number or 0)
    old = [s.snapshot_id for s in history if s.timestamp_ms < horizon]
    beyond = [s.snapshot_id for s in history[:-KEEP_AT_MOST]]
    spared = {s.snapshot_id for s in history[-KEEP_AT_LEAST:]}
    return [s for s in dict.fromkeys([*beyond, *old]) if s not in spared]
