"""A product as one multi-asset: its inner models and ports, built, audited and published in one step."""

# Dagster reads the annotations of steps, so they are not deferred here.
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg
from pydantic import Field

from meshwright.build.partitions import in_order
from meshwright.build.product import ProductResult, build_product
from meshwright.build.publishing import PortResult
from meshwright.build.staging import Part
from meshwright.build.state import State
from meshwright.catalog import publish as publishing
from meshwright.catalog.locks import is_held
from meshwright.config import PRODUCTION
from meshwright.errors import AuditError, MeshError
from meshwright.orchestration import checks
from meshwright.orchestration.failures import fail
from meshwright.orchestration.interrupts import interruptible
from meshwright.orchestration.session import Session
from meshwright.orchestration.specs import check_specs, model_key, plain, port_key, product_specs
from meshwright.spec.model import Port, Product

Event = dg.MaterializeResult[None] | dg.AssetCheckResult


class BuildConfig(dg.Config):
    """What to build: some partitions (default: all that are due), or everything, due or not."""

    partitions: list[str] = Field(default_factory=list)
    force: bool = False


def product_asset(session: Session, product: Product, *, partitioned: bool = True) -> dg.AssetsDefinition:
    """The multi-asset of a product; not subsettable, since its ports are published together.

    ``partitioned`` False is for a run across domains that names its partitions by config: Dagster asks a step
    with partitions for its partition as soon as an upstream asset of the same run has some.
    """
    domain, graph = session.mesh.domains[product.domain], session.graph(product.domain)
    specs = product_specs(domain, product, graph, session.mesh.root)

    @dg.multi_asset(
        name=plain(product.key),
        specs=specs if partitioned else [spec.replace_attributes(partitions_def=None) for spec in specs],
        check_specs=check_specs(product, graph),
        can_subset=False,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def build(context: dg.AssetExecutionContext, config: BuildConfig) -> Iterator[Event]:
        yield from _build(session, product, context, config)

    return build


def op_name(product: Product) -> str:
    """The name of a product's step."""
    return plain(product.key)


def _build(
    session: Session, product: Product, context: dg.AssetExecutionContext, config: BuildConfig
) -> Iterator[Event]:
    run = session.run(context.run.run_id, context.log.info)
    named = context.has_partition_key or context.has_partition_key_range
    wanted = config.partitions or (list(context.partition_keys) if named else [])
    session.listener.building(product)
    if is_held(session.settings, product.key, session.environment):
        session.listener.waiting(product.key)
    try:
        with interruptible():
            result = build_product(run, product, partitions=wanted or None, force=config.force)
    except MeshError as error:
        session.listener.failed(product.key, error)
        if isinstance(error, AuditError):
            yield from checks.of_last_audit(session, product, run.id, context)
        fail(error)
    session.listener.built(result)
    for port in product.ports:
        register_partitions(context.instance, port, result.ports[port.name].partitions)
    yield from checks.of_build(session, product, result, context)
    yield from _materializations(session, product, result)
    for done in result.ports.values():
        for part in sorted(done.partitions.values(), key=lambda part: in_order(part.partition)):
            if part.partition:
                context.log_event(_partition_event(done, part))
    if session.environment == PRODUCTION:
        publishing.mark_reported(session.database, {done.publish for done in result.ports.values() if done.publish})
    if result.failing:
        broken = AuditError(*result.failing)
        session.listener.failed(product.key, broken)
        fail(broken)


def _materializations(session: Session, product: Product, result: ProductResult) -> Iterator[Event]:
    """One result for each port and for each inner model that ran, producers first as Dagster wants them."""
    graph, state = session.graph(product.domain), State.of(session.database, session.environment)
    ran = graph.ancestors([plan.port.name for plan in result.plan.due_ports])
    for name in graph.ancestors([port.name for port in product.ports]):
        key = model_key(product, name)
        if name in result.ports:
            port = result.ports[name]
            version = dg.DataVersion(state.digest(port.port.key))
            yield dg.MaterializeResult(asset_key=key, metadata=_metadata(port, result), data_version=version)
        elif name in ran:
            yield dg.MaterializeResult(asset_key=key)


def register_partitions(instance: dg.DagsterInstance, port: Port, partitions: Iterable[str]) -> None:
    """Make partitions of a port known to Dagster, in the order in which people read them."""
    if port.contract.partition is not None:
        known = set(instance.get_dynamic_partitions(port.contract.partition.column))
        if fresh := sorted(set(partitions) - known, key=in_order):
            instance.add_dynamic_partitions(port.contract.partition.column, fresh)


def _metadata(port: PortResult, result: ProductResult) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "dagster/row_count": port.rows,
        "seconds": round(result.seconds, 3),
        "verdict": port.verdict,
        "rules_failed": sum(not v.passed for v in port.verdicts),
    }
    if port.publish:
        found |= {"publish": port.publish, "snapshot": str(port.snapshot), "partitions_changed": len(port.partitions)}
    if port.location:
        found["metadata_location"] = dg.MetadataValue.path(port.location)
    return found


def _partition_event(port: PortResult, part: Part) -> dg.AssetMaterialization:
    """Dagster marks every partition of a range with one data version; the last event of each puts that right."""
    return dg.AssetMaterialization(
        port_key(port.port.key),
        partition=part.partition,
        tags={"dagster/data_version": part.digest},
        metadata={"dagster/partition_row_count": part.rows, "publish": port.publish or ""},
    )
