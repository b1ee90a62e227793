"""Rules in plain words: what a rule promises, and what is wrong with the rows that break it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshwright.quality.limits import NONE, Limit, number, percent

_FAULTS = {
    "required": "have no {c}",
    "null_values": "have no {c}",
    "missing_values": "have a missing {c} ({missing})",
    "min_length": "have a {c} shorter than {value} characters",
    "max_length": "have a {c} longer than {value} characters",
    "pattern": "have a {c} that does not match {pattern}",
    "format": "have a {c} that is no {format}",
    "minimum": "have {c} < {value}",
    "maximum": "have {c} > {value}",
    "exclusive_minimum": "have {c} <= {value}",
    "exclusive_maximum": "have {c} >= {value}",
    "multiple_of": "have a {c} that is no multiple of {value}",
    "min_items": "have fewer than {value} items in {c}",
    "max_items": "have more than {value} items in {c}",
    "unique_items": "have equal items in {c}",
    "values": "have a {c} outside {values}",
    "primary_key": "have no {c} of their own",
    "unique": "repeat the {c} of another row",
    "duplicate_values": "repeat the {c} of another row",
    "reference": "have a {c} that {port} does not know",
}
_PROMISES = {
    "schema": "has exactly the columns and types of the contract",
    "required": "{c} is never NULL",
    "null_values": "rows without {c}",
    "missing_values": "rows with a missing {c} ({missing})",
    "min_length": "{c} has at least {value} characters",
    "max_length": "{c} has at most {value} characters",
    "pattern": "{c} matches {pattern}",
    "format": "{c} is a valid {format}",
    "minimum": "{c} >= {value}",
    "maximum": "{c} <= {value}",
    "exclusive_minimum": "{c} > {value}",
    "exclusive_maximum": "{c} < {value}",
    "multiple_of": "{c} is a multiple of {value}",
    "min_items": "{c} has at least {value} items",
    "max_items": "{c} has at most {value} items",
    "unique_items": "the items of {c} differ",
    "values": "{c} is one of {values}",
    "primary_key": "{c} identifies a row",
    "unique": "{c} is unique",
    "duplicate_values": "rows that repeat the {c} of another",
    "reference": "every {c} exists in {port}",
    "row_count": "rows",
    "freshness": "the newest {c} is at most {value} {unit} old",
    "sql": "result of the query",
    "expectation": "{call} holds",
    "unfit": "cannot be checked",
}


def fault(kind: str, columns: Sequence[str], definition: Mapping[str, Any]) -> str:
    """What is wrong with a row that breaks the rule: ``have quantity > 100``."""
    return _FAULTS.get(kind, "break the expectation").format(**_facts(columns, definition))


def promise(kind: str, columns: Sequence[str], definition: Mapping[str, Any]) -> str:
    """What the rule promises: ``quantity <= 100``, with its tolerance where it has one."""
    text = _PROMISES[kind].format(**_facts(columns, definition))
    limit = definition.get("limit")
    return text if limit is None or Limit.of(limit) == NONE else f"{text}: {Limit.of(limit).words()}"


def counted(failed: int, total: int, wrong: str, limit: Limit) -> str:
    """``13,509 of 1,469,307 rows (0.92 %) have quantity > 100; at most 0 allowed``."""
    share = percent(failed, total)
    shown = f" ({'<0.01' if 0 < share < 0.01 else format(share, '.2f').rstrip('0').rstrip('.')} %)" if failed else ""
    return f"{failed:,} of {total:,} rows{shown} {wrong}; {limit.words()}"


def call(type_: str, kwargs: Mapping[str, Any]) -> str:
    """An expectation as it is called: ``expect_column_max_to_be_between(column='c', max_value=5)``."""
    given = ", ".join(f"{key}={value!r}" for key, value in kwargs.items())
    short = " ".join(given.split())
    return f"{type_}({short if len(short) <= 160 else short[:159] + '…'})"


def _facts(columns: Sequence[str], definition: Mapping[str, Any]) -> dict[str, str]:
    facts = {key: str(value) for key, value in definition.items()}
    if isinstance(definition.get("value"), (int, float)):
        facts["value"] = number(definition["value"])
    for key in ("values", "missing"):
        facts[key] = _listed(definition.get(key, ()))
    if "kwargs" in definition:
        facts["call"] = call(definition["type"], definition["kwargs"])
    facts["c"] = columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
    return facts


def _listed(values: Sequence[object]) -> str:
    shown = ", ".join("NULL" if v is None else repr(v) for v in values[:5])
    return shown if len(values) <= 5 else f"{shown} … ({len(values)} values)"
