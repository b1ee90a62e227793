"""Garbage collection: whatever nothing refers to goes, once nobody who is alive can still want it.

What may go is listed first, then the locks of all products and sources are taken, then it is read what is
referred to: whoever made what was listed has ended by then, or holds a lock, and all of his is left alone.
Readers hold no lock; the grace period, longer than the longest reader, is for them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, func, select

from meshwright.catalog import tables as t
from meshwright.catalog.database import Database
from meshwright.catalog.environments import known
from meshwright.catalog.locks import gate, lock_name, parse_lock, product_lock
from meshwright.catalog.pins import PRODUCTION_CATALOG, WORK_CATALOG, require_catalog
from meshwright.catalog.publish import forget
from meshwright.config import Settings, in_environment
from meshwright.errors import Fault, UnavailableError

_UUID_LENGTH = 36


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed or, with a dry run, would be.

    ``bytes`` is the size of ``files``. ``candidates`` are names that went (``<run>__<domain>.<port>``). ``busy``
    are products and sources that a live process holds, ``unreadable`` ports (``<domain>.<port>``) whose metadata
    cannot be read: all files of both stayed. ``young`` counts unreferenced files that the grace period kept.
    """

    files: tuple[Path, ...] = ()
    bytes: int = 0
    candidates: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    young: int = 0


def collect(
    settings: Settings, database: Database, products: Mapping[str, Iterable[str]], *, grace: timedelta, dry_run: bool
) -> Collected:
    """Remove what no layer, retained snapshot, publish or landing refers to and is older than ``grace``.

    ``products`` are all that there are, ``<domain>/<product>``, each with its ports, ``<domain>.<port>``. Names are all
    that is asked of declarations, so that one that cannot be read keeps its locks and scratch files: what is referred
    to is for the catalog to say. Of a port that no product is known to have, a build anywhere in its domain spares all.

    A candidate without verdict is an orphan as soon as no live process holds its product; a refused one keeps
    its name for ``Settings.refused_days``. UnavailableError where the catalog cannot be read, knows nothing
    although the warehouse holds data, or speaks of another warehouse.
    """
    with ExitStack() as held:
        held.enter_context(gate(settings))
        return _Collection(settings, database, products, grace, dry_run, held).run()


@dataclass(frozen=True, slots=True)
class _Name:
    """One row of ``iceberg_tables``; ``environment`` is empty in production."""

    environment: str
    domain: str
    port: str
    location: str

    @property
    def key(self) -> str:
        return f"{self.domain}.{self.port}"

    @property
    def namespace(self) -> str:
        return f"{self.environment}__{self.domain}"


@dataclass
class _Collection:
    """One collection, while it holds what nobody else does."""

    settings: Settings
    database: Database
    products: Mapping[str, Iterable[str]]
    grace: timedelta
    dry_run: bool
    held: ExitStack
    busy: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    young: int = 0

    def __post_init__(self) -> None:
        self.product_of = {port: key for key, ports in self.products.items() for port in ports}
        self.domains = {key.partition("/")[0] for key in self.products}
        self.environments = set(known(self.database))

    def run(self) -> Collected:
        rooms = [sorted(room.glob("*/*")) for room in (self.settings.warehouse, self.settings.landing)]
        scratch = sorted(self.settings.scratch.glob("*/*"))
        before = set(self._names())
        self._lock(rooms[1])
        names = self._names()
        self._require_sense(names)
        orphans = self._orphans([name for name in names if name in before])
        kept = self._referenced([name for name in names if name not in orphans])
        listed = [*self._of_tables(rooms[0]), *self._of_sources(rooms[1]), *self._leftovers(scratch)]
        gone = [file for file in listed if file.resolve() not in kept and self._is_old(file)]
        size = sum(file.lstat().st_size for file in gone)
        if not self.dry_run:
            self._forget(orphans)
            self._remove(gone, [*rooms[0], *rooms[1], *scratch, *self._dropped()])
        return Collected(
            tuple(gone), size, tuple(sorted(f"{name.namespace}.{name.port}" for name in orphans)),
            tuple(sorted(self.busy)), tuple(sorted(self.unreadable)), self.young,
        )  # fmt: skip

    def _lock(self, stores: Iterable[Path]) -> None:
        """Take the lock of every product and source that there is or was; note those that others hold."""
        names = {*self.products} | {parse_lock(domain) for domain in self.domains}
        names |= {f"{store.parent.name}/landing/{store.name}" for store in stores}
        names |= {lock_name(file) for file in self.settings.locks.glob("*.lock")}
        for name in sorted(names):
            try:
                self.held.enter_context(product_lock(self.settings, name, timeout=0))
            except UnavailableError as error:
                if isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, TimeoutError):
                    raise
                self.busy.add(_plain(name))

    def _is_domain_busy(self, domain: str) -> bool:
        return any(name.startswith(f"{_plain(domain)}/") for name in self.busy)

    def _is_busy(self, domain: str, port: str) -> bool:
        """Whether a live process holds the port's product; of a port that is gone, any product of its domain."""
        product = self.product_of.get(f"{domain}.{port}")
        return product in self.busy if product else self._is_domain_busy(domain)

    def _names(self) -> list[_Name]:
        if not self.database.exists:
            return []
        c = t.iceberg_tables.c
        with self.database.read() as connection:
            rows = connection.execute(
                select(c.catalog_name, c.table_namespace, c.table_name, c.metadata_location).where(
                    c.catalog_name.in_((PRODUCTION_CATALOG, WORK_CATALOG))
                )
            )
            return [_name(*row) for row in rows]

    def _require_sense(self, names: Sequence[_Name]) -> None:
        """A catalog that is lost, or another mesh's, would make everything unreferenced."""
        from meshwright.catalog.files import real

        home = self.settings.warehouse.resolve()
        outside = [name.location for name in names if not real(name.location).is_relative_to(home)]
        if outside:
            reason = f"the catalog {self.database.shown} speaks of {outside[0]}, outside {home}: was the mesh moved?"
            raise UnavailableError(Fault(reason, command="mesh doctor"))
        require_catalog(self.settings, self.database)
        if not names and any(home.rglob("*.parquet")) and not self._knows_anything():
            reason = f"the catalog {self.database.shown} is empty, but {home} holds data"
            raise UnavailableError(Fault(reason, command="mesh doctor"))

    def _knows_anything(self) -> bool:
        if not self.database.exists:
            return False
        tables = (t.landings, t.builds, t.publishes, t.iceberg_namespace_properties, t.environments)
        with self.database.read() as connection:
            return any(connection.execute(select(func.count()).select_from(table)).scalar() for table in tables)

    def _orphans(self, names: Sequence[_Name]) -> list[_Name]:
        """Candidates that nobody is making, and refused ones that were there long enough."""
        candidates = [n for n in names if n.environment and not self._is_busy(n.domain, n.port)]
        if not candidates:
            return []
        with self.database.read() as connection:
            refused, current = _refused(connection), _current(connection)
        horizon = (datetime.now(UTC) - timedelta(days=self.settings.refused_days)).isoformat(timespec="microseconds")
        return [
            name
            for name in candidates
            if (name.environment, name.location) not in current and refused.get(name.location, "") < horizon
        ]

    def _referenced(self, names: Sequence[_Name]) -> set[Path]:
        """Every file that one of these names, a publish that may still be asked for, or a landing refers to."""
        from meshwright.catalog.files import landed, published, retained

        if not self.database.exists:
            return set()
        with self.database.read() as connection:
            found = landed(connection, self.settings.retention_days)
            history = published(connection)
        for name in names:
            try:
                found |= retained(name.location, history.get(name.key, ()))
            except Exception:  # noqa: BLE001 - a damaged file makes PyIceberg raise anything; all of its table stays
                self.unreadable.add(name.key)
        return found

    def _of_tables(self, tables: Iterable[Path]) -> Iterator[Path]:
        """Files of ports: ``<warehouse>/<domain>/<port>-<uuid>/``."""
        for table in tables:
            domain, port = table.parent.name, table.name[: -_UUID_LENGTH - 1]
            if not self._is_busy(domain, port) and f"{domain}.{port}" not in self.unreadable:
                yield from _files(table)

    def _of_sources(self, stores: Iterable[Path]) -> Iterator[Path]:
        """Landed files; a build of any product of the domain may be reading them."""
        for store in stores:
            if not self._is_domain_busy(store.parent.name):
                yield from _files(store)

    def _leftovers(self, scratch: Iterable[Path]) -> Iterator[Path]:
        """Locks and scratch files of products and domains that are gone, and what a killed dbt parse left."""
        living = {*self.products}
        living |= {f"{kind}/{domain}" for kind in ("by-hand", "parse") for domain in self.domains}
        living |= {in_environment(key, name) for key in self.products for name in self.environments}
        for folder in scratch:
            first, second = folder.parent.name, folder.name
            if f"{first}/{second}" not in living and not (self._is_domain_busy(first) or self._is_domain_busy(second)):
                yield from _files(folder)
        for partial in self.settings.manifests.glob("*.partial"):
            if not self._is_domain_busy(partial.name.lstrip(".").split("-")[0]):
                yield partial
        for lock in sorted(self.settings.locks.glob("*.lock")):
            name = lock_name(lock)
            environment, _, plain = name.rpartition("@")
            is_product = plain.count("/") == 1 or plain.split("/")[0] not in self.domains
            dropped = environment and environment not in self.environments
            if (dropped or (is_product and name not in living)) and plain not in self.busy:
                yield lock

    def _dropped(self) -> Iterator[Path]:
        """Scratch folders of domains in environments that are gone."""
        for folder in sorted(self.settings.scratch.glob("*@*")):
            if folder.name.partition("@")[0] not in self.environments:
                yield folder

    def _is_old(self, file: Path) -> bool:
        """Whether the grace period of an unreferenced file is over; a period of nothing spares nothing."""
        old = not self.grace or time.time() - file.lstat().st_mtime >= self.grace.total_seconds()
        self.young += not old
        return old

    def _forget(self, orphans: Sequence[_Name]) -> None:
        """Take away the names, and namespaces that a candidate never came to live in."""
        if not self.database.exists:
            return
        n, names = t.iceberg_namespace_properties, t.iceberg_tables
        with self.database.write() as connection:
            for name in orphans:
                forget(connection, name.namespace, [name.port])
            inhabited = select(names.c.table_namespace).where(names.c.catalog_name == WORK_CATALOG)
            here = (n.c.catalog_name == WORK_CATALOG, n.c.namespace.not_in(inhabited))
            for (namespace,) in connection.execute(select(n.c.namespace).where(*here)).all():
                if not self._is_domain_busy(namespace.rpartition("__")[2]):
                    connection.execute(delete(n).where(*here, n.c.namespace == namespace))

    def _remove(self, files: Iterable[Path], folders: Iterable[Path]) -> None:
        """Remove files, then folders that hold nothing any more."""
        try:
            for file in files:
                file.unlink(missing_ok=True)
            for folder in folders:
                if not self._is_domain_busy(folder.parent.name) and not self._is_domain_busy(folder.name):
                    _prune(folder)
        except OSError as error:
            raise UnavailableError(Fault(f"cannot remove: {error}", command="mesh doctor")) from error


def _plain(name: str) -> str:
    """The name of a lock or a folder without its environment: one that builds keeps all of its product's files."""
    return name.rpartition("@")[2]


def _name(catalog: str, namespace: str, name: str, location: str) -> _Name:
    environment, _, domain = namespace.rpartition("__") if catalog == WORK_CATALOG else ("", "", namespace)
    return _Name(environment, domain, name, location)


def _refused(connection: Connection) -> dict[str, str]:
    """Metadata location to when the build was refused that made it, or a sibling of it."""
    a = t.audits.c
    refused = select(a.build, func.max(a.audited_at)).where(a.verdict == "refused", a.published == 0).group_by(a.build)
    since: dict[str, str] = dict(connection.execute(refused).tuples().all())
    rows = connection.execute(select(a.metadata_location, a.build).where(a.published == 0, a.build.in_(list(since))))
    return {location: since[build] for location, build in rows}


def _current(connection: Connection) -> set[tuple[str, str]]:
    """Environment and metadata location of whatever was published there: the names of environments are kept."""
    p = t.publishes.c
    return set(connection.execute(select(p.environment, p.metadata_location)).tuples().all())


def _files(folder: Path) -> Iterator[Path]:
    for home, _, names in os.walk(folder):
        yield from (Path(home, name) for name in sorted(names))


def _prune(folder: Path) -> None:
    for home, _, _ in os.walk(folder, topdown=False):
        if not any(Path(home).iterdir()):
            Path(home).rmdir()
