"""The asset of a source: landing is a step of its own."""

# Dagster reads the annotations of steps, so they are not deferred here.
from collections.abc import Iterator
from time import perf_counter

import dagster as dg

from meshwright.build import landing
from meshwright.build.sources import Source
from meshwright.catalog.database import Database
from meshwright.catalog.locks import is_held
from meshwright.errors import MeshError
from meshwright.orchestration.failures import fail
from meshwright.orchestration.interrupts import interruptible
from meshwright.orchestration.products import register_partitions
from meshwright.orchestration.session import Session, short_run_id
from meshwright.orchestration.specs import landing_spec, plain
from meshwright.spec.model import Port


class LandingConfig(dg.Config):
    """How to land."""

    force: bool = False


def landing_asset(session: Session, source: Source) -> dg.AssetsDefinition:
    """The asset that lands ``source`` where it changed."""
    domain = session.mesh.domains[source.domain]

    @dg.multi_asset(name=plain(source.key), specs=[landing_spec(domain, source)])
    def land(context: dg.AssetExecutionContext, config: LandingConfig) -> Iterator[dg.MaterializeResult[None]]:
        try:
            yield _landed(session, source, context, force=config.force)
        except MeshError as error:
            session.listener.failed(source.key, error)
            fail(error)

    return land


def _landed(
    session: Session, source: Source, context: dg.AssetExecutionContext, *, force: bool
) -> dg.MaterializeResult[None]:
    started = perf_counter()
    version = landing.current_version(source)
    last = _latest(session.database, source, session.environment)
    if last is None or landing.why_due(source, last, version, follows=session.follows(source.domain), force=force):
        session.listener.landing(source)
        if is_held(session.settings, source.key, session.environment):
            session.listener.waiting(source.key)
        with interruptible():
            last = landing.land(
                session.settings, session.database, source, run=short_run_id(context.run.run_id), version=version,
                environment=session.environment,
            )  # fmt: skip
        session.listener.landed(source, last.rows, perf_counter() - started)
    for port in _readers(session, source):
        register_partitions(context.instance, port, last.partitions() or ())
    return dg.MaterializeResult(
        data_version=dg.DataVersion(last.digest()),
        metadata={
            "dagster/row_count": last.rows,
            "seconds": perf_counter() - started,
            "files": len(last.files),
            "bytes": sum(file.size for file in last.files),
            "arrived_at": last.arrived_at,
        },
    )


def _latest(database: Database, source: Source, environment: str) -> landing.Landing | None:
    with database.read() as connection:
        return landing.latest(connection, environment).get(source.key)


def _readers(session: Session, source: Source) -> list[Port]:
    """The ports whose models rest on a source."""
    graph, domain = session.graph(source.domain), session.mesh.domains[source.domain]
    ports = (port for product in domain.products.values() for port in product.ports)
    return [port for port in ports if f"landing/{source.name}" in graph.reads(port.name)]
