"""The age of the newest value, against the clock of the machine."""

from __future__ import annotations

import pytest

from meshwright.quality import Verdict, refused
from meshwright.spec.durations import seconds_of
from meshwright.spec.model import ServiceLevel
from quality.making import HERE, Bench, column, port


def judged(bench: Bench, value: object, unit: str | None, type_: str = "timestamp", **more: bool) -> Verdict:
    level = ServiceLevel("latency", value, unit, "lines.c", HERE)
    private = {"classification": "confidential"} if more.get("private") else {}
    asked = port(column("id"), column("c", type_, **private), service_levels=(level,))
    return bench.audit(asked)["c.freshness"]


@pytest.mark.parametrize(
    ("value", "unit", "passed"),
    [
        (4, "h", True), (2, "h", False), (200, "minutes", True), (100, "m", False), (1, "d", True),
        (0.1, "day", False), (1, "weeks", True), (1, "mo", True), (1, "yr", True), (9000, "s", False),
        ("4h", None, True), (" 2 ", "hours", False),
    ],
)  # fmt: skip
def test_a_timestamp_is_utc(bench: Bench, value: object, unit: str | None, passed: bool) -> None:
    bench.con.execute("SET TimeZone = 'Asia/Tokyo'")
    bench.table(
        "SELECT 1 AS id, (now() AT TIME ZONE 'UTC') - INTERVAL 3 HOUR AS c UNION ALL SELECT 2, TIMESTAMP '2017-01-01'"
    )
    found = judged(bench, value, unit)
    assert found.passed is passed
    assert (found.failed_rows, found.checked_rows, found.samples) == (0, 0, ())


def test_a_zone_is_respected(bench: Bench) -> None:
    bench.con.execute("SET TimeZone = 'Asia/Tokyo'")
    bench.table("SELECT 1 AS id, now() - INTERVAL 3 HOUR AS c")
    found = judged(bench, 4, "h", "timestamptz")
    assert found.passed
    assert found.observed == pytest.approx(3, abs=0.01)


def test_a_day_is_over_when_it_ends(bench: Bench) -> None:
    bench.table("SELECT 1 AS id, (now() AT TIME ZONE 'UTC')::DATE - 1 AS c")
    assert judged(bench, 1, "d", "date").passed
    bench.table("SELECT 1 AS id, (now() AT TIME ZONE 'UTC')::DATE - 3 AS c")
    assert not judged(bench, 2, "d", "date").passed


def test_old_data_is_a_warning_that_says_how_old(bench: Bench) -> None:
    bench.table("SELECT 1 AS id, DATE '2017-12-31' AS c")
    found = judged(bench, 8, "d", "date")
    assert not found.passed
    assert not refused([found])
    assert found.message.startswith("the newest c is 2017-12-31, ")
    assert found.message.endswith(" d old; at most 8 d allowed")
    assert found.observed > 3000
    assert "2017" not in judged(bench, 8, "d", "date", private=True).message


@pytest.mark.parametrize(
    ("value", "unit", "reason"),
    [(1, "fortnight", "no length of time"), ("soon", None, "no length of time"), (None, "d", "no length of time")],
)
def test_no_length_of_time(bench: Bench, value: object, unit: str | None, reason: str) -> None:
    bench.table("SELECT 1 AS id, now() AS c")
    assert reason in judged(bench, value, unit, "timestamptz").message


def test_nothing_to_be_fresh(bench: Bench) -> None:
    bench.table("SELECT 1 AS id, NULL::TIMESTAMP AS c")
    assert judged(bench, 1, "d").message == "cannot be checked: no row has a c"
    bench.table("SELECT 1 AS id, 'x' AS c")
    assert judged(bench, 1, "d", "string").message.startswith("cannot be checked: ")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("8 d", 691_200),
        ("24h", 86_400),
        ("1.5 minutes", 90),
        ("0", 0),
        ("5", None),
        ("x", None),
        ("1 q", None),
        ("-1d", None),
    ],
)
def test_lengths_of_time(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds
