"""Quality rules and references: which are promised, how severely, and what they allow."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from meshwright.spec.compatibility.intervals import Interval, Relation, compared, relation
from meshwright.spec.compatibility.languages import contained
from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.rules import Family, Rule, told, turned
from meshwright.spec.compatibility.verify import Quality as Passes
from meshwright.spec.compatibility.verify import Refers
from meshwright.spec.model import Quality, Reference

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
    "numbers, percentages within 0 and 100. A query may be laid out anew. `type: text` checks nothing and is a "
    "description. References (`relationships`) are judged likewise, by `id`, else by columns and target.",
    (REMOVED, LOOSENED, LOWERED, CHANGED, ADDED, TIGHTENED, RAISED),
)


@dataclass(frozen=True, slots=True)
class Strict:
    """The sets and patterns of the rules of a column that allow no exception: they say what it accepts."""

    sets: tuple[Sequence[Any], ...] = ()
    patterns: tuple[str, ...] = ()

    @classmethod
    def of(cls, items: Sequence[Quality]) -> Strict:
        """What ``items``, all of them strict, say."""
        arguments = [item.arguments for item in items]
        sets = (a["validValues"] for a in arguments if isinstance(a.get("validValues"), (list, tuple)))
        return cls(tuple(sets), tuple(a["pattern"] for a in arguments if isinstance(a.get("pattern"), str)))


@dataclass(frozen=True, slots=True)
class Items:
    """The quality items of one owner, paired; ``strict`` are those that are judged by what the column accepts."""

    pairs: tuple[tuple[Quality, Quality], ...]
    gone: tuple[Quality, ...]
    came: tuple[Quality, ...]
    strict: tuple[Strict, Strict]
    strict_pairs: tuple[tuple[Quality, Quality], ...]
    texts: tuple[tuple[Quality, ...], tuple[Quality, ...]]


def sorted_out(old: Sequence[Quality], new: Sequence[Quality], *, of_column: bool) -> Items:
    """The items of the table, or of one column, before and after."""
    texts = tuple(i for i in old if i.kind == "text"), tuple(i for i in new if i.kind == "text")
    pairs, gone, came = _paired([i for i in old if i.kind != "text"], [i for i in new if i.kind != "text"])
    strict = is_strict if of_column else _never
    kept = [(o, n) for o, n in pairs if strict(o) and strict(n)]
    return Items(
        tuple((o, n) for o, n in pairs if not (strict(o) and strict(n))),
        tuple(o for o in gone if not strict(o)),
        tuple(n for n in came if not strict(n)),
        (
            Strict.of([*(o for o, _ in kept), *filter(strict, gone)]),
            Strict.of([*(n for _, n in kept), *filter(strict, came)]),
        ),
        tuple(kept),
        texts,
    )


def _never(_item: Quality) -> bool:
    return False


def is_strict(item: Quality) -> bool:
    """Whether it is a value set or a pattern that every value of a column must keep, else nothing is published."""
    says = isinstance(item.arguments.get("validValues"), (list, tuple)) or isinstance(
        item.arguments.get("pattern"), str
    )
    invalid = item.kind == "library" and item.metric == "invalidValues" and item.severity == "error"
    return invalid and says and passing(item) == [Interval(Fraction(0), Fraction(0))]


Pairing = tuple[list[tuple[Quality, Quality]], list[Quality], list[Quality]]


def _paired(old: list[Quality], new: list[Quality]) -> Pairing:
    pairs: list[tuple[Quality, Quality]] = []
    for key, anonymous in ((_id, False), (_name, False), (_content, True), (_subject, True)):
        found = list(_partners(old, new, key, anonymous=anonymous))
        pairs += found
        gone, came = {id(o) for o, _ in found}, {id(n) for _, n in found}
        old, new = [o for o in old if id(o) not in gone], [n for n in new if id(n) not in came]
    return pairs, old, new


def _partners(
    old: list[Quality], new: list[Quality], key: Callable[[Quality], Hashable], *, anonymous: bool
) -> Iterator[tuple[Quality, Quality]]:
    groups: dict[Hashable, tuple[list[Quality], list[Quality]]] = defaultdict(lambda: ([], []))
    for side, items in enumerate((old, new)):
        for item in items:
            if (value := key(item)) is not None:
                groups[value][side].append(item)
    for olds, news in groups.values():
        if len(olds) == len(news) == 1 and (not anonymous or not (_known(olds[0]) and _known(news[0]))):
            yield olds[0], news[0]
        elif len(olds) > 1 and len(news) > 1:
            yield from _equal(olds, news)


def _equal(olds: list[Quality], news: list[Quality]) -> Iterator[tuple[Quality, Quality]]:
    """Of several that ask for one name, those that are equal in all that they check."""
    left: dict[str, list[Quality]] = defaultdict(list)
    for new in news:
        left[_facts(new)].append(new)
    for old in olds:
        if twins := left[_facts(old)]:
            yield old, twins.pop()


def _known(item: Quality) -> bool:
    return bool(item.id or item.name)


def _id(item: Quality) -> Hashable:
    return item.id


def _name(item: Quality) -> Hashable:
    return item.name


def _content(item: Quality) -> Hashable:
    return json.dumps(_content_of(item), sort_keys=True, default=str)


def _subject(item: Quality) -> Hashable:
    return item.metric if item.kind == "library" else None


def _content_of(item: Quality) -> list[Any]:
    return [item.kind, item.metric, query_of(item), item.engine, item.implementation, dict(item.arguments)]


def _facts(item: Quality) -> str:
    facts = [*_content_of(item), item.operator, item.operand, item.unit, item.severity]
    return json.dumps(facts, sort_keys=True, default=str)


def query_of(item: Quality) -> str:
    """Its query, however it is laid out; texts and comments in it stay as they are."""
    query = (item.query or "").strip().rstrip(";").rstrip()
    if "--" in query or "/*" in query:
        return query
    return re.sub(r"""('(?:[^']|'')*'|"[^"]*")|\s+""", lambda m: m[1] or " ", query)


def passing(item: Quality) -> list[Interval] | None:
    """The numbers that its operator lets pass; None where its operand is no number."""
    numbers = item.operand if isinstance(item.operand, (list, tuple)) else [item.operand]
    operator = item.operator
    if operator is None:
        operator, numbers = "mustBe", [0]
        if item.kind != "library":
            return None
    try:
        bounds = [Fraction(str(n)) for n in numbers if not isinstance(n, bool)]
    except ValueError:
        return None
    if len(bounds) != (2 if operator.endswith("etween") else 1):
        return None
    low, high = bounds[0], bounds[-1]
    spans = _spans(operator, low, high)
    return [i for i in (_possible(item, span) for span in spans) if not i.empty]


def _spans(operator: str, low: Fraction, high: Fraction) -> list[Interval]:
    if operator in ("mustNotBe", "mustNotBeBetween"):
        return [Interval(None, low, high_open=True), Interval(high, None, low_open=True)]
    if operator.startswith("mustBeGreater"):
        return [Interval(low, None, low_open=operator == "mustBeGreaterThan")]
    if operator.startswith("mustBeLess"):
        return [Interval(None, high, high_open=operator == "mustBeLessThan")]
    return [Interval(low, high)]


def _possible(item: Quality, span: Interval) -> Interval:
    """The part of it that a measured number can reach."""
    if item.kind != "library":
        return span
    percent = item.unit == "percent"
    if span.low is None or span.low < 0:
        span = Interval(Fraction(0), span.high, high_open=span.high_open)
    if percent and (span.high is None or span.high > 100):
        span = Interval(span.low, Fraction(100), low_open=span.low_open)
    return span if percent else span.on_grid(Fraction(1))


def label(item: Quality) -> str:
    """What it is called among changes."""
    if name := item.id or item.name:
        return name
    if item.kind == "library":
        return item.metric or "library"
    said = query_of(item) or (item.description or "") or json.dumps(item.implementation, sort_keys=True, default=str)
    return f"{item.kind}_{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def judged(items: Items, path: str, column: str | None) -> Iterator[Change]:
    """The rules of the table, or of one column; ``path`` is its owner's, empty for the table."""

    def verify(item: Quality) -> Passes:
        return Passes(f"{owner}.{label(item)}", column, item.id, item.name)

    owner = f"{path}.quality" if path else "quality"
    for item in items.gone:
        yield REMOVED.at(f"{owner}.{label(item)}", item.where, f"quality rule {label(item)} ({_said(item)}) is gone")
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
    found = _both(_limits(old, new), _arguments(old, new))
    if found is Relation.EQUAL:
        return
    rule = {Relation.LOOSER: LOOSENED, Relation.TIGHTER: TIGHTENED, Relation.OTHER: CHANGED}[found]
    said = _said(old), _said(new)
    if said[0] == said[1]:
        said = told(old.arguments), told(new.arguments)
    reason = f"quality rule {name} was {said[0]} and is now {said[1]}"
    yield rule.at(path, new.where, reason, verify if rule.verified else None)


def _other(old: Quality, new: Quality) -> str | None:
    """What makes it another rule altogether."""
    facts: Mapping[str, Callable[[Quality], object]] = {
        "the type": lambda i: i.kind,
        "the metric": lambda i: i.metric,
        "the query": query_of,
        "the engine": lambda i: (i.engine or "").lower(),
        "the implementation": lambda i: json.dumps(i.implementation, sort_keys=True, default=str),
    }
    return next((what for what, fact in facts.items() if fact(old) != fact(new)), None)


def _limits(old: Quality, new: Quality) -> Relation:
    before, after = passing(old), passing(new)
    if before is None or after is None:
        same = (old.operator, old.operand, old.unit) == (new.operator, new.operand, new.unit)
        return Relation.EQUAL if same else Relation.OTHER
    none = [Interval(Fraction(0), Fraction(0))]
    if old.unit != new.unit and old.kind == "library" and not (before == after == none):
        return Relation.TIGHTER if after == none else Relation.LOOSER if before == none else Relation.OTHER
    return compared(before, after)


def _arguments(old: Quality, new: Quality) -> Relation:
    """How the counted rows change: fewer make a rule with an upper limit looser."""
    before, after = dict(old.arguments), dict(new.arguments)
    if before == after:
        return Relation.EQUAL
    upper = all(p and len(p) == 1 and p[0].low == 0 for p in (passing(old), passing(new)))
    found = Relation.EQUAL
    for key in sorted(before.keys() | after.keys()):
        one = _argument(key, before.get(key), after.get(key)) if upper else Relation.OTHER
        found = _both(found, one if before.get(key) != after.get(key) else Relation.EQUAL)
    return found


def _argument(key: str, old: Any, new: Any) -> Relation:
    if key == "pattern" and isinstance(old, str) and isinstance(new, str):
        return relation(contained(new, old), contained(old, new))
    if key in ("validValues", "missingValues") and isinstance(old, list) and isinstance(new, list):
        olds, news = ({json.dumps(v, default=str) for v in values} for values in (old, new))
        fewer, more = news <= olds, olds <= news
        return relation(fewer, more) if key == "validValues" else relation(more, fewer)
    return Relation.OTHER


def _both(a: Relation, b: Relation) -> Relation:
    """Of two directions, the one in which both go."""
    if a is Relation.EQUAL or a is b:
        return b
    return a if b is Relation.EQUAL else Relation.OTHER


def referred(old: Sequence[Reference], new: Sequence[Reference], names: dict[str, str]) -> Iterator[Change]:
    """References to other ports; ``names`` are the new names of old columns."""
    olds, news = {_reference(r, names): r for r in old}, {_reference(r, {}): r for r in new}
    for key, reference in olds.items():
        if key not in news:
            yield REMOVED.at(
                f"relationships.{_shown(reference)}", reference.where, f"the reference {_leads(reference)} is gone"
            )
    for key, reference in news.items():
        path, before = f"relationships.{_shown(reference)}", olds.get(key)
        verify = Refers(reference.columns, reference.port, reference.to_columns, reference.tolerance)
        if before is None:
            yield ADDED.at(path, reference.where, f"the reference {_leads(reference)} is new", verify)
        else:
            yield from _of_references(before, reference, path, verify, names)


def _reference(reference: Reference, names: dict[str, str]) -> Hashable:
    return reference.id or (tuple(names.get(c, c) for c in reference.columns), reference.port, reference.to_columns)


def _shown(reference: Reference) -> str:
    return reference.id or "_".join(reference.columns)


def _leads(reference: Reference) -> str:
    return f"{', '.join(reference.columns)} → {reference.port}.{', '.join(reference.to_columns)}"


def _of_references(
    old: Reference, new: Reference, path: str, verify: Refers, names: dict[str, str]
) -> Iterator[Change]:
    if (tuple(names.get(c, c) for c in old.columns), old.port, old.to_columns) != (
        new.columns,
        new.port,
        new.to_columns,
    ):
        yield CHANGED.at(path, new.where, f"the reference was {_leads(old)} and is now {_leads(new)}")
    if old.severity != new.severity:
        rule = LOWERED if new.severity == "warning" else RAISED
        reason = turned(f"the severity of the reference {_leads(new)}", old.severity, new.severity)
        yield rule.at(path, new.where, reason, verify if rule.verified else None)
    if old.tolerance != new.tolerance:
        rule = LOOSENED if new.tolerance > old.tolerance else TIGHTENED
        reason = turned(f"the share of orphans allowed in {_leads(new)}", old.tolerance, new.tolerance)
        yield rule.at(path, new.where, reason, verify if rule.verified else None)
