"""One value as text, as JSON, and made harmless for a terminal."""

from __future__ import annotations

import datetime
import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

# DEL, C1 controls, line and paragraph separators, bidirectional overrides: JSON allows them, terminals obey.
_OBEYED = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


_quote = json.JSONEncoder(ensure_ascii=False).encode


def plain(value: object) -> str:
    """The value as text, every digit of it; containers as JSON. NULL is the caller's to spell."""
    return _PLAIN.get(type(value), str)(value)


def encode_json(value: object) -> str:
    """The value as JSON in one line: decimals as exact numbers, NaN and infinities as null."""
    return _JSON.get(type(value), _text)(value)


def _text(value: object) -> str:
    quoted = _quote(plain(value))
    return quoted if quoted.isprintable() else _OBEYED.sub(lambda m: f"\\u{ord(m.group()):04x}", quoted)


def _number(value: Any) -> str:
    if not math.isfinite(value):
        return "null"
    return format(value, "f") if isinstance(value, Decimal) else repr(value)


def _moment(value: Any) -> str:
    return f'"{value.isoformat()}"'


def _array(values: Any) -> str:
    return "[" + ", ".join(map(encode_json, values)) + "]"


def _object(fields: Any) -> str:
    return "{" + ", ".join(f"{_text(name)}: {encode_json(value)}" for name, value in fields.items()) + "}"


def _truth(value: object) -> str:
    return "true" if value else "false"


# Looked up by the exact types that DuckDB's client makes: a cell costs a third of what a chain of tests does.
_Spelling = Mapping[type, Callable[[Any], str]]
_CONTAINERS: _Spelling = {list: _array, tuple: _array, dict: _object}
_PLAIN: _Spelling = {
    bool: _truth,
    Decimal: lambda value: format(value, "f"),
    bytes: bytes.hex,
    **_CONTAINERS,
}
_JSON: _Spelling = {
    type(None): lambda _: "null",
    bool: _truth,
    int: str,
    float: _number,
    Decimal: _number,
    datetime.date: _moment,
    datetime.datetime: _moment,
    datetime.time: _moment,
    **_CONTAINERS,
}


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
