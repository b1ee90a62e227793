"""The swap: all ports of a product move in one SQL transaction, or none does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from meshwright.catalog import promises, records, tables
from meshwright.catalog.database import Database, now
from meshwright.catalog.pins import PRODUCTION_CATALOG, WORK_CATALOG, Layer, own
from meshwright.catalog.tables import iceberg_namespace_properties, iceberg_tables
from meshwright.config import PRODUCTION


class MovedError(Exception):
    """Another publish came between; nothing of this one happened."""


@dataclass(frozen=True, slots=True)
class Move:
    """One pointer to move: from where it was when the candidate was made to the candidate.

    ``expected`` None: there was none. ``location`` None: an environment's own pointer goes, and its name resolves
    to production again.
    """

    domain: str
    port: str
    expected: str | None
    location: str | None


def swap(
    database: Database,
    candidate_namespace: str,
    moves: Sequence[Move],
    *,
    publishes: Sequence[records.PublishRecord],
    builds: Sequence[records.BuildRecord],
    inputs: Sequence[records.InputRecord],
    audits: Sequence[records.AuditRecord],
    environment: str = PRODUCTION,
    parents: Mapping[str, str | None] | None = None,
    inherited: Sequence[int] = (),
    made: Sequence[promises.Promise] = (),
) -> None:
    """Compare and swap all pointers, write the records and take the candidates' names away.

    MovedError where a pointer is no longer what its candidate was made of. In an environment, ``parents`` are
    production's pointers (``<domain>.<port>``) that must still be as they were, ``inherited`` the build records of
    production (by ``seq``) that hold for partitions that the layer keeps as they are. ``made`` are the contracts
    under which the product's ports are published from now on.
    """
    with database.write() as connection:
        if parents:
            now_there = own(connection, PRODUCTION)
            if any(now_there.get(port) != location for port, location in parents.items()):
                raise MovedError
        for move in moves:
            move_pointer(connection, move, environment)
        records.copy_builds(connection, inherited, environment=environment, verdict="unchanged", publish=None)
        if publishes:
            records.write_publishes(connection, publishes)
        records.write_builds(connection, builds, inputs)
        records.write_audits(connection, audits)
        promises.record(connection, made, now(), environment)
        forget(connection, candidate_namespace, [move.port for move in moves])


def move_pointer(connection: Connection, move: Move, environment: str = PRODUCTION) -> None:
    """Move one pointer of a layer; MovedError where it is not the expected one."""
    layer = Layer(environment)
    namespace = layer.namespace(move.domain)
    key = {"catalog_name": layer.catalog, "table_namespace": namespace, "table_name": move.port}
    if move.location is None:
        assert environment != PRODUCTION
        if own(connection, environment).get(f"{move.domain}.{move.port}") != move.expected:
            raise MovedError
        forget(connection, namespace, [move.port])
        return
    if move.expected is None:
        _ensure_namespace(connection, layer.catalog, namespace)
        try:
            connection.execute(
                insert(iceberg_tables).values(**key, metadata_location=move.location, iceberg_type="TABLE")
            )
        except IntegrityError as error:
            raise MovedError from error
        return
    moved = connection.execute(
        update(iceberg_tables)
        .where(
            *(iceberg_tables.c[column] == value for column, value in key.items()),
            iceberg_tables.c.metadata_location == move.expected,
        )
        .values(metadata_location=move.location, previous_metadata_location=move.expected)
    )
    if moved.rowcount != 1:
        raise MovedError


def _ensure_namespace(connection: Connection, catalog: str, namespace: str) -> None:
    n = iceberg_namespace_properties
    key = {"catalog_name": catalog, "namespace": namespace, "property_key": "exists"}
    if not connection.execute(select(n).where(*(n.c[k] == v for k, v in key.items()))).first():
        connection.execute(insert(n).values(**key, property_value="true"))


def forget(connection: Connection, candidate_namespace: str, ports: Sequence[str]) -> None:
    """Take away the names of candidates; their files stay until the garbage collection."""
    t, n = iceberg_tables, iceberg_namespace_properties
    here = (t.c.catalog_name == WORK_CATALOG, t.c.table_namespace == candidate_namespace)
    connection.execute(delete(t).where(*here, t.c.table_name.in_(ports)))
    if not connection.execute(select(t.c.table_name).where(*here)).first():
        connection.execute(delete(n).where(n.c.catalog_name == WORK_CATALOG, n.c.namespace == candidate_namespace))


def unpublish(database: Database, domain: str, port: str) -> bool:
    """Take a port's name out of production, in one transaction; whether it was there. Records and files stay.

    The caller holds its product, so that no publish comes between.
    """
    t = iceberg_tables
    here = (t.c.catalog_name == PRODUCTION_CATALOG, t.c.table_namespace == domain, t.c.table_name == port)
    with database.write() as connection:
        return bool(connection.execute(delete(t).where(*here)).rowcount)


def mark_reported(database: Database, publishes: Collection[str]) -> None:
    """Note that the orchestrator heard of these publish ids."""
    if publishes:
        p = tables.publishes
        with database.write() as connection:
            connection.execute(
                update(p).where(p.c.id.in_(publishes), p.c.reported_at.is_(None)).values(reported_at=now())
            )
