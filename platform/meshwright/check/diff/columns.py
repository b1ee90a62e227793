"""The columns of two sides, paired by what ties them, else by name, in types in which their values compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from meshwright.duck import quote
from meshwright.spec.model import Contract, Port
from meshwright.spec.types import TypeSpellingError, from_duckdb

NOTHING: Mapping[str, str] = MappingProxyType({})
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_FLOATING = ("FLOAT", "DOUBLE")
_ORDERED = (*_WHOLE, *_FLOATING, "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "VARCHAR")


@dataclass(frozen=True, slots=True)
class Pair:
    """A column before and after: ``names`` and DuckDB's ``types``, None where it is not there.

    ``type`` is that of comparing.
    """

    names: tuple[str | None, str | None]
    alias: str
    types: tuple[str | None, str | None]
    type: str
    private: bool

    @property
    def name(self) -> str:
        """What it is called now, or was called last."""
        return self.names[1] or self.names[0] or ""

    @property
    def was(self) -> str | None:
        """What it was called before, where that is another name."""
        return None if None in self.names or self.names[0] == self.names[1] else self.names[0]

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
        name = self.names[side]
        if name is None:
            return f"CAST(NULL AS {self.type})"
        if self.type == "DOUBLE":
            return f"CAST(printf('%.8e', CAST({quote(name)} AS DOUBLE) + 0.0) AS DOUBLE)"
        return quote(name) if self.types[side] == self.type else f"CAST({quote(name)} AS {self.type})"


def pairs_of(
    port: Port, before: Mapping[str, str], after: Mapping[str, str], tied: Mapping[str, str] = NOTHING
) -> tuple[Pair, ...]:
    """The columns of both sides in the order of the second, then what only the first has.

    ``tied`` are names after to names before of what is one column whatever it is called. A column is private where the
    contract classifies either of its names, or knows neither.
    """
    private = {column.name: column.is_private for column in port.contract.columns}
    return tuple(
        Pair(
            (old, new),
            f"c{i}",
            (types := (before.get(old or ""), after.get(new or ""))),
            _comparable(*types),
            any(private[name] for name in (old, new) if name in private) or not {old, new} & private.keys(),
        )
        for i, (old, new) in enumerate(_names(before, after, tied))
    )


def joined(now: Contract, promised: Contract | None, tied: Mapping[str, str]) -> Mapping[str, str]:
    """Names after to names before: what contracts tie by element ids, and what tables tie beside that."""
    ids = {column.element_id: column.name for column in promised.columns if column.element_id} if promised else {}
    told = {column.name: ids[column.element_id] for column in now.columns if column.element_id in ids}
    return told | {new: old for new, old in tied.items() if new not in told and old not in told.values()}


def _names(
    before: Mapping[str, str], after: Mapping[str, str], tied: Mapping[str, str]
) -> Iterator[tuple[str | None, str | None]]:
    partners = {new: old for new, old in tied.items() if new in after and old in before}
    taken = set(partners.values())
    partners = {n: n for n in after if n in before and n not in partners and n not in taken} | partners
    yield from ((partners.get(new), new) for new in after)
    taken = set(partners.values())
    yield from ((old, None) for old in before if old not in taken)


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
