"""SQL texts of contracts: the ports that they name, and what they say apart from layout."""

from __future__ import annotations

import re

_PORTS = re.compile(
    r"""'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|(?<![\w."])"?mesh"?\s*\.\s*"?(\w+)"?\s*\.\s*"?(\w+)"?""",
    re.IGNORECASE | re.DOTALL,
)


_TOKENS = re.compile(
    r"""(?P<kept>\b[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"""
    r"""|(?P<gap>(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)+)|(?P<word>\w+)""",
    re.DOTALL,
)


def laid_out(sql: str) -> str:
    """SQL without comments, spaces and cases that mean nothing: equal for texts that say the same in another layout."""
    if sql.count("/*") > sql.count("*/") or re.search(r"/\*(?:(?!\*/).)*/\*", sql, re.DOTALL):
        return sql  # comments within comments
    said = _TOKENS.sub(lambda m: m["kept"] or (" " if m["gap"] else m["word"].lower()), sql)
    return said.strip().rstrip(";").rstrip()


def ports_in(sql: str) -> tuple[str, ...]:
    """The ports ``<domain>.<port>`` that an SQL text names as ``mesh.<domain>.<port>``, sorted."""
    found = {f"{m[1]}.{m[2]}".lower() for m in _PORTS.finditer(sql) if m[1]}
    return tuple(sorted(found))
