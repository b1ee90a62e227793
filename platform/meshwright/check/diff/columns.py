"""The columns of two sides, paired by name, in types in which their values compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meshwright.duck import quote
from meshwright.spec.model import Port
from meshwright.spec.types import TypeSpellingError, from_duckdb

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_FLOATING = ("FLOAT", "DOUBLE")
_ORDERED = (*_WHOLE, *_FLOATING, "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "VARCHAR")


@dataclass(frozen=True, slots=True)
class Pair:
    """A column before and after: ``types`` are DuckDB's, None where it is not there; ``type`` is that of comparing."""

    name: str
    alias: str
    types: tuple[str | None, str | None]
    type: str
    private: bool

    @property
    def is_number(self) -> bool:
        """Whether a difference of its values can be told."""
        return _is_number(self.type)

    @property
    def is_ordered(self) -> bool:
        """Whether a least and a greatest value say anything."""
        return self.type in _ORDERED or self.type.startswith("DECIMAL")

    @property
    def shown_types(self) -> tuple[str | None, str | None]:
        """Both types as contracts spell them."""
        before, after = map(_spelt, self.types)
        return before, after

    def sql(self, side: int) -> str:
        """SQL for its value on one side."""
        if self.types[side] is None:
            return f"CAST(NULL AS {self.type})"
        if self.type == "DOUBLE":
            return f"CAST(printf('%.8e', CAST({quote(self.name)} AS DOUBLE) + 0.0) AS DOUBLE)"
        return quote(self.name) if self.types[side] == self.type else f"CAST({quote(self.name)} AS {self.type})"


def pairs_of(port: Port, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Pair, ...]:
    """The columns of both sides in the order of the second, then what only the first has."""
    private = {column.name: column.is_private for column in port.contract.columns}
    names = dict.fromkeys([*after, *before])
    return tuple(
        Pair(
            name,
            f"c{i}",
            (before.get(name), after.get(name)),
            _comparable(before.get(name), after.get(name)),
            private.get(name, True),
        )
        for i, name in enumerate(names)
    )


def _comparable(before: str | None, after: str | None) -> str:
    """The type in which values of two types compare without loss; text where there is none."""
    first, second = before or after or "VARCHAR", after or before or "VARCHAR"
    if first in _FLOATING or second in _FLOATING:
        return "DOUBLE" if _is_number(first) and _is_number(second) else "VARCHAR"
    if first == second:
        return first
    if first in _WHOLE and second in _WHOLE:
        return max(first, second, key=_WHOLE.index)
    if _is_number(first) and _is_number(second):
        scale = max(_scale(first), _scale(second))
        return f"DECIMAL(38,{scale})"
    if {first, second} == {"DATE", "TIMESTAMP"}:
        return "TIMESTAMP"
    return "VARCHAR"


def _is_number(kind: str) -> bool:
    return kind in _WHOLE or kind in _FLOATING or kind.startswith("DECIMAL")


def _scale(kind: str) -> int:
    return int(kind.rstrip(")").split(",")[1]) if kind.startswith("DECIMAL") else 0


def _spelt(kind: str | None) -> str | None:
    if kind is None:
        return None
    try:
        return from_duckdb(kind)
    except TypeSpellingError:
        return kind.lower()
