"""From a contract to the rules that it is: every promise that an audit can judge, and their common key.

What the standard leaves open is settled here. Only ``required``, ``nullValues``, a primary key and a ``null``
among ``missingValues`` count NULL; all other rules pass over it. A percentage is one of all rows that the rule
checks. A duplicate is a row that repeats an earlier one, so two equal rows are one duplicate. A pattern may match
anywhere, as in ECMAScript; ``^`` and ``$`` tie it down. Its syntax is RE2: no look-around, no back references.

This module is light: neither Great Expectations nor pandas is imported to know the rules.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from meshwright.quality.items import item_rule, spelled
from meshwright.quality.limits import NONE, Limit, plain
from meshwright.quality.model import Rule, Scope
from meshwright.quality.phrases import promise
from meshwright.spec.model import Column, Port, Reference, ServiceLevel, Severity, Where

_KEY_FORMAT = 1
"""Raise it when the meaning of a rule changes, so that every port is audited again."""

_FORMATS = {
    "email": r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    "hostname": r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$",
    "ipv4": r"^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.|$)){4}$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$",
    "uuid": r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
}
"""The string formats of ODCS that one pattern decides; others tell the reader something and are no rule."""

_OPTIONS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "multipleOf": "multiple_of",
    "minItems": "min_items",
    "maxItems": "max_items",
}
_AGES = frozenset({"freshness", "latency", "ly"})
"""Service levels about the age of data; ODCS prefers ``latency``, and ``ly`` is its synonym."""


_OF_ANY_PART = frozenset({"primary_key", "unique", "duplicate_values"})
"""Kinds of rules about a table that every part of it keeps, where there is no tolerance."""


def rules_of(port: Port) -> tuple[Rule, ...]:
    """Every rule of the port's contract, ids unique: first the columns as such, then keys, then the rest.

    Nothing that the contract asks for is dropped: what cannot be understood becomes a rule that fails and
    says why. ``type: text`` is for readers and is no rule.
    """
    return tuple(_unique([*_structure(port), *_columns(port), *_table(port)]))


def rules_of_sample(port: Port) -> tuple[Rule, ...]:
    """:func:`rules_of`, for rows that were made of a part of the data: what only all rows can keep just warns.

    Any part of right rows has its columns, types and keys, and no row that is wrong by itself; but it has other counts,
    shares and totals, and rows that refer to rows which are not in it.
    """
    return tuple(r if _holds_of_a_part(r) else replace(r, severity="warning") for r in rules_of(port))


def _holds_of_a_part(rule: Rule) -> bool:
    if rule.kind == "expectation":
        return rule.scope == "row" and "mostly" not in rule.definition["kwargs"]
    about_rows = rule.scope == "row" or rule.kind in _OF_ANY_PART
    return rule.kind in ("schema", "unfit") or (about_rows and Limit.of(rule.definition["limit"]).forbids_any)


def audit_key(port: Port) -> str:
    """sha256 of the rules: it moves with what is checked and how severe it is, not with descriptions."""
    facts = [[r.id, r.kind, list(r.columns), r.severity, r.scope, list(r.reads), r.definition] for r in rules_of(port)]
    ordered = sorted(facts, key=lambda fact: str(fact[0]))
    return hashlib.sha256(json.dumps([_KEY_FORMAT, ordered], sort_keys=True).encode()).hexdigest()


def _structure(port: Port) -> Iterator[Rule]:
    contract = port.contract
    names = tuple(c.name for c in contract.columns)
    types = {"columns": {c.name: c.type for c in contract.columns}}
    yield _rule("schema", "schema", names, contract.where, types, scope="table")
    if key := contract.primary_key:
        yield _rule("primary_key", "primary_key", key, contract.where, _limited(), scope="table")


def _columns(port: Port) -> Iterator[Rule]:
    for column in port.contract.columns:
        if column.required:
            yield _of_column(column, "required", _limited())
        if column.unique:
            yield _of_column(column, "unique", _limited(), scope="table")
        yield from _options(column)
        yield from (rule for item in column.quality for rule in item_rule(port, item, column))


def _options(column: Column) -> Iterator[Rule]:
    options = dict(column.options)
    # ODCS 3.0 writes `exclusiveMinimum: true` beside `minimum`; 3.1 writes the bound itself.
    for plain_name, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(options.get(exclusive), bool):
            strict = options.pop(exclusive)
            if strict and plain_name in options:
                options[exclusive] = options.pop(plain_name)
    for name, kind in _OPTIONS.items():
        if options.get(name) is not None:
            yield _of_column(column, kind, _limited(value=options[name]))
    if pattern := options.get("pattern"):
        yield _of_column(column, "pattern", _limited(pattern=pattern))
    if column.type == "string" and (pattern := _FORMATS.get(str(options.get("format")))):
        yield _of_column(column, "format", _limited(format=options["format"], pattern=pattern))
    if options.get("enum"):
        values = [e.get("value") if isinstance(e, Mapping) else e for e in options["enum"]]
        yield _of_column(column, "values", _limited(values=spelled(values, column)), name="enum")
    if options.get("uniqueItems"):
        yield _of_column(column, "unique_items", _limited())


def _table(port: Port) -> Iterator[Rule]:
    yield from (rule for item in port.contract.quality for rule in item_rule(port, item, None))
    yield from (_reference(port, reference) for reference in port.contract.references)
    yield from (rule for level in port.contract.service_levels for rule in _freshness(port, level))


def _reference(port: Port, to: Reference) -> Rule:
    limit = Limit("mustBeLessOrEqualTo", to.tolerance, "percent") if to.tolerance else NONE
    definition = {"port": to.port, "columns": list(to.to_columns), "limit": limit.as_json()}
    reads = () if to.port == port.key else (to.port,)
    name = to.id or f"{'_'.join(to.columns)}.references.{to.port}"
    return _rule(
        name, "reference", to.columns, to.where, definition, scope="table", severity=to.severity,
        reads=reads, description=to.description,
    )  # fmt: skip


def _freshness(port: Port, level: ServiceLevel) -> Iterator[Rule]:
    """The age of the newest value of a column, for a service level whose element names one.

    A level without a column is about the build (when was this port last confirmed?) and is judged by the
    status of the mesh, not here. A stale source is a warning: to refuse it would leave older data standing.
    """
    if level.property.lower() not in _AGES:
        return
    for element in (level.element or "").split(","):
        column = element.strip().removeprefix(f"{port.domain}.").removeprefix(f"{port.name}.")
        if not column or column == port.name:
            continue
        definition = {"value": plain(level.value), "unit": level.unit or ""}
        yield _rule(
            f"{column}.freshness", "freshness", (column,), level.where, definition, scope="table",
            severity="warning",
        )  # fmt: skip


def _of_column(
    column: Column, kind: str, definition: dict[str, Any], *, scope: Scope = "row", name: str | None = None
) -> Rule:
    return _rule(f"{column.name}.{name or kind}", kind, (column.name,), column.where, definition, scope=scope)


def _rule(
    id: str,
    kind: str,
    columns: tuple[str, ...],
    where: Where,
    definition: dict[str, Any],
    *,
    scope: Scope,
    severity: Severity = "error",
    reads: tuple[str, ...] = (),
    description: str | None = None,
) -> Rule:
    facts = plain(definition)
    words = description or promise(kind, columns, facts)
    return Rule(id, kind, columns, severity, words, scope, reads, facts, where)


def _limited(limit: Limit = NONE, **facts: object) -> dict[str, Any]:
    return {**facts, "limit": limit.as_json()}


def _unique(rules: list[Rule]) -> Iterator[Rule]:
    """Rules that ask for one id get their columns before it; those that still do, a piece of their hash.

    Neither depends on where a rule stands; only rules that are equal in all but their words are numbered.
    """
    names = [rule.id for rule in rules]
    for longer in (_with_columns, _with_hash):
        asked = Counter(names)
        names = [longer(rule, name) if asked[name] > 1 else name for rule, name in zip(rules, names, strict=True)]
    given: Counter[str] = Counter()
    for rule, name in zip(rules, names, strict=True):
        given[name] += 1
        yield replace(rule, id=name if given[name] == 1 else f"{name}_{given[name]}")


def _with_columns(rule: Rule, name: str) -> str:
    columns = "_".join(rule.columns)
    return name if not columns or name.startswith(f"{columns}.") else f"{columns}.{name}"


def _with_hash(rule: Rule, name: str) -> str:
    facts = json.dumps([rule.kind, rule.columns, rule.definition], sort_keys=True)
    return f"{name}_{hashlib.sha256(facts.encode()).hexdigest()[:6]}"
