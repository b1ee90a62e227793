"""Whole numbers beyond 64 bits, which DuckDB alone would make doubles of."""

from __future__ import annotations

from collections.abc import Iterable

_RUN = b"0" * 19
_DIGITS = bytes(48 if chr(i) in "0123456789" else 32 for i in range(256))
_WIDEST = 38


def has_long_number(blocks: Iterable[bytes]) -> bool:
    """Whether 19 digits follow one another, the first of them not in a fraction; a pattern takes 20 times longer."""
    return any(map(_has_run, blocks))


def held_by(name: str) -> str:
    """SQL for the type that holds all whole numbers of a text column; NULL where some are none, or there is none."""
    width = f"max(length(ltrim(trim({name}), '+-0')))"
    whole = f"bool_and(regexp_full_match(trim({name}), '[+-]?[0-9]+'))"
    return f"CASE WHEN {whole} THEN if({width} <= {_WIDEST}, 'HUGEINT', 'VARCHAR') END"


def _has_run(text: bytes) -> bool:
    digits, at = text.translate(_DIGITS), 0
    while (at := digits.find(_RUN, at)) >= 0:
        if text[at - 1 : at] != b".":
            return True
        at = digits.find(b" ", at)
        if at < 0:
            break
    return False
