"""Runs as the UI launches them: the code location's own definitions, by partition keys."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from meshwright.catalog import records
from meshwright.cli import main
from meshwright.orchestration.tree import component_tree
from support.tiny import TinyMesh, lines_of

from .test_runs import made, versions

ORDERS = dg.AssetKey(["shop", "orders"])
REFUNDS = dg.AssetKey(["shop", "refunds"])
# Dagster uses a function that pydantic has deprecated, and warns of classes of its own.
pytestmark = [
    pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated"),
    pytest.mark.filterwarnings("ignore:Class .* is currently in beta"),
]
START, END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"

REFUNDS_PRODUCT = """\
apiVersion: v1.0.0
kind: DataProduct
id: shop-returns
name: returns
status: active
inputPorts:
  - name: shop.orders
    version: 1.0.0
    contractId: shop-orders-orders
    customProperties:
      - property: mapping
        value: same
outputPorts:
  - name: refunds
    version: 1.0.0
    contractId: shop-returns-refunds
"""
REFUNDS_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: shop-returns-refunds
version: 1.0.0
status: active
schema:
  - name: refunds
    physicalType: table
    properties:
      - name: order_id
        logicalType: integer
        required: true
        primaryKey: true
      - name: week
        logicalType: integer
        physicalType: int
        required: true
        partitioned: true
        partitionKeyPosition: 1
"""


def add_returns(mesh: TinyMesh) -> None:
    """A second partitioned product in the same location, which reads the first week by week."""
    mesh.write("domains/shop/returns/product.yaml", REFUNDS_PRODUCT)
    mesh.write("domains/shop/returns/refunds.contract.yaml", REFUNDS_CONTRACT)
    model = "select order_id, week from {{ source('shop', 'orders') }} where order_id % 2 = 0\n"
    mesh.write("dbt_projects/shop/models/returns/ports/refunds.sql", model)


def location(domain: str) -> dg.Definitions:
    return component_tree().build_defs_at_path(Path(domain))


def launch(domain: str, instance: dg.DagsterInstance, first: str | None, last: str | None = None) -> str:
    """Run everything of a location in this process: without partition, for one, or for a range; the run's id."""
    job = location(domain).resolve_implicit_global_asset_job_def()
    named = {START: first, END: last} if first and last else {}
    result = job.execute_in_process(
        instance=instance, partition_key=None if last else first, tags=named, raise_on_error=False
    )
    assert result.success, [event.message for event in result.all_events if event.is_failure]
    return result.run_id


@pytest.fixture
def landed(shop: TinyMesh, instance: dg.DagsterInstance) -> TinyMesh:
    """Everything published by the command, so that Dagster knows the partitions."""
    assert main(["build"]) == 0
    return shop


def test_one_partition_builds_that_one_alone(landed: TinyMesh, instance: dg.DagsterInstance) -> None:
    for week in (1, 2, 3):
        landed.put_lines(week, lines_of(week, 2.0))
    run = launch("shop", instance, "2")
    assert set(versions(made(instance, run, ORDERS))) == {"2"}
    assert weeks_of(landed, 2.0) == {2}


def test_a_range_builds_each_of_its_partitions_with_its_own_digest(
    landed: TinyMesh, instance: dg.DagsterInstance
) -> None:
    for week in (1, 2, 3):
        landed.put_lines(week, lines_of(week, 2.0))
    run = launch("shop", instance, "2", "3")
    told = versions(made(instance, run, ORDERS))
    assert set(told) == {"2", "3"}
    with landed.database.read() as connection:
        held = records.contents(connection)["shop.orders"]
    assert told == {week: held[week].digest for week in ("2", "3")}
    assert weeks_of(landed, 2.0) == {2, 3}


def test_a_product_that_reads_another_of_its_location_runs_with_it(
    shop: TinyMesh, instance: dg.DagsterInstance
) -> None:
    add_returns(shop)
    assert main(["build"]) == 0
    for week in (1, 2, 3):
        shop.put_lines(week, lines_of(week, 2.0)[:4])
    run = launch("shop", instance, "3")
    assert set(versions(made(instance, run, REFUNDS))) == {"3"}
    assert shop.sql("select count(*) from mesh.shop.refunds where week = 3") == [(1,)]
    assert shop.sql("select count(*) from mesh.shop.refunds where week = 1") == [(4,)]


def test_a_downstream_location_builds_the_same_partition(landed: TinyMesh, instance: dg.DagsterInstance) -> None:
    landed.put_lines(2, lines_of(2, 2.0))
    launch("shop", instance, "2")
    run = launch("insight", instance, "2")
    assert set(versions(made(instance, run, dg.AssetKey(["insight", "weekly_sales"])))) == {"2"}
    assert main(["build"]) == 0
    assert landed.sql("select sum(amount) from mesh.insight.weekly_sales") == landed.sql(
        "select sum(amount) from mesh.shop.orders"
    )


def weeks_of(mesh: TinyMesh, scale: float) -> set[int]:
    """The weeks whose published amounts are those of ``lines_of(week, scale)``."""
    published = dict(mesh.sql("select week, cast(sum(amount) as double) from mesh.shop.orders group by week"))
    wanted = {week: sum(line[4] for line in lines_of(week, scale)) for week in published}
    return {week for week, amount in published.items() if amount == pytest.approx(wanted[week])}
