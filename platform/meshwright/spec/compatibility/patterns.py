"""Patterns as trees of characters, alternatives and repetitions: the syntax of RE2 that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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


class BeyondError(Exception):
    """Something that is not decided here."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of ``ranges``."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Either:
    """A text of one of ``branches``."""

    branches: tuple[Sequence, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``body`` from ``least`` to ``most`` times; None is without end."""

    body: Sequence
    least: int
    most: int | None


Node = Chars | Either | Repeat
Sequence = tuple[Node, ...]
ANY = Repeat((Chars(((0, _TOP),)),), 0, None)


def empty(node: Node) -> bool:
    """Whether the empty text is one of its texts."""
    if isinstance(node, Chars):
        return False
    if isinstance(node, Either):
        return any(all(map(empty, branch)) for branch in node.branches)
    return node.least == 0


class Parser:
    """Reads a pattern; whatever is not surely understood raises BeyondError."""

    def __init__(self, pattern: str) -> None:
        self.text, self.at, self.depth = pattern, 0, 0

    def whole(self) -> list[Sequence]:
        """The branches as a search runs them: anything before and after what is not anchored."""
        return [(() if head else (ANY,)) + sequence + (() if tail else (ANY,)) for head, sequence, tail in self._ends()]

    def bare(self, *, anchored: bool) -> list[Sequence]:
        """The branches alone, if all of them are anchored at both ends, or at none."""
        found = list(self._ends())
        if any(head != anchored or tail != anchored for head, _, tail in found):
            raise BeyondError
        return [sequence for _, sequence, _ in found]

    def _ends(self) -> Iterator[tuple[bool, Sequence, bool]]:
        while True:
            head = self._take("^") or self._take(r"\A")
            sequence = self._sequence()
            tail = self._take("$") or self._take(r"\z")
            yield head, sequence, tail
            if not self._take("|"):
                break
        if self.at < len(self.text):
            raise BeyondError

    def _take(self, token: str) -> bool:
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def _sequence(self) -> Sequence:
        nodes: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)$" and not self.text.startswith(r"\z", self.at):
            nodes.append(self._repeated(self._atom()))
        return tuple(nodes)

    def _atom(self) -> Node:
        char = self.text[self.at]
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char in "*+?{}^":
            raise BeyondError
        self.at += 1
        if char == ".":
            return Chars(_without(((10, 10),)))
        return Chars(self._escaped() if char == "\\" else ((ord(char), ord(char)),))

    def _group(self) -> Node:
        self.depth += 1
        opening = _OPENING.match(self.text, self.at)
        if self.depth > MAX_DEPTH or opening is None:
            raise BeyondError
        self.at = opening.end()
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        if not self._take(")"):
            raise BeyondError
        self.depth -= 1
        return Either(tuple(dict.fromkeys(branches)))

    def _repeated(self, node: Node) -> Node:
        found = _QUANTIFIER.match(self.text, self.at)
        if found is None:
            return node
        self.at = found.end()
        if self.at < len(self.text) and self.text[self.at] in "*+?{":
            raise BeyondError
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(found[1] or "", (0, None))
        if found[1] is None:
            least = int(found[2])
            most = int(found[4]) if found[4] else None if found[3] else least
        if least > MAX_REPEAT or (most is not None and (most > MAX_REPEAT or most < least)):
            raise BeyondError
        return Repeat((node,), 0 if empty(node) else least, most)

    def _class(self) -> Chars:
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
                    raise BeyondError
                low = ((low[0][0], high[0][0]),)
            ranges += low
            first = False
        merged = _merged(ranges)
        return Chars(_without(merged) if negated else merged)

    def _member(self) -> Ranges:
        if self.at >= len(self.text) or self.text.startswith(("[:", "[[", "&&", "--", "||", "~~"), self.at):
            raise BeyondError
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
            raise BeyondError
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
