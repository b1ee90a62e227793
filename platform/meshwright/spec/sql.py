"""The ports that an SQL text of a contract names."""

from __future__ import annotations

import re

_PORTS = re.compile(
    r"""'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|(?<![\w."])"?mesh"?\s*\.\s*"?(\w+)"?\s*\.\s*"?(\w+)"?""",
    re.IGNORECASE | re.DOTALL,
)


def ports_in(sql: str) -> tuple[str, ...]:
    """The ports ``<domain>.<port>`` that an SQL text names as ``mesh.<domain>.<port>``, sorted."""
    found = {f"{m[1]}.{m[2]}".lower() for m in _PORTS.finditer(sql) if m[1]}
    return tuple(sorted(found))
