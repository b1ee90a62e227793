"""Types: the one place for their spelling.

A published type is written as the Iceberg specification writes it, without spaces but after ``:`` and
``,``: ``long``, ``decimal(12,2)``, ``list<string>``, ``struct<id: long, name: string>``,
``map<string, double>``. From ODCS come logical types; to DuckDB go its own names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

PRIMITIVES = frozenset(
    {"boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz", "string", "binary"}
)
MAX_PRECISION = 38
_MAX_TEXT = 4_000
_MAX_DEPTH = 16

_DUCKDB = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "string": "VARCHAR",
    "binary": "BLOB",
}
_FROM_DUCKDB = {duckdb: iceberg for iceberg, duckdb in _DUCKDB.items()}
_OTHER_SPELLINGS = {
    **dict.fromkeys(["bigint", "int8", "int64", "i64", "integer64"], "long"),
    **dict.fromkeys(["integer", "int4", "int32", "i32", "smallint", "tinyint"], "int"),
    **dict.fromkeys(["varchar", "text", "char", "str", "nvarchar", "character varying", "uuid", "json"], "string"),
    **dict.fromkeys(["bool", "bit"], "boolean"),
    **dict.fromkeys(["real", "float4", "float32", "f32"], "float"),
    **dict.fromkeys(["double precision", "float8", "float64", "f64", "number"], "double"),
    **dict.fromkeys(["datetime", "timestamp_ntz", "timestamp without time zone"], "timestamp"),
    **dict.fromkeys(["timestamp with time zone", "timestamp_tz", "timestamp_ltz"], "timestamptz"),
    **dict.fromkeys(["blob", "bytes", "bytea", "varbinary"], "binary"),
    "hugeint": "decimal(38,0)",
}
LOGICAL: Mapping[str, frozenset[str]] = {
    "string": frozenset({"string", "binary"}),
    "date": frozenset({"date"}),
    "time": frozenset({"time"}),
    "timestamp": frozenset({"timestamp", "timestamptz"}),
    "integer": frozenset({"int", "long", "decimal"}),
    "number": frozenset({"int", "long", "float", "double", "decimal"}),
    "boolean": frozenset({"boolean"}),
    "object": frozenset({"struct"}),
    "array": frozenset({"list"}),
    "map": frozenset({"map"}),
    "vector": frozenset({"list"}),
}
"""The kinds of published type that an ODCS logical type can be."""
DEFAULTS = {
    "string": "string",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "integer": "long",
    "number": "double",
    "boolean": "boolean",
}
"""The published type of a logical type that says no more."""
IDENTITY_KINDS = frozenset({"boolean", "int", "long", "date", "string"})
DATE_KINDS = frozenset({"date", "timestamp", "timestamptz"})


class TypeSpellingError(ValueError):
    """A text is no type; ``suggestion`` is the nearest that is."""

    def __init__(self, reason: str, suggestion: str | None = None) -> None:
        super().__init__(reason)
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Type:
    """A published type. ``kind`` is its word, ``fields`` what is inside: members of a struct by name,
    ``element`` of a list, ``key`` and ``value`` of a map.
    """

    kind: str
    precision: int = 0
    scale: int = 0
    fields: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        if self.kind == "decimal":
            return f"decimal({self.precision},{self.scale})"
        if self.kind == "struct":
            return f"struct<{', '.join(f'{name}: {inner}' for name, inner in self.fields)}>"
        if self.fields:
            return f"{self.kind}<{', '.join(str(inner) for _, inner in self.fields)}>"
        return self.kind

    @property
    def duckdb(self) -> str:
        """Its name in DuckDB."""
        if self.kind == "decimal":
            return f"DECIMAL({self.precision},{self.scale})"
        if self.kind == "list":
            return f"{self.fields[0][1].duckdb}[]"
        if self.kind == "map":
            return f"MAP({self.fields[0][1].duckdb}, {self.fields[1][1].duckdb})"
        if self.kind == "struct":
            members = (f'"{name}" {inner.duckdb}' for name, inner in self.fields)
            return f"STRUCT({', '.join(members)})"
        return _DUCKDB[self.kind]


@lru_cache(1024)
def parse(text: str) -> Type:
    """``text`` as a type; spaces do not matter. Raises TypeSpellingError."""
    if len(text) > _MAX_TEXT:
        raise TypeSpellingError(f"a type of {len(text)} characters is too long")
    parser = _Parser(text, {name: name for name in PRIMITIVES})
    return parser.whole(parser.iceberg)


def is_type(text: str) -> bool:
    """Whether ``text`` is a published type."""
    try:
        parse(text)
    except TypeSpellingError:
        return False
    return True


def likely(text: str) -> Type | None:
    """The published type that another platform's word stands for (``VARCHAR(20)``); None for others."""
    folded = " ".join(text.lower().split())
    base = re.sub(r"\s*\([^)]*\)", "", folded)
    if base in ("decimal", "numeric", "number", "dec") and "(" in folded:
        found = _suggest(folded)
        return parse(found) if found else None
    known = base if base in PRIMITIVES else _OTHER_SPELLINGS.get(folded) or _OTHER_SPELLINGS.get(base)
    return parse(known) if known else None


def as_promised(text: str) -> str:
    """A physical type by which promises can be compared: ours in its one spelling, another platform's folded."""
    if is_type(text):
        return normalise(text)
    folded = " ".join(text.lower().split())
    exact = likely(text) if "(" not in folded or folded.startswith(("dec", "num")) else None
    return str(exact) if exact else folded


@cache
def normalise(text: str) -> str:
    """``decimal(12, 2)`` as ``decimal(12,2)``. Raises TypeSpellingError."""
    return str(parse(text))


@cache
def to_duckdb(type_: str) -> str:
    """The DuckDB name of a published type. Raises TypeSpellingError."""
    return parse(type_).duckdb


@cache
def from_duckdb(name: str) -> str:
    """The published type of a DuckDB type as DESCRIBE spells it.

    Raises TypeSpellingError for types that Iceberg does not have (HUGEINT, UUID, INTERVAL …), with the
    type to cast to.
    """
    parser = _Parser(name, _FROM_DUCKDB)
    return str(parser.whole(parser.duckdb))


def comparable(type_: str) -> str:
    """What columns must have in common so that one can be looked up in the other: integers of all widths can."""
    return "long" if type_ == "int" else type_


def fits(logical: str, type_: Type, *, before_3_1: bool = False) -> bool:
    """Whether a column of that logical type can be published as ``type_``.

    Before ODCS v3.1 ``date`` stood for everything on the clock.
    """
    if before_3_1 and logical == "date":
        return type_.kind in DATE_KINDS | {"time"}
    if logical == "integer" and type_.kind == "decimal":
        return type_.scale == 0
    return type_.kind in LOGICAL.get(logical, frozenset())


def decimal(precision: int, scale: int) -> Type:
    """A decimal. Raises TypeSpellingError beyond what Iceberg holds."""
    if not 1 <= precision <= MAX_PRECISION or not 0 <= scale <= precision:
        reason = f"decimal({precision},{scale}): precision is 1 to {MAX_PRECISION}, scale 0 to the precision"
        raise TypeSpellingError(reason)
    return Type("decimal", precision, scale)


def struct(fields: Iterable[tuple[str, Type]]) -> Type:
    """A struct of named members."""
    return Type("struct", fields=tuple(fields))


def list_of(element: Type) -> Type:
    """A list."""
    return Type("list", fields=(("element", element),))


def map_of(key: Type, value: Type) -> Type:
    """A map."""
    return Type("map", fields=(("key", key), ("value", value)))


_TOKEN = re.compile(r"""\s*(?:"((?:[^"]|"")*)"|([A-Za-z_][A-Za-z0-9_]*)|([0-9]{1,9})|(.))""", re.DOTALL)


class _Parser:
    """Reads a type in Iceberg's or in DuckDB's spelling."""

    def __init__(self, text: str, primitives: Mapping[str, str]) -> None:
        self.text, self.primitives = text, primitives
        self.tokens = [next((g for g in m.groups() if g is not None), "") for m in _TOKEN.finditer(text.strip())]
        self.position = self.depth = 0

    def whole(self, rule: object) -> Type:
        type_ = rule() if callable(rule) else None
        if not isinstance(type_, Type) or self.peek():
            raise self.unknown()
        return type_

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def expect(self, token: str) -> None:
        if self.next() != token:
            raise self.unknown()

    def unknown(self) -> TypeSpellingError:
        return TypeSpellingError(f"{self.text[:80]!r} is no type", _suggest(self.text))

    def enter(self) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise TypeSpellingError(f"a type is nested deeper than {_MAX_DEPTH} levels")

    def iceberg(self) -> Type:
        self.enter()
        word = self.next()
        if word == "decimal":
            type_ = self.decimal()
        elif word == "list":
            self.expect("<")
            type_ = list_of(self.iceberg())
            self.expect(">")
        elif word == "map":
            self.expect("<")
            key = self.iceberg()
            self.expect(",")
            type_ = map_of(key, self.iceberg())
            self.expect(">")
        elif word == "struct":
            type_ = self.struct()
        elif word in self.primitives:
            type_ = Type(self.primitives[word])
        else:
            raise self.unknown()
        self.depth -= 1
        return type_

    def struct(self) -> Type:
        self.expect("<")
        fields = []
        while True:
            name = self.next()
            self.expect(":")
            fields.append((name, self.iceberg()))
            if self.peek() != ",":
                break
            self.next()
        self.expect(">")
        return struct(fields)

    def decimal(self) -> Type:
        self.expect("(")
        precision = self.number()
        self.expect(",")
        scale = self.number()
        self.expect(")")
        return decimal(precision, scale)

    def number(self) -> int:
        token = self.next()
        if not token.isdigit():
            raise self.unknown()
        return int(token)

    def duckdb(self) -> Type:
        self.enter()
        word = self.next().upper()
        if word == "DECIMAL":
            type_ = self.decimal()
        elif word == "STRUCT":
            self.expect("(")
            fields = []
            while self.peek() != ")":
                fields.append((self.next(), self.duckdb()))
                if self.peek() == ",":
                    self.next()
            self.expect(")")
            type_ = struct(fields)
        elif word == "MAP":
            self.expect("(")
            key = self.duckdb()
            self.expect(",")
            type_ = map_of(key, self.duckdb())
            self.expect(")")
        else:
            while f"{word} {self.peek()}".upper() in " ".join(self.primitives) and self.peek().isalpha():
                word = f"{word} {self.next().upper()}"
            if word not in self.primitives:
                raise TypeSpellingError(f"DuckDB's {self.text[:80]} is no Iceberg type", _suggest(word))
            type_ = Type(self.primitives[word])
        while self.peek() == "[":
            self.next()
            self.expect("]")
            type_ = list_of(type_)
        self.depth -= 1
        return type_


def _suggest(text: str) -> str | None:
    from meshwright.spec.words import nearest

    folded = " ".join(text.strip().lower().split())
    base = re.sub(r"\(.*", "", folded).strip()
    if numbers := re.fullmatch(r"(?:decimal|numeric|number|dec)\s*\(\s*(\d{1,9})\s*(?:,\s*(\d{1,9})\s*)?\)", folded):
        precision, scale = int(numbers[1]), int(numbers[2] or 0)
        return f"decimal({precision},{scale})" if scale <= precision <= MAX_PRECISION else None
    if base in ("decimal", "numeric"):
        return "decimal(18,2)"
    if found := re.fullmatch(r"(?:array|list)\s*[<(]\s*(\w+)\s*[>)]?", folded):
        inner = found[1] if found[1] in PRIMITIVES else _OTHER_SPELLINGS.get(found[1])
        return f"list<{inner}>" if inner else None
    if folded in PRIMITIVES:
        return folded
    return _OTHER_SPELLINGS.get(base) or nearest(base, PRIMITIVES)
