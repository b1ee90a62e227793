"""The JSON Schema judge: verdicts as the general validator gives them, reasons as a reader wants them."""
# ruff: noqa: E501 - tables of cases are read across

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshwright.spec.schema import Schema
from meshwright.spec.yaml_reader import parse_yaml
from support.hangs import ends

HERE = Path("x.yaml")


def problems(schema: dict[str, Any], value: Any) -> list[str]:
    node, _ = parse_yaml(json.dumps({"x": value}).encode(), HERE)
    return [p.reason for p in Schema({"properties": {"x": schema}}).problems(node)]


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
SCHEMAS: list[dict[str, Any]] = [
    {"type": ["string", "integer"]},
    {"enum": ["a", 1, True, None]},
    {"const": 1},
    {"type": "integer", "minimum": 0},
    {"type": "number", "exclusiveMinimum": 0},
    {"type": "string", "minLength": 1, "maxLength": 2, "pattern": "^a"},
    {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 2, "uniqueItems": True},
    {"type": "object", "properties": {"a": TEXT, "b": NUMBER}, "required": ["a"], "additionalProperties": False},
    {"oneOf": [TEXT, {"type": "array", "items": TEXT}]},
    {"anyOf": [TEXT, NUMBER]},
    {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {"not": {"required": ["a"]}},
    {"type": "object", "properties": {"a": TEXT}, "allOf": [{"properties": {"b": NUMBER}}], "unevaluatedProperties": False},
    {
        "type": "object",
        "properties": {"a": True},
        "if": {"properties": {"a": {"const": 1}}, "required": ["a"]},
        "then": {"properties": {"b": TEXT}, "required": ["b"]},
        "unevaluatedProperties": False,
    },
    {
        "type": "object",
        "if": {"anyOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"a": {"const": "x"}}}]},
        "then": {"properties": {"b": NUMBER}},
        "unevaluatedProperties": False,
    },
    {"type": "object", "oneOf": [{"properties": {"a": TEXT}, "required": ["a"]}, {"properties": {"b": TEXT}, "required": ["b"]}],
     "unevaluatedProperties": False},
]  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from(["", "a", "ab", "abc", "x", 1.0, 0.5])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(SCHEMAS), VALUES)
@settings(max_examples=600, deadline=None)
def test_verdicts_are_those_of_the_general_validator(schema: dict[str, Any], value: Any) -> None:
    assert (not problems(schema, value)) == jsonschema.Draft201909Validator(schema).is_valid(value)


def test_a_keyword_that_is_not_implemented_is_refused() -> None:
    inner: dict[str, Any] = {"properties": {"a": {"maxProperties": 1}}}
    schemas: list[dict[str, Any]] = [{"dependentRequired": {}}, inner, {"allOf": [{"else": {}}]}]
    for schema in schemas:
        with pytest.raises(ValueError, match="not implemented"):
            Schema(schema)


def test_nesting_costs_linear_time() -> None:
    schema: dict[str, Any] = {
        "$defs": {"node": {"type": "object", "properties": {"name": TEXT}, "allOf": [
            {"properties": {"inner": {"$ref": "#/$defs/node"}}}, {"properties": {"inner": {"$ref": "#/$defs/node"}}},
            {"anyOf": [{"properties": {"inner": {"$ref": "#/$defs/node"}}}, {"required": ["x"]}]},
        ]}},
        "$ref": "#/$defs/node",
    }  # fmt: skip
    value: Any = {"name": 1}
    for _ in range(28):
        value = {"inner": value}
    node, _ = parse_yaml(json.dumps(value).encode(), HERE)
    with ends():
        found = Schema(schema).problems(node)
    assert [p.reason for p in found] == ["wrong type: expected string, got integer 1"]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "boolean"}, "no", ["wrong type: expected boolean, got string 'no'"]),
        ({"type": "object"}, [], ["wrong type: expected mapping, got list"]),
        ({"type": "array"}, None, ["wrong type: expected list, got nothing"]),
        (
            {"oneOf": [TEXT, {"type": "array", "items": TEXT}]},
            1,
            ["wrong type: expected list or string, got integer 1"],
        ),
        ({"oneOf": [TEXT, {"type": "array", "items": TEXT}]}, [1], ["wrong type: expected string, got integer 1"]),
        ({"type": "array", "uniqueItems": True}, [1, 2, 1], ["is listed twice"]),
        ({"type": "array", "minItems": 2}, [1], ["expected at least 2 members, got 1"]),
        ({"type": "string", "x-reason": "is no name"}, 5, ["integer 5 is no name"]),
        ({"not": {"required": ["a"]}}, {"a": 1}, ["key 'a' has no place here"]),
        ({"enum": ["a", "b"]}, "c", ["string 'c' is not one of 'a' or 'b'"]),
    ],
)
def test_reasons(schema: dict[str, Any], value: Any, expected: list[str]) -> None:
    assert problems(schema, value) == expected


def test_a_misspelt_key_is_not_also_missing() -> None:
    schema = {
        "type": "object",
        "required": ["name", "kind"],
        "properties": {"name": TEXT, "kind": TEXT},
        "additionalProperties": False,
    }
    assert problems(schema, {"naem": "x"}) == ["missing key 'kind'", "unknown key 'naem'"]
