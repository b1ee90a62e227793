"""Which values a column may hold: value sets, intervals, lengths and patterns, by what they accept."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from meshwright.spec import types
from meshwright.spec.compatibility.accepted import BOUNDS, Accepted, accepted, interval, length
from meshwright.spec.compatibility.columns import Pair
from meshwright.spec.compatibility.intervals import Relation, compared, number, relation
from meshwright.spec.compatibility.languages import contained, literals
from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.pairing import Strict
from meshwright.spec.compatibility.rules import Family, Rule, told, turned
from meshwright.spec.compatibility.values import Values
from meshwright.spec.compatibility.verify import InSet, Length, Matches, MultipleOf, Range, UniqueItems, Verify
from meshwright.spec.model import Column, Where

VALUE_ADDED = Rule(
    "value-added",
    "value added to a closed set",
    Verdict.MAJOR,
    "who handles every value of the set meets one it does not know",
)
VALUE_ADDED_OPEN = Rule(
    "value-added-open",
    "value added to a set declared open",
    Verdict.MINOR,
    "consumers were told to expect values they do not know",
)
VALUE_REMOVED = Rule(
    "value-removed",
    "value removed from a set, or a set given where none was",
    Verdict.MINOR,
    "what is left was accepted before; the published data must hold no other value",
    verified=True,
)
SET_DROPPED = Rule("value-set-dropped", "closed value set dropped", Verdict.MAJOR, "any value may come now")
SET_DROPPED_OPEN = Rule(
    "value-set-dropped-open",
    "open value set dropped",
    Verdict.MINOR,
    "consumers were told to expect values they do not know",
)
SET_OPENED = Rule(
    "value-set-opened", "closed set declared open", Verdict.MAJOR, "later values will come without another warning"
)
SET_CLOSED = Rule(
    "value-set-closed",
    "open set declared closed",
    Verdict.MINOR,
    "consumers gain a promise, which the published data must keep already",
    verified=True,
)
LOOSENED = Rule(
    "accepts-more",
    "loosened: accepts all that it did, and more",
    Verdict.MAJOR,
    "values come that no consumer had to handle",
)
OTHER = Rule(
    "accepts-other",
    "incomparable: neither accepts all that the other does, or nobody can tell",
    Verdict.MAJOR,
    "values may come that no consumer had to handle",
)
TIGHTENED = Rule(
    "accepts-less",
    "tightened: accepts a part of what it did",
    Verdict.MINOR,
    "consumers lose nothing; the published data must fit already",
    verified=True,
)
FAMILY = Family(
    "Value sets, intervals, lengths and patterns",
    "What counts is what is accepted, whatever keys say it. `exclusiveMinimum: 0` and `minimum: 1` are equal for an "
    "integer, ODCS 3.0's `exclusiveMinimum: true` beside `minimum: 0` too; dates count in days, decimals in their last "
    "digit. A value set may be written as `enum`, as a pattern that is an alternation of literals anchored at both "
    "ends, or as `validValues` of an `invalidValues` rule that allows no exception; several are one set, what they "
    "have in common. A column's customProperty `openSet: true` declares its set open. Patterns are compared as the "
    "sets of texts that they match anywhere in, as RE2 does, within bounds of work; equal text is always equal. A "
    "finite new set is held against everything that was accepted before, value by value.",
    (
        VALUE_ADDED,
        VALUE_ADDED_OPEN,
        VALUE_REMOVED,
        SET_DROPPED,
        SET_DROPPED_OPEN,
        SET_OPENED,
        SET_CLOSED,
        LOOSENED,
        OTHER,
        TIGHTENED,
    ),
)


def judged(pair: Pair, strict: tuple[Strict, Strict]) -> Iterator[Change]:
    """All facets of one column."""
    old, new = accepted(pair.old, strict[0]), accepted(pair.new, strict[1])
    fits = new.values is not None and all(old.holds(value) for value in new.values)
    yield from _sets(pair, old, new, fits=fits)
    for facet in (_interval, _length, _items, _entries, _multiple, _unique_items, _patterns):
        for change in facet(pair, old, new):
            if not fits or change.verdict is Verdict.MINOR:
                yield change


def _sets(pair: Pair, old: Accepted, new: Accepted, *, fits: bool) -> Iterator[Change]:
    path, where = f"{pair.path}.values", _place(pair.new)
    open_, opened = (column.custom.get("openSet") is True for column in (pair.old, pair.new))
    if old.values is None:
        if new.values is not None:
            yield VALUE_REMOVED.at(
                path, where, f"{pair.name} has a value set now: {told(list(new.values))}", _in(pair, new.values)
            )
        return
    if new.values is None:
        rule = SET_DROPPED_OPEN if open_ else SET_DROPPED
        yield rule.at(path, where, f"the value set of {pair.name} ({told(list(old.values))}) is gone")
        return
    if added := new.values.beyond(old.values):
        rule = VALUE_ADDED_OPEN if open_ else VALUE_ADDED
        yield rule.at(path, where, f"{pair.name} may now be {told(added)} too, beside {told(list(old.values))}")
    if removed := old.values.beyond(new.values):
        reason = f"{pair.name} may no longer be {told(removed)}, only {told(list(new.values))}"
        yield VALUE_REMOVED.at(path, where, reason, _in(pair, new.values))
    if opened and not open_:
        yield SET_OPENED.at(f"{pair.path}.openSet", where, f"the value set of {pair.name} was closed and is now open")
    elif open_ and not opened:
        reason = f"the value set of {pair.name} was open and is now closed"
        yield SET_CLOSED.at(f"{pair.path}.openSet", where, reason, _in(pair, new.values))


def _place(column: Column) -> Where:
    """Where its set is written."""
    key = next((key for key in ("enum", "quality", "logicalTypeOptions") if key in column.places), "name")
    return column.at(key)


def _in(pair: Pair, values: Values) -> InSet:
    return InSet(pair.name, tuple(values))


def _interval(pair: Pair, old: Accepted, new: Accepted) -> Iterator[Change]:
    keys = BOUNDS - {"multipleOf"}
    before, after = ({k: v for k, v in a.options.items() if k in keys} for a in (old, new))
    if repr(sorted(before.items())) == repr(sorted(after.items())) and pair.old.type == pair.new.type:
        return
    try:
        found = compared([interval(old.options, pair.old)], [interval(new.options, pair.new)])
    except ValueError:
        found = Relation.OTHER
    verify = Range(pair.name, **{name.replace("M", "_m"): after.get(name) for name in after})
    yield from _facet(pair, "interval", found, before, after, verify)


def _counted(pair: Pair, old: Accepted, new: Accepted, least: str, most: str, facet: str, of: str) -> Iterator[Change]:
    before, after = ({k: a.options[k] for k in (least, most) if k in a.options} for a in (old, new))
    try:
        found = compared([length(before, least, most)], [length(after, least, most)])
    except ValueError:
        found = Relation.EQUAL if repr(before) == repr(after) else Relation.OTHER
    verify = Length(pair.name, of, after.get(least), after.get(most))
    yield from _facet(pair, facet, found, before, after, verify)


def _length(pair: Pair, old: Accepted, new: Accepted) -> Iterator[Change]:
    yield from _counted(pair, old, new, "minLength", "maxLength", "length", "characters")


def _items(pair: Pair, old: Accepted, new: Accepted) -> Iterator[Change]:
    yield from _counted(pair, old, new, "minItems", "maxItems", "items", "items")


def _entries(pair: Pair, old: Accepted, new: Accepted) -> Iterator[Change]:
    yield from _counted(pair, old, new, "minProperties", "maxProperties", "properties", "fields")


def _multiple(pair: Pair, old: Accepted, new: Accepted) -> Iterator[Change]:
    value = new.options.get("multipleOf")
    try:
        before, after = _step(old), _step(new)
        found = relation(_divides(before, after), _divides(after, before))
    except ValueError:
        found = Relation.EQUAL if repr(old.options.get("multipleOf")) == repr(value) else Relation.OTHER
    yield from _facet(pair, "multipleOf", found, old.options.get("multipleOf"), value, MultipleOf(pair.name, value))


def _step(accepted_: Accepted) -> Fraction | None:
    """The distance of accepted values; None is any. Of integers every one is a multiple of 1."""
    written = accepted_.options.get("multipleOf")
    step = None if written is None else number(written)
    if step is not None and step <= 0:
        raise ValueError("only what is above 0 has multiples")
    whole = types.parse(accepted_.column.type).kind in ("int", "long")
    return None if whole and step == 1 else step


def _divides(step: Fraction | None, other: Fraction | None) -> bool:
    """Whether all multiples of ``other`` are multiples of ``step``."""
    return step is None or (other is not None and other % step == 0)


def _unique_items(pair: Pair, old: Accepted, new: Accepted) -> Iterator[Change]:
    before, after = (bool(a.options.get("uniqueItems")) for a in (old, new))
    found = relation(after or not before, before or not after)
    yield from _facet(pair, "uniqueItems", found, before, after, UniqueItems(pair.name))


def _patterns(pair: Pair, old: Accepted, new: Accepted) -> Iterator[Change]:
    found = relation(_all_within(new.patterns, old.patterns), _all_within(old.patterns, new.patterns))
    if (
        found is Relation.LOOSER
        and pair.old.custom.get("openSet") is True
        and _alternations(old)
        and _alternations(new)
    ):
        yield VALUE_ADDED_OPEN.at(
            f"{pair.path}.pattern", pair.new.where, turned(f"the pattern of {pair.name}", old.patterns, new.patterns)
        )
        return
    yield from _facet(pair, "pattern", found, old.patterns, new.patterns, Matches(pair.name, new.patterns))


def _alternations(of: Accepted) -> bool:
    return bool(of.patterns) and all(literals(p, anchored=False) is not None for p in of.patterns)


def _all_within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    """Whether a text that matches all of ``inner`` surely matches all of ``outer``."""
    return all(any(contained(i, o) for i in inner) for o in outer)


def _facet(pair: Pair, facet: str, found: Relation, old: Any, new: Any, verify: Verify) -> Iterator[Change]:
    if found is Relation.EQUAL:
        return
    rule = {Relation.LOOSER: LOOSENED, Relation.OTHER: OTHER, Relation.TIGHTER: TIGHTENED}[found]
    words = {"interval": "the interval", "items": "the number of items", "properties": "the number of fields"}
    reason = turned(f"{words.get(facet, f'the {facet}')} of {pair.name}", old, new)
    where = pair.new.at("logicalTypeOptions")
    yield rule.at(f"{pair.path}.{facet}", where, reason, verify if rule.verified else None)
