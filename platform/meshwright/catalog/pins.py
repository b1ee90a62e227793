"""From names to pinned snapshots: one immutable metadata file a port, resolved once.

A layer is a catalog name and a namespace. A name that is not in the layer resolves to production.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from meshwright.catalog.database import Database
from meshwright.catalog.tables import audits, iceberg_tables
from meshwright.catalog.tables import environments as environments_
from meshwright.config import PRODUCTION, Settings
from meshwright.duck import local_path
from meshwright.errors import Fault, UnavailableError

PRODUCTION_CATALOG = "mesh"
WORK_CATALOG = "mesh_work"


@dataclass(frozen=True, slots=True)
class Layer:
    """Where the names of one environment live."""

    environment: str = PRODUCTION

    @property
    def catalog(self) -> str:
        """The catalog name in ``iceberg_tables``."""
        return PRODUCTION_CATALOG if self.environment == PRODUCTION else WORK_CATALOG

    def namespace(self, domain: str) -> str:
        """The namespace of a domain in this layer."""
        return domain if self.environment == PRODUCTION else f"{self.environment}__{domain}"


def pin(
    connection: Connection, ports: Collection[str] | None = None, environment: str = PRODUCTION
) -> Mapping[str, str]:
    """``<domain>.<port>`` to metadata location, for what is published (all, or those of ``ports``).

    Names of the environment come first, then production's. A run is a layer over the environment that it built in.
    """
    found: dict[str, str] = {}
    for layer in dict.fromkeys((PRODUCTION, _environment_of(connection, environment), environment)):
        found |= own(connection, layer)
    return found if ports is None else {name: found[name] for name in ports if name in found}


def own(connection: Connection, environment: str) -> dict[str, str]:
    """``<domain>.<port>`` to metadata location, for the names that one layer holds itself."""
    c, layer = iceberg_tables.c, Layer(environment)
    rows = connection.execute(
        select(c.table_namespace, c.table_name, c.metadata_location).where(c.catalog_name == layer.catalog)
    )
    prefix = layer.namespace("")
    return {
        f"{namespace[len(prefix) :]}.{name}": location
        for namespace, name, location in rows
        if namespace.startswith(prefix) and location
    }


def _environment_of(connection: Connection, run: str) -> str:
    """The environment in which a run was refused; production for whatever is no such run."""
    found = connection.execute(select(audits.c.environment).where(audits.c.run == run).limit(1)).scalar()
    return found or PRODUCTION


def environments(connection: Connection) -> tuple[str, ...]:
    """Everything that ``--env`` may name beside production: environments, and runs that left candidates."""
    rows = connection.execute(
        select(iceberg_tables.c.table_namespace).where(iceberg_tables.c.catalog_name == WORK_CATALOG).distinct()
    )
    made = connection.execute(select(environments_.c.name)).scalars()
    return tuple(sorted({*made, *(namespace.rpartition("__")[0] for (namespace,) in rows)}))


def require_catalog(settings: Settings, database: Database) -> None:
    """UnavailableError where there is no catalog, but a warehouse full of tables: the catalog was lost.

    A build would begin a second history beside them, and the next collection would take them away.
    """
    if not database.exists and any(settings.warehouse.glob("*/*/data")):
        reason = f"the catalog {database.shown} is gone, but {settings.warehouse} holds tables that it named"
        raise UnavailableError(Fault(reason, command="mesh doctor"))


def require_here(settings: Settings, pins: Mapping[str, str]) -> None:
    """UnavailableError where a port lies outside this mesh's warehouse: the mesh was moved or copied.

    A build in a copy would write into the original's tables.
    """
    homes = {settings.warehouse, settings.warehouse.resolve()}
    for port, location in pins.items():
        path = local_path(location)
        if "://" not in path and not any(Path(path).is_relative_to(home) for home in homes):
            reason = f"{port} lies at {path}, outside {settings.warehouse}: this mesh was moved or copied"
            raise UnavailableError(Fault(reason, command="mesh doctor"))
