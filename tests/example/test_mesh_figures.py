"""A build of the example mesh has the figures that the raw files give on another way.

``example_mesh`` is a built mesh: ``sql(query)`` gives the rows, ports are ``mesh.<domain>.<port>``.
"""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from .effect import Estimate
from .known import GROCERY, ROWS
from .reference import Figures

COLUMNS = (
    "targeted_exposures, targeted_households, control_households, targeted_before, targeted_during, "
    "control_before, control_during, effect, effect_se, effect_lo, effect_hi, placebo_effect, placebo_se"
)


class ExampleMesh(Protocol):
    def sql(self, query: str) -> list[tuple[Any, ...]]: ...


@pytest.mark.parametrize("port", ROWS)
def test_rows(example_mesh: ExampleMesh, port: str) -> None:
    assert example_mesh.sql(f"select count(*) from mesh.{port}") == [(ROWS[port],)]


@pytest.mark.parametrize("port", [port for port in ROWS if not port.endswith("_impact")])
def test_figures(example_mesh: ExampleMesh, figures: dict[str, Figures], port: str) -> None:
    wanted = figures[port]
    (row,) = example_mesh.sql(f"select {', '.join(wanted)} from mesh.{port}")
    got = dict(zip(wanted, row, strict=True))
    exact = {k: v for k, v in wanted.items() if not isinstance(v, float)}
    close = {k: v for k, v in wanted.items() if isinstance(v, float)}
    assert {k: got[k] for k in exact} == exact
    assert {k: float(got[k]) for k in close} == pytest.approx(close, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("port", "group"), [("campaign_impact", "campaign_id"), ("campaign_type_impact", "campaign_type")]
)
def test_every_estimate(
    example_mesh: ExampleMesh, estimates: dict[tuple[str, str], Estimate], port: str, group: str
) -> None:
    rows = example_mesh.sql(f"select {group}, outcome, relative_effect, {COLUMNS} from mesh.growth.{port}")
    assert len(rows) == ROWS[f"growth.{port}"]
    for key, outcome, relative, *values in rows:
        e = estimates[str(key), outcome]
        wanted = (
            e.exposures, e.targeted_households, e.control_households, e.targeted_before, e.targeted_during,
            e.control_before, e.control_during, e.effect, e.se, *e.interval, e.placebo, e.placebo_se,
        )  # fmt: skip
        assert values == pytest.approx(wanted, abs=2e-6), (key, outcome)
        assert relative == pytest.approx(e.effect / (e.targeted_during - e.effect), abs=2e-6)


@pytest.mark.parametrize("kind", GROCERY)
def test_the_answer(example_mesh: ExampleMesh, kind: str) -> None:
    (row,) = example_mesh.sql(
        "select targeted_exposures, targeted_households, targeted_before, effect, effect_lo, effect_hi, "
        "placebo_effect, placebo_se from mesh.growth.campaign_type_impact "
        f"where outcome = 'all_grocery' and campaign_type = '{kind}'"
    )
    assert tuple(round(value, 4) for value in row) == GROCERY[kind]


def test_targeted_rows_of_the_panel_are_on_a_list(example_mesh: ExampleMesh) -> None:
    assert example_mesh.sql(
        "select count(*) from mesh.growth.campaign_panel as p left join mesh.marketing.campaign_households as t "
        "on t.campaign_id = p.campaign_id and t.household_id = p.household_id "
        "where (p.targeted = 1) <> (t.household_id is not null)"
    ) == [(0,)]


def test_domains_reconcile_to_the_cent(example_mesh: ExampleMesh) -> None:
    totals = {
        total
        for port in ("sales.transactions", "sales.baskets", "sales.store_weeks", "customers.household_weeks",
                     "merchandising.category_weeks")
        for (total,) in example_mesh.sql(f"select sum(sales_value) from mesh.{port}")
    }  # fmt: skip
    assert len(totals) == 1
