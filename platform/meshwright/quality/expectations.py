"""Row rules in two languages: the expectation that judges, and the SQL predicate that finds samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from meshwright.duck import literal, quote
from meshwright.quality.model import Rule

_Kwargs = Callable[[Mapping[str, Any]], dict[str, Any]]

_BETWEEN = "expect_column_values_to_be_between"
_LENGTHS = "expect_column_value_lengths_to_be_between"
_BOUNDS = frozenset({"minimum", "maximum", "exclusive_minimum", "exclusive_maximum"})
_NOT_NULL = "expect_column_values_to_not_be_null"
_REGEX = "expect_column_values_to_match_regex"
_KINDS: Mapping[str, tuple[str, _Kwargs]] = {
    "required": (_NOT_NULL, lambda d: {}),
    "null_values": (_NOT_NULL, lambda d: {}),
    "min_length": (_LENGTHS, lambda d: {"min_value": d["value"]}),
    "max_length": (_LENGTHS, lambda d: {"max_value": d["value"]}),
    "minimum": (_BETWEEN, lambda d: {"min_value": d["value"]}),
    "maximum": (_BETWEEN, lambda d: {"max_value": d["value"]}),
    "exclusive_minimum": (_BETWEEN, lambda d: {"min_value": d["value"], "strict_min": True}),
    "exclusive_maximum": (_BETWEEN, lambda d: {"max_value": d["value"], "strict_max": True}),
    "pattern": (_REGEX, lambda d: {"regex": d["pattern"]}),
    "format": (_REGEX, lambda d: {"regex": d["pattern"]}),
    "values": ("expect_column_values_to_be_in_set", lambda d: {"value_set": d["values"]}),
    "missing_values": (
        "expect_column_values_to_not_be_in_set",
        lambda d: {"value_set": [v for v in d["missing"] if v is not None]},
    ),
}


ROW_KINDS = frozenset(_KINDS)
"""The kinds of rules that judge a row by one of its values."""


def expectation(rule: Rule) -> tuple[str, dict[str, Any]] | None:
    """Type and arguments of the expectation that measures the rule, or None where our own SQL does."""
    if rule.kind == "expectation":
        return rule.definition["type"], dict(rule.definition["kwargs"])
    if rule.kind == "row_count":
        # Only the count is asked for here; the operator may be one that the expectation does not know.
        return "expect_table_row_count_to_be_between", {"min_value": 0}
    if rule.kind not in _KINDS or (rule.kind in _BOUNDS and not _holds(rule.definition["value"])):
        return None
    if '"' in rule.columns[0]:
        # Great Expectations' own conditions on lengths know no escape for it.
        return None
    type_, kwargs = _KINDS[rule.kind]
    return type_, {"column": rule.columns[0], **kwargs(rule.definition)}


def _holds(bound: object) -> bool:
    """Whether the expectation keeps the bound as it is: it turns whole numbers into floats, and text into dates."""
    if isinstance(bound, str):
        return re.match(r"\d{4}-\d{2}-\d{2}", bound) is not None
    return isinstance(bound, (int, float)) and abs(bound) <= 2**53


def broken_by(rule: Rule) -> str:
    """The rows that a row rule counts, as an SQL predicate; a test holds that both count the same."""
    column, facts = quote(rule.columns[0]), rule.definition
    match rule.kind:
        case "required" | "null_values":
            return f"{column} IS NULL"
        case "min_length" | "max_length":
            return f"length({column}) {_SIGNS[rule.kind]} {_literal(facts['value'])}"
        case "minimum" | "maximum" | "exclusive_minimum" | "exclusive_maximum":
            return f"{column} {_SIGNS[rule.kind]} {_literal(facts['value'])}"
        case "pattern" | "format":
            return f"NOT regexp_matches({column}, {_literal(facts['pattern'])})"
        case "values":
            listed = ", ".join(map(_literal, facts["values"]))
            return f"{column} NOT IN ({listed})" if listed else f"{column} IS NOT NULL"
        case "missing_values":
            listed = ", ".join(_literal(v) for v in facts["missing"] if v is not None)
            parts = [f"{column} IN ({listed})"] if listed else []
            return " OR ".join([*parts, f"{column} IS NULL"] if None in facts["missing"] else parts)
    raise KeyError(rule.kind)


_SIGNS = {
    "min_length": "<",
    "max_length": ">",
    "minimum": "<",
    "maximum": ">",
    "exclusive_minimum": "<=",
    "exclusive_maximum": ">=",
}


def _literal(value: object) -> str:
    return str(value) if isinstance(value, (bool, int, float)) else literal(str(value))
