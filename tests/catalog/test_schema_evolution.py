"""What becomes of published rows when a contract's columns change."""

from __future__ import annotations

import pytest

from meshwright.catalog.candidates import Candidate
from meshwright.catalog.schema import evolved_schema
from meshwright.spec.model import Port
from support.bench import Bench, column, port

TWO_WEEKS = "SELECT i AS id, i * 10 AS amount, (i % 2 + 1)::INTEGER AS week FROM range(4) t(i)"
BEFORE = port(
    "sales.lines",
    [column("id", "int", element="e-id"), column("amount", "long", element="e-amount"), column("week", "int")],
    by="week",
)


def changed(*columns: tuple[str, str, str | None], by: str = "week", transform: str = "identity") -> Port:
    return port("sales.lines", [column(n, k, element=e) for n, k, e in columns], by, transform)


def candidate(bench: Bench, of: Port) -> Candidate:
    return Candidate(bench.catalog, "plan__sales", of, bench.pins()[of.key], bench.settings.warehouse)


def ids(made: Candidate) -> dict[str, int]:
    return {f.name: f.field_id for f in made.schema.fields}


def test_renamed_by_element_id_keeps_rows_and_field(bench: Bench) -> None:
    bench.publish(BEFORE, TWO_WEEKS)
    after = changed(("id", "int", "e-id"), ("value", "long", "e-amount"), ("week", "int", None))
    made = candidate(bench, after)
    assert not made.must_be_whole
    assert ids(made) == {"id": 1, "value": 2, "week": 3}
    bench.publish(after, "SELECT 9 AS id, 90 AS value, 2 AS week", ["2"])
    assert bench.rows(after, "SELECT id, value, week FROM {} ORDER BY ALL") == [(0, 0, 1), (2, 20, 1), (9, 90, 2)]


def test_renamed_without_element_id_is_another_column(bench: Bench) -> None:
    bench.publish(BEFORE, TWO_WEEKS)
    made = candidate(bench, changed(("id", "int", "e-id"), ("value", "long", None), ("week", "int", None)))
    assert made.must_be_whole
    assert ids(made)["value"] == 4 + 1


def test_two_columns_that_trade_names(bench: Bench) -> None:
    bench.publish(BEFORE, TWO_WEEKS)
    after = changed(("amount", "int", "e-id"), ("id", "long", "e-amount"), ("week", "int", None))
    assert ids(candidate(bench, after)) == {"amount": 1, "id": 2, "week": 3}
    bench.publish(after, "SELECT 9 AS amount, 90 AS id, 2 AS week", ["2"])
    assert bench.rows(after, "SELECT amount, id FROM {} ORDER BY ALL") == [(0, 0), (2, 20), (9, 90)]


def test_new_column_under_the_name_of_a_renamed_one(bench: Bench) -> None:
    bench.publish(BEFORE, TWO_WEEKS)
    after = changed(
        ("id", "int", "e-id"), ("value", "long", "e-amount"), ("amount", "long", None), ("week", "int", None)
    )
    made = candidate(bench, after)
    assert len(set(ids(made).values())) == 4
    assert made.must_be_whole


def test_element_ids_that_come_later_count_from_then_on(bench: Bench) -> None:
    bare = changed(("id", "int", None), ("amount", "long", None), ("week", "int", None))
    bench.publish(bare, TWO_WEEKS)
    bench.publish(BEFORE, TWO_WEEKS, ["1"])
    after = changed(("id", "int", "e-id"), ("value", "long", "e-amount"), ("week", "int", None))
    assert not candidate(bench, after).must_be_whole


def test_added_column_builds_all_partitions(bench: Bench) -> None:
    bench.publish(BEFORE, TWO_WEEKS)
    after = changed(
        ("id", "int", "e-id"), ("amount", "long", "e-amount"), ("note", "string", None), ("week", "int", None)
    )
    assert candidate(bench, after).must_be_whole
    bench.publish(after, f"SELECT *, 'n' AS note FROM ({TWO_WEEKS})")
    assert bench.rows(after, "SELECT count(*), count(note) FROM {}") == [(4, 4)]


def test_dropped_column_keeps_rows(bench: Bench) -> None:
    bench.publish(BEFORE, TWO_WEEKS)
    after = changed(("id", "int", "e-id"), ("week", "int", None))
    assert not candidate(bench, after).must_be_whole
    bench.publish(after, "SELECT 9 AS id, 2 AS week", ["2"])
    assert bench.rows(after) == [(0, 1), (2, 1), (9, 2)]


def test_column_that_comes_back_does_not_bring_old_values(bench: Bench) -> None:
    """Its field id is a new one, although the old one was the highest of all."""
    last = changed(("week", "int", None), ("id", "int", None), ("amount", "long", None))
    bench.publish(last, TWO_WEEKS)
    without = changed(("week", "int", None), ("id", "int", None))
    bench.publish(without, TWO_WEEKS, ["1", "2"])
    made = candidate(bench, last)
    assert ids(made)["amount"] > 3
    assert made.must_be_whole


@pytest.mark.parametrize(
    ("old", "new", "values"),
    [("int", "long", (1, 2)), ("float", "double", (1.5, 2.5)), ("decimal(9,2)", "decimal(18,2)", ("1.50", "2.50"))],
)
def test_widened_column_keeps_rows(bench: Bench, old: str, new: str, values: tuple[object, object]) -> None:
    narrow, wide = changed(("v", old, None), ("week", "int", None)), changed(("v", new, None), ("week", "int", None))
    bench.publish(narrow, f"SELECT {values[0]} AS v, 1 AS week UNION ALL SELECT {values[1]}, 2")
    assert not candidate(bench, wide).must_be_whole
    bench.publish(wide, f"SELECT {values[1]} AS v, 2 AS week", ["2"])
    assert [str(v) for (v,) in bench.rows(wide, "SELECT v FROM {} ORDER BY 1")] == [str(v) for v in values]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("long", "int"),
        ("double", "float"),
        ("decimal(18,2)", "decimal(9,2)"),
        ("decimal(9,2)", "decimal(9,3)"),
        ("long", "string"),
        ("string", "binary"),
        ("timestamp", "date"),
    ],
)
def test_narrowed_or_other_type_builds_all_partitions(bench: Bench, old: str, new: str) -> None:
    value = {"timestamp": "TIMESTAMP '2017-01-01'", "string": "'a'"}.get(old, "1")
    narrow, wide = changed(("v", old, None), ("week", "int", None)), changed(("v", new, None), ("week", "int", None))
    bench.publish(narrow, f"SELECT {value} AS v, 1 AS week")
    made = candidate(bench, wide)
    assert made.must_be_whole
    assert ids(made)["v"] > 2


def test_new_partitioning_builds_all_partitions(bench: Bench) -> None:
    columns = (("day", "date", None), ("week", "int", None))
    bench.publish(changed(*columns), "SELECT DATE '2017-03-09' AS day, 10 AS week")
    monthly = changed(*columns, by="day", transform="month")
    assert candidate(bench, monthly).must_be_whole
    days = "SELECT DATE '2017-03-09' + 30 * i::INTEGER AS day, 10 AS week FROM range(3) t(i)"
    bench.publish(monthly, days)
    bench.publish(monthly, "SELECT DATE '2017-04-01' AS day, 14 AS week", ["2017-04"])
    assert [str(d) for d, _ in bench.rows(monthly)] == ["2017-03-09", "2017-04-01", "2017-05-08"]


@pytest.mark.parametrize("after", [("wk", "int"), ("week", "string"), ("other", "date")])
def test_partition_column_that_is_replaced(bench: Bench, after: tuple[str, str]) -> None:
    """Its field is gone, and with it what the old partitioning rests on."""
    name, kind = after
    bench.publish(
        changed(("id", "int", None), ("week", "int", None)), "SELECT 1 AS id, 1 AS week UNION ALL SELECT 2, 2"
    )
    new = changed(("id", "int", None), (name, kind, None), by=name)
    values = {"int": ("1", "2"), "string": ("'1'", "'2'"), "date": ("DATE '2017-01-01'", "DATE '2017-01-02'")}[kind]
    bench.publish(new, f'SELECT 1 AS id, {values[0]} AS "{name}" UNION ALL SELECT 2, {values[1]}')
    assert bench.rows(new, "SELECT id FROM {} ORDER BY ALL") == [(1,), (2,)]
    text = values[1].removeprefix("DATE ").strip("'")
    bench.publish(new, f'SELECT 3 AS id, {values[1]} AS "{name}"', [text])
    assert bench.rows(new, "SELECT id FROM {} ORDER BY ALL") == [(1,), (3,)]


def test_partitioning_that_comes_and_goes(bench: Bench) -> None:
    columns = (("id", "int", None), ("week", "int", None))
    weekly, whole = changed(*columns), port("sales.lines", {"id": "int", "week": "int"})
    for n, of in enumerate((whole, weekly, whole, weekly)):
        bench.publish(of, f"SELECT {n} AS id, 1 AS week UNION ALL SELECT {n}, 2")
    bench.publish(weekly, "SELECT 9 AS id, 2 AS week", ["2"])
    assert bench.rows(weekly) == [(3, 1), (9, 2)]


def test_nested_columns_keep_their_inner_ids(bench: Bench) -> None:
    nested = port("sales.deep", {"id": "long", "tags": "list<string>", "at": "struct<x: int, y: int>"})
    bench.publish(nested, "SELECT 1 AS id, ['a', 'b'] AS tags, {'x': 1, 'y': 2} AS at")
    assert bench.rows(nested) == [(1, ["a", "b"], {"x": 1, "y": 2})]
    assert candidate(bench, nested).schema == evolved_schema(nested.contract.columns, None, {})
    wider = port("sales.deep", {"id": "long", "tags": "list<string>", "at": "struct<x: int, y: int, z: int>"})
    found = candidate(bench, wider).schema
    assert found.find_field("at").field_id > found.find_field("tags").field_id
    bench.publish(wider, "SELECT 1 AS id, ['a'] AS tags, {'x': 1, 'y': 2, 'z': 3} AS at")
    assert bench.rows(wider) == [(1, ["a"], {"x": 1, "y": 2, "z": 3})]
