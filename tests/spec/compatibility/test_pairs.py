"""Pairs of contracts as data, both ways: every change, each with the rule that judges it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from meshwright.spec.compatibility import Change, Verdict, compare
from meshwright.spec.compatibility.compare import FAMILIES
from spec.compatibility.contracts import HERE, contract

CASES: list[dict[str, Any]] = yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8"))
RULES = {rule.id: rule for family in FAMILIES for rule in family.rules}
PAIRS = [
    pytest.param(*sides, case[way], id=f"{case['name']}{'' if way == 'there' else ' (back)'}")
    for case in CASES
    for way, sides in (
        ("there", (case.get("old"), case.get("new"))),
        ("back", (case.get("new"), case.get("old"))),
    )
]


@pytest.mark.parametrize(("old", "new", "expected"), PAIRS)
def test_every_change_is_judged_by_its_rule(
    old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, expected: Mapping[str, Any]
) -> None:
    judged = compare(contract(old), contract(new))
    wanted = sorted((path, rule) for path, rules in expected.items() for rule in _several(rules))
    assert sorted((c.path, c.rule) for c in judged.changes) == wanted
    verdicts = [RULES[rule].verdict for _, rule in wanted]
    assert judged.verdict == max(verdicts, key=lambda v: v.rank, default=Verdict.NONE)
    for change in judged.changes:
        _is_told(change)


def _several(rules: str | list[str]) -> list[str]:
    return [rules] if isinstance(rules, str) else rules


def _is_told(change: Change) -> None:
    rule = RULES[change.rule]
    assert (change.verdict, change.approval) == (rule.verdict, rule.approval)
    assert (change.verify is not None) == rule.verified
    assert change.where.line > 0
    assert change.where.file.name == "orders.contract.yaml"
    assert "\n" not in change.reason
    assert len(change.reason) > 15


def test_there_are_enough_pairs() -> None:
    assert len(CASES) >= 100
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_every_rule_is_met() -> None:
    met = {
        rule for case in CASES for way in ("there", "back") for rules in case[way].values() for rule in _several(rules)
    }
    assert RULES.keys() - met == set()
