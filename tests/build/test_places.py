"""Where a mesh may lie."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from meshwright.cli import main
from meshwright.config import Settings
from meshwright.errors import InputError, UnavailableError
from support.tiny import TinyMesh, lines_of


def test_in_a_folder_of_an_odd_name(tiny_template: Path, tmp_path: Path) -> None:
    root = tmp_path / "a b'é &c" / "mesh"
    shutil.copytree(tiny_template, root)
    mesh = TinyMesh(root)
    mesh.build()
    before = mesh.sql("select week, sum(amount) from mesh.shop.orders group by week order by week")
    mesh.put_lines(2, lines_of(2, scale=3.0))
    assert mesh.build("shop")["shop/orders"].verdict == "published"
    after = mesh.sql("select week, sum(amount) from mesh.shop.orders group by week order by week")
    assert [row for row in before if row[0] != 2] == [row for row in after if row[0] != 2]
    assert before != after
    mesh.close()


@pytest.mark.parametrize("name", ["what?", "all*", "[x]", "{y}", "no#1", "100%25", "two\nlines", "a\tb", "\x1b[31mred"])
def test_in_a_folder_that_no_location_can_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name / "domains").mkdir(parents=True)
    with pytest.raises(InputError, match="its path holds"):
        Settings.of(tmp_path / name)
    assert Settings.of(tmp_path / name, state=tmp_path / "state").state_dir == tmp_path / "state"


def test_no_mesh_is_made_in_a_folder_of_several_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = tmp_path / "two\nlines"
    assert main(["init", str(there), "--email", "e@example.com"]) == 2
    assert "two\N{REPLACEMENT CHARACTER}lines/.mesh: its path holds U+000A" in capsys.readouterr().err
    assert not there.exists()


def test_a_copy_does_not_build_into_its_original(built_mesh: TinyMesh, tmp_path: Path) -> None:
    shutil.copytree(built_mesh.root, tmp_path / "copy")
    before = sorted(built_mesh.settings.warehouse.rglob("*"))
    copy = TinyMesh(tmp_path / "copy")
    copy.put_lines(1, lines_of(1, scale=7.0))
    with pytest.raises(UnavailableError, match=r"outside .*: this mesh was moved or copied"):
        copy.build()
    assert main(["-C", str(copy.root), "build"]) == 3
    assert main(["-C", str(copy.root), "status"]) == 3
    assert sorted(built_mesh.settings.warehouse.rglob("*")) == before
    copy.close()


def test_a_damaged_landed_file_is_replaced_by_what_arrives(built_mesh: TinyMesh) -> None:
    before = built_mesh.sql("select sum(amount) from mesh.shop.lines")
    landed = sorted((built_mesh.settings.landing / "shop" / "lines").glob("*.parquet"))
    landed[0].write_bytes(landed[1].read_bytes())
    built_mesh.build("shop", force=True)
    assert built_mesh.sql("select sum(amount) from mesh.shop.lines") == before


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


@pytest.mark.parametrize("hurt", [Path.unlink, _cut], ids=["gone", "cut"])
def test_a_damaged_published_file_is_written_anew_when_forced(
    built_mesh: TinyMesh, hurt: Callable[[Path], None]
) -> None:
    everything = "select week, sum(amount) from mesh.shop.orders group by week order by week"
    before = built_mesh.sql(everything)
    hurt(sorted(built_mesh.settings.warehouse.glob("shop/orders-*/data/**/*.parquet"))[0])
    told = main(["-C", str(built_mesh.root), "query", everything])
    assert told == 3
    assert built_mesh.build("shop", force=True)["shop/orders"].verdict == "published"
    assert built_mesh.sql(everything) == before
    assert built_mesh.build("shop", force=True)["shop/orders"].verdict == "unchanged"


def test_a_lost_catalog_is_no_new_mesh(built_mesh: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    built_mesh.close()
    built_mesh.database.close()
    for file in built_mesh.settings.state_dir.glob("catalog.db*"):
        file.unlink()
    before = sorted(built_mesh.settings.warehouse.rglob("*"))
    for verb in (["build"], ["status"], ["query", "select 1 from mesh.shop.orders"], ["gc", "--grace", "0"]):
        assert main(["-C", str(built_mesh.root), *verb]) == 3
        assert "is gone, but" in capsys.readouterr().err
    assert main(["-C", str(built_mesh.root), "doctor"]) == 1
    assert "restore" in capsys.readouterr().out
    assert sorted(built_mesh.settings.warehouse.rglob("*")) == before


def test_a_state_folder_that_is_read_only_answers(built_mesh: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    built_mesh.close()
    built_mesh.database.close()
    state = built_mesh.settings.state_dir
    for options in (["--bind", state, state], ["-o", "remount,ro,bind", state]):
        if subprocess.run(["mount", *map(str, options)], capture_output=True, check=False).returncode:
            subprocess.run(["umount", "-l", state], capture_output=True, check=False)
            pytest.skip("no folder can be mounted read-only here")
    try:
        root = str(built_mesh.root)
        assert main(["-C", root, "query", "--format", "csv", "select count(*) as n from mesh.shop.orders"]) == 0
        assert capsys.readouterr().out.split() == ["n", "24"]
        for verb in (["status"], ["show", "shop.orders"], ["history", "shop.orders"]):
            assert main(["-C", root, *verb]) == 0
        assert main(["-C", root, "build", "--force"]) == 3
        assert "Traceback" not in capsys.readouterr().err
    finally:
        subprocess.run(["umount", "-l", state], check=True)
