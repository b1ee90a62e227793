"""Quality rules and references: which are promised, how severely, and what they allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from meshwright.spec.compatibility.expectations import fixed, of_calls, turned_arguments
from meshwright.spec.compatibility.intervals import Relation
from meshwright.spec.compatibility.limits import both, of_arguments, of_limits
from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.pairing import Items, label, query_of
from meshwright.spec.compatibility.rules import Family, Rule, told, turned
from meshwright.spec.compatibility.verify import Quality as Passes
from meshwright.spec.model import Quality, Where

REMOVED = Rule(
    "quality-removed", "rule or reference removed", Verdict.MAJOR, "bad rows that were held back may come now"
)
LOOSENED = Rule(
    "quality-loosened", "rule or reference allows more", Verdict.MAJOR, "rows that were held back may come now"
)
LOWERED = Rule(
    "quality-severity-lowered",
    "severity lowered from error to warning",
    Verdict.MAJOR,
    "what refused a publish only tells of it now",
)
CHANGED = Rule(
    "quality-changed",
    "query, expectation, metric, arguments or target changed, or the limit in a way that cannot be compared",
    Verdict.MAJOR,
    "it is another promise in the place of the old one",
)
ADDED = Rule(
    "quality-added",
    "rule or reference added",
    Verdict.MINOR,
    "consumers gain a promise, which the published data must keep already",
    verified=True,
)
TIGHTENED = Rule(
    "quality-tightened",
    "rule or reference allows less",
    Verdict.MINOR,
    "consumers gain a promise, which the published data must keep already",
    verified=True,
)
RAISED = Rule(
    "quality-severity-raised",
    "severity raised from warning to error",
    Verdict.MINOR,
    "what only told now refuses a publish; the published data must pass",
    verified=True,
)
FAMILY = Family(
    "Quality rules and references",
    "Rules are paired by `id`, then by `name`, then, where one of both has neither, by what they check; never by "
    "position. The direction follows the operator: the numbers that it lets pass are compared, counts as whole "
    "numbers, percentages within 0 and 100. A query may be laid out anew: spaces, comments and upper or lower case "
    "outside of quotes say nothing. Of an expectation of Great Expectations those arguments are compared whose "
    "direction is certain: `min_value`, `max_value`, `strict_min` and `strict_max` of what is to be between them "
    "(values, lengths, least, greatest, mean, median, sum, deviation, numbers of rows or of unique values), `mostly`, "
    "and `value_set` of those that ask for values in a set, not in it, or for a set among the values; any other "
    "argument makes it another rule. `type: text` checks nothing and is a description. References (`relationships`) "
    "are judged likewise, by `id`, else by columns and target.",
    (REMOVED, LOOSENED, LOWERED, CHANGED, ADDED, TIGHTENED, RAISED),
)


def judged(items: Items, path: str, column: str | None, home: Where) -> Iterator[Change]:
    """The rules of the table or of one column, which stands at ``home``; ``path`` is its owner's, empty for a table."""

    def verify(item: Quality) -> Passes:
        return Passes(f"{owner}.{label(item)}", column, item.id, item.name)

    owner = f"{path}.quality" if path else "quality"
    for item in items.gone:
        yield REMOVED.at(f"{owner}.{label(item)}", home, f"quality rule {label(item)} ({_said(item)}) is gone")
    for item in items.came:
        reason = f"quality rule {label(item)} ({_said(item)}) is new"
        yield ADDED.at(f"{owner}.{label(item)}", item.where, reason, verify(item))
    for old, new in items.pairs:
        yield from _of_pair(old, new, f"{owner}.{label(new)}", verify(new))


def _said(item: Quality) -> str:
    limit = f"{item.operator} {told(item.operand)}{' %' if item.unit == 'percent' else ''}" if item.operator else ""
    return f"{item.metric or item.kind} {limit}".strip()


def _of_pair(old: Quality, new: Quality, path: str, verify: Passes) -> Iterator[Change]:
    name = label(new)
    if old.severity != new.severity:
        rule = LOWERED if new.severity == "warning" else RAISED
        reason = turned(f"the severity of quality rule {name}", old.severity, new.severity)
        yield rule.at(path, new.where, reason, verify if rule.verified else None)
    if (what := _other(old, new)) is not None:
        yield CHANGED.at(path, new.where, f"{what} of quality rule {name} changed")
        return
    found = both(both(of_limits(old, new), of_arguments(old, new)), of_calls(old, new))
    if found is Relation.EQUAL:
        return
    rule = {Relation.LOOSER: LOOSENED, Relation.TIGHTER: TIGHTENED, Relation.OTHER: CHANGED}[found]
    said = _said(old), _said(new)
    if said[0] == said[1]:
        before, after = turned_arguments(old, new) or (old.arguments, new.arguments)
        said = told(before), told(after)
    reason = f"quality rule {name} was {said[0]} and is now {said[1]}"
    yield rule.at(path, new.where, reason, verify if rule.verified else None)


def _other(old: Quality, new: Quality) -> str | None:
    """What makes it another rule altogether."""
    facts: Mapping[str, Callable[[Quality], object]] = {
        "the type": lambda i: i.kind,
        "the metric": lambda i: i.metric,
        "the query": query_of,
        "the engine": lambda i: (i.engine or "").lower(),
        "the implementation": fixed,
    }
    return next((what for what, fact in facts.items() if fact(old) != fact(new)), None)
