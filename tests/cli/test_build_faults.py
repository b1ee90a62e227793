"""What goes wrong in a build: what is said, how it ends, and that the last snapshot still answers."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.commands import MESH, Outcome
from support.commands import shell as pasted
from support.processes import Helper
from support.tiny import (
    CUSTOMERS_CONTRACT,
    CUSTOMERS_SQL,
    INGEST_PY,
    ORDERS_CONTRACT,
    ORDERS_SQL,
    TinyMesh,
    copy_tiny,
    lines_of,
)

Run = Callable[..., Outcome]


@pytest.fixture
def built_mesh(built_mesh: TinyMesh) -> Iterator[TinyMesh]:
    """Whatever a test breaks, readers see a whole product afterwards: orders reconcile with their lines."""
    yield built_mesh
    reconciled = "select (select sum(amount) from mesh.shop.lines) = (select sum(amount) from mesh.shop.orders)"
    assert built_mesh.sql(reconciled) == [(True,)]


def test_a_refused_audit_is_1_and_says_which_rule_and_how_to_look(run: Run, built_mesh: TinyMesh) -> None:
    before = built_mesh.sql("from mesh.shop.orders order by all")
    built_mesh.put_lines(2, [(201, 1, 1, 2, -5.0)])
    outcome = run(built_mesh.root, "build")
    assert outcome.code == 1
    assert "refused    shop/orders" in outcome.err
    assert "skipped    insight/weekly" in outcome.err
    assert "because of shop/orders" in outcome.err
    assert "Traceback" not in outcome.err
    assert built_mesh.sql("from mesh.shop.orders order by all") == before
    look = next(line for line in outcome.err.splitlines() if "next: mesh query --env" in line)
    run_id = look.split("--env ")[1].split()[0]
    assert outcome.err.splitlines()[-1].endswith(run_id)


def test_what_an_ingest_prints_is_no_data(built_mesh: TinyMesh) -> None:
    built_mesh.write(INGEST_PY, (built_mesh.root / INGEST_PY).read_text() + "\nprint('at import')\n")
    for verb in ("mesh status --format json", "mesh build --plan --format json"):
        told = pasted(built_mesh.root, verb)
        assert told.returncode == 0
        assert "at import" not in told.stdout
        assert "at import" in told.stderr


def test_an_ingest_that_raises_names_the_line_of_the_team(built_mesh: TinyMesh) -> None:
    built_mesh.edit(INGEST_PY, ('    return DATA / "people.csv"', '    return DATA / {}["people"]'))
    outcome = pasted(built_mesh.root, "mesh build")
    assert outcome.returncode == 1
    assert "KeyError: 'people'" in outcome.stderr
    line = 1 + (built_mesh.root / INGEST_PY).read_text().splitlines().index('    return DATA / {}["people"]')
    assert f"{INGEST_PY}:{line} - shop/landing/people" in outcome.stderr
    assert "because of shop/landing/people" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_model_that_fails_is_named_with_its_file(run: Run, built_mesh: TinyMesh) -> None:
    built_mesh.edit(ORDERS_SQL, ("sum(amount)", "sum(cast(case when order_id > 0 then 'x' end as int))"))
    outcome = run(built_mesh.root, "build", "shop")
    assert outcome.code == 1
    assert ORDERS_SQL in outcome.err
    assert "Conversion Error on a value; the text is withheld" in outcome.err, "names of customers are restricted"
    assert "Traceback" not in outcome.err


def test_broken_yaml_is_2_with_all_faults_at_once(run: Run, built_mesh: TinyMesh) -> None:
    built_mesh.edit(ORDERS_CONTRACT, ("metric: rowCount", "metrc: rowCount"))
    built_mesh.edit(CUSTOMERS_CONTRACT, ("logicalType: string", "logicalType: strng"))
    built_mesh.edit("domains/insight/domain.yaml", ("kind: Domain", "kind: Domian"))
    outcome = run(built_mesh.root, "build")
    assert outcome.code == 2
    for place in (ORDERS_CONTRACT, CUSTOMERS_CONTRACT, "domains/insight/domain.yaml"):
        assert place in outcome.err
    assert "metric" in outcome.err
    assert "did you mean 'string'?" in outcome.err


def test_a_locked_catalog_is_3(run: Run, built_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESH_CATALOG_TIMEOUT", "0.2")
    built_mesh.put_lines(2, lines_of(2, 2.0))
    other = sqlite3.connect(built_mesh.settings.state_dir / "catalog.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcome = run(built_mesh.root, "build")
    other.close()
    assert outcome.code == 3
    assert "stayed locked for 0.2 s" in outcome.err
    assert "next: mesh doctor" in outcome.err
    assert "Traceback" not in outcome.err
    assert run(built_mesh.root, "build").code == 0


def test_an_unexpected_error_in_a_step_is_one_line_and_a_traceback_with_debug(run: Run, built_mesh: TinyMesh) -> None:
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "upper(name) as name from"))
    scratch = built_mesh.settings.scratch / "shop"
    shutil.rmtree(scratch)
    scratch.write_text("a file where a folder belongs")
    outcome = run(built_mesh.root, "build", "shop")
    assert outcome.code == 1
    assert "failed     shop/orders" in outcome.err
    assert str(scratch) in outcome.err
    assert "next: mesh --debug build shop/orders" in outcome.err
    assert "Traceback" not in outcome.err
    assert "in _run_dbt" in run(built_mesh.root, "--debug", "build", "shop").err


def test_a_platform_package_is_explained(built_mesh: TinyMesh) -> None:
    built_mesh.write("platform/__init__.py", "")
    told = subprocess.run(
        [MESH, "doctor"], cwd=built_mesh.root, capture_output=True, text=True, check=False, timeout=120
    )
    assert told.returncode == 1
    assert "platform/__init__.py" in told.stdout
    assert "rm " in told.stdout


def test_a_build_that_must_wait_says_so(helper: Helper, built_mesh: TinyMesh) -> None:
    built_mesh.put_lines(2, lines_of(2, 2.0))
    held = helper.hold(built_mesh.settings, "shop/orders")
    lines = []
    with subprocess.Popen([MESH, "build", "shop"], cwd=built_mesh.root, stderr=subprocess.PIPE, text=True) as second:
        assert second.stderr is not None
        for line in second.stderr:
            lines.append(line)
            if "waiting" in line:
                held.release()
    assert second.returncode == 0
    assert any(line.split()[:2] == ["waiting", "shop/orders"] for line in lines)


def test_two_builds_at_once_publish_once(built_mesh: TinyMesh) -> None:
    built_mesh.put_lines(2, lines_of(2, 2.0))
    both = [
        subprocess.Popen([MESH, "build", "shop"], cwd=built_mesh.root, stderr=subprocess.PIPE, text=True) for _ in "ab"
    ]
    told = [process.communicate(timeout=200)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    with built_mesh.database.read() as connection:
        count = connection.exec_driver_sql("select count(*) from mesh_publishes where port = 'orders'").scalar()
    assert count == 2, "the first, and one of these"


def test_no_space_left(tiny_template: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    mesh = copy_tiny(tiny_template, tmp_path / "mesh")
    try:
        shutil.copytree(mesh.settings.state_dir, disk, dirs_exist_ok=True)
        (disk / "ballast").write_bytes(b"0" * (shutil.disk_usage(disk).free - 300_000))
        told = build_on(mesh.root, disk)
        assert told.returncode in (1, 3), told.stderr
        assert "Traceback" not in told.stderr
        assert any(word in told.stderr for word in ("No space left", "disk is full", "Out of space", "disk I/O"))
        (disk / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=60m", disk], check=True)
        assert build_on(mesh.root, disk).returncode == 0, "and it is none of its business afterwards"
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_answers_and_is_named(tiny_template: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    size = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk]
    mounted = subprocess.run(size, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    mesh = copy_tiny(tiny_template, tmp_path / "mesh")
    try:
        shutil.copytree(mesh.settings.state_dir, disk, dirs_exist_ok=True)
        assert build_on(mesh.root, disk).returncode == 0
        with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(b"0" * 4096):
                pass
        assert shutil.disk_usage(disk).free == 0
        asked = subprocess.run(
            [MESH, "query", "--format", "csv", "select count(*) as n from mesh.shop.orders"], cwd=mesh.root,
            capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "MESH_STATE": str(disk)},
        )  # fmt: skip
        assert (asked.returncode, asked.stdout.split()[0]) == (0, "n"), asked.stderr
        mesh.put_lines(2, lines_of(2, 2.0))
        told = build_on(mesh.root, disk)
        assert told.returncode == 3, told.stderr
        assert "the disk is full (" in told.stderr
        assert "Traceback" not in told.stderr
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_state_folder_that_cannot_be_written(tiny_template: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        if os.getuid() == 0:
            pytest.skip(f"nothing is read-only to root, and: {mounted.stderr.decode().strip()}")
        disk.chmod(0o500)
    mesh = copy_tiny(tiny_template, tmp_path / "mesh")
    try:
        told = build_on(mesh.root, disk)
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "-l", disk], check=True)
    assert told.returncode == 3, told.stderr
    assert "Traceback" not in told.stderr
    assert str(disk) in told.stderr
    assert "next: mesh" in told.stderr


def build_on(root: Path, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [MESH, "build"], cwd=root, capture_output=True, text=True, check=False, timeout=200,
        env={**os.environ, "MESH_STATE": str(state)},
    )  # fmt: skip
