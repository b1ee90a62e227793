"""A column under another name is compared as the column that it is."""

from __future__ import annotations

import pytest

from meshwright.check.diff import PortDiff, as_data, as_page, as_text, compare_ports
from support.bench import Bench

from .conftest import Compare, keyed

WAS = keyed({"id": "long", "total": "int", "name": "string"}, "id", ids={"total": "x"})
NOW = keyed({"id": "long", "amount": "int", "name": "string"}, "id", ids={"amount": "x"})
BEFORE = "SELECT i AS id, CAST(i AS INT) AS total, 'n' || i AS name FROM range(4) t(i)"
AFTER = (
    "SELECT i AS id, CAST(i + CASE i WHEN 3 THEN 1 ELSE 0 END AS INT) AS amount, 'n' || i AS name FROM range(4) t(i)"
)


def test_an_element_id_ties_old_name_and_new(compare: Compare) -> None:
    found = compare(NOW, BEFORE, AFTER, was=WAS)
    assert [(c.column, c.kind, c.was, c.before, c.after) for c in found.schema] == [
        ("amount", "renamed", "total", "int", "int")
    ]
    assert (found.added, found.removed, found.changed, found.is_same) == (0, 0, 1, False)
    assert [(e.key, e.values) for e in found.examples] == [({"id": "3"}, {"amount": ("3", "4")})]
    assert [(c.name, c.was, c.changed, c.greatest) for c in found.columns] == [
        ("id", None, 0, ("3", "3")), ("amount", "total", 1, ("3", "4")), ("name", None, 0, ("n3", "n3")),
    ]  # fmt: skip
    assert as_data([found])[0]["schema"][0]["was"] == "total"
    for told in (as_text([found]), as_page([found], title="x")):
        assert "total is now amount" in told
        assert "amount (was total)" in told


def published(bench: Bench, before: str, after: str, *, was: str, now: str) -> PortDiff:
    """Two snapshots of one table, whose column ``v`` is named so; no element id is left that could tell it."""
    first = bench.publish(keyed({"id": "long", was: "int"}, "id", ids={was: "x"}), before)
    second = bench.publish(keyed({"id": "long", now: "int"}, "id", ids={now: "x"}), after)
    last = keyed({"id": "long", now: "int"}, "id")
    third = bench.publish(last, after)
    assert second.parent == first.committed.location
    return compare_ports(bench.settings, last, first.committed.location, third.committed.location)


def test_a_field_that_stayed_ties_them_too(bench: Bench) -> None:
    before, after = "SELECT 1::BIGINT AS id, 2::INT AS total", "SELECT 1::BIGINT AS id, 2::INT AS amount"
    found = published(bench, before, after, was="total", now="amount")
    assert [(c.column, c.kind, c.was) for c in found.schema] == [("amount", "renamed", "total")]
    assert (found.changed, found.is_same) == (0, False)


def test_fields_of_two_tables_tie_nothing(compare: Compare) -> None:
    """Both tables count from 1."""
    was, now = keyed({"id": "long", "total": "int"}, "id"), keyed({"id": "long", "amount": "int"}, "id")
    found = compare(now, "SELECT 1::BIGINT AS id, 2::INT AS total", "SELECT 1::BIGINT AS id, 2::INT AS amount", was=was)
    assert [(c.column, c.kind) for c in found.schema] == [("amount", "added"), ("total", "removed")]


def test_a_renamed_key_matches_rows(compare: Compare) -> None:
    was, now = (keyed({name: "long", "v": "int"}, name, ids={name: "k"}) for name in ("number", "id"))
    rows = "SELECT i AS {}, CAST(i AS INT) AS v FROM range({}) t(i)"
    found = compare(now, rows.format("number", "1, 4"), rows.format("id", "3"), was=was)
    assert (found.key, found.added, found.removed, found.changed) == (("id",), 1, 1, 0)
    assert [(e.kind, e.key, e.values) for e in found.examples] == [
        ("added", {"id": "0"}, {"id": (None, "0"), "v": (None, "0")}),
        ("removed", {"number": "3"}, {"number": ("3", None), "v": ("3", None)}),
    ]
    assert "- number = 3; v: 3" in as_text([found])


def test_names_that_change_places(compare: Compare) -> None:
    was = keyed({"id": "long", "a": "int", "b": "int"}, "id", ids={"a": "x", "b": "y"})
    now = keyed({"id": "long", "a": "int", "b": "int"}, "id", ids={"a": "y", "b": "x"})
    rows = "SELECT 1::BIGINT AS id, {}::INT AS a, {}::INT AS b"
    found = compare(now, rows.format(1, 2), rows.format(2, 1), was=was)
    assert ([(c.column, c.was) for c in found.schema], found.changed) == ([("a", "b"), ("b", "a")], 0)


def test_a_name_that_another_column_takes_over(compare: Compare) -> None:
    was = keyed({"id": "long", "a": "int", "b": "int"}, "id", ids={"a": "x"})
    now = keyed({"id": "long", "b": "int"}, "id", ids={"b": "x"})
    found = compare(
        now, "SELECT 1::BIGINT AS id, 5::INT AS a, 7::INT AS b", "SELECT 1::BIGINT AS id, 6::INT AS b", was=was
    )
    assert [(c.column, c.kind, c.was) for c in found.schema] == [("b", "renamed", "a"), ("b", "removed", None)]
    assert [(c.name, c.was, c.changed) for c in found.columns] == [("id", None, 0), ("b", "a", 1), ("b", None, None)]
    assert found.examples[0].values == {"b": ("5", "6")}


@pytest.mark.parametrize(("old", "new", "changed"), [("int", "long", 0), ("int", "string", 0), ("int", "date", 1)])
def test_another_name_and_another_type(compare: Compare, old: str, new: str, changed: int) -> None:
    was, now = (
        keyed({"id": "long", "a": old}, "id", ids={"a": "x"}),
        keyed({"id": "long", "b": new}, "id", ids={"b": "x"}),
    )
    value = {"long": "1::BIGINT", "string": "'1'", "date": "DATE '2020-01-01'"}[new]
    found = compare(now, "SELECT 1::BIGINT AS id, 1::INT AS a", f"SELECT 1::BIGINT AS id, {value} AS b", was=was)
    assert [(c.column, c.kind, c.was, c.before, c.after) for c in found.schema] == [("b", "renamed", "a", old, new)]
    assert found.changed == changed
    assert f"a ({old}) is now b ({new})" in as_text([found])


@pytest.mark.parametrize("private", [("b",), ("a",)])
def test_a_renamed_column_shows_nothing_where_either_name_is_classified(
    compare: Compare, private: tuple[str, ...]
) -> None:
    was = keyed({"id": "long", "a": "string", "b": "string"}, "id", ids={"a": "x", "b": "y"})
    now = keyed({"id": "long", "b": "string", "a": "string"}, "id", ids={"b": "x", "a": "y"}, private=private)
    rows = "SELECT 1::BIGINT AS id, 'secret{}' AS a, 'secret{}' AS b"
    found = compare(now, rows.format(1, 2), rows.format(3, 4), was=was)
    assert found.changed == 1
    assert "secret" not in as_text([found])
