"""Rules about single rows: what they count, what they pass over, and what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshwright.quality import rules_of
from meshwright.quality.counting import holding
from meshwright.quality.expectations import broken_by, expectation
from meshwright.quality.expected import judge
from meshwright.quality.model import Verdict
from meshwright.quality.subject import subject
from quality.making import Bench, column, metric, port
from support.processes import peak_of

Options = dict[str, Any]
CASES: list[tuple[str, Options, list[object], str, int, str]] = [
    ("VARCHAR", {"minLength": 2}, ["a", "ab", None, ""], "min_length", 2, "have a c shorter than 2 characters"),
    ("VARCHAR", {"maxLength": 2}, ["a", "abc", None, "äöü"], "max_length", 2, "have a c longer than 2 characters"),
    ("VARCHAR", {"pattern": "b"}, ["abc", "ac", None, "B"], "pattern", 2, "have a c that does not match b"),
    ("VARCHAR", {"pattern": "^b$"}, ["b", "ab", "b\n"], "pattern", 2, "have a c that does not match ^b$"),
    ("VARCHAR", {"format": "email"}, ["a@b.c", "a@b", "a b@c.d", None], "format", 2, "have a c that is no email"),
    ("VARCHAR", {"format": "uuid"}, ["12345678-1234-1234-1234-123456789abc", "12"], "format", 1, "is no uuid"),
    ("VARCHAR", {"format": "ipv4"}, ["10.0.0.255", "10.0.0.256", "1.2.3"], "format", 2, "is no ipv4"),
    ("VARCHAR", {"format": "uri"}, ["https://x.org/y", "x.org"], "format", 1, "is no uri"),
    ("VARCHAR", {"format": "hostname"}, ["a-b.org", "-a.org"], "format", 1, "is no hostname"),
    ("BIGINT", {"minimum": 1}, [0, 1, None, -5], "minimum", 2, "have c < 1"),
    ("BIGINT", {"maximum": 100}, [100, 101, None], "maximum", 1, "have c > 100"),
    ("BIGINT", {"exclusiveMinimum": 1}, [1, 2, None], "exclusive_minimum", 1, "have c <= 1"),
    ("BIGINT", {"exclusiveMaximum": 1}, [1, 0, None], "exclusive_maximum", 1, "have c >= 1"),
    ("BIGINT", {"maximum": 2**53 + 1}, [2**53 + 1, 2**53 + 2], "maximum", 1, "have c > 9,007,199,254,740,993"),
    ("DECIMAL(12,2)", {"maximum": 0.1}, ["0.10", "0.11", None], "maximum", 1, "have c > 0.1"),
    ("DOUBLE", {"maximum": 1}, [1.0, float("nan"), float("inf"), None], "maximum", 2, "have c > 1"),
    ("DATE", {"minimum": "2017-01-01"}, ["2016-12-31", "2017-01-01", None], "minimum", 1, "have c < 2017-01-01"),
    ("TIMESTAMP", {"maximum": "2017-01-01T12:00:00"}, ["2017-01-01 12:00:00", "2017-01-01 12:00:01"], "maximum", 1,
     "have c > 2017-01-01T12:00:00"),
    ("TIMESTAMPTZ", {"minimum": "2017-01-01T12:00:00+02:00"}, ["2017-01-01 09:59:59+00", "2017-01-01 10:00:00+00"],
     "minimum", 1, "have c < 2017-01-01T12:00:00+02:00"),
    ("TIME", {"minimum": "08:00"}, ["07:59:59", "08:00:00", None], "minimum", 1, "have c < 08:00"),
    ("DECIMAL(12,2)", {"multipleOf": 0.05}, ["0.15", "0.16", None, "0"], "multiple_of", 1, "is no multiple of 0.05"),
    ("BIGINT", {"multipleOf": 5}, [5, -10, 7, None], "multiple_of", 1, "have a c that is no multiple of 5"),
    ("VARCHAR", {"enum": ["a", "b"]}, ["a", "c", None, "A"], "enum", 2, "have a c outside 'a', 'b'"),
    ("VARCHAR", {"enum": [1, True]}, ["1", "true", "2"], "enum", 1, "have a c outside '1', 'true'"),
    ("BIGINT", {"enum": list(range(9))}, [3, 9], "enum", 1, "outside 0, 1, 2, 3, 4 … (9 values)"),
    ("DATE", {"enum": ["2017-01-01"]}, ["2017-01-01", "2017-01-02"], "enum", 1, "outside '2017-01-01'"),
    ("BIGINT[]", {"minItems": 2}, [[1, 2], [1], None], "min_items", 1, "have fewer than 2 items in c"),
    ("BIGINT[]", {"maxItems": 1}, [[1, 2], [1], None], "max_items", 1, "have more than 1 items in c"),
    ("BIGINT[]", {"uniqueItems": True}, [[1, 1], [1, 2, None, None], None, []], "unique_items", 1, "have equal items"),
]  # fmt: skip
TYPES = {"VARCHAR": "string", "DOUBLE": "double", "DATE": "date", "TIME": "time", "BIGINT[]": "list<long>"}


WIDE = """
from quality.making import Bench, column, port
from meshwright.spec.model import Column

bench, names = Bench(), [f"c{i}" for i in range(800)]
bench.table("SELECT " + ", ".join(f"i AS {name}" for name in names) + " FROM range(20) t(i)")
asked = port(*(column(name, required=True, options={"minimum": 0}) for name in names))
print(sum(found.passed for found in bench.audit(asked).values()))
"""


def test_memory_does_not_grow_with_the_square_of_the_columns() -> None:
    told, megabytes = peak_of(WIDE)
    assert told == "1601", "a schema, and two rules a column"
    assert megabytes < 500


@pytest.mark.parametrize(("type_", "options", "values", "rule", "failed", "words"), CASES)
def test_options_of_a_column(
    bench: Bench, type_: str, options: Options, values: list[object], rule: str, failed: int, words: str
) -> None:
    bench.values(type_, values)
    asked = port(column("id", primary_key_position=1), column("c", TYPES.get(type_, "long"), options=options))
    found = bench.audit(asked)[f"c.{rule}"]
    assert (found.passed, found.failed_rows, found.checked_rows) == (False, failed, len(values))
    assert found.observed == failed
    assert words in found.message
    assert found.message.endswith("at most 0 allowed")
    assert len(found.samples) == failed
    assert all(set(sample) == {"id", "c"} for sample in found.samples)

    keep = [sample["id"] for sample in found.samples]
    bench.con.execute(f"DELETE FROM mesh.sales.lines WHERE id IN ({', '.join(map(str, keep))})")
    passed = bench.audit(asked)[f"c.{rule}"]
    assert (passed.passed, passed.failed_rows, passed.samples) == (True, 0, ())


def test_required(bench: Bench) -> None:
    asked = port(column("id"), column("c", required=True))
    bench.values("BIGINT", [1, None, None, 4])
    found = bench.audit(asked)["c.required"]
    assert found.message == "2 of 4 rows (50 %) have no c; at most 0 allowed"
    bench.values("BIGINT", [None, None])
    assert bench.audit(asked)["c.required"].message == "every value of c is NULL in 2 rows: lost field ids?"
    bench.values("BIGINT", [])
    assert bench.audit(asked)["c.required"].message == "0 of 0 rows have no c; at most 0 allowed"
    bench.values("BIGINT", [1])
    assert bench.audit(asked)["c.required"].passed


@pytest.mark.parametrize(
    ("operator", "operand", "unit", "passed"),
    [
        (None, None, "rows", False),
        ("mustBe", 2, "rows", True),
        ("mustBe", 3, "rows", False),
        ("mustNotBe", 2, "rows", False),
        ("mustNotBe", 0, "rows", True),
        ("mustBeGreaterThan", 1, "rows", True),
        ("mustBeGreaterThan", 2, "rows", False),
        ("mustBeGreaterOrEqualTo", 2, "rows", True),
        ("mustBeGreaterOrEqualTo", 3, "rows", False),
        ("mustBeLessThan", 2, "rows", False),
        ("mustBeLessThan", 3, "rows", True),
        ("mustBeLessOrEqualTo", 2, "rows", True),
        ("mustBeLessOrEqualTo", 1, "rows", False),
        ("mustBeBetween", [2, 4], "rows", True),
        ("mustBeBetween", [3, 4], "rows", False),
        ("mustNotBeBetween", [2, 4], "rows", False),
        ("mustNotBeBetween", [3, 4], "rows", True),
        ("mustBeLessOrEqualTo", 40, "percent", True),
        ("mustBeLessOrEqualTo", 39.9, "percent", False),
        ("mustBeLessThan", 40, "percent", False),
        ("mustBeBetween", [40, 50], "percent", True),
    ],
)
def test_limits_of_a_metric(bench: Bench, operator: str | None, operand: object, unit: str, passed: bool) -> None:
    bench.values("BIGINT", [1, None, 3, None, 5])
    found = bench.audit(port(column("id"), column("c", quality=(metric("nullValues", operator, operand, unit=unit),))))
    verdict = found["c.null_values"]
    assert (verdict.passed, verdict.failed_rows) == (passed, 2)
    assert verdict.observed == (2 if unit == "rows" else 40.0)
    assert bool(verdict.samples) is not passed


@pytest.mark.parametrize(
    ("missing", "failed", "words"),
    [
        ([None, "", "N/A"], 3, "NULL, '', 'N/A'"),
        (["", "N/A"], 2, "'', 'N/A'"),
        ([None], 1, "NULL"),
        ([0], 1, "'0'"),
    ],
)
def test_missing_values(bench: Bench, missing: list[object], failed: int, words: str) -> None:
    bench.values("VARCHAR", ["a", "", "N/A", None, "n/a", "0"])
    item = metric("missingValues", arguments={"missingValues": missing})
    found = bench.audit(port(column("id"), column("c", "string", quality=(item,))))["c.missing_values"]
    assert (found.failed_rows, len(found.samples)) == (failed, failed)
    assert f"have a missing c ({words})" in found.message


def test_values_and_pattern_of_one_item_are_two_rules(bench: Bench) -> None:
    bench.values("VARCHAR", ["ab", "b", "c", None])
    item = metric("invalidValues", arguments={"validValues": ["ab", "c", None], "pattern": "b"})
    found = bench.audit(port(column("id"), column("c", "string", quality=(item,))))
    assert sorted(v.failed_rows for i, v in found.items() if i.startswith("c.invalid_values")) == [1, 1]


def test_no_valid_value_leaves_only_null(bench: Bench) -> None:
    bench.values("VARCHAR", ["a", None])
    item = metric("invalidValues", arguments={"validValues": []})
    found = bench.audit(port(column("id"), column("c", "string", quality=(item,))))["c.invalid_values"]
    assert found.failed_rows == 1


def test_shares_are_told_as_precisely_as_they_matter(bench: Bench) -> None:
    bench.table("SELECT i AS id, CASE WHEN i > 2 THEN i END AS c FROM range(1000000) r(i)")
    tolerant = metric("nullValues", "mustBeLessOrEqualTo", 0.5, unit="percent")
    found = bench.audit(port(column("id"), column("c", quality=(tolerant,))))["c.null_values"]
    assert found.message == "3 of 1,000,000 rows (<0.01 %) have no c; at most 0.5 % allowed"
    assert found.observed == 0.0003


def test_five_samples_with_the_key(bench: Bench) -> None:
    bench.table("SELECT i AS id, i * 10 AS c, 'x' AS other FROM range(20) r(i)")
    asked = port(column("id", primary_key_position=1), column("c", options={"maximum": 50}), column("other", "string"))
    found = bench.audit(asked)["c.maximum"]
    assert (found.failed_rows, len(found.samples)) == (14, 5)
    assert all(set(s) == {"id", "c"} and s["c"] == s["id"] * 10 for s in found.samples)  # type: ignore[operator]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.none() | st.text(alphabet="ab'\"%_\\:{}\n ", max_size=4), max_size=12),
    options=st.fixed_dictionaries(
        {},
        optional={
            "minLength": st.integers(0, 4),
            "maxLength": st.integers(0, 4),
            "enum": st.lists(st.text(alphabet="ab'\"%_\\:{}\n ", max_size=2), min_size=1, max_size=3),
            "pattern": st.sampled_from(["a", "^b", "'", "%", ":a", r"\\", "[{]", "a|b$"]),
        },
    ),
)
def test_the_first_look_and_great_expectations_see_the_same(bench: Bench, values: list[Any], options: Options) -> None:
    """Counts decide what holds, Great Expectations what does not, and our own SQL shows samples."""
    bench.values("VARCHAR", values)
    asked = port(column("id"), column("c", "string", required=True, options=options))
    judged: dict[str, Verdict] = {}
    with subject(bench.con, asked, "mesh.sales.lines", None) as on:
        rules = [rule for rule in rules_of(asked) if expectation(rule)]
        judge(on, rules, lambda found: judged.update({found.rule.id: found}))
        held = {found.rule.id: found for found in holding(on, rules)}
    assert held.keys() == {name for name, found in judged.items() if found.passed}
    for name, found in held.items():
        assert replace(found, seconds=0) == replace(judged[name], seconds=0)
    for rule in rules:
        [count] = bench.con.execute(f"SELECT count(*) FROM mesh.sales.lines WHERE {broken_by(rule)}").fetchone() or ()
        assert judged[rule.id].failed_rows == count, rule
