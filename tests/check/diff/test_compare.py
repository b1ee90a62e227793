"""A diff says exactly what a comparison by hand says, and nothing that must not be seen."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshwright.check.diff import PortDiff, as_data, as_page, as_text, compare_ports
from meshwright.errors import UnavailableError
from support.bench import Bench
from support.processes import peak_of

from .conftest import Compare, committed, keyed

COLUMNS = {"k": "int", "d": "double", "n": "decimal(9,2)", "s": "struct<a: int, b: string>"}
KEYED, BARE = keyed(COLUMNS, "k"), keyed(COLUMNS)
Row = tuple[Any, ...]

_doubles = st.sampled_from([None, 0.0, -0.0, 1.0, 1.0 + 1e-13, 1.0 + 1e-6, 1 / 3, 1e300, math.nan, math.inf, -math.inf])
_rows = st.lists(
    st.tuples(
        st.sampled_from([None, 0, 1, 2, 3, 4]),
        _doubles,
        st.sampled_from([None, 0, 125, -350]),
        st.sampled_from([None, (1, "x"), (1, None), (None, "x")]),
    ),
    max_size=7,
)


def table(rows: Sequence[Row]) -> str:
    """SQL for these rows."""
    kinds = "INT, DOUBLE, DECIMAL(9,2), STRUCT(a INT, b VARCHAR)".replace("STRUCT(a INT, b VARCHAR)", "@").split(", ")
    kinds[-1] = "STRUCT(a INT, b VARCHAR)"
    names = list(COLUMNS)

    def cell(i: int, value: Any) -> str:
        if value is None:
            text = "NULL"
        elif i == 1:
            text = f"'{value!r}'"
        elif i == 2:
            text = f"{value / 100}"
        elif i == 3:
            a, b = value
            text = f"{{'a': {'NULL' if a is None else a}, 'b': {'NULL' if b is None else repr(b)}}}"
        else:
            text = str(value)
        return f"CAST({text} AS {kinds[i]}) AS {names[i]}"

    selects = [f"SELECT {', '.join(cell(i, v) for i, v in enumerate(row))}" for row in rows]
    empty = f"SELECT {', '.join(cell(i, None) for i in range(4))} WHERE false"
    return " UNION ALL ".join(selects) if selects else empty


def normal(row: Row) -> Row:
    """A row as rows are compared: nine significant digits, one zero, one NaN."""
    return tuple(
        (value if value is None else "%.8e" % (value + 0.0)) if i == 1 else value for i, value in enumerate(row)
    )


def by_hand(before: Sequence[Row], after: Sequence[Row]) -> tuple[int, int]:
    """Rows added and removed, whole rows counted."""
    b, a = Counter(map(normal, before)), Counter(map(normal, after))
    return (a - b).total(), (b - a).total()


def by_key(before: Sequence[Row], after: Sequence[Row]) -> tuple[int, int, int, dict[str, int]]:
    """Rows added, removed and changed, and of each column how many changed."""
    b, a = ({row[0]: normal(row) for row in rows} for rows in (before, after))
    both = [(b[key], a[key]) for key in b.keys() & a.keys()]
    columns = {name: sum(old[i] != new[i] for old, new in both) for i, name in enumerate(COLUMNS)}
    return len(a.keys() - b.keys()), len(b.keys() - a.keys()), sum(old != new for old, new in both), columns


def is_key(*tables: Sequence[Row]) -> bool:
    return all(len({row[0] for row in rows}) == len(rows) for rows in tables)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_rows, after=_rows)
def test_as_by_hand(compare: Compare, before: list[Row], after: list[Row]) -> None:
    found = compare(KEYED, table(before), table(after), examples=20)
    assert found.rows == (len(before), len(after))
    if is_key(before, after):
        added, removed, changed, columns = by_key(before, after)
        assert (found.added, found.removed, found.changed) == (added, removed, changed)
        assert {column.name: column.changed for column in found.columns} == columns
        assert found.key == ("k",)
    else:
        assert (found.added, found.removed, found.changed) == (*by_hand(before, after), 0)
        assert (found.key, [column.changed for column in found.columns]) == ((), [None] * 4)
        assert "k does not tell" in found.note
    for kind, total in (("added", found.added), ("removed", found.removed), ("changed", found.changed)):
        assert sum(example.times for example in found.examples if example.kind == kind) == total
    assert found.is_same == (by_hand(before, after) == (0, 0))
    for i, column in enumerate(found.columns):
        for side, rows in enumerate((before, after)):
            values = [normal(row)[i] for row in rows]
            assert column.nulls[side] == values.count(None)
            assert column.distinct[side] == len({v for v in values if v is not None})


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_rows, after=_rows)
def test_without_a_key_whole_rows_are_counted(compare: Compare, before: list[Row], after: list[Row]) -> None:
    found = compare(BARE, table(before), table(after), examples=20)
    assert (found.added, found.removed, found.changed) == (*by_hand(before, after), 0)
    assert "no primary key" in found.note


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_rows.filter(bool), seed=st.randoms())
def test_the_same_rows_in_another_order_are_the_same(compare: Compare, rows: list[Row], seed: Any) -> None:
    shuffled = list(rows)
    seed.shuffle(shuffled)
    assert compare(BARE, table(rows), table(shuffled)).is_same


ONE = keyed({"id": "long", "name": "string", "amount": "decimal(12,2)"}, "id")
BEFORE = "SELECT i AS id, 'n' || i AS name, CAST(i AS DECIMAL(12,2)) AS amount FROM range(10) t(i)"


def test_changed_rows_show_what_changed_farthest_first(compare: Compare) -> None:
    after = BEFORE.replace("CAST(i AS", "CAST(i + CASE i WHEN 3 THEN 1 WHEN 7 THEN 50 ELSE 0 END AS")
    found = compare(ONE, BEFORE, after)
    assert [(e.key, e.values) for e in found.examples] == [
        ({"id": "7"}, {"amount": ("7.00", "57.00")}),
        ({"id": "3"}, {"amount": ("3.00", "4.00")}),
    ]
    assert [(c.least, c.greatest) for c in found.columns if c.name == "amount"] == [
        (("0.00", "0.00"), ("9.00", "57.00"))
    ]


def test_examples_are_few_and_the_same_each_time(compare: Compare) -> None:
    after = "SELECT id + 5 AS id, upper(name) AS name, amount * 2 AS amount FROM (" + BEFORE + ")"
    found = [compare(ONE, BEFORE, after, examples=2) for _ in range(2)]
    assert found[0].examples == found[1].examples
    assert Counter(e.kind for e in found[0].examples) == {"changed": 2, "added": 2, "removed": 2}
    assert compare(ONE, BEFORE, after, examples=0).examples == ()


def test_values_of_classified_columns_never_show(compare: Compare) -> None:
    private = keyed({"id": "long", "name": "string", "amount": "decimal(12,2)"}, "id", private=("id", "name", "amount"))
    rows = (
        "SELECT i + 7000000 AS id, 'secret' || i AS name, CAST(i + 31337 AS DECIMAL(12,2)) AS amount "
        "FROM range({}) t(i)"
    )
    changed = rows.format("3, 9").replace("'secret' ||", "'secret!' ||")
    found = compare(private, rows.format(6), changed)
    assert (found.added, found.removed, found.changed) == (3, 3, 3)
    told = json.dumps(as_data([found])) + as_text([found]) + as_page([found], title="x")
    assert not any(word in told for word in ("secret", "700000", "3133", "3134"))
    assert "•••" in as_text([found])
    assert [column.nulls for column in found.columns] == [(0, 0)] * 3


def test_columns_that_the_contract_does_not_name_are_private(compare: Compare) -> None:
    was = keyed({"id": "long", "name": "string"}, "id")
    now = keyed({"id": "long"}, "id")
    found = compare(now, "SELECT 1::BIGINT AS id, 'secret' AS name", "SELECT 1::BIGINT AS id", was=was)
    assert "secret" not in as_text([found])
    assert [(c.column, c.kind) for c in found.schema] == [("name", "removed")]
    assert not found.is_same
    assert (found.added, found.removed, found.changed) == (0, 0, 0)


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "changed"),
    [
        ("int", "long", "1::INT", "1::BIGINT", 0),
        ("int", "long", "1::INT", "3000000000", 1),
        ("int", "decimal(9,2)", "1::INT", "1.00::DECIMAL(9,2)", 0),
        ("decimal(9,2)", "decimal(12,4)", "1.25::DECIMAL(9,2)", "1.2501::DECIMAL(12,4)", 1),
        ("float", "double", "0.5::FLOAT", "0.5::DOUBLE", 0),
        ("long", "double", "1::BIGINT", "1.5::DOUBLE", 1),
        ("date", "timestamp", "DATE '2020-01-01'", "TIMESTAMP '2020-01-01'", 0),
        ("int", "string", "1::INT", "'1'", 0),
        ("string", "list<string>", "'a'", "['a']", 1),
    ],
)
def test_values_of_another_type(compare: Compare, old: str, new: str, before: str, after: str, changed: int) -> None:
    was, now = (keyed({"id": "long", "v": kind}, "id") for kind in (old, new))
    found = compare(now, f"SELECT 1::BIGINT AS id, {before} AS v", f"SELECT 1::BIGINT AS id, {after} AS v", was=was)
    assert (found.changed, [(c.before, c.after) for c in found.schema]) == (changed, [(old, new)])


def test_a_port_that_is_new_or_gone(compare: Compare) -> None:
    new, gone = compare(ONE, None, BEFORE), compare(ONE, BEFORE, None)
    assert (new.rows, new.added, new.removed) == ((None, 10), 10, 0)
    assert (gone.rows, gone.added, gone.removed) == ((10, None), 0, 10)
    assert "new, 10 rows" in as_text([new])
    assert "gone, it had 10 rows" in as_text([gone])
    assert not new.is_same


def test_nothing_in_common(compare: Compare) -> None:
    was, now = keyed({"a": "long"}), keyed({"b": "long"})
    found = compare(now, "SELECT 1::BIGINT AS a FROM range(2)", "SELECT 1::BIGINT AS b FROM range(3)", was=was)
    assert (found.added, found.removed, found.examples) == (3, 2, ())


def test_many_rows_spill_and_are_estimated(bench: Bench) -> None:
    of = keyed({"id": "long", "v": "double"}, "id")
    rows = "SELECT range AS id, range / 7.0 AS v FROM range({})"
    before, after = (committed(bench, of, rows.format(n)) for n in (200_000, 200_500))
    found = compare_ports(bench.settings.model_copy(update={"memory_limit": "60MB"}), of, before, after)
    assert (found.added, found.removed, found.changed) == (500, 0, 0)
    ids = found.columns[0]
    assert ids.approximate
    assert ids.distinct[0] == pytest.approx(200_000, rel=0.2)
    assert not [*(bench.settings.scratch / "diff").iterdir()]


def test_a_snapshot_that_cannot_be_read(bench: Bench) -> None:
    location = committed(bench, ONE, BEFORE)
    with pytest.raises(UnavailableError, match="cannot be read") as refused:
        compare_ports(bench.settings, ONE, location, str(bench.settings.warehouse / "gone.metadata.json"))
    assert refused.value.exit_code == 3


HOSTILE = ['a"b', "a'b; drop table x", "<script>alert(1)</script>", "\u202egnp", "select", "c0", "x\ny"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_and_values(compare: Compare, name: str) -> None:
    of = keyed({"id": "long", name: "string"}, "id")
    quoted = '"' + name.replace('"', '""') + '"'
    value = "'</td><img src=x onerror=alert(1)>\x1b[31m' || i"
    rows = f"SELECT i AS id, {value} AS {quoted} FROM range(3) t(i)"
    found = compare(of, rows, rows.replace("|| i", "|| (i + 1)"))
    assert [column.changed for column in found.columns] == [0, 3]
    page, text = as_page([found], title=name), as_text([found])
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page + text
    assert "\u202e" not in page + text


def test_text_says_that_nothing_differs(compare: Compare) -> None:
    found: PortDiff = compare(ONE, BEFORE, BEFORE)
    assert as_text([found]) == "shop.orders  the same 10 rows"
    assert as_data([found])[0]["same"] is True


WIDE = """
from pathlib import Path
from check.diff.conftest import committed, keyed
from meshwright.catalog.database import Database
from meshwright.check.diff import compare_ports
from meshwright.config import Settings
from support.bench import Bench

settings = Settings.of(Path("{folder}"))
bench, names = Bench(settings, Database(settings)), [f"c{{i}}" for i in range(1100)]
of = keyed(dict.fromkeys(["id", *names], "long"), "id")
rows = [", ".join(f"i + {{n}} AS {{name}}" for name in names) for n in (0, 1)]
sides = [committed(bench, of, f"SELECT i AS id, {{row}} FROM range(5) t(i)") for row in rows]
found = compare_ports(settings, of, *sides, examples=0)
changed = sum(column.changed == 5 for column in found.columns)
print(f"{{len(found.columns) - 1}} columns, {{changed}} of them changed")
"""


def test_memory_of_a_diff_does_not_grow_with_the_square_of_the_columns(tmp_path: Path) -> None:
    told, megabytes = peak_of(WIDE.format(folder=str(tmp_path)))
    assert told == "1100 columns, 1100 of them changed"
    assert megabytes < 1000
