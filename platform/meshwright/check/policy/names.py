"""The names in a condition: whether they mean something, before any value is looked at.

An evaluation alone would not tell: in CEL an error beside ``||`` or ``&&`` is no error where the other side decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from meshwright.check.policy.fields import VARIABLES, Target, fields_of
from meshwright.errors import Fault
from meshwright.spec.model import Where
from meshwright.spec.node import At
from meshwright.spec.words import listed, nearest

MACROS = ("all", "exists", "exists_one", "filter", "map")
FUNCTIONS = frozenset(
    {
        *(*MACROS, "has", "size", "contains", "startsWith", "endsWith", "matches", "in"),
        *("int", "uint", "double", "string", "bytes", "bool", "type", "dyn", "timestamp", "duration"),
        *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
        *("getHours", "getMinutes", "getSeconds", "getMilliseconds", "max", "min"),
    }
)
"""What CEL itself has, as far as the library implements it."""
_TEXT = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_BINDS = re.compile(rf"([A-Za-z_][\w.]*)\.(?:{'|'.join(MACROS)})\s*\(\s*([A-Za-z_]\w*)\s*,")
_BOUND = re.compile(rf"\.(?:{'|'.join(MACROS)})\s*\(\s*([A-Za-z_]\w*)\s*,")
_PATH = re.compile(r"(?<![\w.\])])([A-Za-z_]\w*)\s*\.\s*([A-Za-z_]\w*)(?!\w)(?!\s*\()")


def unknown_names(
    condition: str, target: Target, params: Mapping[str, Any], variables: Collection[str], functions: Collection[str]
) -> Iterator[tuple[str, str, str | None]]:
    """Each name that means nothing, with the reason and the nearest that means something.

    ``variables`` and ``functions`` are those that the parser found.
    """
    text = _TEXT.sub(lambda m: " " * len(m[0]), condition)
    known = {*VARIABLES[target], "params"}
    bound = set(_BOUND.findall(text))
    for name in sorted(set(variables) - known - bound):
        yield name, f"a policy for {target}s sees no {name!r}: {listed(sorted(known))}", nearest(name, known)
    for name in sorted(functions):
        if name.isidentifier() and name not in FUNCTIONS:
            yield name, f"CEL has no function {name!r}", nearest(name, FUNCTIONS)
    things = {name: name for name in VARIABLES[target]}
    for path, name in _BINDS.findall(text):
        owner, _, field = path.partition(".")
        inner = fields_of(things[owner], target).get(field) if owner in things else None
        if inner is not None and inner.of is not None:
            things[name] = inner.of
    for owner, field in dict.fromkeys(_PATH.findall(text)):
        if owner == "params" and field not in params:
            yield field, f"there is no parameter {field!r}: {listed(params)}", nearest(field, params)
        elif owner in things and field not in fields_of(things[owner], target):
            fields = fields_of(things[owner], target)
            yield field, f"a {things[owner]} has no field {field!r}: {listed(fields)}", nearest(field, fields)


def fault_at(condition: At, text: str, offset: int | None, reason: str, near: str | None = None) -> Fault:
    """A fault in a condition, ``offset`` characters from its beginning; at its beginning for None."""
    where = condition.where
    if offset is not None:
        line, column = _place(where, text, offset)
        where = Where(where.file, line, column, where.key)
    return where.fault(reason, suggestion=near)


def offset_of(text: str, name: str) -> int | None:
    """Where a name first stands in a condition."""
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return found.start() if found else None


def offset_at(text: str, line: int, column: int) -> int:
    """The offset of a place that the parser tells, both from 1."""
    rows = text.splitlines(keepends=True) or [""]
    return min(sum(map(len, rows[: line - 1])) + column - 1, len(text))


def _place(where: Where, text: str, offset: int) -> tuple[int, int]:
    """Line and column in the file: however YAML breaks and indents a text, its visible characters stay in order."""
    rows = where.file.read_text(encoding="utf-8", errors="replace").splitlines()
    first = rows[where.line - 1][where.column - 1 :] if where.line <= len(rows) else ""
    line, column = where.line, where.column - 1
    if first[:1] in ("|", ">"):
        line, column = line + 1, 0
    elif first[:1] in ("'", '"'):
        column += 1
    left = sum(not c.isspace() for c in text[:offset])
    while line <= len(rows):
        for at in range(column, len(rows[line - 1])):
            if rows[line - 1][at].isspace():
                continue
            if left == 0:
                return line, at + 1
            left -= 1
        if left == 0 and offset >= len(text):
            return line, len(rows[line - 1]) + 1
        line, column = line + 1, 0
    return where.line, where.column
