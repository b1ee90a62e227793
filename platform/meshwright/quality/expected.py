"""The rules that Great Expectations judges: asked in one validation, counted against their limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from meshwright.quality.counting import of_row_count
from meshwright.quality.expectations import broken_by, expectation
from meshwright.quality.limits import NONE, Limit, UnfitError, number, plain
from meshwright.quality.model import Rule, Verdict
from meshwright.quality.phrases import call, counted
from meshwright.quality.subject import SAMPLES, Subject
from meshwright.quality.validation import Asked, Measured, measure, unexpected
from meshwright.quality.verdicts import Finding, of_rows, verdict
from meshwright.spec.model import MASK


def judge(on: Subject, rules: Sequence[Rule], reached: Callable[[Verdict], object]) -> None:
    """Reach a verdict on each rule; the time of the shared pass is divided equally among them."""
    asks = [_asked(on, rule) for rule in rules]
    start = time.perf_counter()
    measured = measure(on.con, asks)
    share = (time.perf_counter() - start) / len(rules)
    for rule, ask, found in zip(rules, asks, measured, strict=True):
        reached(verdict(on, rule, partial(_finding, on, rule, ask, found), time.perf_counter() - share))


def _asked(on: Subject, rule: Rule) -> Asked:
    type_, kwargs = expectation(rule) or ("", {})
    view = on.rows if rule.scope == "row" else on.whole
    return Asked(type_, kwargs, view, counted=rule.kind != "expectation")


def _finding(on: Subject, rule: Rule, ask: Asked, found: Measured) -> Finding:
    if found.error is not None:
        raise UnfitError(on.told(found.error) if found.met else found.error)
    if rule.kind == "expectation":
        return _by_row(on, ask, found) if found.rows else _as_whole(on, rule, ask, found)
    if rule.kind == "row_count":
        return of_row_count(rule, int(str(found.observed)))
    return _counted(on, rule, found)


def _counted(on: Subject, rule: Rule, found: Measured) -> Finding:
    """Great Expectations counts, the limit of the contract decides."""
    failed = found.failed
    if rule.kind == "missing_values" and None in rule.definition["missing"]:
        failed += found.nulls
    samples = f"SELECT {on.key_and(rule.columns)} FROM {on.rows} WHERE {broken_by(rule)}"
    finding = of_rows(rule, failed, found.checked, samples)
    if rule.kind == "required" and failed == found.checked > 0:
        message = f"every value of {rule.columns[0]} is NULL in {failed:,} rows: lost field ids?"
        return Finding(False, finding.observed, message, failed, failed, samples)
    return finding


def _by_row(on: Subject, ask: Asked, found: Measured) -> Finding:
    """Great Expectations decides, by its own ``mostly`` (a share of the values that are not NULL)."""
    share = round(100 * (1 - float(ask.kwargs.get("mostly", 1))), 6)
    limit = Limit("mustBeLessOrEqualTo", share, "percent") if share else NONE
    message = counted(found.failed, found.checked, f"break {call(ask.type, ask.kwargs)}", limit)
    samples = () if found.success else _samples(on, ask)
    return Finding(found.success, found.failed, message, found.failed, found.checked, samples)


def _as_whole(on: Subject, rule: Rule, ask: Asked, found: Measured) -> Finding:
    observed = plain(found.observed)
    named = rule.columns or (() if isinstance(observed, (int, float)) else ("?",))
    hidden = on.hides(*named)
    shown = MASK if hidden else number(observed)[:200]
    verb = "holds" if found.success else "fails"
    message = f"{call(ask.type, ask.kwargs)} {verb}" + (f": it observed {shown}" if observed is not None else "")
    queried = ask.type == "unexpected_rows_expectation" and not found.success
    return Finding(found.success, MASK if hidden else observed, message, samples=_samples(on, ask) if queried else ())


def _samples(on: Subject, ask: Asked) -> tuple[dict[str, object], ...]:
    rows = unexpected(on.con, ask, on.port.contract.primary_key, SAMPLES)
    return tuple(on.shown(row) for row in rows)
