"""Where a mesh may lie."""

from __future__ import annotations

import shutil
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


@pytest.mark.parametrize("name", ["what?", "all*", "[x]", "{y}", "no#1", "100%25"])
def test_in_a_folder_that_no_location_can_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name / "domains").mkdir(parents=True)
    with pytest.raises(InputError, match="its path holds"):
        Settings.of(tmp_path / name)
    assert Settings.of(tmp_path / name, state=tmp_path / "state").state_dir == tmp_path / "state"


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
