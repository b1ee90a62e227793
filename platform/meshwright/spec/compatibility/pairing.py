"""Which quality items of two contracts are the same, and which of them say what a column accepts."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.spec.compatibility.expectations import call_of
from meshwright.spec.compatibility.limits import allows_none
from meshwright.spec.model import Quality
from meshwright.spec.sql import laid_out


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
    # ODCS 3.0 wrote `rule: validValues` without an operator.
    of_values = item.metric == "invalidValues" or (item.metric == "validValues" and item.operator is None)
    invalid = item.kind == "library" and of_values and item.severity == "error"
    return invalid and says and allows_none(item)


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
    if call := call_of(item):
        return call[0], json.dumps({k: v for k, v in call[1].items() if "column" in k}, sort_keys=True, default=str)
    return item.metric if item.kind == "library" else None


def _content_of(item: Quality) -> list[Any]:
    return [item.kind, item.metric, query_of(item), item.engine, item.implementation, dict(item.arguments)]


def _facts(item: Quality) -> str:
    facts = [*_content_of(item), item.operator, item.operand, item.unit, item.severity]
    return json.dumps(facts, sort_keys=True, default=str)


def query_of(item: Quality) -> str:
    """Its query, however it is laid out."""
    return laid_out(item.query or "")


def label(item: Quality) -> str:
    """What it is called among changes."""
    if name := item.id or item.name:
        return name
    if item.kind == "library":
        return item.metric or "library"
    said = query_of(item) or (item.description or "") or json.dumps(item.implementation, sort_keys=True, default=str)
    return f"{item.kind}_{hashlib.sha256(said.encode()).hexdigest()[:8]}"
