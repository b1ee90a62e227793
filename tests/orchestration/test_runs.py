"""The run that ``mesh build`` records, as Dagster shows it afterwards."""

from __future__ import annotations

import os
from collections.abc import Sequence

import dagster as dg
import pytest

from meshwright.cli import main
from meshwright.orchestration.reporting import PROCESS
from support.tiny import CUSTOMERS_CONTRACT, TinyMesh, lines_of

ORDERS, CUSTOMERS = dg.AssetKey(["shop", "orders"]), dg.AssetKey(["shop", "customers"])
WEEKLY = dg.AssetKey(["insight", "weekly_sales"])
MADE, CHECKED = dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION


def build(*arguments: str) -> int:
    return main(["build", *arguments])


def last_run(instance: dg.DagsterInstance) -> dg.DagsterRun:
    return instance.get_runs(limit=1)[0]


def made(instance: dg.DagsterInstance, run: str, key: dg.AssetKey) -> list[dg.AssetMaterialization]:
    """The materializations of an asset in one run, oldest first."""
    events = [entry.dagster_event for entry in instance.all_logs(run, of_type=MADE) if entry.dagster_event]
    found = [event.step_materialization_data.materialization for event in events]
    return [materialization for materialization in found if materialization.asset_key == key]


def checked(instance: dg.DagsterInstance, run: str) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    """Asset and check to the evaluation in one run."""
    events = [entry.dagster_event for entry in instance.all_logs(run, of_type=CHECKED) if entry.dagster_event]
    found = [event.asset_check_evaluation_data for event in events]
    return {(evaluation.asset_key.to_user_string(), evaluation.check_name): evaluation for evaluation in found}


def versions(found: Sequence[dg.AssetMaterialization]) -> dict[str | None, str]:
    """Partition to data version; the last event of a partition wins."""
    return {event.partition: (event.tags or {})["dagster/data_version"] for event in found}


def test_a_run_says_what_it_made_how_much_and_how_it_was_judged(shop: TinyMesh, instance: dg.DagsterInstance) -> None:
    assert build() == 0
    run = last_run(instance)
    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert run.tags[PROCESS] == str(os.getpid())
    whole, *parts = made(instance, run.run_id, ORDERS)
    assert whole.partition is None
    assert whole.metadata["dagster/row_count"].value == 24
    assert float(str(whole.metadata["seconds"].value)) > 0
    assert whole.metadata["verdict"].value == "published"
    with shop.database.read() as connection:
        published = dict(connection.exec_driver_sql("select port, id from mesh_publishes").fetchall())
    assert whole.metadata["publish"].value == published["orders"]
    assert [part.partition for part in parts] == ["1", "2", "3"]
    assert {part.metadata["dagster/partition_row_count"].value for part in parts} == {8}
    assert instance.get_dynamic_partitions("week") == ["1", "2", "3"]
    evaluations = checked(instance, run.run_id)
    assert evaluations[("shop/lines", "reconciles_with_orders")].passed
    assert len(evaluations) == 25
    assert all(evaluation.passed for evaluation in evaluations.values())


def test_only_a_partition_that_was_built_is_marked_with_its_digest(
    shop: TinyMesh, instance: dg.DagsterInstance
) -> None:
    assert build() == 0
    before = versions(made(instance, last_run(instance).run_id, ORDERS))
    shop.put_lines(2, lines_of(2, 3.0))
    assert build() == 0
    after = versions(made(instance, last_run(instance).run_id, ORDERS))
    assert set(after) == {None, "2"}
    assert after["2"] != before["2"]
    with shop.database.read() as connection:
        recorded = connection.exec_driver_sql(
            "select digest from mesh_builds where port = 'orders' and partition = '2' order by seq desc limit 1"
        ).scalar()
    assert after["2"] == recorded
    (again,) = made(instance, last_run(instance).run_id, CUSTOMERS)
    assert again.metadata["verdict"].value == "unchanged"


def test_the_log_of_a_run_holds_what_dbt_said(shop: TinyMesh, instance: dg.DagsterInstance) -> None:
    assert build("shop") == 0
    said = [entry.user_message for entry in instance.all_logs(last_run(instance).run_id)]
    assert any("OK created sql view model main.orders" in text for text in said)
    assert any("Done. PASS=4" in text for text in said)


def test_a_refused_audit_is_a_failed_run_with_its_failed_check(shop: TinyMesh, instance: dg.DagsterInstance) -> None:
    assert build() == 0
    shop.put_lines(2, [(201, 1, 1, 2, -5.0)])
    assert build() == 1
    run = last_run(instance)
    assert run.status == dg.DagsterRunStatus.FAILURE
    failed = {key: found for key, found in checked(instance, run.run_id).items() if not found.passed}
    ((asset, _),) = failed
    assert asset == "shop/orders"
    (evaluation,) = failed.values()
    assert evaluation.metadata["failed_rows"].value == 1
    assert made(instance, run.run_id, ORDERS) == []
    steps = {s.step_key: s.status.value for s in instance.get_run_step_stats(run.run_id)}
    assert steps["shop_orders"] == "FAILURE"
    assert steps.get("insight_weekly", "SKIPPED") == "SKIPPED"
    failure = next(e for e in instance.all_logs(run.run_id) if e.dagster_event and e.dagster_event.is_step_failure)
    assert failure.dagster_event is not None
    data = failure.dagster_event.step_failure_data.user_failure_data
    assert data is not None
    assert "faults" in data.metadata
    assert shop.sql("select count(*) from mesh.shop.orders where week = 2") == [(8,)]


def test_a_private_value_is_in_no_event(shop: TinyMesh, instance: dg.DagsterInstance) -> None:
    shop.edit(CUSTOMERS_CONTRACT, ("      - name: name\n", "      - name: name\n        unique: true\n"))
    shop.put_people(["Secretissima", "Secretissima", "c", "d", "e", "f"])
    assert build("shop") == 1
    assert "Secretissima" not in repr(instance.all_logs(last_run(instance).run_id))


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.NOT_STARTED])
def test_a_run_whose_process_died_is_marked_failed(
    shop: TinyMesh, instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    dead = dg.DagsterRun("build", status=status, tags={PROCESS: str(_free_process_id())})
    alive = dg.DagsterRun("build", status=status, tags={PROCESS: str(os.getpid())})
    for run in (dead, alive):
        instance.add_run(run)
    assert build("shop") == 0
    told = {run.run_id: run.status for run in instance.get_runs()}
    assert told[dead.run_id] == dg.DagsterRunStatus.FAILURE
    assert told[alive.run_id] == status


def _free_process_id() -> int:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child
