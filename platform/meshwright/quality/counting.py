"""The first look at the rules that Great Expectations knows: one statement counts what breaks all of them.

Most rules hold on most days, and their counts say so in one pass, without the seconds that Great Expectations takes
to be imported. A rule whose count breaks its limit, or that cannot be counted, is judged by Great Expectations.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import duckdb

from meshwright.quality.expectations import ROW_KINDS, broken_by
from meshwright.quality.limits import Limit, UnfitError
from meshwright.quality.model import Rule, Verdict
from meshwright.quality.subject import Subject, run
from meshwright.quality.verdicts import Finding, of_rows


def holding(on: Subject, rules: Sequence[Rule]) -> Iterator[Verdict]:
    """Verdicts on those of ``rules`` that hold; the time of a shared pass is divided equally among its rules."""
    by_view: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.kind in ROW_KINDS or rule.kind == "row_count":
            by_view.setdefault(on.rows if rule.scope == "row" else on.whole, []).append(rule)
    for view, asked in by_view.items():
        start = time.perf_counter()
        counts = _counted(on, view, asked)
        share = (time.perf_counter() - start) / len(asked)
        for rule, failed, checked in counts:
            if found := _holds(rule, failed, checked):
                yield Verdict(rule, True, found.observed, found.failed, found.checked, (), found.message, share)


def of_row_count(rule: Rule, rows: int) -> Finding:
    """The number of rows of a table against the limit of a rule."""
    limit = Limit.of(rule.definition["limit"])
    return Finding(limit.holds(rows), rows, f"{rows:,} {'row' if rows == 1 else 'rows'}; {limit.words()}")


def _counted(on: Subject, view: str, rules: Sequence[Rule]) -> list[tuple[Rule, int, int]]:
    """Rows that break each rule, and all rows; nothing where one of the rules does not fit the columns."""
    broken = [broken_by(rule) if rule.kind in ROW_KINDS else "false" for rule in rules]
    # Each FILTER would hold a copy of all columns, so that many columns with a rule each need memory for their square.
    counts = ", ".join(f"count(CASE WHEN {predicate or 'false'} THEN 1 END)" for predicate in broken)
    try:
        checked, *failed = run(on.con, f"SELECT count(*), {counts} FROM {view}")[1][0]
    except duckdb.Error:
        return []
    return [(rule, count, checked) for rule, count in zip(rules, failed, strict=True)]


def _holds(rule: Rule, failed: int, checked: int) -> Finding | None:
    try:
        found = of_row_count(rule, checked) if rule.kind == "row_count" else of_rows(rule, failed, checked, "")
    except UnfitError:
        return None
    return found if found.passed else None
