"""``mesh doctor``: what is wrong, each with its remedy."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import tiny
from support.commands import Outcome, changed, replaced, shell
from support.processes import Helper
from support.tiny import TinyMesh

Run = Callable[..., Outcome]
Finding = dict[str, str]


@pytest.fixture
def copy(story_root: Path, tmp_path: Path) -> Iterator[TinyMesh]:
    """The mesh with a past, copied elsewhere, as somebody would who does not know better."""
    mesh = TinyMesh(Path(shutil.copytree(story_root, tmp_path / "copy")))
    yield mesh
    mesh.close()


def examined(run: Run, mesh: TinyMesh) -> tuple[int, dict[str, Finding]]:
    """Exit code and findings by what they are about, the worst of each."""
    outcome = run(mesh.root, "doctor", "--format", "json")
    rank = ("ok", "warning", "broken")
    findings = sorted(json.loads(outcome.out), key=lambda f: rank.index(f["level"]))
    return outcome.code, {f["what"]: f for f in findings}


def test_a_healthy_mesh(run: Run, story: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(story.settings.dagster_home))
    assert run(story.root, "prepare").code == 0
    code, found = examined(run, story)
    assert code == 0
    assert {what: f["message"] for what, f in found.items() if f["level"] == "broken"} == {}
    for package in ("dagster 1.", "dbt-core 1.", "duckdb 1.", "great-expectations 1.", "pyiceberg 0."):
        assert package in found["packages"]["message"]
    assert "avro" in found["extensions"]["message"]
    assert "iceberg" in found["extensions"]["message"]
    for what in ("python", "packages", "extensions", "names", "dagster", "folders", "catalog", "places", "declared",
                 "landing", "dbt files", "locks"):  # fmt: skip
        assert found[what]["level"] == "ok", found[what]
    assert "4 ports published" in found["catalog"]["message"]


def test_a_mesh_that_was_never_built_is_no_broken_one(run: Run, tiny_mesh: TinyMesh) -> None:
    code, found = examined(run, tiny_mesh)
    assert code == 0
    assert found["catalog"]["message"].endswith("which the first build makes")
    assert not (tiny_mesh.settings.state_dir / "catalog.db").exists()


def test_a_module_that_hides_pythons_own(run: Run, story: TinyMesh) -> None:
    file = story.root / "platform" / "__init__.py"
    with changed(file, ""):
        code, found = examined(run, story)
    assert code == 1
    assert found["names"]["level"] == "broken"
    assert found["names"]["remedy"] == f"rm {file}"


def test_another_meshs_dagster_home(run: Run, story: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "/elsewhere")
    code, found = examined(run, story)
    assert code == 0
    assert found["dagster"]["level"] == "warning"
    assert "is /elsewhere, another mesh's" in found["dagster"]["message"]
    assert found["dagster"]["remedy"].endswith(f"export DAGSTER_HOME={story.settings.dagster_home}")


def test_a_copied_mesh_reads_the_files_of_the_old_one(run: Run, copy: TinyMesh, story: TinyMesh) -> None:
    code, found = examined(run, copy)
    assert code == 1
    assert found["places"]["level"] == "broken"
    assert f"outside {copy.settings.warehouse}: the mesh was moved or copied" in found["places"]["message"]
    assert str(story.settings.warehouse) in found["places"]["message"]


def test_metadata_that_is_gone(run: Run, built_mesh: TinyMesh) -> None:
    location = Path(built_mesh.pins()["shop.orders"].removeprefix("file://"))
    location.unlink()
    code, found = examined(run, built_mesh)
    assert code == 1
    assert found["places"]["message"].startswith("1 of 4 published metadata files are gone")
    assert "mesh build" in found["places"]["remedy"]


def test_a_damaged_catalog(run: Run, copy: TinyMesh) -> None:
    catalog = copy.settings.state_dir / "catalog.db"
    with contextlib.closing(sqlite3.connect(catalog)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(catalog.read_bytes())
    content[4096 : 4096 * 3] = os.urandom(4096 * 2)
    catalog.write_bytes(content)
    code, found = examined(run, copy)
    assert code == 1
    assert found["catalog"]["level"] == "broken"
    assert "mesh build" in found["catalog"]["remedy"]
    catalog.write_text("this was a database once, before somebody opened it in an editor", encoding="utf-8")
    code, found = examined(run, copy)
    assert code == 1
    assert "damaged" in found["catalog"]["message"]


def test_a_catalog_of_a_newer_release(run: Run, copy: TinyMesh) -> None:
    catalog = copy.settings.state_dir / "catalog.db"
    with contextlib.closing(sqlite3.connect(catalog, isolation_level=None)) as connection:
        connection.execute("UPDATE mesh_layout SET version = 99")
    code, found = examined(run, copy)
    assert code == 1
    assert "layout 99" in found["catalog"]["message"]
    assert "newer" in found["catalog"]["remedy"]


def test_a_landed_file_that_somebody_changed(run: Run, story: TinyMesh) -> None:
    landed = next((story.settings.landing / "shop" / "people").glob("*.csv"))
    with changed(landed, "customer_id,name\n1,Somebody else\n"):
        code, found = examined(run, story)
    assert code == 1
    assert f"{landed}: the landed file was changed after it had landed" in found["landing"]["message"]
    assert found["landing"]["remedy"] == "mesh build --force shop"


def test_generated_files_that_are_behind_their_contracts(run: Run, story: TinyMesh) -> None:
    with replaced(story.root / tiny.ORDERS_CONTRACT, "description: One row for each order.", "description: Orders."):
        code, found = examined(run, story)
    assert code == 0
    assert found["dbt files"]["level"] == "warning"
    assert found["dbt files"]["remedy"] == "mesh prepare"


def test_broken_yaml_is_told_beside_all_that_does_not_need_it(run: Run, story: TinyMesh) -> None:
    with replaced(story.root / tiny.ORDERS_CONTRACT, "version: 1.0.0", "verson: 1.0.0"):
        code, found = examined(run, story)
    assert code == 1
    assert "verson" in found["declared"]["message"]
    assert found["catalog"]["level"] == "ok"


def test_a_build_at_work_is_no_leftover(run: Run, story: TinyMesh, helper: Helper) -> None:
    holder = helper.hold(story.settings, "shop/orders")
    code, found = examined(run, story)
    holder.kill()
    assert code == 0
    assert found["locks"]["message"] == "held by a live process: shop/orders"
    assert examined(run, story)[1]["locks"]["message"] == "nobody builds"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to(run: Run, tiny_mesh: TinyMesh) -> None:
    locks = tiny_mesh.settings.locks
    locks.mkdir(parents=True)
    locks.chmod(0o500)
    code, found = examined(run, tiny_mesh)
    locks.chmod(0o700)
    assert code == 1
    assert found["folders"]["message"] == f"{locks} cannot be written to"


def test_text_for_people_names_remedies_that_can_be_pasted(run: Run, story: TinyMesh) -> None:
    with replaced(story.root / tiny.ORDERS_CONTRACT, "description: One row for each order.", "description: Orders."):
        outcome = run(story.root, "doctor")
        remedy = next(line for line in outcome.out.splitlines() if line.startswith("  dbt files")).split(maxsplit=2)[2]
        assert remedy == "mesh prepare"
        assert shell(story.root, remedy).returncode == 0
        assert examined(run, story)[1]["dbt files"]["level"] == "ok"
    assert "warning" in outcome.err
    assert run(story.root, "prepare").code == 0


def test_a_data_file_that_is_gone(run: Run, built_mesh: TinyMesh) -> None:
    sorted(built_mesh.settings.warehouse.glob("shop/orders-*/data/**/*.parquet"))[0].unlink()
    code, found = examined(run, built_mesh)
    assert code == 1
    assert "1 of 3 data files of shop.orders are gone or cut" in found["data"]["message"]
    assert found["data"]["remedy"] == "mesh build --force shop.orders"


def test_domains_that_dagster_does_not_show(run: Run, tiny_mesh: TinyMesh) -> None:
    located = "python_module: {module_name: meshwright.orchestration.locations, attribute: shop, location_name: shop}"
    tiny_mesh.write("workspace.yaml", f"load_from:\n  - {located}\n")
    tiny_mesh.write("domains/shop/defs.yaml", "type: meshwright.orchestration.DomainComponent\n")
    tiny_mesh.write("domains/insight/defs.yaml", "type: meshwright.orchestration.DomainComponent\n")
    code, found = examined(run, tiny_mesh)
    assert code == 0
    assert found["workspace"]["message"] == "domain insight is no code location of workspace.yaml"
    assert shell(tiny_mesh.root, found["workspace"]["remedy"]).returncode == 0
    assert examined(run, tiny_mesh)[1]["workspace"]["message"] == "Dagster shows all 2 domains"


@pytest.mark.parametrize("text", ["load_from: [\n", "", "load_from: 3\n", "a: &a [*a]\n"])
def test_a_workspace_that_cannot_be_read(run: Run, tiny_mesh: TinyMesh, text: str) -> None:
    tiny_mesh.write("workspace.yaml", text)
    code, found = examined(run, tiny_mesh)
    assert (code, found["workspace"]["level"]) == (1, "broken")
    assert "workspace.yaml:" in found["workspace"]["message"]
    assert found["workspace"]["remedy"].startswith("${EDITOR:-vi}")
    up = run(tiny_mesh.root, "up")
    assert up.code == 2
    assert "workspace.yaml:" in up.err
    assert "starting Dagster" not in up.err


def test_a_published_port_that_nobody_declares_any_more(run: Run, built_mesh: TinyMesh) -> None:
    shutil.rmtree(built_mesh.root / "domains" / "insight")
    code, found = examined(run, built_mesh)
    assert (code, found["declared"]["level"]) == (0, "warning")
    assert "mesh.insight.weekly_sales answers queries as it was last published" in found["declared"]["message"]
