"""JSON Schema with plain answers: one pass, each fault at its place, with the nearest right spelling.

It knows the keywords of draft 2019-09 that the standards use and refuses any other, so that none is
ignored. A value is judged once by a schema (general validators judge it again for every branch, which
grows fourfold with each level of an ODCS contract). Three keywords are ours: ``x-later`` names keys that
a later version of a standard brings, ``x-reason`` replaces the reason of whatever is wrong under it,
``x-extra`` names keys to accept unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from meshwright.spec.node import Node, Steps
from meshwright.spec.words import listed, nearest
from meshwright.spec.yaml_reader import kind

SILENT = frozenset(
    {"$comment", "$defs", "$id", "$schema", "default", "deprecated", "description", "examples", "format", "title"}
)
KNOWN = SILENT | {
    *("type", "const", "enum", "pattern", "minLength", "maxLength", "minimum", "exclusiveMinimum"),
    *("properties", "required", "additionalProperties", "unevaluatedProperties"),
    *("items", "minItems", "maxItems", "uniqueItems"),
    *("$ref", "allOf", "anyOf", "oneOf", "not", "if", "then"),
    *("x-extra", "x-later", "x-reason"),
}
MAX_SUGGESTIONS = 100
"""Unknown keys of one file that are compared with the known ones, which takes time."""
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What a schema has against a value."""

    reason: str
    line: int
    column: int
    steps: Steps
    suggestion: str | None = None
    missing: tuple[str, ...] = ()
    """Keys of which one was expected."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """``seen`` are the keys of the value that some schema has spoken of."""

    problems: Sequence[Problem] = ()
    seen: frozenset[str] = frozenset()


class Schema:
    """A schema document. Raises ValueError for a keyword that is not implemented."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self._branches: dict[int, dict[str, str]] = {}
        self._resolved: dict[str, Json] = {}
        _require_known(document)

    def problems(self, root: Node) -> list[Problem]:
        """All that is wrong with ``root``, in the order of the file."""
        found = _Pass(self).visit(self.document, root, ()).problems
        misspelt = {(*p.steps[:-1], p.suggestion) for p in found if p.suggestion}
        kept = {p for p in found if not any((*p.steps, key) in misspelt for key in p.missing)}
        return sorted(kept, key=lambda p: (p.line, p.column, p.reason))

    def resolve(self, pointer: str) -> Json:
        """The part of the document that ``#/a/b`` names."""
        if pointer not in self._resolved:
            part: Any = self.document
            for step in pointer.removeprefix("#/").split("/"):
                part = part[step]
            self._resolved[pointer] = part
        return self._resolved[pointer]

    def keys_of(self, schema: Json) -> dict[str, str]:
        """Every key that ``schema`` knows in any of its branches, with the condition of its branch."""
        if id(schema) not in self._branches:
            found: dict[str, str] = {}
            self._branches[id(schema)] = found
            for part, condition in self._parts(schema, ""):
                for key in (*part.get("properties", ()), *part.get("x-extra", ())):
                    found[key] = condition if found.get(key, condition) else ""
                for key, version in part.get("x-later", {}).items():
                    found.setdefault(key, f"apiVersion: {version}")
        return self._branches[id(schema)]

    def _parts(self, schema: Json, condition: str) -> Iterable[tuple[Json, str]]:
        yield schema, condition
        if "$ref" in schema:
            yield from self._parts(self.resolve(schema["$ref"]), condition)
        for word in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(word, ()):
                yield from self._parts(part, condition)
        if "then" in schema:
            yield from self._parts(schema["then"], condition or _condition(schema["if"]))

    @cached_property
    def type_of(self) -> Callable[[Json], frozenset[str]]:
        """The types that a schema asks for, through its reference; empty where it asks for none."""

        def of(schema: Json) -> frozenset[str]:
            if "type" in schema:
                types = schema["type"]
                return frozenset([types] if isinstance(types, str) else types)
            return of(self.resolve(schema["$ref"])) if "$ref" in schema else frozenset()

        return of


def _require_known(schema: Any) -> None:
    if not isinstance(schema, Mapping):
        return
    # A definition may hold definitions by name, as ODCS's ServerSource does.
    if unknown := set(schema) - KNOWN:
        raise ValueError(f"JSON Schema keywords not implemented: {sorted(unknown)}")
    for word in ("properties", "$defs"):
        for part in schema.get(word, {}).values():
            nested = word == "$defs" and not set(part) & KNOWN
            for inner in part.values() if nested else [part]:
                _require_known(inner)
    for word in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(word, ()):
            _require_known(part)
    for word in ("if", "then", "not", "items"):
        _require_known(schema.get(word))


def _condition(schema: Json) -> str:
    """The ``if`` of a branch as a reader would write it: ``type: sql``."""
    for part in (schema, *schema.get("anyOf", ())):
        for key, value in part.get("properties", {}).items():
            if "const" in value:
                return f"{key}: {value['const']}"
    return ""


def _surely_false(test: Json, value: object) -> bool:
    """Whether the ``if`` of a branch is plainly not met; False where only a full judgement tells."""
    if not isinstance(value, dict):
        return False
    for key, part in test.get("properties", {}).items():
        if key in value and "const" in part and value[key].value != part["const"]:
            return True
    if any(key not in value for key in test.get("required", ())):
        return True
    return "anyOf" in test and all(_surely_false(part, value) for part in test["anyOf"])


class _Pass:
    """One judgement of one tree."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.memo: dict[tuple[int, int], _Verdict] = {}
        self.suggestions = MAX_SUGGESTIONS

    def visit(self, schema: Any, node: Node, steps: Steps) -> _Verdict:
        if schema is True or not schema:
            return _Verdict()
        if not isinstance(node.value, dict | list):
            return self._judge(schema, node, steps)
        key = (id(schema), id(node))
        if key not in self.memo:
            self.memo[key] = self._judge(schema, node, steps)
        return self.memo[key]

    def _judge(self, schema: Json, node: Node, steps: Steps) -> _Verdict:
        if "type" in schema and not _has_type(node, schema["type"]):
            problems: list[Problem] = [_wrong_type(schema, node, steps)]
            seen: set[str] = set()
        else:
            problems, seen = [], set()
            if "$ref" in schema:
                self._take(self.visit(self.schema.resolve(schema["$ref"]), node, steps), problems, seen)
            if isinstance(node.value, dict):
                self._mapping(schema, node, node.value, steps, problems, seen)
            elif isinstance(node.value, list):
                self._list(schema, node, node.value, steps, problems)
            else:
                problems += _scalar(schema, node, steps)
            problems += _fixed(schema, node, steps)
            self._combined(schema, node, steps, problems, seen)
            self._unevaluated(schema, node, steps, problems, seen)
        if problems and "x-reason" in schema:
            problems = [Problem(f"{kind(node)} {schema['x-reason']}", node.line, node.column, steps)]
        # Branches that agree must not multiply what they found, level by level.
        return _Verdict(tuple(dict.fromkeys(problems)) if len(problems) > 1 else problems, frozenset(seen))

    @staticmethod
    def _take(verdict: _Verdict, problems: list[Problem], seen: set[str]) -> None:
        problems += verdict.problems
        seen |= verdict.seen

    def _mapping(
        self, schema: Json, node: Node, value: Mapping[str, Node], steps: Steps, problems: list[Problem], seen: set[str]
    ) -> None:
        known = schema.get("properties", {})
        for key, part in known.items():
            if key in value:
                problems += self.visit(part, value[key], (*steps, key)).problems
                seen.add(key)
        seen.update(key for key in schema.get("x-extra", ()) if key in value)
        for key in schema.get("required", ()):
            if key not in value:
                problems.append(Problem(f"missing key {key!r}", node.line, node.column, steps, None, (key,)))
        if schema.get("additionalProperties") is False:
            for key in value:
                if key not in known and key not in seen:
                    problems.append(self._unknown(schema, node, steps, key))
            seen.update(value)

    def _list(self, schema: Json, node: Node, value: list[Node], steps: Steps, problems: list[Problem]) -> None:
        if "items" in schema:
            for i, member in enumerate(value):
                problems += self.visit(schema["items"], member, (*steps, i)).problems
        if len(value) < schema.get("minItems", 0):
            problems.append(_at(node, steps, f"expected at least {schema['minItems']} members, got {len(value)}"))
        if len(value) > schema.get("maxItems", len(value)):
            problems.append(_at(node, steps, f"expected at most {schema['maxItems']} members, got {len(value)}"))
        if schema.get("uniqueItems"):
            first: dict[str, int] = {}
            for i, member in enumerate(value):
                if first.setdefault(_canonical(member), i) != i:
                    problems.append(_at(member, (*steps, i), "is listed twice"))

    def _combined(self, schema: Json, node: Node, steps: Steps, problems: list[Problem], seen: set[str]) -> None:
        for part in schema.get("allOf", ()):
            self._take(self.visit(part, node, steps), problems, seen)
        for word in ("anyOf", "oneOf"):
            if word in schema:
                self._take(self._one_of(schema[word], node, steps, word == "oneOf"), problems, seen)
        if "if" in schema and not _surely_false(schema["if"], node.value):
            test = self.visit(schema["if"], node, steps)
            if not test.problems:
                seen |= test.seen
                self._take(self.visit(schema.get("then"), node, steps), problems, seen)
        if "not" in schema and not self.visit(schema["not"], node, steps).problems:
            for key in schema["not"].get("required", ()):
                problems.append(self._misplaced(node, steps, key, f"key {key!r} has no place here"))
            if "required" not in schema["not"]:
                problems.append(_at(node, steps, f"{kind(node)} is reserved"))

    def _one_of(self, branches: Sequence[Json], node: Node, steps: Steps, exactly: bool) -> _Verdict:
        verdicts = [self.visit(branch, node, steps) for branch in branches]
        good = [i for i, verdict in enumerate(verdicts) if not verdict.problems]
        if len(good) == 1 or (good and not exactly):
            return _Verdict((), frozenset().union(*(verdicts[i].seen for i in good)))
        seen = frozenset().union(*(verdict.seen for verdict in verdicts))
        if good:
            keys = [key for i in good for key in branches[i].get("required", ())]
            return _Verdict([_at(node, steps, f"only one of {listed(keys)} can stand here")], seen)
        return _Verdict(self._nearest_branch(branches, verdicts, node, steps), seen)

    def _nearest_branch(
        self, branches: Sequence[Json], verdicts: Sequence[_Verdict], node: Node, steps: Steps
    ) -> Sequence[Problem]:
        """The problems of the branch that the value was probably meant for."""
        types = [self.schema.type_of(branch) for branch in branches]
        fitting = [i for i, type_ in enumerate(types) if not type_ or _has_type(node, sorted(type_))]
        if not fitting:
            return [_wrong_type({"type": sorted(frozenset().union(*types))}, node, steps)]
        if isinstance(node.value, dict):
            by_key = {key: i for i in fitting for key in branches[i].get("required", ())}
            if len(by_key) == len(fitting) > 1:
                present = [i for key, i in by_key.items() if key in node.value]
                if not present:
                    reason = f"missing key: one of {listed(by_key)}"
                    return [replace(_at(node, steps, reason), missing=tuple(by_key))]
                fitting = present
        return min((verdicts[i].problems for i in fitting), key=len)

    def _unevaluated(self, schema: Json, node: Node, steps: Steps, problems: list[Problem], seen: set[str]) -> None:
        if schema.get("unevaluatedProperties") is False and isinstance(node.value, dict):
            problems += [self._unknown(schema, node, steps, key) for key in node.value if key not in seen]
            seen.update(node.value)

    def _unknown(self, schema: Json, node: Node, steps: Steps, key: str) -> Problem:
        known = self.schema.keys_of(schema)
        if key in known:
            return self._misplaced(node, steps, key, f"key {key!r} has no place here: it goes with `{known[key]}`")
        problem = self._misplaced(node, steps, key, f"unknown key {key[:60]!r}")
        values = node.value if isinstance(node.value, dict) else {}
        self.suggestions -= 1
        if self.suggestions < 0:
            return problem
        return replace(problem, suggestion=nearest(key, [k for k in known if k not in values]))

    @staticmethod
    def _misplaced(node: Node, steps: Steps, key: str, reason: str) -> Problem:
        line, column = node.keys.get(key, (node.line, node.column))
        return Problem(reason, line, column, (*steps, key))


def _at(node: Node, steps: Steps, reason: str, suggestion: str | None = None) -> Problem:
    return Problem(reason, node.line, node.column, steps, suggestion)


def _canonical(node: Node) -> str:
    import json

    return json.dumps(node.plain(), sort_keys=True)


_NAMES = {"object": "mapping", "array": "list", "null": "nothing"}
_TESTS: dict[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "integer": lambda v: (isinstance(v, int) and not isinstance(v, bool)) or (isinstance(v, float) and v.is_integer()),
}
_BOOLEANS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def _has_type(node: Node, types: str | Sequence[str]) -> bool:
    return any(_TESTS[t](node.value) for t in ([types] if isinstance(types, str) else types))


def _wrong_type(schema: Json, node: Node, steps: Steps) -> Problem:
    types = [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    words = " or ".join(_NAMES.get(t, t) for t in types)
    suggestion = None
    if isinstance(node.value, str):
        if "boolean" in types:
            lowered = node.value.lower()
            suggestion = _BOOLEANS.get(lowered, lowered if lowered in ("true", "false") else None)
        elif {"number", "integer"} & set(types) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", node.value):
            suggestion = node.value[:40]
    elif "string" in types and node.text:
        suggestion = f'"{node.text[:40]}"'
    return _at(node, steps, f"wrong type: expected {words}, got {kind(node)}", suggestion)


def _fixed(schema: Json, node: Node, steps: Steps) -> list[Problem]:
    value = node.value
    if "const" in schema and not _same(value, schema["const"]):
        return [_at(node, steps, f"expected {schema['const']!r}, got {kind(node)}")]
    if "enum" in schema and not any(_same(value, member) for member in schema["enum"]):
        near = nearest(value, [m for m in schema["enum"] if isinstance(m, str)]) if isinstance(value, str) else None
        return [_at(node, steps, f"{kind(node)} is not one of {listed(schema['enum'])}", near)]
    return []


def _scalar(schema: Json, node: Node, steps: Steps) -> list[Problem]:
    value, found = node.value, []
    if isinstance(value, str):
        found += _text(schema, node, value, steps)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            found.append(_at(node, steps, f"expected at least {schema['minimum']}, got {node.text[:40]}"))
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            found.append(_at(node, steps, f"expected more than {schema['exclusiveMinimum']}, got {node.text[:40]}"))
    return found


def _text(schema: Json, node: Node, value: str, steps: Steps) -> list[Problem]:
    found = []
    if len(value) < schema.get("minLength", 0):
        found.append(_at(node, steps, "must not be empty" if not value else "is too short"))
    if len(value) > schema.get("maxLength", len(value)):
        found.append(_at(node, steps, f"is longer than {schema['maxLength']} characters"))
    if "pattern" in schema and not re.search(_closed(schema["pattern"]), value):
        found.append(_at(node, steps, f"{kind(node)} does not match {schema['pattern']}"))
    return found


def _closed(pattern: str) -> str:
    """``$`` is the very end in JSON Schema; in Python a line break may follow it."""
    return pattern[:-1] + r"\Z" if pattern.endswith("$") and not pattern.endswith(r"\$") else pattern


def _same(a: object, b: object) -> bool:
    """Equal as JSON values: ``true`` is not ``1``."""
    return isinstance(a, bool) == isinstance(b, bool) and a == b
