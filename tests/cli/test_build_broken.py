"""What is published and breaks a rule that came later."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meshwright.cli import main
from support.commands import Outcome
from support.tiny import CUSTOMERS_SQL, LINES_CONTRACT_FILE, TinyMesh

Run = Callable[..., Outcome]


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


@pytest.mark.parametrize(("text", "said"), [
    ("select 1 from {{ source('landing', 'peopel') }}",
     "customers.sql:1: reads source('landing', 'peopel'), and no ingest of shop is called so\n"
     "    1 | select 1 from {{ source('landing', 'peopel') }}\n"
     "      |                                     ^\n  did you mean 'people'?"),
    ("\nselect 1 from {{ source('insight', 'weekly_sales') }}",
     "customers.sql:2: reads insight.weekly_sales, which is no input port of its product\n"),
    ("select 1 from {{ source('insight', 'weekly_sale') }}", "which no product publishes"),
    ("select 1 from {{ source('insight', 'weekly_sale') }}", "did you mean 'insight.weekly_sales'?"),
    ("select 1 from {{ ref('order') }}", "customers.sql:1: refers to order, and there is no such model"),
])  # fmt: skip
def test_what_a_model_reads_and_nobody_offers(tiny_mesh: TinyMesh, run: Run, text: str, said: str) -> None:
    tiny_mesh.write(CUSTOMERS_SQL, text)
    outcome = run(tiny_mesh.root, "build", "shop")
    assert outcome.code == 2
    assert said in outcome.err
    assert "/product.yaml\n" in outcome.err or "input port" not in said
