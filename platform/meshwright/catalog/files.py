"""Which files a mesh refers to: what its metadata retains, what ``--as-of`` may ask for, what has landed.

Paths are real ones, every symbolic link followed, so that they compare however the mesh was entered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyiceberg.io import FileIO
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import StaticTable
from sqlalchemy import Connection, func, or_, select

from meshwright.catalog import tables as t
from meshwright.duck import local_path

Published = Mapping[str, Sequence[tuple[int, str]]]
"""``<domain>.<port>`` to snapshot and metadata location of everything that was ever published."""


def real(location: str | Path) -> Path:
    """The real path of a file, or of a location with or without ``file://``."""
    return Path(local_path(str(location))).resolve()


def retained(location: str, published: Sequence[tuple[int, str]]) -> set[Path]:
    """Every file that one metadata file needs, and the metadata files of publishes that it still retains.

    That is itself, and the manifest lists, manifests, data and statistics of its whole history. Raises whatever
    PyIceberg does where one of them cannot be read: then nothing can be told to be unreferenced.
    """
    table = StaticTable.from_metadata(location)
    snapshots = {s.snapshot_id: s for s in table.metadata.snapshots}
    names = [location, *(statistics.statistics_path for statistics in table.metadata.statistics)]
    names += [name for snapshot, name in published if snapshot in snapshots]
    manifests: dict[str, ManifestFile] = {}
    for snapshot in snapshots.values():
        names.append(snapshot.manifest_list)
        manifests |= {m.manifest_path: m for m in snapshot.manifests(table.io)}
    for path, manifest in manifests.items():
        names += [path, *_live(table.io, manifest)]
    return {real(name) for name in names}


def _live(io: FileIO, manifest: ManifestFile) -> Iterator[str]:
    return (entry.data_file.file_path for entry in manifest.fetch_manifest_entry(io, discard_deleted=True))


def published(connection: Connection) -> Published:
    """All publishes, of every environment."""
    p = t.publishes.c
    found: dict[str, list[tuple[int, str]]] = {}
    for domain, port, snapshot, location in connection.execute(
        select(p.domain, p.port, p.snapshot, p.metadata_location)
    ):
        found.setdefault(f"{domain}.{port}", []).append((snapshot, location))
    return found


def landed(connection: Connection, retention_days: int) -> set[Path]:
    """Files of each source's newest landing in every environment, and of all that arrived within the retention."""
    n, f = t.landings.c, t.landing_files.c
    horizon = (datetime.now(UTC) - timedelta(days=retention_days)).isoformat(timespec="microseconds")
    newest = select(func.max(n.seq)).group_by(n.environment, n.domain, n.source)
    kept = select(n.seq).where(or_(n.seq.in_(newest), n.arrived_at >= horizon))
    return {real(path) for (path,) in connection.execute(select(f.path).where(f.landing.in_(kept)))}
