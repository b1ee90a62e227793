"""Regular expressions by the texts that they accept: is every text of one accepted by the other?

Decided by partial derivatives (Antimirov 1996) on sets of states, for the syntax that RE2 shares with everybody:
literals, classes, groups, alternation, repetition, and anchors at the ends. What goes beyond it, or beyond the
bounds of work, has no answer; nothing is guessed and no input runs long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from meshwright.spec.compatibility.patterns import BeyondError, Chars, Either, Node, Parser, Repeat, Sequence, empty

MAX_PAIRS = 1_000
MAX_STEPS = 60_000
"""Derivatives that one comparison may take."""
MAX_LITERALS = 1_000
_States = frozenset[Sequence]


@dataclass
class _Work:
    """How much may still be done."""

    left: int = MAX_STEPS

    def spend(self, count: int = 1) -> None:
        self.left -= count
        if self.left < 0:
            raise BeyondError


@dataclass(frozen=True)
class Language:
    """What a pattern accepts; ``cuts`` are the characters at which one of its classes begins."""

    start: _States
    cuts: frozenset[int] = field(compare=False)

    def accepts(self, text: str) -> bool | None:
        """Whether it accepts ``text``; None where that takes too long."""
        work, states = _Work(), self.start
        try:
            for char in text:
                states = _after(states, ord(char), work)
        except BeyondError:
            return None
        return _final(states)


@lru_cache(512)
def language(pattern: str) -> Language | None:
    """The texts in which ``pattern`` matches somewhere; None where it is beyond the syntax known here."""
    try:
        branches = Parser(pattern).whole()
    except BeyondError:
        return None
    return Language(frozenset(branches), frozenset(_cuts(branches)))


@lru_cache(512)
def contained(inner: str, outer: str) -> bool | None:
    """Whether ``outer`` accepts every text that ``inner`` accepts; None where nobody can tell."""
    if inner == outer:
        return True
    a, b = language(inner), language(outer)
    if a is None or b is None:
        return None
    letters = sorted({0} | a.cuts | b.cuts)
    try:
        return _within(a.start, b.start, letters, _Work())
    except BeyondError:
        return None


def literals(pattern: str, *, anchored: bool = True) -> tuple[str, ...] | None:
    """The texts of an alternation of literals, as ``^(new|open)$``; None for any other pattern.

    Without ``anchored``, those of one that may match anywhere in a text.
    """
    try:
        branches = Parser(pattern).bare(anchored=anchored)
        texts = [text for branch in branches for text in _texts(branch)]
    except BeyondError:
        return None
    return tuple(dict.fromkeys(texts))


def _texts(sequence: Sequence) -> list[str]:
    found = [""]
    for node in sequence:
        if isinstance(node, Either):
            tails = [text for branch in node.branches for text in _texts(branch)]
        elif isinstance(node, Chars) and len(node.ranges) == 1 and node.ranges[0][0] == node.ranges[0][1]:
            tails = [chr(node.ranges[0][0])]
        else:
            raise BeyondError
        if len(found) * len(tails) > MAX_LITERALS:
            raise BeyondError
        found = [head + tail for head in found for tail in tails]
    return found


def _within(a: _States, b: _States, letters: list[int], work: _Work) -> bool:
    seen, todo = {(a, b)}, [(a, b)]
    while todo:
        inner, outer = todo.pop()
        if _final(inner) and not _final(outer):
            return False
        for letter in letters:
            pair = _after(inner, letter, work), _after(outer, letter, work)
            if pair[0] and pair not in seen:
                seen.add(pair)
                todo.append(pair)
        if len(seen) > MAX_PAIRS:
            raise BeyondError
    return True


def _after(states: _States, letter: int, work: _Work) -> _States:
    found: set[Sequence] = set()
    for sequence in states:
        found.update(_step(sequence, letter, work))
    return frozenset(found)


def _step(sequence: Sequence, letter: int, work: _Work) -> Iterator[Sequence]:
    for i, node in enumerate(sequence):
        work.spend(1 + len(sequence) // 16)
        for first in _derive(node, letter, work):
            yield first + sequence[i + 1 :]
        if not empty(node):
            return


def _derive(node: Node, letter: int, work: _Work) -> Iterator[Sequence]:
    if isinstance(node, Chars):
        work.spend(len(node.ranges) // 8)
        if any(low <= letter <= high for low, high in node.ranges):
            yield ()
    elif isinstance(node, Either):
        for branch in node.branches:
            yield from _step(branch, letter, work)
    elif node.most != 0:
        most = None if node.most is None else node.most - 1
        rest: Sequence = () if most == 0 else (Repeat(node.body, max(node.least - 1, 0), most),)
        for first in _step(node.body, letter, work):
            yield first + rest


def _final(states: _States) -> bool:
    return any(all(map(empty, sequence)) for sequence in states)


def _cuts(branches: Iterable[Sequence]) -> Iterator[int]:
    for sequence in branches:
        for node in sequence:
            if isinstance(node, Chars):
                for low, high in node.ranges:
                    yield from (low, high + 1)
            else:
                yield from _cuts(node.branches if isinstance(node, Either) else (node.body,))
