"""The answer's arithmetic and what it allows to be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import pytest

from meshwright.demo import PORTS, Answer, answer, claims
from meshwright.demo.answer import Contrast, Interval
from meshwright.errors import MeshError


def change(found: Answer, kind: str, **values: object) -> Answer:
    """The answer with something else for one type."""
    return replace(
        found,
        effects=tuple(
            replace(e, **values) if e.campaign_type == kind else e  # type: ignore[arg-type]
            for e in found.effects
        ),
    )


def test_figures_are_those_of_the_ports(con: duckdb.DuckDBPyConnection) -> None:
    found = answer(con)
    assert [e.campaign_type for e in found.effects] == ["A", "B", "C"]
    a, _, c = found.effects
    assert (a.exposures, a.households, a.before) == (3284, 1454, 51.0212)
    assert c.interval == Interval(4.0599, 0.2998, 7.8201)
    assert (a.placebo.estimate, a.placebo_error) == (0.6128, 1.2766)
    assert a.placebo.low == pytest.approx(0.6128 - 1.959964 * 1.2766, abs=1e-5)
    assert [(k.campaign_id, k.start) for k in found.campaigns] == [
        (8, date(2017, 5, 8)), (13, date(2017, 8, 8)), (4, date(2017, 3, 29)), (14, date(2017, 9, 4)),
    ]  # fmt: skip


def test_correction_is_for_as_many_tests_as_there_are_types(con: duckdb.DuckDBPyConnection) -> None:
    found = answer(con)
    c = found.effects[2]
    assert found.tests == 3
    assert c.corrected.low == pytest.approx(4.0599 - 2.393980 * 1.9185, abs=1e-4)
    assert not c.interval.covers_zero
    assert c.is_borderline
    assert not c.is_detected
    con.execute("DELETE FROM mesh.growth.campaign_type_impact WHERE campaign_type <> 'C'")
    (alone,) = answer(con).effects
    assert alone.is_detected
    assert alone.corrected.low == pytest.approx(0.2998, abs=1e-3)


def test_the_naive_contrast_counts_each_redeemer_of_a_campaign_once(con: duckdb.DuckDBPyConnection) -> None:
    for effect in answer(con).effects:
        assert effect.redeemers == Contrast(3, 10.0, 18.0)
        assert effect.others == Contrast(7, 10.0, 9.5)
        assert effect.redeemers.change == 8.0


def test_nothing_measured_is_an_error_with_the_next_command(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM mesh.growth.campaign_type_impact")
    with pytest.raises(MeshError) as error:
        answer(con)
    assert error.value.exit_code == 1
    assert error.value.faults[0].command == "mesh build growth"


def test_only_the_named_ports_are_read(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
    assert sorted(name for (name,) in rows) == sorted(PORTS)
    assert answer(con)


def test_headline(con: duckdb.DuckDBPyConnection) -> None:
    found = answer(con)
    assert claims.headline(found) == (
        "Types A and B: no effect on grocery spend that can be told from zero. "
        "Type C: borderline, and gone after the correction for three tests."
    )
    strong = change(found, "C", interval=Interval(4, 3, 5), corrected=Interval(4, 2, 6))
    assert claims.headline(strong).startswith("Type C: an effect that also survives")
    nothing = change(found, "C", interval=Interval(0, -1, 1), corrected=Interval(0, -2, 2))
    assert claims.headline(nothing).startswith("Types A, B and C: no effect")


def test_what_may_be_said_follows_the_numbers(con: duckdb.DuckDBPyConnection) -> None:
    found = answer(con)
    a, b, c, placebo = claims.may(found)
    assert "no detectable effect (95 % interval −$2.25 to +$2.39)" in a
    assert "more than $2.39 a week (5 % of what these households spend) can be ruled out" in a
    assert "more than $2.10 a week (3 %" in b
    assert "+$4.06 (+$0.30 to +$7.82) leaves zero out, but corrected for three tests" in c
    assert "−$0.53 to +$8.65" in c
    assert "every interval covers zero" in placebo
    strong = change(found, "C", interval=Interval(4, 3, 5), corrected=Interval(4, 2, 6))
    assert "also after the correction" in claims.may(strong)[2]


def test_a_placebo_that_shows_an_effect_is_a_caution(con: duckdb.DuckDBPyConnection) -> None:
    broken = change(answer(con), "B", placebo=Interval(3, 1, 5))
    assert not broken.placebos_hold
    assert claims.may(broken)[-1].startswith("Caution: Type B")


def test_the_trap_is_told_from_the_contrasts(con: duckdb.DuckDBPyConnection) -> None:
    found = answer(con)
    first, second = claims.trap(found)
    assert "spent $8.00 more a week after the start than before" in first
    assert "changed by −$0.50." in second
    wider = change(found, "A", redeemers=Contrast(3, 10, 17.47), others=Contrast(7, 10, 14.84))
    first, second = claims.trap(wider)
    assert "spent $7.47 to $8.00 more" in first
    assert "changed by −$0.50 to +$4.84." in second
    falling = change(found, "A", redeemers=Contrast(3, 10, 9))
    assert "between −$1.00 and +$8.00 more" in claims.trap(falling)[0]


def test_without_redemptions_there_is_no_trap(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM mesh.marketing.redemptions")
    found = answer(con)
    assert [e.redeemers for e in found.effects] == [None, None, None]
    assert claims.trap(found) == []


def test_single_campaigns_are_counted_against_chance(con: duckdb.DuckDBPyConnection) -> None:
    assert "one of 4 leaves zero out, where chance alone would bring about 0." in claims.campaigns(answer(con))


@pytest.mark.parametrize(
    ("value", "words"),
    [(4.0599, "+$4.06"), (-0.184, "−$0.18"), (0.0, "$0.00"), (-0.004, "$0.00"), (1234.5, "+$1,234.50")],
)
def test_dollars(value: float, words: str) -> None:
    assert claims.dollars(value) == words
