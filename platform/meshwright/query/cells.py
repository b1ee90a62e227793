"""One value as text, as JSON, and made harmless for a terminal."""

from __future__ import annotations

import datetime
import json
import math
import re
import unicodedata
from decimal import Decimal

# DEL, C1 controls, line and paragraph separators, bidirectional overrides: JSON allows them, terminals obey.
_OBEYED = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def plain(value: object) -> str:
    """The value as text, every digit of it; containers as JSON. NULL is the caller's to spell."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case bytes():
            return value.hex()
        case dict() | list() | tuple():
            return encode_json(value)
    return str(value)


def encode_json(value: object) -> str:
    """The value as JSON in one line: decimals as exact numbers, NaN and infinities as null."""
    match value:
        case None:
            return "null"
        case bool() | int() | float() | Decimal():
            return _number(value)
        case list() | tuple():
            return "[" + ", ".join(map(encode_json, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{_text(k)}: {encode_json(v)}" for k, v in value.items()) + "}"
        case datetime.date() | datetime.time():
            return _text(value.isoformat())
    return _text(value)


def _number(value: float | Decimal) -> str:
    if not math.isfinite(value):
        return "null"
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value)


def _text(value: object) -> str:
    quoted = json.dumps(plain(value), ensure_ascii=False)
    return _OBEYED.sub(lambda m: f"\\u{ord(m.group()):04x}", quoted)


def printable(text: str) -> str:
    """The text with every control, format and other unprintable character spelt out (``\\x1b``)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def width_of(text: str) -> int:
    """How many columns of a terminal the text takes; wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_width_of_one(c) for c in text)


def _width_of_one(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, width: int) -> str:
    """The text in at most ``width`` columns, with an ellipsis where something went."""
    if width_of(text) <= width:
        return text
    kept, taken = "", 1
    for character in text:
        taken += _width_of_one(character)
        if taken > width:
            break
        kept += character
    return f"{kept}…"
