"""Contracts that try to make a comparison fail, hang or say something untrue."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from meshwright.spec import Contract, Quality
from meshwright.spec.compatibility import Verdict, compare
from meshwright.spec.compatibility.languages import contained, language
from meshwright.spec.compatibility.rules import told
from meshwright.spec.model import ServiceLevel
from spec.compatibility.contracts import column, contract
from support.hangs import ends

pytestmark = pytest.mark.timeout(60)
NAN, INF = math.nan, math.inf


def with_options(name: str, **options: Any) -> Contract:
    """Made by hand: the loader refuses such options."""
    base = contract()
    return replace(base, columns=tuple(replace(c, options=options) if c.name == name else c for c in base.columns))


def rules(old: Contract, new: Contract) -> list[str]:
    return [c.rule for c in compare(old, new).changes]


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("pieces", {"minimum": NAN}, {"minimum": NAN}, []),
        ("pieces", {"minimum": NAN}, {"minimum": 0}, ["accepts-other"]),
        ("pieces", {"minimum": 0}, {"minimum": NAN}, ["accepts-other"]),
        ("pieces", {"maximum": INF}, {}, []),
        ("pieces", {"maximum": 10**300}, {"maximum": 10**300 + 1}, ["accepts-more"]),
        ("amount", {"minimum": 0.1}, {"minimum": 0.095}, []),
        ("placed_on", {"minimum": "soon"}, {"minimum": "2020-01-01"}, ["accepts-other"]),
        ("placed_on", {"minimum": 5}, {"minimum": "2020-01-01"}, ["accepts-less"]),
        ("seen_at", {"minimum": "2020-01-01T00:00:00Z"}, {"minimum": "2020-01-01T01:00:00+01:00"}, []),
        ("seen_at", {"minimum": "2020-01-01T00:00:00"}, {"minimum": "2020-01-01T00:00:00.000000Z"}, []),
        ("note", {"minLength": NAN}, {"minLength": 1}, ["accepts-other"]),
        ("note", {"minLength": 0}, {}, []),
        ("pieces", {"multipleOf": NAN}, {"multipleOf": 2}, ["accepts-other"]),
        ("pieces", {"multipleOf": 1}, {}, []),
        ("pieces", {"multipleOf": 0.3}, {"multipleOf": 0.1}, ["accepts-more"]),
        ("note", {"pattern": ""}, {}, []),
        ("note", {"enum": [{"value": NAN}]}, {"enum": [{"value": NAN}]}, []),
        ("note", {"enum": [None]}, {"enum": [{"value": None}]}, []),
        ("pieces", {"enum": [1, True]}, {"enum": [1]}, ["value-removed"]),
        ("lines", {"enum": [["a"], {"b": 1}]}, {"enum": [{"b": 1}, ["a"]]}, []),
        ("note", {"minimum": [1, 2]}, {"minimum": {}}, ["accepts-other"]),
    ],
)
def test_bounds_that_are_none(name: str, old: dict[str, Any], new: dict[str, Any], expected: list[str]) -> None:
    assert rules(with_options(name, **old), with_options(name, **new)) == expected


HUGE = [
    "^" + "a?" * 900 + "a" * 90 + "$",
    "^(a|b)*" + "(a|b)" * 380 + "$",
    "^(" + "|".join(f"v{i}" for i in range(390)) + ")$",
    ".*a.{900}",
    "(.*a){40}",
    "^(((((a{1,40}){1,40}){1,40}){1,40}){1,40})$",
    "(" * 35 + "a" + ")+" * 35,
    "(" * 900 + "a" + ")" * 900,
    "[" + "".join(chr(0x4E00 + 2 * i) for i in range(1900)) + "]+$",
    "^(a+)+$",
    "(x+x+)+y",
    "a{1000}{1000}",
    "[a-",
    "(?P<n>",
    "\\",
    "*",
]


@pytest.mark.parametrize("pattern", HUGE, ids=[p[:12] for p in HUGE])
@pytest.mark.parametrize("other", ["^a*$", "b", HUGE[0], HUGE[3]], ids=["star", "one", "optional", "far"])
def test_huge_patterns_come_to_an_end(pattern: str, other: str) -> None:
    with ends():
        for pair in ((pattern, other), (other, pattern)):
            assert contained(*pair) in (True, False, None)
        assert contained(pattern, pattern)
        if found := language(pattern):
            found.accepts("a" * 5_000 + "!")
        old, new = with_options("note", pattern=pattern), with_options("note", pattern=other)
        assert pattern == other or rules(old, new)


def wide(count: int, **facts: Any) -> Contract:
    base = contract()
    (one,) = (c for c in base.columns if c.name == "pieces")
    return replace(base, columns=tuple(replace(one, name=f"c{i}", **facts) for i in range(count)))


def test_time_does_not_grow_with_the_square_of_the_columns() -> None:
    """Each with each would take minutes of so many."""
    old, new = wide(8_000), wide(8_000, required=True, options={"minimum": 0})
    with ends():
        judged = compare(old, new)
    assert len(judged.changes) == 16_000
    assert compare(old, wide(8_000)).changes == ()
    assert compare(old, replace(old, columns=old.columns[::-1])).verdict is Verdict.PATCH
    assert compare(old, replace(old, columns=())).verdict is Verdict.MAJOR


def test_thousands_of_rules_and_levels_of_one_name() -> None:
    base = contract({"schema": {"quality": {"a": {"metric": "rowCount", "mustBeGreaterThan": 0}}}})
    one, level = base.quality[0], base.service_levels[0]

    def made(shift: int) -> Contract:
        items = tuple(replace(one, id=None, name="same", operand=i + shift) for i in range(2_000))
        levels = tuple(replace(level, value=i + shift) for i in range(2_000))
        return replace(base, quality=items, service_levels=levels)

    with ends():
        assert compare(made(0), made(0)).changes == ()
        assert compare(made(0), made(1)).verdict is Verdict.MAJOR


def deep(levels: int, leaf: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"logicalType": leaf}
    for _ in range(levels):
        facts = {"logicalType": "object", "columns": {"x": facts}}
    return column("deep", **facts)


def test_deep_nesting() -> None:
    old, new = contract(deep(7, "string")), contract(deep(7, "number"))
    (change,) = compare(old, new).changes
    assert change.path == "columns.deep" + ".fields.x" * 7 + ".type"
    assert change.rule == "type-changed"


@pytest.mark.parametrize("name", ["fields", "type", "element", "quality", "values", "key"])
def test_columns_named_like_parts_of_a_path(name: str) -> None:
    nested = column("address", columns={name: {"logicalType": "string"}})
    changed = column("address", columns={name: {"logicalType": "number"}})
    (change,) = compare(contract(nested), contract(changed)).changes
    assert change.path == f"columns.address.fields.{name}.type"


def test_names_that_change_places_are_renamed() -> None:
    old = contract(column("note", id="n"), column("email", id="e"))
    by_name = {c.name: c for c in old.columns}
    swapped = {"note": replace(by_name["email"], name="note"), "email": replace(by_name["note"], name="email")}
    new = replace(old, columns=tuple(swapped.get(c.name, c) for c in old.columns))
    assert {(c.path, c.rule) for c in compare(old, new).changes} >= {
        ("columns.note", "column-renamed"),
        ("columns.email", "column-renamed"),
    }


def test_an_id_that_moves_to_a_new_column_takes_the_old_one_with_it() -> None:
    old = contract(column("note", id="n"))
    new = contract(column("note", id=None), column("remark", logicalType="string", id="n"))
    found = {(c.path, c.rule) for c in compare(old, new).changes}
    assert {("columns.remark", "column-renamed"), ("columns.note", "column-added")} <= found


def test_dropping_the_physical_type_first_is_no_way_round() -> None:
    promised = contract(column("pieces", physicalType="int"))
    silent = contract(column("pieces", logicalTypeOptions={"format": "i32"}))
    wider = contract(column("pieces", logicalTypeOptions={"format": "i64"}))
    assert compare(promised, silent).verdict is Verdict.MAJOR
    assert compare(silent, wider).verdict is Verdict.MINOR
    assert compare(promised, wider).verdict is Verdict.MAJOR


def test_opening_a_set_first_is_no_way_round() -> None:
    closed = contract(column("state", enum=[{"value": "new"}]))
    opened = contract(column("state", enum=[{"value": "new"}], customProperties={"openSet": True}))
    assert compare(closed, opened).verdict is Verdict.MAJOR


@pytest.mark.parametrize("operand", [None, "x", [], [1], {}, True, "1e999999999", NAN, INF])
def test_operands_that_are_no_numbers(operand: Any) -> None:
    base = contract({"schema": {"quality": {"a": {"metric": "rowCount", "mustBeGreaterThan": 0}}}})
    odd = replace(base, quality=(replace(base.quality[0], operand=operand),))
    assert compare(base, odd).verdict is Verdict.MAJOR
    assert compare(odd, odd).verdict is Verdict.NONE


@pytest.mark.parametrize("value", [None, True, "", "abc", "1/0", "½", NAN, INF, [1], "9" * 5_000 + " d", "1e999999999"])
def test_service_levels_that_are_no_amounts(value: Any) -> None:
    base = contract()
    odd = replace(base, service_levels=(replace(base.service_levels[0], value=value), base.service_levels[1]))
    assert compare(base, odd).verdict in (Verdict.MAJOR, Verdict.REFUSED)
    assert compare(odd, odd).verdict is Verdict.NONE


def test_reasons_stay_short_and_on_one_line() -> None:
    long = "line\n" * 5_000
    assert "\n" not in told(long)
    assert len(told(long)) < 100
    assert len(told(["x" * 1_000] * 1_000)) < 200
    assert len(told({f"k{i}": long for i in range(100)})) < 200
    judged = compare(contract(), contract({"schema": {"description": long[:2_000]}}))
    assert all(len(c.reason) < 400 and "\n" not in c.reason for c in judged.changes)


def test_everything_missing_is_compared() -> None:
    where = contract().where
    bare = Contract("", "", "", where, ())
    assert compare(bare, bare).verdict is Verdict.NONE
    assert compare(bare, contract()).verdict is Verdict.REFUSED or compare(bare, contract()).changes
    odd = replace(bare, quality=(Quality("sql", where),), service_levels=(ServiceLevel("", None, None, None, where),))
    assert compare(odd, odd).changes == ()
    assert compare(contract(), odd).verdict.rank >= Verdict.MAJOR.rank
