"""From a finding to a verdict: samples of the rows at fault, and reasons where nothing could be found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb

from meshwright.quality.limits import Limit, UnfitError, percent
from meshwright.quality.model import Rule, Verdict
from meshwright.quality.phrases import counted, fault
from meshwright.quality.subject import Subject


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    ``samples`` is a query for the rows at fault, or the rows themselves; empty where there are none to show.
    """

    passed: bool
    observed: object
    message: str
    failed: int = 0
    checked: int = 0
    samples: str | tuple[Mapping[str, object], ...] = ()


def of_rows(rule: Rule, failed: int, checked: int, samples: str) -> Finding:
    """The finding of a rule that counts rows against its limit."""
    limit = Limit.of(rule.definition["limit"])
    observed = round(percent(failed, checked), 6) if limit.unit == "percent" else failed
    message = counted(failed, checked, fault(rule.kind, rule.columns, rule.definition), limit)
    return Finding(limit.holds_count(failed, checked), observed, message, failed, checked, samples)


def verdict(on: Subject, rule: Rule, check: Callable[[], Finding], start: float) -> Verdict:
    """The verdict of a check that may turn out not to run; ``start`` is when its time began."""
    try:
        found = check()
        wanted = found.failed and not found.passed
        samples = on.sample(found.samples) if wanted and isinstance(found.samples, str) else found.samples
    except UnfitError as error:
        return unfit(rule, str(error), start)
    except duckdb.Error as error:
        return unfit(rule, on.told(str(error).splitlines()[0]), start)
    except Exception as error:  # noqa: BLE001 - the rule comes from a contract; what is wrong with it fails it
        return unfit(rule, on.told(f"{type(error).__name__}: {error}".splitlines()[0]), start)
    return Verdict(
        rule,
        found.passed,
        found.observed,
        found.failed,
        found.checked,
        () if isinstance(samples, str) else samples,
        found.message,
        time.perf_counter() - start,
    )


def unfit(rule: Rule, reason: str, start: float | None = None) -> Verdict:
    """The verdict on a rule that cannot be run: failed, with the reason."""
    spent = 0.0 if start is None else time.perf_counter() - start
    return Verdict(rule, False, None, 0, 0, (), f"cannot be checked: {reason}", spent)
