"""Regular expressions by the texts that they accept: is every text of one accepted by the other?

Decided by partial derivatives (Antimirov 1996) on sets of states, for the syntax that RE2 shares with everybody:
literals, classes, groups, alternation, repetition, and anchors at the ends. What goes beyond it, or beyond the
bounds of work, has no answer; nothing is guessed and no input runs long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

MAX_PAIRS = 1_000
MAX_STEPS = 60_000
"""Derivatives that one comparison may take."""
MAX_DEPTH = 40
MAX_REPEAT = 1_000
_TOP = 0x10FFFF
_CLASSES = {
    "d": [(48, 57)],
    "w": [(48, 57), (65, 90), (95, 95), (97, 122)],
    "s": [(9, 10), (12, 13), (32, 32)],
}
_ESCAPES = {"n": 10, "t": 9, "r": 13, "f": 12, "v": 11}
_OPENING = re.compile(r"\((?:\?:|\?P?<\w+>|(?!\?))")
_QUANTIFIER = re.compile(r"(?:([*+?])|\{([0-9]{1,4})(,?)([0-9]{0,4})\})\??")
Ranges = tuple[tuple[int, int], ...]


class _BeyondError(Exception):
    """Something that is not decided here."""


@dataclass(frozen=True, slots=True)
class _Chars:
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class _Either:
    branches: tuple[_Sequence, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    body: _Sequence
    least: int
    most: int | None


_Node = _Chars | _Either | _Repeat
_Sequence = tuple[_Node, ...]
_States = frozenset[_Sequence]
_ANY = _Repeat((_Chars(((0, _TOP),)),), 0, None)


@dataclass
class _Work:
    """How much may still be done."""

    left: int = MAX_STEPS

    def spend(self, count: int = 1) -> None:
        self.left -= count
        if self.left < 0:
            raise _BeyondError


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
        except _BeyondError:
            return None
        return _final(states)


@lru_cache(512)
def language(pattern: str) -> Language | None:
    """The texts in which ``pattern`` matches somewhere; None where it is beyond the syntax known here."""
    try:
        branches = _Parser(pattern).whole()
    except _BeyondError:
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
    except _BeyondError:
        return None


def literals(pattern: str, *, anchored: bool = True) -> tuple[str, ...] | None:
    """The texts of an alternation of literals, as ``^(new|open)$``; None for any other pattern.

    Without ``anchored``, those of one that may match anywhere in a text.
    """
    try:
        branches = _Parser(pattern).bare(anchored=anchored)
        texts = [text for branch in branches for text in _texts(branch)]
    except _BeyondError:
        return None
    return tuple(dict.fromkeys(texts))


def _texts(sequence: _Sequence) -> list[str]:
    found = [""]
    for node in sequence:
        if isinstance(node, _Either):
            tails = [text for branch in node.branches for text in _texts(branch)]
        elif isinstance(node, _Chars) and len(node.ranges) == 1 and node.ranges[0][0] == node.ranges[0][1]:
            tails = [chr(node.ranges[0][0])]
        else:
            raise _BeyondError
        if len(found) * len(tails) > MAX_REPEAT:
            raise _BeyondError
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
            raise _BeyondError
    return True


def _after(states: _States, letter: int, work: _Work) -> _States:
    found: set[_Sequence] = set()
    for sequence in states:
        found.update(_step(sequence, letter, work))
    return frozenset(found)


def _step(sequence: _Sequence, letter: int, work: _Work) -> Iterator[_Sequence]:
    for i, node in enumerate(sequence):
        work.spend(1 + len(sequence) // 16)
        for first in _derive(node, letter, work):
            yield first + sequence[i + 1 :]
        if not _empty(node):
            return


def _derive(node: _Node, letter: int, work: _Work) -> Iterator[_Sequence]:
    if isinstance(node, _Chars):
        if any(low <= letter <= high for low, high in node.ranges):
            yield ()
    elif isinstance(node, _Either):
        for branch in node.branches:
            yield from _step(branch, letter, work)
    elif node.most != 0:
        most = None if node.most is None else node.most - 1
        rest: _Sequence = () if most == 0 else (_Repeat(node.body, max(node.least - 1, 0), most),)
        for first in _step(node.body, letter, work):
            yield first + rest


def _empty(node: _Node) -> bool:
    """Whether the empty text is one of its texts."""
    if isinstance(node, _Chars):
        return False
    if isinstance(node, _Either):
        return any(all(map(_empty, branch)) for branch in node.branches)
    return node.least == 0


def _final(states: _States) -> bool:
    return any(all(map(_empty, sequence)) for sequence in states)


def _cuts(branches: Iterable[_Sequence]) -> Iterator[int]:
    for sequence in branches:
        for node in sequence:
            if isinstance(node, _Chars):
                for low, high in node.ranges:
                    yield from (low, high + 1)
            else:
                yield from _cuts(node.branches if isinstance(node, _Either) else (node.body,))


class _Parser:
    """Reads a pattern; whatever is not surely understood raises _BeyondError."""

    def __init__(self, pattern: str) -> None:
        self.text, self.at, self.depth = pattern, 0, 0

    def whole(self) -> list[_Sequence]:
        """The branches as a search runs them: anything before and after what is not anchored."""
        return [
            (() if head else (_ANY,)) + sequence + (() if tail else (_ANY,)) for head, sequence, tail in self._ends()
        ]

    def bare(self, *, anchored: bool) -> list[_Sequence]:
        """The branches alone, if all of them are anchored at both ends, or at none."""
        found = list(self._ends())
        if any(head != anchored or tail != anchored for head, _, tail in found):
            raise _BeyondError
        return [sequence for _, sequence, _ in found]

    def _ends(self) -> Iterator[tuple[bool, _Sequence, bool]]:
        while True:
            head = self._take("^") or self._take(r"\A")
            sequence = self._sequence()
            tail = self._take("$") or self._take(r"\z")
            yield head, sequence, tail
            if not self._take("|"):
                break
        if self.at < len(self.text):
            raise _BeyondError

    def _take(self, token: str) -> bool:
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def _sequence(self) -> _Sequence:
        nodes: list[_Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)$" and not self.text.startswith(r"\z", self.at):
            nodes.append(self._repeated(self._atom()))
        return tuple(nodes)

    def _atom(self) -> _Node:
        char = self.text[self.at]
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char in "*+?{}^":
            raise _BeyondError
        self.at += 1
        if char == ".":
            return _Chars(_without(((10, 10),)))
        return _Chars(self._escaped() if char == "\\" else ((ord(char), ord(char)),))

    def _group(self) -> _Node:
        self.depth += 1
        opening = _OPENING.match(self.text, self.at)
        if self.depth > MAX_DEPTH or opening is None:
            raise _BeyondError
        self.at = opening.end()
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        if not self._take(")"):
            raise _BeyondError
        self.depth -= 1
        return _Either(tuple(dict.fromkeys(branches)))

    def _repeated(self, node: _Node) -> _Node:
        found = _QUANTIFIER.match(self.text, self.at)
        if found is None:
            return node
        self.at = found.end()
        if self.at < len(self.text) and self.text[self.at] in "*+?{":
            raise _BeyondError
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(found[1] or "", (0, None))
        if found[1] is None:
            least = int(found[2])
            most = int(found[4]) if found[4] else None if found[3] else least
        if least > MAX_REPEAT or (most is not None and (most > MAX_REPEAT or most < least)):
            raise _BeyondError
        return _Repeat((node,), 0 if _empty(node) else least, most)

    def _class(self) -> _Chars:
        self.at += 1
        negated = self._take("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self._take("]"):
            low = self._member()
            if len(low) == 1 and low[0][0] == low[0][1] and re.compile(r"-[^\]]").match(self.text, self.at):
                self.at += 1
                high = self._member()
                if len(high) != 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
                    raise _BeyondError
                low = ((low[0][0], high[0][0]),)
            ranges += low
            first = False
        merged = _merged(ranges)
        return _Chars(_without(merged) if negated else merged)

    def _member(self) -> Ranges:
        if self.at >= len(self.text) or self.text.startswith(("[:", "[[", "&&", "--", "||", "~~"), self.at):
            raise _BeyondError
        char = self.text[self.at]
        self.at += 1
        return self._escaped() if char == "\\" else ((ord(char), ord(char)),)

    def _escaped(self) -> Ranges:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char.lower() in _CLASSES and char:
            ranges = tuple(_CLASSES[char.lower()])
            return ranges if char.islower() else _without(ranges)
        if char in _ESCAPES:
            return ((_ESCAPES[char], _ESCAPES[char]),)
        if not char or char.isalnum() or not char.isascii():
            raise _BeyondError
        return ((ord(char), ord(char)),)


def _merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def _without(ranges: Ranges) -> Ranges:
    """All other characters."""
    found, low = [], 0
    for first, last in _merged(ranges):
        if first > low:
            found.append((low, first - 1))
        low = last + 1
    return (*found, (low, _TOP)) if low <= _TOP else tuple(found)
