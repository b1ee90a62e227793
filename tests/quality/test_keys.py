"""Uniqueness: of all rows, of the rows that were built, and of those beside the ones that were kept."""

from __future__ import annotations

import pytest

from meshwright.spec.model import Port
from quality.making import Bench, column, metric, port


def keyed(*names: str, partition: str | None = None) -> Port:
    positions = {name: i for i, name in enumerate(names, 1)}
    columns = [column(name, primary_key_position=positions.get(name)) for name in ("week", "a", "b")]
    return port(*columns, partition=partition)


def rows(bench: Bench, *values: tuple[int | None, int | None, int | None]) -> None:
    bench.con.execute("CREATE OR REPLACE TABLE mesh.sales.lines (week BIGINT, a BIGINT, b BIGINT)")
    bench.con.executemany("INSERT INTO mesh.sales.lines VALUES (?, ?, ?)", values)


def test_a_composite_key(bench: Bench) -> None:
    rows(bench, (1, 1, 1), (1, 1, 2), (1, 1, 2), (1, 1, 2), (2, 1, 1))
    found = bench.audit(keyed("a", "b"))["primary_key"]
    assert (found.passed, found.failed_rows, found.checked_rows) == (False, 3, 5)
    assert found.message == "3 of 5 rows (60 %) have no (a, b) of their own; at most 0 allowed"
    assert sorted(found.samples, key=str) == [{"a": 1, "b": 1, "(rows)": 2}, {"a": 1, "b": 2, "(rows)": 3}]
    assert bench.audit(keyed("week", "a", "b"))["primary_key"].failed_rows == 2
    rows(bench, (1, 1, 1), (1, 1, 2))
    assert bench.audit(keyed("a", "b"))["primary_key"].passed


def test_a_primary_key_is_never_null_and_a_unique_column_may_be(bench: Bench) -> None:
    rows(bench, (1, None, 1), (1, None, 1), (1, 3, None))
    assert bench.audit(keyed("a"))["primary_key"].failed_rows == 2
    assert bench.audit(keyed("a", "b"))["primary_key"].failed_rows == 3
    unique = port(column("week"), column("a", unique=True), column("b", unique=True))
    found = bench.audit(unique)
    assert found["a.unique"].passed
    assert found["b.unique"].message == "1 of 3 rows (33.33 %) repeat the b of another row; at most 0 allowed"


@pytest.mark.parametrize(
    ("key", "failed", "checked"),
    [
        (("a",), 2, 3),  # (2, 1) repeats the kept 1, and (2, 3) stands twice
        (("week", "a"), 1, 3),  # nothing kept can have the week: only the repeated 3 counts
    ],
)
def test_keys_of_a_part_that_was_built(bench: Bench, key: tuple[str, ...], failed: int, checked: int) -> None:
    rows(bench, (1, 1, 0), (1, 2, 0), (1, 2, 0), (2, 1, 0), (2, 3, 0), (2, 3, 0), (None, None, 0))
    found = bench.audit(keyed(*key, partition="week"), built="week = 2")["primary_key"]
    assert (found.passed, found.failed_rows, found.checked_rows) == (False, failed, checked)
    assert {s["a"] for s in found.samples} == ({1, 3} if key == ("a",) else {3})


def test_a_key_that_moved_to_another_partition_is_found(bench: Bench) -> None:
    rows(bench, (1, 7, 0), (1, 8, 0), (2, 7, 0))
    found = bench.audit(keyed("a", partition="week"), built="week = 2")["primary_key"]
    assert (found.failed_rows, found.checked_rows, found.samples) == (1, 1, ({"a": 7, "(rows)": 1},))
    assert bench.audit(keyed("a", partition="week"), built="week = 1")["primary_key"].failed_rows == 1


def test_rows_that_were_kept_are_judged_by_table_rules_alone(bench: Bench) -> None:
    rows(bench, (1, 100, 0), (2, 1, 0))
    asked = port(
        column("week"),
        column("a", options={"maximum": 50}, quality=(metric("nullValues"),)),
        column("b"),
        quality=(metric("rowCount", "mustBe", 2),),
        partition="week",
    )
    part = bench.audit(asked, built="week = 2")
    assert part["a.maximum"].passed
    assert part["a.maximum"].checked_rows == 1
    assert part["row_count"].message == "2 rows; exactly 2 required"
    whole = bench.audit(asked)
    assert whole["a.maximum"].failed_rows == 1


def test_a_build_without_rows_passes_its_row_rules(bench: Bench) -> None:
    rows(bench, (1, 100, 0))
    found = bench.audit(keyed("a", partition="week"), built="week = 2")
    assert (found["primary_key"].passed, found["primary_key"].checked_rows) == (True, 0)


@pytest.mark.parametrize(
    ("columns", "operator", "bound", "unit", "passed"),
    [
        (["a"], "mustBeLessOrEqualTo", 2, "rows", True),
        (["a"], "mustBeLessThan", 2, "rows", False),
        (["a"], "mustBeLessOrEqualTo", 50, "percent", True),
        (["a"], "mustBeLessOrEqualTo", 49, "percent", False),
        (["week", "a"], "mustBe", 0, "rows", True),
    ],
)
def test_duplicate_values(
    bench: Bench, columns: list[str], operator: str, bound: float, unit: str, passed: bool
) -> None:
    rows(bench, (1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 2, 1))
    item = metric("duplicateValues", operator, bound, unit=unit, arguments={"properties": columns})
    found = bench.audit(port(column("week"), column("a"), column("b"), quality=(item,)), built="week = 4")
    verdict = found[f"duplicate_values.{'_'.join(columns)}"]
    assert (verdict.passed, verdict.failed_rows, verdict.checked_rows) == (passed, 2 if columns == ["a"] else 0, 4)


def test_a_key_of_a_million_rows(bench: Bench) -> None:
    bench.table("SELECT i % 53 AS week, i AS a, i AS b FROM range(1000000) r(i)")
    found = bench.audit(keyed("a", "b"))["primary_key"]
    assert found.passed
    assert found.checked_rows == 1_000_000
