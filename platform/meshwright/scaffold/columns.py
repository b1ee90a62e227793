"""The columns of a contract that is proposed, and what of each rests on the data of today."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from meshwright.duck import quote
from meshwright.spec import types
from meshwright.spec.model import Column
from meshwright.spec.names import MAX_LENGTH, name_fault
from meshwright.spec.types import Type, TypeSpellingError
from meshwright.spec.words import snake

_LOGICAL = {
    "int": "integer", "long": "integer", "float": "number", "double": "number", "decimal": "number",
    "struct": "object", "list": "array", "map": "", "binary": "string", "timestamptz": "timestamp",
}  # fmt: skip
_WIDER = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "UTINYINT", "USMALLINT"), "int"),
    "UINTEGER": "long",
    "UBIGINT": "decimal(20,0)",
    **dict.fromkeys(("HUGEINT", "UHUGEINT"), "decimal(38,0)"),
    **dict.fromkeys(("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "timestamp"),
    "TIME WITH TIME ZONE": "time",
}
"""What Iceberg has in place of a type of DuckDB that it does not have; for all others it is text."""
PERSONAL_CLASS = "confidential"


@dataclass(frozen=True, slots=True)
class ProposedColumn:
    """One column as a template takes it. ``sql`` yields it, ``proposed`` says what each open decision rests on.

    ``text`` is its name in the data where it is text there.
    """

    name: str
    type: str
    sql: str
    description: str
    required: bool = False
    unique: bool = False
    key: int | None = None
    classification: str = "internal"
    minimum: int | None = None
    accepted: list[str] = field(default_factory=list)
    proposed: dict[str, str] = field(default_factory=dict)
    text: str = ""

    def answer(self) -> dict[str, Any]:
        """The same as plain values, with what follows from them."""
        parsed = types.parse(self.type)
        return {
            **asdict(self),
            "ident": identifier(self.name),
            "logical": logical(parsed),
        }


def logical(type_: Type) -> str:
    """The ODCS logical type of a published type; empty where ODCS 3.1 has none, as for a map."""
    if type_.kind == "decimal" and type_.scale == 0:
        return "integer"
    return _LOGICAL.get(type_.kind, type_.kind)


def published(duckdb_type: str) -> str:
    """The type in which a column of DuckDB's ``duckdb_type`` can be published."""
    try:
        found = types.from_duckdb(duckdb_type)
        types.parse(found)
    except TypeSpellingError:
        return _WIDER.get(duckdb_type.upper(), "string")
    return found


@cache
def _reserved() -> frozenset[str]:
    import duckdb

    with duckdb.connect() as con:
        rows = con.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'")
        return frozenset(name for (name,) in rows.fetchall())


def identifier(name: str) -> str:
    """A column's name as SQL takes it: quoted only where it must be."""
    return name if re.fullmatch(r"[a-z][a-z0-9_]*", name) and name not in _reserved() else quote(name)


def in_jinja(sql: str) -> str:
    """SQL that dbt's Jinja leaves as it is."""
    plain = sql.isprintable() and not re.search(r"\{[{%#]|[}%#]\}", sql)
    return sql if plain else "{{ " + json.dumps(sql, ensure_ascii=False) + " }}"


def names(originals: Iterable[str]) -> list[str]:
    """A name that a column may have for each name that one has, all different."""
    found: dict[str, None] = {}
    for number, original in enumerate(originals, 1):
        name = snake(original, lossy=True) if name_fault(original, "column") else original
        name = name or f"column_{number}"
        twin = 1
        base = name[: MAX_LENGTH - 4].rstrip("_")
        while name in found:
            twin += 1
            name = f"{base}_{twin}"
        found[name] = None
    return list(found)


def said(name: str) -> str:
    """A column's name as a sentence that waits for its owner."""
    return name.replace("_", " ").capitalize() + "."


def taken_over(column: Column, port: str, **changes: Any) -> ProposedColumn:
    """A column of another port, as a consumer may promise it in turn."""
    proposed = {"required": f"{port} promises it"} if column.required else {}
    values: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "sql": identifier(column.name),
        "description": " ".join(column.description.split()) or said(column.name),
        "required": column.required,
        "classification": column.private_class or column.classification or "internal",
        "proposed": proposed,
    }
    return ProposedColumn(**{**values, **changes})
