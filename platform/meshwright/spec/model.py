"""The typed mesh: domains, products, ports and contracts as their files declare them.

Every value keeps the place where it was written: ``where`` of each type leads to file, line and key.
Nothing in this module reads a file; :func:`meshwright.spec.load` makes these from YAML.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

from meshwright.errors import Fault, shown

Severity = Literal["error", "warning"]
PUBLIC_CLASSES = frozenset({"public", "internal"})
MASK = "•••"
"""What appears in place of a value that no message may show."""
"""Classifications whose values may appear in samples, errors and pages."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file; ``line`` and ``column`` count from 1, ``key`` is a dotted path."""

    file: Path
    line: int
    column: int
    key: str

    def fault(self, reason: str, *, suggestion: str | None = None, command: str | None = None) -> Fault:
        """A fault at this place, its file as seen from the current folder."""
        return Fault(reason, shown(self.file), self.line, self.column, self.key, suggestion, command)


Places: TypeAlias = Mapping[str, tuple[int, int]]
"""Line and column of each key of a mapping."""


def _at(owner: Where, places: Places, key: str) -> Where:
    if key not in places:
        return owner
    return Where(owner.file, *places[key], f"{owner.key}.{key}" if owner.key else key)


class Mapping_(StrEnum):  # noqa: N801 - `Mapping` is taken by collections.abc
    """Which partitions of an input a partition of the output reads."""

    SAME = "same"
    ALL = "all"


class Transform(StrEnum):
    """How a column's value becomes a partition."""

    IDENTITY = "identity"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Partition:
    """A port is partitioned by one column."""

    column: str
    transform: Transform
    where: Where


@dataclass(frozen=True, slots=True)
class Quality:
    """One ODCS quality item, of a column or of the table.

    ``kind`` is ODCS's ``type``. ``operator`` is ODCS's word (``mustBeLessOrEqualTo``), ``operand`` its
    value: a number, or two for the ``Between`` operators. ``unit`` is ``rows`` or ``percent``.
    ``metric`` holds ODCS's ``metric`` or the older ``rule``. ``about`` is the rest, which no audit reads.
    """

    kind: Literal["library", "sql", "custom", "text"]
    where: Where
    id: str | None = None
    name: str | None = None
    description: str | None = None
    severity: Severity = "error"
    dimension: str | None = None
    metric: str | None = None
    query: str | None = None
    engine: str | None = None
    implementation: Any = None
    operator: str | None = None
    operand: Any = None
    unit: Literal["rows", "percent"] = "rows"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """Rows of ``columns`` must exist in ``port`` (``<domain>.<port>``) under ``to_columns``.

    At most ``tolerance`` per cent of the rows may be orphans.
    """

    columns: tuple[str, ...]
    port: str
    to_columns: tuple[str, ...]
    where: Where
    id: str | None = None
    severity: Severity = "error"
    tolerance: float = 0.0
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One published column.

    ``type`` is an Iceberg type as its specification spells it: ``boolean``, ``int``, ``long``, ``float``,
    ``double``, ``decimal(P,S)``, ``date``, ``time``, ``timestamp``, ``timestamptz``, ``string``, ``binary``,
    ``list<T>`` or ``struct<name: T, …>``. ``options`` are ODCS's ``logicalTypeOptions`` (``minimum``,
    ``exclusiveMinimum``, ``maxLength``, ``pattern``, ``enum`` …). ``element_id`` is ODCS's stable ``id``.

    ``logical_type`` and ``physical_type`` are what the contract itself says, the latter as ``type`` is spelled;
    a nested column whose owner has a physical type has one too. ``members`` are what a nested type holds: the
    fields of a struct, the ``element`` of a list, the ``key`` and ``value`` of a map. ``entries`` are those of its
    ``enum``, each with its ``value`` and what it tells of it (``label``, ``description`` …). ``about`` is the rest, for
    readers (``tags``, ``examples``, ``businessName`` …).
    """

    name: str
    type: str
    where: Where
    description: str = ""
    required: bool = False
    unique: bool = False
    primary_key_position: int | None = None
    classification: str | None = None
    element_id: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    quality: tuple[Quality, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    logical_type: str | None = None
    physical_type: str | None = None
    physical_name: str | None = None
    members: tuple[Column, ...] = ()
    entries: tuple[Mapping[str, Any], ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    places: Places = field(default_factory=dict, compare=False, repr=False)

    def at(self, key: str) -> Where:
        """Where its ``key`` is written; the column itself where that is not."""
        return _at(self.where, self.places, key)

    @property
    def is_private(self) -> bool:
        """Whether its values must appear as ``•••``."""
        return self.private_class is not None

    @property
    def private_class(self) -> str | None:
        """The classification by which it is private: its own, or the first within it, as it is shown or hidden whole.

        None where it is not.
        """
        if self.classification is not None and self.classification not in PUBLIC_CLASSES:
            return self.classification
        return next(filter(None, (member.private_class for member in self.members)), None)


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """One ODCS SLA property, as written; ``extended`` is its ``valueExt``."""

    property: str
    value: Any
    unit: str | None
    element: str | None
    where: Where
    extended: Any = None
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Role:
    """One ODCS role: who may read the port, or one of its servers."""

    name: str
    where: Where
    access: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Server:
    """One ODCS server. ``connection`` is its ``type`` and all keys by which a client finds the data there."""

    name: str
    where: Where
    connection: Mapping[str, Any] = field(default_factory=dict)
    roles: tuple[Role, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contract:
    """What one port promises (ODCS).

    ``table`` and ``physical_name`` are the names of its schema object; ``about`` is what only readers need.
    """

    id: str
    version: str
    status: str
    where: Where
    columns: tuple[Column, ...]
    name: str | None = None
    description: str = ""
    purpose: str = ""
    usage: str = ""
    limitations: str = ""
    partition: Partition | None = None
    quality: tuple[Quality, ...] = ()
    references: tuple[Reference, ...] = ()
    service_levels: tuple[ServiceLevel, ...] = ()
    tags: tuple[str, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    table: str = ""
    physical_name: str | None = None
    default_element: str | None = None
    roles: tuple[Role, ...] = ()
    servers: tuple[Server, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    places: Places = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def primary_key(self) -> tuple[str, ...]:
        """The names of the key columns in key order; empty where there is none."""
        keyed = [c for c in self.columns if c.primary_key_position is not None]
        return tuple(c.name for c in sorted(keyed, key=lambda c: c.primary_key_position or 0))

    def at(self, key: str) -> Where:
        """Where the contract's own ``key`` is written; its first line where that is not."""
        return _at(self.where, self.places, key)

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True)
class Port:
    """One published table of a product; ``version`` is the one that ``product.yaml`` says it has."""

    domain: str
    product: str
    name: str
    contract: Contract
    where: Where
    version: str | None = None

    @property
    def key(self) -> str:
        """``<domain>.<port>``: its name everywhere."""
        return f"{self.domain}.{self.name}"

    @property
    def private_columns(self) -> frozenset[str]:
        """The names of the columns whose values must appear as ``•••``."""
        return frozenset(column.name for column in self.contract.columns if column.is_private)


def private_columns(ports: Iterable[Port]) -> frozenset[str]:
    """The names of all columns of some ports whose values must appear as :data:`MASK`."""
    return frozenset[str]().union(*(port.private_columns for port in ports))


@dataclass(frozen=True, slots=True)
class Input:
    """What a product reads: the port ``<domain>.<port>``, and which partitions of it."""

    port: str
    mapping: Mapping_
    where: Where
    contract_id: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Product:
    """What a domain offers to others (ODPS). ``custom_at`` tells where each of ``custom`` was written.

    Members of one that is a list have places of their own, as ``coreMetrics[0]``.
    """

    domain: str
    name: str
    where: Where
    ports: tuple[Port, ...]
    inputs: tuple[Input, ...] = ()
    id: str = ""
    version: str = ""
    status: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    custom_at: Mapping[str, Where] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """``<domain>/<product>``: its name everywhere."""
        return f"{self.domain}/{self.name}"

    @property
    def folder(self) -> Path:
        """The folder that holds ``product.yaml``."""
        return self.where.file.parent


@dataclass(frozen=True)
class Domain:
    """A team and what it owns.

    ``owner`` is the team's name, ``contact`` an address where it is reached. ``folders`` are the names of all its
    products, those too that could not be read.
    """

    name: str
    where: Where
    owner: str
    products: Mapping[str, Product]
    contact: str | None = None
    description: str = ""
    folders: frozenset[str] = frozenset()

    @property
    def folder(self) -> Path:
        """The folder that holds ``domain.yaml``."""
        return self.where.file.parent

    @property
    def left_out(self) -> frozenset[str]:
        """The names of its products that are not in ``products``: broken, resting on a broken one, or not asked for."""
        return self.folders - self.products.keys()


@dataclass(frozen=True)
class Mesh:
    """All domains of one repository. ``root`` is the folder that holds ``domains/``."""

    root: Path
    domains: Mapping[str, Domain]

    @cached_property
    def products(self) -> Mapping[str, Product]:
        """Every product under ``<domain>/<product>``, producers before their consumers."""
        from meshwright.spec.graph import in_order

        return {p.key: p for p in in_order([p for d in self.domains.values() for p in d.products.values()])}

    @cached_property
    def ports(self) -> Mapping[str, Port]:
        """Every port under ``<domain>.<port>``, in the order of their products."""
        return {port.key: port for product in self.products.values() for port in product.ports}

    def product_of(self, port: str) -> Product:
        """The product that publishes ``<domain>.<port>``; KeyError where nobody does."""
        found = self.ports[port]
        return self.products[f"{found.domain}/{found.product}"]

    def __iter__(self) -> Iterator[Product]:
        return iter(self.products.values())
