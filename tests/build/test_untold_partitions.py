"""A partitioned port whose inputs do not say which partitions they hold: only the build can tell."""

from __future__ import annotations

import pytest

from meshwright.cli import main
from meshwright.errors import BuildError
from support.tiny import INGEST_PY, LINES_CONTRACT_FILE, LINES_SQL, TinyMesh, lines_of

EVERYTHING = "select week, sum(amount) from mesh.shop.lines group by week order by week"
NARROWED, UNTOLD = '@ingest(partition="week", version=', "@ingest(version="


@pytest.fixture
def untold(tiny_mesh: TinyMesh) -> TinyMesh:
    """The tiny mesh, published from a landing that names no partition."""
    tiny_mesh.edit(INGEST_PY, (NARROWED, UNTOLD))
    tiny_mesh.build()
    return tiny_mesh


def states(mesh: TinyMesh, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["-C", str(mesh.root), "status"]) == 0
    return capsys.readouterr().err


def test_is_current_after_a_build(untold: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    assert "4 ports: 4 current" in states(untold, capsys)
    assert [row[0] for row in untold.sql(EVERYTHING)] == [1, 2, 3]
    untold.put_lines(2, lines_of(2, 3.0))
    assert untold.build("shop")["shop/orders"].verdict == "published"
    assert "1 stale" in states(untold, capsys), "what reads it is due"


def test_takes_another_column(untold: TinyMesh) -> None:
    untold.edit(LINES_CONTRACT_FILE, ("    properties:\n", "    properties:\n      - name: extra\n"
                                      "        logicalType: integer\n        physicalType: int\n"))  # fmt: skip
    text = (untold.root / LINES_SQL).read_text(encoding="utf-8")
    untold.write(LINES_SQL, f"select *, cast(1 as int) as extra from ({text})")
    assert untold.build("shop")["shop/orders"].verdict == "published"
    assert untold.sql("select distinct extra from mesh.shop.lines") == [(1,)]


def test_is_healed_when_forced(untold: TinyMesh) -> None:
    before = untold.sql(EVERYTHING)
    for file in untold.settings.warehouse.glob("shop/lines-*/data/**/*.parquet"):
        file.unlink()
    assert untold.build("shop", force=True)["shop/orders"].verdict == "published"
    assert untold.sql(EVERYTHING) == before


def test_is_told_its_partitions_later(untold: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    untold.edit(INGEST_PY, (UNTOLD, NARROWED))
    untold.build()
    assert "4 ports: 4 current" in states(untold, capsys)
    untold.edit(INGEST_PY, (NARROWED, UNTOLD))
    untold.build()
    assert "4 ports: 4 current" in states(untold, capsys)


def test_no_partition_is_called_nothing(untold: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(untold.root), "build", "shop", "--partition", ""]) == 2
    assert "a partition is named by a text that is not empty" in capsys.readouterr().err


def test_another_expression_is_another_input(built_mesh: TinyMesh) -> None:
    """It says which rows a build reads, so what was made under it is not adopted under another one."""
    before = built_mesh.sql(EVERYTHING)
    built_mesh.edit(INGEST_PY, ('partition="week"', 'partition="week + 10"'))
    built_mesh.build("shop")
    built_mesh.edit(INGEST_PY, ('partition="week + 10"', 'partition="week"'))
    built_mesh.steps.clear()
    built_mesh.build("shop")
    assert built_mesh.sql(EVERYTHING) == before


@pytest.mark.parametrize("expression", ["random()", "cast(now() as date)", "uuid()"])
def test_an_expression_that_changes_by_itself_is_refused(tiny_mesh: TinyMesh, expression: str) -> None:
    tiny_mesh.edit(INGEST_PY, ('partition="week"', f'partition="{expression}"'))
    with pytest.raises(BuildError, match="gives another value each time"):
        tiny_mesh.build("shop")
