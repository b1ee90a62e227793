"""Sets of values as a column holds them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.spec.model import Column


@dataclass(frozen=True, slots=True)
class Values:
    """Values by what makes them equal; NULL is never one of them."""

    by_key: Mapping[str, Any]

    @classmethod
    def of(cls, values: Iterable[Any], column: Column) -> Values:
        """As the column holds them: ``1`` and ``true`` in YAML are text in a column of strings."""
        spelled = (_spelled(v, column) for v in values if v is not None)
        return cls({_key(v): v for v in spelled})

    @classmethod
    def common(cls, sets: Sequence[Values]) -> Values | None:
        """What all of them hold; None where there are none."""
        if not sets:
            return None
        keys = set.intersection(*(set(s.by_key) for s in sets))
        return cls({key: value for key, value in sets[0].by_key.items() if key in keys})

    def beyond(self, other: Values) -> list[Any]:
        """Its values that ``other`` does not hold."""
        return [value for key, value in self.by_key.items() if key not in other.by_key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.by_key.values())

    def __contains__(self, value: object) -> bool:
        return _key(value) in self.by_key


def entries(column: Column) -> Mapping[str, Mapping[str, Any]]:
    """What a column's ``enum`` tells of each value, by what makes values equal."""
    found = ((entry, _spelled(entry.get("value"), column)) for entry in column.entries)
    return {_key(value): {**entry, "value": value} for entry, value in found}


def _spelled(value: Any, column: Column) -> Any:
    if column.type != "string" or isinstance(value, (str, list, dict)):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(value: Any) -> str:
    """Equal for equal values: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, default=str)
