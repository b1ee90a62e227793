"""What holds of every comparison, tried on contracts and bounds that nobody wrote by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshwright.spec import Contract
from meshwright.spec.compatibility import Verdict, compare
from meshwright.spec.compatibility.compare import FAMILIES
from meshwright.spec.compatibility.languages import contained, language, literals
from meshwright.spec.compatibility.model import highest
from spec.compatibility.contracts import column, contract, merged
from spec.compatibility.test_pairs import CASES

RULES = {rule.id: rule for family in FAMILIES for rule in family.rules}
MIRROR = {"accepts-more": "accepts-less", "accepts-less": "accepts-more", "accepts-other": "accepts-other"}
ONES: Mapping[str, Mapping[str, Any]] = {
    "added": column("channel", logicalType="string"),
    "removed": {"schema": {"columns": {"email": None}}},
    "required": column("note", required=True),
    "described": column("state", description="Where the order is."),
    "bounded": column("pieces", logicalTypeOptions={"minimum": 0}),
    "narrowed": column("amount", physicalType="decimal(10,2)"),
    "latency": {"slaProperties": {"latency": {"value": 2}}},
    "raised": column("address", columns={"city": {"classification": "restricted"}}),
    "id": {"id": "other"},
    "tagged": {"tags": ["x"]},
    "role": {"roles": {"auditor": {"access": "read"}}},
    "bare": {"status": "deprecated"},
}
"""Changes of different things, none of which hides another."""


@cache
def _one(name: str) -> Contract:
    return contract(ONES[name])


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_contract_is_equal_to_itself(case: Mapping[str, Any]) -> None:
    for side in ("old", "new"):
        judged = compare(contract(case.get(side)), contract(case.get(side)))
        assert judged.changes == ()
        assert judged.verdict is Verdict.NONE
        assert judged.version.enough


@given(st.sets(st.sampled_from(sorted(ONES)), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_several_changes_are_the_sum_of_each_and_their_verdict_is_the_highest(names: set[str]) -> None:
    base = contract()
    each = [compare(base, _one(name)) for name in sorted(names)]
    together: Any = {}
    for name in sorted(names):
        together = _both(together, ONES[name])
    judged = compare(base, contract(together))
    assert judged.verdict == highest(one.verdict for one in each)
    assert {(c.path, c.rule) for c in judged.changes} == {(c.path, c.rule) for one in each for c in one.changes}


def _both(one: Any, other: Any) -> Any:
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return other
    return {
        k: _both(one[k], other[k]) if k in one and k in other else other.get(k, one.get(k)) for k in {**one, **other}
    }


BOUND = st.none() | st.integers(-3, 4)
BOUNDS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), BOUND)
).map(lambda found: {k: v for k, v in found.items() if v is not None})


def _accepts(options: Mapping[str, Any], value: Any) -> bool:
    return (
        options.get("minimum", value) <= value <= options.get("maximum", value)
        and ("exclusiveMinimum" not in options or value > options["exclusiveMinimum"])
        and ("exclusiveMaximum" not in options or value < options["exclusiveMaximum"])
    )


@given(BOUNDS, BOUNDS, st.sampled_from(["int", "decimal(4,1)", "double"]))
@settings(max_examples=300, deadline=None)
def test_intervals_agree_with_trying_every_value(old: dict[str, Any], new: dict[str, Any], type_: str) -> None:
    parts = {"int": 1, "decimal(4,1)": 10, "double": 40}[type_]
    tried = [Fraction(n, parts) for n in range(-6 * parts, 7 * parts)]
    before, after = ({v for v in tried if _accepts(options, v)} for options in (old, new))
    found = _relation(_with_bounds(old, type_), _with_bounds(new, type_))
    expected = (
        None
        if before == after
        else "accepts-less"
        if after < before
        else "accepts-more"
        if after > before
        else "accepts-other"
    )
    assert found == expected
    assert _relation(_with_bounds(new, type_), _with_bounds(old, type_)) == (expected and MIRROR[expected])


@cache
def _bounded() -> Contract:
    return contract(column("rate", logicalType="number", physicalType="double"))


def _with_bounds(options: Mapping[str, Any], type_: str) -> Contract:
    """Made by hand: the loader refuses what accepts nothing."""
    from dataclasses import replace

    base = _bounded()
    columns = [replace(c, options=options, type=type_) if c.name == "rate" else c for c in base.columns]
    return replace(base, columns=tuple(columns))


def _relation(old: Contract, new: Contract) -> str | None:
    rules = [c.rule for c in compare(old, new).changes]
    assert len(rules) <= 1
    return rules[0] if rules else None


OPERATORS = st.sampled_from(
    ["mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo"]
)
LIMITS = st.tuples(OPERATORS, st.integers(0, 4)) | st.tuples(
    st.sampled_from(["mustBeBetween", "mustNotBeBetween"]), st.tuples(st.integers(0, 4), st.integers(0, 4)).map(sorted)
)


def _passes(limit: tuple[str, Any], count: int) -> bool:
    from meshwright.quality.limits import OPERATORS as JUDGED

    return bool(JUDGED[limit[0]][0](count, limit[1]))


@given(LIMITS, LIMITS)
@settings(max_examples=300, deadline=None)
def test_limits_agree_with_the_audit(old: tuple[str, Any], new: tuple[str, Any]) -> None:
    before, after = ({n for n in range(9) if _passes(limit, n)} for limit in (old, new))
    found = _relation(_with_limit(old), _with_limit(new))
    expected = (
        None
        if before == after
        else "quality-tightened"
        if after < before
        else "quality-loosened"
        if after > before
        else "quality-changed"
    )
    assert found == expected


def _with_limit(limit: tuple[str, Any]) -> Contract:
    from dataclasses import replace

    base = _limited()
    return replace(base, quality=tuple(replace(q, operator=limit[0], operand=limit[1]) for q in base.quality))


@cache
def _limited() -> Contract:
    return contract({"schema": {"quality": {"rows": {"metric": "rowCount", "mustBeGreaterThan": 0}}}})


ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", r"\d", "ab"])
PARTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}"])).map(lambda t: f"(?:{t[0]}){t[1]}"),
        st.lists(inner, min_size=2, max_size=3).map(lambda ps: f"({'|'.join(ps)})"),
        st.lists(inner, min_size=2, max_size=3).map("".join),
    ),
    max_leaves=4,
)
PATTERNS = st.tuples(st.sampled_from(["", "^"]), PARTS, st.sampled_from(["", "$"])).map("".join)
TEXTS = [""] + ["".join(chars) for n in (1, 2, 3) for chars in product("ab1", repeat=n)]


@given(PATTERNS, PATTERNS)
@settings(max_examples=300, deadline=None)
def test_patterns_agree_with_trying_texts(inner: str, outer: str) -> None:
    found, other = language(inner), language(outer)
    assert found is not None
    assert other is not None
    matched = [{t for t in TEXTS if re.search(p.replace("$", r"\Z"), t)} for p in (inner, outer)]
    assert {t for t in TEXTS if found.accepts(t)} == matched[0]
    within = contained(inner, outer)
    assert within is not None
    if within:
        assert matched[0] <= matched[1]
    if matched[0] - matched[1]:
        assert not within
    assert contained(inner, inner)


@pytest.mark.parametrize(
    ("inner", "outer", "within"),
    [
        ("^a{2,3}$", "^a{1,5}$", True),
        ("^a{1,5}$", "^a{2,3}$", False),
        ("^(ab)+$", "^[ab]*$", True),
        ("^a$", "a", True),
        ("a", "^a$", False),
        ("^[a-z]+@[a-z]+$", "@", True),
        (r"^\w+$", "^[A-Za-z0-9_]+$", True),
        (r"^[^\d]$", r"^\D$", True),
        ("^a|b$", "^(a|b)$", False),
        (".", "^", True),
        ("(?i)a", "a", None),
        (r"\bword\b", "word", None),
        (r"\bword\b", r"\bword\b", True),
        ("^(a+)+$", "^a+$", True),
        ("^a+$", "^(a|a)+$", True),
    ],
)
def test_contained(inner: str, outer: str, within: bool | None) -> None:
    assert contained(inner, outer) is within


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("^(new|open)$", ("new", "open")),
        ("^new$|^open$", ("new", "open")),
        ("^(?:a(?:b|c)|d)$", ("ab", "ac", "d")),
        (r"^a\.b$", ("a.b",)),
        ("^$", ("",)),
        ("new|open", None),
        ("^new|open$", None),
        ("^[ab]$", None),
        ("^a?$", None),
        ("^.$", None),
    ],
)
def test_literals(pattern: str, texts: tuple[str, ...] | None) -> None:
    assert literals(pattern) == texts


def test_patches_of_the_tests_are_merged() -> None:
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": 3}}) == {"a": {"c": 2, "d": 3}}
