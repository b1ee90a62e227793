"""ODCS quality items (library metrics, SQL, Great Expectations) as rules."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from meshwright.quality.limits import NONE, OPERATORS, Limit, UnfitError, plain
from meshwright.quality.model import Rule, Scope
from meshwright.quality.phrases import promise
from meshwright.spec import great_expectations
from meshwright.spec.model import Column, Port, Quality
from meshwright.spec.sql import ports_in

_ROW_EXPECTATIONS = (
    "expect_column_pair_values_",
    "expect_column_value_lengths_",
    "expect_column_values_",
    "expect_multicolumn_",
    "expect_select_column_values_",
)
_ACROSS_ROWS = ("of_type", "type_list", "unique", "increasing", "decreasing", "z_scores", "outliers")
"""Words in the names of expectations that look at a row beside all others, or at no row at all."""


def item_rule(port: Port, item: Quality, column: Column | None) -> Iterator[Rule]:
    """The rules of one quality item, none for ``type: text``; ``column`` is the property that it stands at."""
    if item.kind == "text":
        return
    try:
        yield from _KINDS[item.kind](port, item, column)
    except UnfitError as error:
        name = item.metric or item.kind
        yield _rule(port, item, column, name, "unfit", {"reason": str(error)}, scope="table")


def _library(port: Port, item: Quality, column: Column | None) -> Iterator[Rule]:
    metric = item.metric or ""
    if metric == "rowCount":
        if item.unit == "percent":
            raise UnfitError("a row count has no percentage")
        yield _rule(port, item, None, "row_count", "row_count", _limited(_limit(item)), scope="table")
    elif metric == "duplicateValues":
        columns = (column.name,) if column else tuple(map(str, _list(item, "properties") or ()))
        if not columns:
            raise UnfitError("duplicateValues of a table needs arguments.properties")
        name = "duplicate_values" if column else f"duplicate_values.{'_'.join(columns)}"
        facts = _limited(_limit(item, NONE))
        yield _rule(port, item, column, name, "duplicate_values", facts, scope="table", columns=columns)
    elif metric in _COLUMN_METRICS:
        if column is None:
            raise UnfitError(f"{metric} stands at a property, not at the table")
        for kind, facts in _COLUMN_METRICS[metric](item, column):
            name = re.sub("([A-Z])", r"_\1", metric).lower()
            yield _rule(port, item, column, name, kind, facts | _limited(_limit(item, NONE)), scope="row")
    else:
        raise UnfitError(f"there is no metric {metric!r}; ODCS has {', '.join(sorted(_METRICS))}")


def spelled(values: Sequence[Any], column: Column) -> list[Any]:
    """The values as the column holds them: ``1`` and ``true`` in YAML are text in a column of strings."""
    if column.type != "string":
        return list(values)
    return [v if v is None or isinstance(v, str) else str(v).lower() if isinstance(v, bool) else str(v) for v in values]


def _nulls(_item: Quality, _column: Column) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "null_values", {}


def _missing(item: Quality, column: Column) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "missing_values", {"missing": spelled(_list(item, "missingValues") or [None], column)}


def _list(item: Quality, argument: str) -> list[Any] | None:
    values = item.arguments.get(argument)
    if values is not None and not isinstance(values, (list, tuple)):
        raise UnfitError(f"arguments.{argument} is no list")
    return None if values is None else list(values)


def _invalid(item: Quality, column: Column) -> Iterator[tuple[str, dict[str, Any]]]:
    values, pattern = _list(item, "validValues"), item.arguments.get("pattern")
    if values is None and pattern is None:
        raise UnfitError("invalidValues needs arguments.validValues or arguments.pattern")
    if values is not None:
        yield "values", {"values": [v for v in spelled(values, column) if v is not None]}
    if pattern is not None:
        yield "pattern", {"pattern": str(pattern)}


_COLUMN_METRICS = {
    "nullValues": _nulls,
    "missingValues": _missing,
    "invalidValues": _invalid,
}
_METRICS = frozenset({*_COLUMN_METRICS, "duplicateValues", "rowCount"})


def _sql(port: Port, item: Quality, column: Column | None) -> Iterator[Rule]:
    query = (item.query or "").strip()
    facts = {"query": query} | _limited(_limit(item))
    name = f"sql_{hashlib.sha256(query.encode()).hexdigest()[:8]}"
    yield _rule(port, item, column, name, "sql", facts, scope="table", reads=ports_in(query))


def _custom(port: Port, item: Quality, column: Column | None) -> Iterator[Rule]:
    if not great_expectations.is_engine(item.engine):
        raise UnfitError(f"the engine {item.engine!r} is not run here; greatExpectations is")
    try:
        type_, kwargs = great_expectations.read(item.implementation)
    except ValueError as error:
        raise UnfitError(str(error)) from None
    if column and type_.startswith("expect_column_") and not type_.startswith("expect_column_pair_"):
        kwargs.setdefault("column", column.name)
    named = [kwargs.get(key) for key in ("column", "column_A", "column_B")] + list(kwargs.get("column_list") or ())
    columns = tuple(n for n in named if isinstance(n, str)) or ((column.name,) if column else ())
    facts = {"type": type_, "kwargs": plain(kwargs)}
    across = any(word in type_ for word in _ACROSS_ROWS) and not type_.endswith("_within_record")
    by_row = type_.startswith(_ROW_EXPECTATIONS) and not across
    yield _rule(
        port, item, column, type_.removeprefix("expect_"), "expectation", facts,
        scope="row" if by_row else "table", columns=columns,
        reads=ports_in(str(kwargs.get("unexpected_rows_query", ""))),
    )  # fmt: skip


_KINDS = {"library": _library, "sql": _sql, "custom": _custom}


def _limit(item: Quality, default: Limit | None = None) -> Limit:
    if item.operator is None:
        if default is None:
            raise UnfitError(f"an operator is missing: one of {', '.join(OPERATORS)}")
        return default
    if item.operator not in OPERATORS:
        raise UnfitError(f"there is no operator {item.operator!r}")
    if item.operator.endswith("Between") and not (isinstance(item.operand, (list, tuple)) and len(item.operand) == 2):
        raise UnfitError(f"{item.operator} needs two numbers")
    return Limit(item.operator, plain(item.operand), item.unit)


def _limited(limit: Limit) -> dict[str, Any]:
    return {"limit": limit.as_json()}


def _rule(
    port: Port,
    item: Quality,
    column: Column | None,
    name: str,
    kind: str,
    definition: dict[str, Any],
    *,
    scope: Scope,
    columns: tuple[str, ...] | None = None,
    reads: tuple[str, ...] = (),
) -> Rule:
    """The item's own id or name goes before the derived ``name``; at a column, the column goes before that."""
    given = item.id or (re.sub(r"\W+", "_", item.name.strip()).strip("_").lower() if item.name else None)
    id_ = given or (f"{column.name}.{name}" if column else name)
    of = columns if columns is not None else (column.name,) if column else ()
    facts = plain(definition)
    words = item.description or item.name or promise(kind, of, facts)
    others = tuple(r for r in reads if r != port.key)
    return Rule(id_, kind, of, item.severity, words, scope, others, facts, item.where)
