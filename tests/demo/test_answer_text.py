"""The answer in a terminal, in a pipe and without Unicode."""

from __future__ import annotations

import io
from dataclasses import replace

import duckdb
import pytest

from meshwright.demo import answer, show
from meshwright.demo.answer import Contrast, Interval
from meshwright.demo.scale import ticks
from meshwright.demo.text import Style, text


class Stream(io.TextIOWrapper):
    """A stream with an encoding of its own that may claim to be a terminal."""

    def __init__(self, encoding: str, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def text(self) -> str:
        self.seek(0)
        return self.read()


def chart_of(page: str) -> dict[str, list[str]]:
    """The chart's lines by label."""
    rows: dict[str, list[str]] = {}
    for line in page.splitlines():
        label = line[:8].strip()
        if label in {"type A", "type B", "type C", "placebo", "naive"}:
            rows.setdefault(label, []).append(line[9:])
    return rows


def test_table_and_chart(con: duckdb.DuckDBPyConnection) -> None:
    page = text(answer(con))
    assert "   A      3,284 (1,454)   51.02   +0.07  −2.25 .. +2.39  +0.61 (1.28)  +8.00" in page.splitlines()
    rows = chart_of(page)
    zero = rows["type C"][0].index("│")
    axis = next(line for line in page.splitlines() if "$0" in line and "+2" in line)[9:]
    assert axis.index("$0") in {zero - 1, zero}
    assert rows["type C"][0].index("━") > zero
    assert rows["type C"][0].index("●") > rows["type A"][0].index("●") >= zero - 1
    assert rows["type A"][0].index("━") < zero < rows["type A"][0].rindex("━")
    assert len(rows["placebo"]) == len(rows["naive"]) == 3
    assert "◆ +$8.00" in rows["naive"][0]


@pytest.mark.parametrize("width", [80, 88, 96])
def test_nothing_is_wider_than_the_terminal(con: duckdb.DuckDBPyConnection, width: int) -> None:
    assert max(map(len, text(answer(con), Style(width=width)).splitlines())) <= width


def test_a_pipe_gets_no_colour_and_utf8_its_characters(con: duckdb.DuckDBPyConnection) -> None:
    stream = Stream("utf-8")
    show(answer(con), stream)
    assert "\x1b" not in stream.text()
    assert "●" in stream.text()


def test_other_encodings_get_ascii(con: duckdb.DuckDBPyConnection) -> None:
    for encoding in ("ascii", "latin-1", "cp1252"):
        stream = Stream(encoding)
        show(answer(con), stream)
        assert stream.text().isascii()
        assert "?" not in stream.text().replace("sales?", "")
        assert "=o=" in stream.text()


def test_a_terminal_gets_colour_unless_it_says_no(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Stream("utf-8", terminal=True)
    show(answer(con), stream)
    assert "\x1b[1m" in stream.text()
    assert Style.of(stream).width == 80
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Style.of(stream).colour


def test_extreme_numbers_stay_inside_the_chart(con: duckdb.DuckDBPyConnection) -> None:
    found = answer(con)
    wild = replace(
        found.effects[0],
        interval=Interval(-4000, -9000, 1000),
        corrected=Interval(-4000, -9500, 1500),
        redeemers=Contrast(1, 0, 123456),
    )
    page = text(replace(found, effects=(wild, *found.effects[1:])), Style(width=80))
    assert max(len(line) for lines in chart_of(page).values() for line in lines) <= 80 - 9
    assert "+$123,456.00 ◆" in page


def test_without_redeemers_the_table_says_none(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM mesh.marketing.redemptions")
    page = text(answer(con))
    assert page.count("  none") == 3
    assert "Mind the trap" not in page
    assert "naive" not in chart_of(page)


@pytest.mark.parametrize(
    ("low", "high", "values"),
    [
        (-4.7, 9.9, [-4, -2, 0, 2, 4, 6, 8]),
        (-0.4, 0.9, [0]),
        (-9001, 123457, [0, 20000, 40000, 60000, 80000, 100000, 120000]),
    ],
)
def test_axes_have_round_values_and_zero(low: float, high: float, values: list[int]) -> None:
    assert ticks(low, high, 9) == values
