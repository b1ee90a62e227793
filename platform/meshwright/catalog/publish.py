"""The swap: all ports of a product move in one SQL transaction, or none does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from meshwright.catalog import records, tables
from meshwright.catalog.database import Database, now
from meshwright.catalog.pins import PRODUCTION_CATALOG, WORK_CATALOG
from meshwright.catalog.tables import iceberg_namespace_properties, iceberg_tables


class MovedError(Exception):
    """Another publish came between; nothing of this one happened."""


@dataclass(frozen=True, slots=True)
class Move:
    """One pointer to move: from the parent that the candidate was made of to the candidate."""

    domain: str
    port: str
    expected: str | None
    location: str


def swap(
    database: Database,
    candidate_namespace: str,
    moves: Sequence[Move],
    *,
    publishes: Sequence[records.PublishRecord],
    builds: Sequence[records.BuildRecord],
    inputs: Sequence[records.InputRecord],
    audits: Sequence[records.AuditRecord],
) -> None:
    """Compare and swap all pointers, write the records and take the candidates' names away.

    MovedError where a pointer is no longer what its candidate was made of.
    """
    with database.write() as connection:
        for move in moves:
            _move(connection, move)
        if publishes:
            records.write_publishes(connection, publishes)
        records.write_builds(connection, builds, inputs)
        records.write_audits(connection, audits)
        forget(connection, candidate_namespace, [move.port for move in moves])


def _move(connection: Connection, move: Move) -> None:
    key = {"catalog_name": PRODUCTION_CATALOG, "table_namespace": move.domain, "table_name": move.port}
    if move.expected is None:
        _ensure_namespace(connection, move.domain)
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


def _ensure_namespace(connection: Connection, domain: str) -> None:
    n = iceberg_namespace_properties
    key = {"catalog_name": PRODUCTION_CATALOG, "namespace": domain, "property_key": "exists"}
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
