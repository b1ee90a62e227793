# ruff: noqa: E501 - tables of cases are read across
from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshwright.spec import types
from meshwright.spec.types import Type, TypeSpellingError


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("long", "long"),
        (" decimal( 12 , 2 ) ", "decimal(12,2)"),
        ("list< string >", "list<string>"),
        ("struct<a:long,b:list<decimal(5, 1)>>", "struct<a: long, b: list<decimal(5,1)>>"),
        ("map<string,double>", "map<string, double>"),
    ],
)
def test_one_spelling(text: str, spelled: str) -> None:
    assert types.normalise(text) == spelled
    assert types.normalise(spelled) == spelled


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [("bigint", "long"), ("INTEGER", "int"), ("VARCHAR(18)", "string"), ("Numeric(10,2)", "decimal(10,2)"), ("decimal(10)", "decimal(10,0)"),
     ("decimal", "decimal(18,2)"), ("LONG", "long"), ("lnog", "long"), ("bool", "boolean"), ("double precision", "double"),
     ("timestamp with time zone", "timestamptz"), ("array<bigint>", "list<long>"), ("hugeint", "decimal(38,0)"), ("stirng", "string"),
     ("list<long", "list<long>"), ("long>", "long"), ("", None), ("???", None), ("decimal(1,2,3)", "decimal(18,2)"), ("numeric(50,2)", None), ("decimal(-1,0)", "decimal(18,2)")],
)  # fmt: skip
def test_other_spellings_are_refused_with_the_right_one(text: str, suggestion: str | None) -> None:
    with pytest.raises(TypeSpellingError) as caught:
        types.parse(text)
    assert caught.value.suggestion == suggestion
    if suggestion:
        assert types.normalise(suggestion) == suggestion


@pytest.mark.parametrize("text", ["decimal(39,0)", "decimal(0,0)", "decimal(5,6)", "decimal(999999999,1)"])
def test_decimals_have_a_range(text: str) -> None:
    with pytest.raises(TypeSpellingError, match="precision is 1 to 38"):
        types.parse(text)


@pytest.mark.parametrize("text", ["list<" * 500, "list<" * 5_000, "a" * 5_000, "struct<" + "a: long, " * 400])
def test_long_and_deep_types_end(text: str) -> None:
    with pytest.raises(TypeSpellingError):
        types.parse(text)


def primitives() -> st.SearchStrategy[Type]:
    plain = st.sampled_from(sorted(types.PRIMITIVES)).map(Type)
    decimals = st.integers(1, 38).flatmap(lambda p: st.integers(0, p).map(lambda s: types.decimal(p, s)))
    return st.one_of(plain, decimals)


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
TYPES = st.recursive(
    primitives(),
    lambda inner: st.one_of(
        inner.map(types.list_of),
        st.tuples(st.just(Type("string")), inner).map(lambda pair: types.map_of(*pair)),
        st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(lambda fields: types.struct(fields.items())),
    ),
    max_leaves=5,
)


@given(TYPES)
def test_every_type_survives_its_text(type_: Type) -> None:
    assert types.parse(str(type_)) == type_


@given(TYPES)
@settings(max_examples=60, deadline=None)
def test_duckdb_names_each_type_as_we_do(type_: Type) -> None:
    with duckdb.connect() as connection:
        told = connection.execute(f"describe select cast(null as {type_.duckdb}) as x").fetchall()[0][1]
    assert types.from_duckdb(told) == str(type_)


@pytest.mark.parametrize(
    ("sql", "suggestion"),
    [
        ("sum(1)", "decimal(38,0)"),
        ("uuid()", "string"),
        ("interval 1 day", None),
        ("1::utinyint", None),
        ("'1'::json", "string"),
    ],
)
def test_what_duckdb_has_and_iceberg_has_not(sql: str, suggestion: str | None) -> None:
    with duckdb.connect() as connection:
        told = connection.execute(f"describe select {sql} as x").fetchall()[0][1]
    with pytest.raises(TypeSpellingError, match="is no Iceberg type") as caught:
        types.from_duckdb(told)
    assert suggestion is None or caught.value.suggestion == suggestion


@pytest.mark.parametrize("logical", sorted(types.DEFAULTS))
def test_defaults_fit_their_logical_types(logical: str) -> None:
    assert types.fits(logical, types.parse(types.DEFAULTS[logical]))


@pytest.mark.parametrize(
    ("logical", "type_", "fit"),
    [("integer", "int", True), ("integer", "decimal(20,0)", True), ("integer", "decimal(20,2)", False), ("integer", "double", False),
     ("integer", "string", False), ("number", "decimal(12,2)", True), ("number", "long", True), ("number", "string", False),
     ("date", "timestamp", False), ("timestamp", "timestamptz", True), ("string", "long", False), ("boolean", "int", False),
     ("array", "list<long>", True), ("object", "list<long>", False), ("map", "map<string, long>", True)],
)  # fmt: skip
def test_logical_and_published_types(logical: str, type_: str, fit: bool) -> None:
    assert types.fits(logical, types.parse(type_)) is fit


def test_before_3_1_a_date_is_any_time() -> None:
    assert types.fits("date", types.parse("timestamp"), before_3_1=True)
    assert not types.fits("date", types.parse("string"), before_3_1=True)
