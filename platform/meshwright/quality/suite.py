"""The suite: a contract as Great Expectations writes it, to be seen, exported or run elsewhere."""

from __future__ import annotations

from typing import Any

from meshwright.quality.expectations import expectation
from meshwright.quality.gx import ExpectationConfiguration, ExpectationSuite, FailureSeverity
from meshwright.quality.limits import Limit
from meshwright.quality.model import Rule
from meshwright.quality.rules import rules_of
from meshwright.spec.model import Port


def suite(port: Port) -> ExpectationSuite:
    """Every rule of the port that Great Expectations has words for, in the order of the rules.

    Each expectation's meta holds the rule (``rule``, ``columns``) and its ``limit`` as the
    contract has it; a limit of at most some per cent is ``mostly`` too. Rules that no expectation says, such
    as references and SQL, are listed in the suite's own meta under ``elsewhere``.
    """
    rules = rules_of(port)
    said = {rule.id: _configuration(rule) for rule in rules}
    elsewhere = [{"rule": r.id, "description": r.description, "severity": r.severity} for r in rules if not said[r.id]]
    return ExpectationSuite(
        name=port.key,
        expectations=[configuration for configuration in said.values() if configuration],
        meta={"contract": port.contract.id, "version": port.contract.version, "elsewhere": elsewhere},
    )


def _configuration(rule: Rule) -> ExpectationConfiguration | None:
    found = _keys(rule) or expectation(rule)
    if found is None:
        return None
    type_, kwargs = found
    meta: dict[str, Any] = {"rule": rule.id, "columns": list(rule.columns)}
    if facts := rule.definition.get("limit"):
        meta["limit"] = facts
        limit = Limit.of(facts)
        if limit.unit == "percent" and limit.operator == "mustBeLessOrEqualTo":
            kwargs = {**kwargs, "mostly": round(1 - float(limit.bound) / 100, 6)}
        if rule.kind == "row_count":
            kwargs = _counted(limit)
    severity = FailureSeverity.CRITICAL if rule.severity == "error" else FailureSeverity.WARNING
    return ExpectationConfiguration(
        type=type_, kwargs=kwargs, meta=meta, description=rule.description, severity=severity
    )


def _keys(rule: Rule) -> tuple[str, dict[str, Any]] | None:
    """Rules that our own SQL judges faster, or partition by partition, but that an expectation says as well."""
    if rule.kind == "schema":
        return "expect_table_columns_to_match_set", {"column_set": list(rule.columns), "exact_match": True}
    if rule.kind not in ("primary_key", "unique", "duplicate_values"):
        return None
    if len(rule.columns) == 1:
        return "expect_column_values_to_be_unique", {"column": rule.columns[0]}
    return "expect_compound_columns_to_be_unique", {"column_list": list(rule.columns)}


def _counted(limit: Limit) -> dict[str, Any]:
    """A row count between whole numbers; an operator that is no range is left to the limit in the meta."""
    low, high = limit.bound if isinstance(limit.bound, list) else (limit.bound, limit.bound)
    ends = {
        "mustBe": {"min_value": low, "max_value": high},
        "mustBeBetween": {"min_value": low, "max_value": high},
        "mustBeGreaterThan": {"min_value": low + 1},
        "mustBeGreaterOrEqualTo": {"min_value": low},
        "mustBeLessThan": {"max_value": high - 1},
        "mustBeLessOrEqualTo": {"max_value": high},
    }
    return ends.get(limit.operator, {"min_value": 0})
