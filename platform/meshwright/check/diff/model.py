"""A data diff as plain values; what must not be seen is not in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["changed", "added", "removed"]
Text = str | None
"""A value as DuckDB writes it, cut where it is long; None for NULL, ``•••`` for what is private."""


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """A column that came, went, or has another name or type; types as contracts spell them.

    ``was`` is its name before, where that was another one.
    """

    column: str
    kind: Literal["added", "removed", "renamed", "type"]
    before: str | None
    after: str | None
    was: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnDiff:
    """One column, each pair before and after; a member is None where the column is not there.

    ``distinct`` is estimated where ``approximate``. ``least`` and ``greatest`` are None for nested columns.
    ``changed`` counts rows of both sides whose values differ; None where rows are not matched by a key. ``was`` is its
    name before, where that was another one.
    """

    name: str
    types: tuple[str | None, str | None]
    private: bool
    nulls: tuple[int | None, int | None]
    distinct: tuple[int | None, int | None]
    approximate: bool
    least: tuple[Text, Text]
    greatest: tuple[Text, Text]
    changed: int | None
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One row that differs; ``values`` holds before and after of the columns that changed, or of all where one is None.

    Columns are called as on the side that the row is of, those of changed rows as they are called now.
    ``times`` is how often a row without a key was added or removed.
    """

    kind: Kind
    key: Mapping[str, Text]
    values: Mapping[str, tuple[Text, Text]]
    times: int = 1


@dataclass(frozen=True, slots=True)
class PortDiff:
    """One port before and after. ``key`` is what rows are matched by; empty where whole rows are counted.

    ``note`` says why there is no key. ``rows`` are those before and after, None where the port was not there.
    """

    port: str
    key: tuple[str, ...]
    note: str
    rows: tuple[int | None, int | None]
    added: int
    removed: int
    changed: int
    schema: Sequence[SchemaChange]
    columns: Sequence[ColumnDiff]
    examples: Sequence[Example]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs, doubles taken with nine significant digits."""
        return not (self.added or self.removed or self.changed or self.schema) and None not in self.rows


def as_data(diffs: Sequence[PortDiff]) -> list[dict[str, Any]]:
    """For JSON."""
    return [asdict(diff) | {"same": diff.is_same} for diff in diffs]
