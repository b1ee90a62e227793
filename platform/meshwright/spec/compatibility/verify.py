"""What must hold on the published data before a promise may be made, as data from which a check can be run.

``column`` is a published column. What is nested in one is named from it: ``address.city``, ``lines[].sku`` for each
member of a list, ``prices{key}`` and ``prices{value}`` for each entry of a map.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Verify:
    """Something that must hold; each kind is a class of its own."""

    kind: ClassVar[str] = ""

    def as_json(self) -> dict[str, Any]:
        """Its ``kind`` and its facts; what is None is left out."""
        facts = {f.name: plain(getattr(self, f.name)) for f in fields(self)}
        return {"kind": self.kind, **{name: value for name, value in facts.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class Present(Verify):
    """The column is there, also where all its values are NULL."""

    kind = "present"
    column: str
    type: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Published(Verify):
    """The port ``<domain>.<port>`` is built and passes its contract."""

    kind = "published"
    port: str


@dataclass(frozen=True, slots=True)
class NotNull(Verify):
    """No value is NULL."""

    kind = "not_null"
    column: str


@dataclass(frozen=True, slots=True)
class Unique(Verify):
    """No two rows agree in all of ``columns``; with ``required``, none of them is NULL either."""

    kind = "unique"
    columns: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class InSet(Verify):
    """Every value is one of ``values``, NULL aside."""

    kind = "in_set"
    column: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Range(Verify):
    """Every value lies between the bounds, as the contract writes them; NULL aside."""

    kind = "range"
    column: str
    minimum: Any = None
    maximum: Any = None
    exclusive_minimum: Any = None
    exclusive_maximum: Any = None


@dataclass(frozen=True, slots=True)
class Length(Verify):
    """Every value has that many ``of``: ``characters`` of a text, ``items`` of a list."""

    kind = "length"
    column: str
    of: str
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Matches(Verify):
    """Every value holds a match of each of the patterns (RE2, anchored only where they say so), NULL aside."""

    kind = "matches"
    column: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MultipleOf(Verify):
    """Every value is a multiple, NULL aside."""

    kind = "multiple_of"
    column: str
    value: Any


@dataclass(frozen=True, slots=True)
class UniqueItems(Verify):
    """No list holds a member twice."""

    kind = "unique_items"
    column: str


@dataclass(frozen=True, slots=True)
class Quality(Verify):
    """The new contract's quality rule at ``path`` passes; ``column`` is where it stands, None for the table."""

    kind = "quality"
    path: str
    column: str | None = None
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Refers(Verify):
    """At most ``tolerance`` per cent of the rows have no partner in ``port``."""

    kind = "reference"
    columns: tuple[str, ...]
    port: str
    to_columns: tuple[str, ...]
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Served(Verify):
    """The service level is kept."""

    kind = "service_level"
    property: str
    value: Any
    unit: str | None = None
    element: str | None = None


def plain(value: Any) -> Any:
    """``value`` as JSON holds it."""
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Decimal, Fraction, date, datetime, time)):
        return str(value)
    return value
