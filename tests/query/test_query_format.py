"""Results as table, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest

from meshwright.query import FORMATS, write
from meshwright.query.cells import cut, printable, width_of
from meshwright.query.format import unique

from .published import Warehouse

MIXED = """
    SELECT * FROM (VALUES
        (1, 1.50::DECIMAL(12,2), 'plain', DATE '2017-01-01', TIMESTAMP '2017-01-01 10:00:00', [1, NULL], true,
         0.1::DOUBLE),
        (-20, 12345678901.25, NULL, NULL, NULL, NULL, NULL, 'nan'::DOUBLE),
        (300, 0.00, 'say "a, b"
next', DATE '2017-12-31', TIMESTAMP '2017-12-31 23:59:59.5', [2], false, '-inf'::DOUBLE)
    ) AS t(i, money, words, day, moment, many, flag, x) ORDER BY moment NULLS LAST"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(
    mesh: Warehouse, sql: str, style: str, *, width: int | None = None, most: int | None = None
) -> tuple[str, str | None]:
    out = io.StringIO(newline="")
    with mesh.ask(sql) as result:
        note = write(result, out, style, width=width, most=most)
    return out.getvalue(), note


def test_table(mesh: Warehouse) -> None:
    text, note = shown(mesh, MIXED, "table")
    assert text.splitlines() == [
        "  i           money  words             day         moment                      many       flag      x",
        "---  --------------  ----------------  ----------  --------------------------  ---------  -----  ----",
        "  1            1.50  plain             2017-01-01  2017-01-01 10:00:00         [1, null]  true    0.1",
        r'300            0.00  say "a, b"\nnext  2017-12-31  2017-12-31 23:59:59.500000  [2]        false  -inf',
        "-20  12345678901.25  NULL              NULL        NULL                        NULL       NULL    nan",
    ]
    assert note is None


def test_json(mesh: Warehouse) -> None:
    text, note = shown(mesh, MIXED, "json")
    rows = json.loads(text, parse_float=Decimal)
    assert rows[0] == {
        "i": 1, "money": Decimal("1.50"), "words": "plain", "day": "2017-01-01",
        "moment": "2017-01-01T10:00:00", "many": [1, None], "flag": True, "x": Decimal("0.1"),
    }  # fmt: skip
    assert rows[1]["x"] is None
    assert rows[2]["money"] == Decimal("12345678901.25")
    assert len(text.splitlines()) == 5
    assert note is None


def test_csv(mesh: Warehouse) -> None:
    text, note = shown(mesh, MIXED, "csv")
    assert text.startswith("i,money,words,day,moment,many,flag,x\r\n1,1.50,plain,2017-01-01,2017-01-01 10:00:00,")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[2][2] == 'say "a, b"\nnext'
    assert rows[3] == ["-20", "12345678901.25", "", "", "", "", "", "nan"]
    assert note is None


@pytest.mark.parametrize("style", sorted(FORMATS))
def test_no_rows(mesh: Warehouse, style: str) -> None:
    text, note = shown(mesh, "SELECT 1 AS a, 2 AS b WHERE false", style)
    assert text == {"table": "a  b\n-  -\n", "json": "[\n]\n", "csv": "a,b\r\n"}[style]
    assert note is None


@pytest.mark.parametrize(
    ("sql", "as_json"),
    [
        ("SELECT 170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"),
        ("SELECT 0.00000000000000000001::DECIMAL(38,20)", "0.00000000000000000001"),
        ("SELECT 1e300::DOUBLE", "1e+300"),
        ("SELECT 'inf'::FLOAT", "null"),
        ("SELECT '\\xAA\\x00'::BLOB", '"aa00"'),
        ("SELECT TIME '10:00:01'", '"10:00:01"'),
        ("SELECT TIMESTAMPTZ '2017-01-01 00:00:00+00'", '"2017-01-01T00:00:00+00:00"'),
        ("SELECT {'a': DATE '2017-01-01', 'b': [1.5]}", '{"a": "2017-01-01", "b": [1.5]}'),
        ("SELECT map {1: 'x'}", '{"1": "x"}'),
        ("SELECT '3f333df6-90a4-4fda-8dd3-9485d27cee36'::UUID", '"3f333df6-90a4-4fda-8dd3-9485d27cee36"'),
        ("SELECT INTERVAL '14 months'", '"1 year 2 months"'),
        ("SELECT 'é \u202e x' || chr(27) || chr(155)", '"é \\u202e x\\u001b\\u009b"'),
    ],
)
def test_every_type_as_json(mesh: Warehouse, sql: str, as_json: str) -> None:
    text, _ = shown(mesh, f"{sql} AS v", "json")
    assert text == f'[\n{{"v": {as_json}}}\n]\n'
    json.loads(text)


def test_object_keys_differ(mesh: Warehouse) -> None:
    text, _ = shown(mesh, "SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a", "json")
    assert json.loads(text) == [{"a": 1, "a_2": 2, "a_1": 3, "a_3": 4}]
    assert unique(("b", "b")) == ["b", "b_1"]


def test_a_terminal_gets_the_first_rows_and_a_count(mesh: Warehouse) -> None:
    text, note = shown(mesh, "FROM mesh.sales.transactions ORDER BY basket_id", "table", width=200, most=3)
    assert len(text.splitlines()) == 5
    assert note == "… 9,997 more rows; --format csv or json gives all"
    _, note = shown(mesh, "FROM range(4)", "table", width=80, most=3)
    assert note == "… 1 more row; --format csv or json gives all"
    _, note = shown(mesh, "FROM range(1000000000000)", "table", width=80, most=3)
    assert note == "… more than 100,000 more rows; --format csv or json gives all"


def test_a_narrow_terminal_drops_columns_and_cuts_cells(mesh: Warehouse) -> None:
    text, note = shown(mesh, "SELECT repeat('x', 5000) AS long, 1 AS one, 2 AS two", "table", width=66, most=9)
    assert text.splitlines()[0].split() == ["long", "one"]
    assert text.splitlines()[2].startswith("x" * 59 + "…")
    assert max(map(len, text.splitlines())) <= 66
    assert note == "… 1 more column (two); --format csv or json gives all"


def test_without_a_terminal_nothing_is_cut(mesh: Warehouse) -> None:
    text, note = shown(mesh, "SELECT range AS i, repeat('x', 5000) AS long FROM range(3000)", "table")
    assert text.count("x" * 5000) == 3000
    assert note is None


def test_hostile_text_cannot_drive_a_terminal(mesh: Warehouse) -> None:
    sql = r"SELECT 'a' || chr(27) || '[2J' || chr(155) || '31m' || chr(8238) || chr(7) || chr(13) AS " + '"h\x1b[1m"'
    text, _ = shown(mesh, sql, "table", width=100)
    assert all(c.isprintable() or c == "\n" for c in text)
    assert r"a\x1b[2J\x9b31m\u202e\x07\r" in text
    screen = Terminal(newline="")
    with mesh.ask(sql) as result:
        write(result, screen, "csv")
    assert "\x1b" not in screen.getvalue()
    piped, _ = shown(mesh, sql, "csv")
    assert "a\x1b[2J" in piped


def test_wide_characters_keep_columns_straight(mesh: Warehouse) -> None:
    text, _ = shown(mesh, "SELECT * FROM (VALUES ('日本', 1), ('abc', 2)) t(a, b)", "table")
    assert text.splitlines()[2:] == ["日本  1", "abc   2"]
    assert width_of("日本é") == 5
    assert width_of("e\u0301") == 1
    assert cut("日本語", 4) == "日…"
    assert printable("tab\there") == r"tab\there"
