"""The audit: judge every rule of a port on one state of it.

One statement counts what breaks the rules that Great Expectations has words for. It judges those whose counts are
too high, and the expectations that a contract names; our own SQL judges keys, references, freshness and queries. It is
imported only when there is something for it to judge.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import duckdb

from meshwright.quality.checks import CHECKS
from meshwright.quality.counting import holding
from meshwright.quality.expectations import expectation
from meshwright.quality.limits import UnfitError
from meshwright.quality.model import Rule, Verdict
from meshwright.quality.rules import rules_of
from meshwright.quality.subject import Subject, subject
from meshwright.quality.verdicts import unfit, verdict
from meshwright.spec.model import Port

OnRule = Callable[[Verdict], object]


def audit(
    con: duckdb.DuckDBPyConnection,
    port: Port,
    *,
    table: str,
    built: str | None = None,
    rules: Sequence[Rule] | None = None,
    beside: Iterable[Port] = (),
    on_rule: OnRule | None = None,
) -> tuple[Verdict, ...]:
    """One verdict for each rule, in the order of the rules.

    ``table`` is the SQL name of the state to judge, with all its rows; ``built`` an SQL predicate that
    selects the rows of the partitions that were built (None: all). The other ports that rules name must be
    views ``mesh.<domain>.<port>`` of ``con``; ``beside`` are they, whose private values appear in no message either.
    ``on_rule`` is called with each verdict as it is reached. A rule that cannot be run is a failed verdict that says
    why; nothing here raises for what data or rules hold. ``con`` must not be within a transaction, since a rule that
    fails would break it off.
    """
    asked = tuple(rules_of(port) if rules is None else rules)
    found: dict[str, Verdict] = {}

    def reached(reached_: Verdict) -> None:
        found[reached_.rule.id] = reached_
        if on_rule is not None:
            on_rule(reached_)

    try:
        with subject(con, port, table, built, beside) as on:
            _judge(on, asked, reached)
    except UnfitError as error:
        for rule in asked:
            reached(unfit(rule, f"the table cannot be read: {error}"))
    return tuple(found[rule.id] for rule in asked)


def refused(verdicts: Sequence[Verdict]) -> bool:
    """Whether a rule of severity ``error`` failed: the publish is refused."""
    return any(not v.passed and v.rule.severity == "error" for v in verdicts)


def _judge(on: Subject, rules: Sequence[Rule], reached: OnRule) -> None:
    expected: list[Rule] = []
    for rule in rules:
        lost = [name for name in rule.columns if name not in on.columns and rule.kind not in ("schema", "unfit")]
        if lost:
            reached(unfit(rule, f"the table has no column {', '.join(lost)}"))
        elif expectation(rule) is None:
            start = time.perf_counter()
            reached(verdict(on, rule, partial(CHECKS[rule.kind], on, rule), start))
        else:
            expected.append(rule)
    held = {found.rule.id: found for found in holding(on, expected)}
    for found in held.values():
        reached(found)
    if left := [rule for rule in expected if rule.id not in held]:
        from meshwright.quality.expected import judge

        judge(on, left, reached)
