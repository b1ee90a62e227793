"""Great Expectations' own expectations, as a contract names them, on DuckDB."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshwright.quality import Verdict
from meshwright.quality.gx import list_registered_expectation_implementations
from meshwright.spec.model import Port, Quality
from quality.making import Bench, column, expect, item, port

TABLE = """
    SELECT * FROM (VALUES
        (1, 10, 10, 0.5, 'a1', '2017-01-01', DATE '2017-01-01', '{"k": 1}', 1, TRUE),
        (2, 20, 20, 1.5, 'a2', '2017-01-02', DATE '2017-01-02', '{"k": 2}', 1, TRUE),
        (3, 30, 31, 2.5, 'b3', '2017-01-03', DATE '2017-01-03', '{"k": 3}', 1, FALSE),
        (4, 40, 41, 3.5, 'b4', '2017-01-04', DATE '2017-01-04', '{"k": 4}', 1, NULL),
        (5, NULL, 50, NULL, NULL, NULL, NULL, NULL, 1, NULL)
    ) t(id, n, m, x, s, d, day, j, one, yes)
"""
COLUMNS = {
    "id": "int", "n": "int", "m": "int", "x": "decimal(2,1)", "s": "string", "d": "string", "day": "date",
    "j": "string", "one": "int", "yes": "boolean",
}  # fmt: skip

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "expect_column_distinct_values_to_be_in_set": (
        {"column": "s", "value_set": ["a1", "a2", "b3", "b4", "z"]}, {"column": "s", "value_set": ["a1"]}),
    "expect_column_distinct_values_to_contain_set": (
        {"column": "s", "value_set": ["a1"]}, {"column": "s", "value_set": ["z"]}),
    "expect_column_distinct_values_to_equal_set": (
        {"column": "n", "value_set": [10, 20, 30, 40]}, {"column": "n", "value_set": [10]}),
    "expect_column_max_to_be_between": ({"column": "n", "max_value": 40}, {"column": "n", "max_value": 39}),
    "expect_column_mean_to_be_between": (
        {"column": "n", "min_value": 25, "max_value": 25}, {"column": "n", "min_value": 26}),
    "expect_column_median_to_be_between": (
        {"column": "m", "min_value": 31, "max_value": 31}, {"column": "m", "min_value": 40}),
    "expect_column_min_to_be_between": (
        {"column": "day", "min_value": "2017-01-01"}, {"column": "day", "min_value": "2017-01-02"}),
    "expect_column_most_common_value_to_be_in_set": (
        {"column": "one", "value_set": [1]}, {"column": "one", "value_set": [2]}),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        {"column_A": "m", "column_B": "n", "or_equal": True}, {"column_A": "n", "column_B": "m"}),
    "expect_column_pair_values_to_be_equal": (
        {"column_A": "n", "column_B": "m", "ignore_row_if": "either_value_is_missing", "mostly": 0.5},
        {"column_A": "n", "column_B": "m"}),
    "expect_column_pair_values_to_be_in_set": (
        {"column_A": "one", "column_B": "id", "value_pairs_set": [[1, i] for i in range(1, 6)]},
        {"column_A": "one", "column_B": "id", "value_pairs_set": [[1, 1]]}),
    "expect_column_proportion_of_non_null_values_to_be_between": (
        {"column": "n", "min_value": 0.8}, {"column": "n", "min_value": 0.81}),
    "expect_column_proportion_of_unique_values_to_be_between": (
        {"column": "one", "max_value": 0.2}, {"column": "id", "max_value": 0.5}),
    "expect_column_quantile_values_to_be_between": (
        {"column": "m", "quantile_ranges": {"quantiles": [0, 0.5, 1], "value_ranges": [[10, 10], [31, 31], [50, 50]]}},
        {"column": "m", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]}}),
    "expect_column_stdev_to_be_between": (
        {"column": "n", "min_value": 12.9, "max_value": 13}, {"column": "n", "max_value": 1}),
    "expect_column_sum_to_be_between": (
        {"column": "x", "min_value": 8, "max_value": 8}, {"column": "x", "min_value": 9}),
    "expect_column_to_exist": ({"column": "n"}, {"column": "n", "column_index": 7}),
    "expect_column_unique_value_count_to_be_between": (
        {"column": "one", "max_value": 1}, {"column": "id", "max_value": 1}),
    "expect_column_value_lengths_to_be_between": ({"column": "s", "min_value": 2}, {"column": "s", "min_value": 3}),
    "expect_column_value_lengths_to_equal": ({"column": "s", "value": 2}, {"column": "s", "value": 1}),
    "expect_column_value_z_scores_to_be_less_than": (
        {"column": "n", "threshold": 3, "double_sided": True}, {"column": "n", "threshold": 0.5, "double_sided": True}),
    "expect_column_values_to_be_between": (
        {"column": "day", "min_value": "2017-01-01", "max_value": "2017-01-04"}, {"column": "n", "max_value": 30}),
    "expect_column_values_to_be_in_set": (
        {"column": "s", "value_set": ["a1", "a2", "b3", "b4"]}, {"column": "s", "value_set": ["it's", "%", ":x"]}),
    "expect_column_values_to_be_in_type_list": (
        {"column": "n", "type_list": ["INTEGER", "BIGINT"]}, {"column": "n", "type_list": ["VARCHAR"]}),
    "expect_column_values_to_be_null": ({"column": "n", "mostly": 0.2}, {"column": "n"}),
    "expect_column_values_to_be_of_type": ({"column": "n", "type_": "INTEGER"}, {"column": "n", "type_": "VARCHAR"}),
    "expect_column_values_to_be_unique": ({"column": "id"}, {"column": "one"}),
    "expect_column_values_to_match_like_pattern": (
        {"column": "s", "like_pattern": "__"}, {"column": "s", "like_pattern": "a%"}),
    "expect_column_values_to_match_like_pattern_list": (
        {"column": "s", "like_pattern_list": ["a%", "b%"]}, {"column": "s", "like_pattern_list": ["a%"]}),
    "expect_column_values_to_match_regex": ({"column": "s", "regex": "^[ab][0-9]$"}, {"column": "s", "regex": "^a"}),
    "expect_column_values_to_match_regex_list": (
        {"column": "s", "regex_list": ["a", "b"]}, {"column": "s", "regex_list": ["a", "b"], "match_on": "all"}),
    "expect_column_values_to_not_be_in_set": (
        {"column": "s", "value_set": ["z"]}, {"column": "s", "value_set": ["a1"]}),
    "expect_column_values_to_not_be_null": ({"column": "n", "mostly": 0.8}, {"column": "n"}),
    "expect_column_values_to_not_match_like_pattern": (
        {"column": "s", "like_pattern": "z%"}, {"column": "s", "like_pattern": "a%"}),
    "expect_column_values_to_not_match_like_pattern_list": (
        {"column": "s", "like_pattern_list": ["z%"]}, {"column": "s", "like_pattern_list": ["a%", "z"]}),
    "expect_column_values_to_not_match_regex": ({"column": "s", "regex": "z"}, {"column": "s", "regex": "a"}),
    "expect_column_values_to_not_match_regex_list": (
        {"column": "s", "regex_list": ["z"]}, {"column": "s", "regex_list": ["a"]}),
    "expect_compound_columns_to_be_unique": (
        {"column_list": ["id", "one"]}, {"column_list": ["one", "yes"]}),
    "expect_multicolumn_sum_to_equal": (
        {"column_list": ["one", "one"], "sum_total": 2}, {"column_list": ["one", "id"], "sum_total": 2}),
    "expect_multicolumn_values_to_be_equal": (
        {"column_list": ["one", "one"]}, {"column_list": ["one", "id"]}),
    "expect_select_column_values_to_be_unique_within_record": (
        {"column_list": ["n", "id"]}, {"column_list": ["n", "m"]}),
    "expect_table_column_count_to_be_between": ({"min_value": 10, "max_value": 10}, {"max_value": 9}),
    "expect_table_column_count_to_equal": ({"value": 10}, {"value": 9}),
    "expect_table_columns_to_match_ordered_list": (
        {"column_list": list(COLUMNS)}, {"column_list": list(COLUMNS)[::-1]}),
    "expect_table_columns_to_match_set": ({"column_set": list(COLUMNS)[::-1]}, {"column_set": ["n"]}),
    "expect_table_row_count_to_be_between": ({"minValue": 5, "maxValue": 5}, {"max_value": 4}),
    "expect_table_row_count_to_equal": ({"value": 5}, {"value": 4}),
    "unexpected_rows_expectation": (
        {"unexpected_rows_query": "SELECT * FROM {batch} WHERE n > 40"},
        {"unexpected_rows_query": "SELECT * FROM {batch} WHERE n > 30"}),
}  # fmt: skip
NOT_IN_SQL = {
    # Great Expectations computes these in pandas or Spark alone.
    "expect_column_values_to_be_dateutil_parseable", "expect_column_values_to_be_decreasing",
    "expect_column_values_to_be_increasing", "expect_column_values_to_be_json_parseable",
    "expect_column_values_to_match_json_schema", "expect_column_values_to_match_strftime_format",
}  # fmt: skip


@pytest.fixture
def lines(bench: Bench) -> Bench:
    bench.table(TABLE)
    return bench


def asking(*items: Quality, **more: Any) -> Port:
    columns = [column(name, type_, primary_key_position=1 if name == "id" else None) for name, type_ in COLUMNS.items()]
    return port(*columns, quality=items, **more)


def judged(lines: Bench, *items: Quality) -> list[Verdict]:
    found = lines.audit(asking(*items))
    assert found.pop("schema").passed
    assert found.pop("primary_key").passed
    return list(found.values())


def test_all_at_once(lines: Bench) -> None:
    """Both ways of every case in one validation, as a contract with very many rules would ask for them."""
    items = [expect(name, **kwargs) for name, both in CASES.items() for kwargs in both]
    found = judged(lines, *items)
    assert {v.rule.definition["type"] for v in found} == set(CASES)
    wrong = [v.message for v, expected in zip(found, [True, False] * len(CASES), strict=True) if v.passed != expected]
    assert wrong == []
    assert not [v.message for v in found if v.message.startswith("cannot")]


@pytest.mark.parametrize("name", CASES)
def test_alone(lines: Bench, name: str) -> None:
    [good, bad] = [judged(lines, expect(name, **kwargs))[0] for kwargs in CASES[name]]
    assert good.passed, good.message
    assert good.samples == ()
    assert not bad.passed
    assert not bad.message.startswith("cannot"), bad.message
    assert name in bad.message
    if bad.rule.scope == "row":
        assert 0 < bad.failed_rows <= bad.checked_rows == 5
        assert 0 < len(bad.samples) <= 5
        assert all("id" in sample for sample in bad.samples), bad.samples


@pytest.mark.parametrize("name", sorted(NOT_IN_SQL))
def test_what_has_no_sql_says_so(lines: Bench, name: str) -> None:
    more = {"json_schema": {}} if "schema" in name else {"strftime_format": "%Y"} if "strftime" in name else {}
    [found] = judged(lines, expect(name, column="s", **more))
    assert not found.passed
    assert found.message.startswith("cannot be checked: ")
    assert len(found.message) > 40


def test_the_table_of_cases_is_nearly_complete() -> None:
    core = {n for n in list_registered_expectation_implementations() if n.startswith(("expect_", "unexpected_"))}
    assert set(CASES) <= core
    assert len(CASES) >= 45


@pytest.mark.parametrize(
    "implementation",
    [
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "n", "max_value": 40}},
        {"expectation_type": "expect_column_max_to_be_between", "kwargs": {"column": "n", "maxValue": 40}, "meta": {}},
        {"type": "ExpectColumnMaxToBeBetween", "column": "n", "maxValue": 40},
        "type: expect_column_max_to_be_between\nkwargs:\n  column: n\n  maxValue: 40\n",
        json.dumps({"type": "expect_column_max_to_be_between", "kwargs": {"column": "n", "max_value": 40}}),
    ],
)
@pytest.mark.parametrize("engine", ["greatExpectations", "great-expectations", "great_expectations"])
def test_spellings_of_an_implementation(lines: Bench, implementation: object, engine: str) -> None:
    [found] = judged(lines, item("custom", engine=engine, implementation=implementation))
    assert found.passed, found.message
    assert found.rule.columns == ("n",)
    assert found.message == "expect_column_max_to_be_between(column='n', max_value=40) holds: it observed 40"


def test_the_property_is_the_column(lines: Bench) -> None:
    columns = [column(n, t, quality=(expect("expect_column_max_to_be_between", max_value=39),) if n == "n" else ())
               for n, t in COLUMNS.items()]  # fmt: skip
    found = lines.audit(port(*columns))["n.column_max_to_be_between"]
    assert found.message.endswith("(max_value=39, column='n') fails: it observed 40")


@pytest.mark.parametrize(
    ("implementation", "reason"),
    [
        ({"type": "expect_column_maxi_to_be_between", "kwargs": {}}, "did you mean 'expect_column_max_to_be_between'?"),
        ({"type": "expect_column_max_to_be_between", "kwargs": {"column": "n", "most": 1}}, "most: extra fields"),
        ({"type": "expect_column_max_to_be_between", "kwargs": {"max_value": 1}}, "column: field required"),
        ({"type": "expect_column_max_to_be_between", "kwargs": {"column": "zz", "max_value": 1}}, "zz"),
        ({"type": "expect_column_values_to_match_regex", "kwargs": {"column": "s", "regex": "(?!a)"}}, "perl operator"),
        ({"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 9, "max_value": 1}},
         "min_value cannot be greater than max_value"),
        ({"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "select {"}}, "brace"),
        ({"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "select x from {batch}x"}},
         "does not exist"),
        ({"kwargs": {}}, "names no type of expectation"),
        ({"type": "expect_x", "kwargs": [1]}, "kwargs of the implementation are no mapping"),
        ("- a", "cannot be read as YAML: expected keys and values, got list"),
        ("a: [", "cannot be read as YAML"),
        ("a: &x [1]\nb: *x", "names no type of expectation"),
        ("[" * 5000, "cannot be read as YAML"),
        (7, "no mapping with a type and kwargs"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_implementation(lines: Bench, implementation: object, reason: str) -> None:
    good = expect("expect_column_max_to_be_between", column="n", max_value=40)
    found = judged(lines, item("custom", engine="greatExpectations", implementation=implementation), good)
    assert found[0].message.startswith("cannot be checked: ")
    assert reason in found[0].message
    assert "\n" not in found[0].message
    assert found[1].passed


def test_another_engine_is_not_run_and_not_passed(lines: Bench) -> None:
    [found] = judged(lines, item("custom", engine="soda", implementation="type: duplicate_percent"))
    assert found.message == "cannot be checked: the engine 'soda' is not run here; greatExpectations is"
    assert not found.passed


def test_mostly_is_a_share_of_the_values_that_are_there(lines: Bench) -> None:
    [found] = judged(lines, expect("expect_column_values_to_be_between", column="n", max_value=30, mostly=0.75))
    assert found.passed
    call = "expect_column_values_to_be_between(column='n', max_value=30, mostly=0.75)"
    assert found.message == f"1 of 5 rows (20 %) break {call}; at most 25 % allowed"


def test_rules_that_fail_to_run_do_not_touch_their_neighbours(lines: Bench) -> None:
    """One statement holds all conditions; one that DuckDB refuses must not fail the others, nor lend its reason."""
    broken = [expect("expect_column_values_to_match_regex", column="s", regex=r) for r in ("(?!a)", "[", "(?<=b)")]
    items = [
        expect("expect_column_values_to_be_between", column="n", max_value=40), *broken,
        expect("expect_column_values_to_be_between", column="n", max_value=39),
        expect("expect_column_values_to_be_between", column="s", max_value=39),
    ]  # fmt: skip
    found = judged(lines, *items)
    assert [v.passed for v in found] == [True, False, False, False, False, False]
    assert "(?!" in found[1].message
    assert "missing ]" in found[2].message
    assert "(?<" in found[3].message
    assert found[4].message.startswith("1 of 5 rows")
    assert found[5].message.startswith("cannot be checked: ")


def test_samples_of_a_query(lines: Bench) -> None:
    query = "SELECT s, n * 2 AS twice FROM {batch} WHERE n > 10"
    [found] = judged(lines, expect("unexpected_rows_expectation", unexpected_rows_query=query))
    assert found.observed == 3
    assert found.samples[0] == {"s": "a2", "twice": 40}


def test_two_quantiles_of_a_column_are_two_values(lines: Bench) -> None:
    def low_and_high(*values: int) -> list[Quality]:
        name = "expect_column_quantile_values_to_be_between"
        ranges = [{"quantiles": [q], "value_ranges": [[v, v]]} for q, v in zip((0.1, 0.9), values, strict=True)]
        return [expect(name, column="m", quantile_ranges=r) for r in ranges]

    assert [v.passed for v in judged(lines, *low_and_high(10, 50))] == [True, True]
    assert [v.passed for v in judged(lines, *low_and_high(50, 10))] == [False, False]
