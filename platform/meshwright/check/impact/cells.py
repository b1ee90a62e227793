"""What lineage is told in: a cell is a table and a column of it, or a field in a column, ``address.street``.

The column ``*`` stands for which rows the table has. Fields are lower-case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

ROWS = "*"
Cell: TypeAlias = tuple[str, str]
Cells: TypeAlias = frozenset[Cell]
Schema: TypeAlias = Mapping[str, tuple[str, ...] | None]
"""Table, as ``<catalog>.<schema>.<name>``, to its columns; None where nobody knows them all."""
T = TypeVar("T")


def within(column: str, fields: Sequence[str]) -> str:
    """The field that a way leads to, from a column and through structs."""
    return ".".join([column, *(field.lower() for field in fields)])


def column_of(name: str) -> str:
    """The column that a field lies in."""
    return name.partition(".")[0]


def lies_in(cell: Cell, other: Cell) -> bool:
    """Whether a cell is ``other``, or a field in it."""
    return cell == other or other in _around(cell)


def meet(cell: Cell, other: Cell) -> bool:
    """Whether a change of one cell is one of the other."""
    return lies_in(cell, other) or lies_in(other, cell)


def _around(cell: Cell) -> Iterator[Cell]:
    table, name = cell
    while "." in name:
        name = name.rpartition(".")[0]
        yield table, name


class ByCell(Generic[T]):
    """Things by the cells that they rest on."""

    def __init__(self) -> None:
        self._at: dict[Cell, dict[T, None]] = {}
        self._in: dict[Cell, dict[T, None]] = {}

    def put(self, cell: Cell, thing: T) -> None:
        """A thing rests on a cell."""
        self._at.setdefault(cell, {})[thing] = None
        for outer in _around(cell):
            self._in.setdefault(outer, {})[thing] = None

    def inside(self, cell: Cell) -> dict[T, None]:
        """What rests on a cell, or on a field in it."""
        return self._at.get(cell, {}) | self._in.get(cell, {})

    def meeting(self, cell: Cell) -> dict[T, None]:
        """What rests on a cell, on a field in it, or on all that it is a field of."""
        found = self.inside(cell)
        for outer in _around(cell):
            found |= self._at.get(outer, {})
        return found
