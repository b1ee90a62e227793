"""What is published and breaks a rule that came later."""

from __future__ import annotations

import pytest

from meshwright.cli import main
from support.tiny import LINES_CONTRACT_FILE, TinyMesh


def test_is_told_by_every_build_until_it_is_mended(built_mesh: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(built_mesh.root)
    built_mesh.edit(LINES_CONTRACT_FILE, ("mustBe: 0", "mustBe: 1"))
    built_mesh.build("shop")
    for _ in range(2):
        assert main(["-C", root, "build", "shop"]) == 1
        told = capsys.readouterr().err
        assert "shop.lines is published and breaks its contract" in told
        assert "next: mesh show shop.lines" in told
    built_mesh.edit(LINES_CONTRACT_FILE, ("mustBe: 1", "mustBe: 0"))
    built_mesh.build("shop")
    capsys.readouterr()
    assert main(["-C", root, "build", "shop"]) == 0
    assert "breaks" not in capsys.readouterr().err
