"""Publishes that Dagster never heard of: it is told of them later, whole and once."""

from __future__ import annotations

import os
import subprocess
import sys

import dagster as dg
import pytest

from meshwright.catalog import records
from meshwright.cli import main
from support.processes import Helper
from support.tiny import TinyMesh, lines_of

ORDERS, CUSTOMERS = dg.AssetKey(["shop", "orders"]), dg.AssetKey(["shop", "customers"])
_DIES = """
import os, sys
from dataclasses import replace
from pathlib import Path
from meshwright.cli import main
from meshwright.orchestration import session
made = session.Session.run
session.Session.run = lambda *a: replace(made(*a), on_step=lambda step: os._exit(9) if step == sys.argv[2] else None)
main(["-C", sys.argv[1], "build"])
"""


def unreported(mesh: TinyMesh) -> set[str]:
    with mesh.database.read() as connection:
        return {f"{row['domain']}.{row['port']}" for row in records.unreported(connection)}


def latest(instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None = None) -> dg.AssetMaterialization:
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition else None)
    found = instance.fetch_materializations(wanted, limit=1).records[0].asset_materialization
    assert found is not None
    return found


@pytest.fixture
def unheard(shop: TinyMesh) -> TinyMesh:
    """A mesh with everything published, of which Dagster knows nothing."""
    shop.build()
    return shop


def test_what_was_published_without_dagster_is_told_by_the_next_build(
    unheard: TinyMesh, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(unreported(unheard)) == 4
    assert main(["build"]) == 0
    assert "Dagster has now heard of 4 ports" in capsys.readouterr().err
    assert unreported(unheard) == set()
    assert instance.get_runs() == [], "nothing ran"
    assert latest(instance, CUSTOMERS).metadata["dagster/row_count"].value == 6
    week = latest(instance, ORDERS, "2")
    with unheard.database.read() as connection:
        held = records.contents(connection)["shop.orders"]["2"]
    assert (week.tags or {})["dagster/data_version"] == held.digest
    assert week.metadata["dagster/partition_row_count"].value == 8
    assert instance.get_dynamic_partitions("week") == ["1", "2", "3"]
    key = dg.AssetCheckKey(dg.AssetKey(["shop", "lines"]), "reconciles_with_orders")
    check = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    assert check.status.value == "SUCCEEDED"


def test_it_is_told_once(unheard: TinyMesh, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build"]) == main(["build"]) == 0
    assert capsys.readouterr().err.count("has now heard") == 1
    told = instance.fetch_materializations(dg.AssetRecordsFilter(asset_key=CUSTOMERS), limit=9).records
    assert len(told) == 1


def test_what_somebody_is_building_is_left_to_them(
    unheard: TinyMesh, helper: Helper, capsys: pytest.CaptureFixture[str]
) -> None:
    held = helper.hold(unheard.settings, "shop/orders")
    assert main(["build"]) == 0
    assert "heard of 1 port " in capsys.readouterr().err
    assert unreported(unheard) == {"shop.lines", "shop.orders", "shop.customers"}
    held.release()
    assert main(["build"]) == 0
    assert unreported(unheard) == set()


def test_a_port_that_is_no_longer_declared_is_told_too(unheard: TinyMesh, instance: dg.DagsterInstance) -> None:
    for path in ("domains/insight", "dbt_projects/insight"):
        for file in sorted((unheard.root / path).rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        (unheard.root / path).rmdir()
    assert main(["build"]) == 0
    assert unreported(unheard) == set()
    told = latest(instance, dg.AssetKey(["insight", "weekly_sales"]), "3")
    assert told.metadata["dagster/partition_row_count"].value == 6


def test_a_process_that_dies_after_the_swap_is_reported_and_its_run_marked(
    shop: TinyMesh, instance: dg.DagsterInstance
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", _DIES, str(shop.root), "swapped"], capture_output=True, check=False, timeout=200
    )
    assert died.returncode == 9, died.stderr.decode()[-2000:]
    assert unreported(shop) == {"shop.lines", "shop.orders", "shop.customers"}
    assert shop.sql("select count(*) from mesh.shop.orders") == [(24,)], "what is swapped is published"
    shop.put_lines(3, lines_of(3, 2.0))
    assert main(["build"]) == 0
    assert unreported(shop) == set()
    statuses = [run.status for run in instance.get_runs()]
    assert statuses == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    assert os.environ["DAGSTER_HOME"] == str(shop.settings.dagster_home)
