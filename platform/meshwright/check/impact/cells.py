"""What lineage is told in: a cell is a table and a column of it.

The column ``*`` stands for which rows the table has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

ROWS = "*"
Cell: TypeAlias = tuple[str, str]
Cells: TypeAlias = frozenset[Cell]
Schema: TypeAlias = Mapping[str, tuple[str, ...] | None]
"""Table, as ``<catalog>.<schema>.<name>``, to its columns; None where nobody knows them all."""
