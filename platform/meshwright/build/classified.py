"""Whose values no message may show: by the contract as it is, and by the one under which a port is published.

A change that takes a classification away shows nothing as long as it is one: readers were promised the old contract,
and who may decide about that is asked by the check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from meshwright.catalog.database import Database
from meshwright.catalog.promises import Promise, promises
from meshwright.duck import without_values
from meshwright.errors import SpecError
from meshwright.spec.compatibility.columns import matched
from meshwright.spec.model import Column, Mesh, Port

_PIVOT = re.compile(r"\bpivot", re.IGNORECASE)


@dataclass(frozen=True)
class Discretion:
    """What may be told of an error of a product's models.

    ``private`` are the private columns of the ports that it publishes or reads, ``sql`` the text of all models that
    are built together.
    """

    private: frozenset[str]
    sql: str = ""

    @property
    def nameless(self) -> bool:
        """Whether a column may be named after a private value, as PIVOT does."""
        return bool(self.private and _PIVOT.search(self.sql))

    def told(self, message: str) -> str:
        """What dbt or DuckDB says, without values where some of them are private."""
        return without_values(message, named=self.nameless) if self.private else message


NOTHING_PRIVATE = Discretion(frozenset())


def guarded(port: Port, promise: Promise | None) -> Port:
    """``port`` with every column classified that is so in ``promise``, the contract under which it is published, under
    whatever name.

    A column that is new beside classified ones, or has a new field, may be made of them, and is one of them as long as
    it is not published.
    """
    if promise is None or "classification" not in promise.text:
        return port
    try:
        promised = promise.contract(port.contract.where.file)
    except SpecError:  # of an older version, which this one cannot read: nothing in it can be trusted to be public
        hidden = {column.name: "unreadable" for column in port.contract.columns}
    else:
        hidden = {column.name: str(column.private_class) for column in promised.columns if column.is_private}
        known = {column.name: set(_fields(column)) for column in promised.columns}
        pairs = matched(promised.columns, port.contract.columns).pairs
        hidden |= {new.name: str(old.private_class) for old, new in pairs if old.is_private}
        if hidden:
            new = (c.name for c in port.contract.columns if not known.get(c.name, set()).issuperset(_fields(c)))
            hidden = dict.fromkeys(new, "new") | hidden
    columns = tuple(_hidden(column, hidden) for column in port.contract.columns)
    return port if columns == port.contract.columns else replace(port, contract=replace(port.contract, columns=columns))


def guarded_mesh(mesh: Mesh, made: Mapping[str, Promise]) -> Mesh:
    """``mesh`` with all of its ports :func:`guarded` by the promises ``made`` (``<domain>.<port>``)."""
    domains = {
        name: replace(
            domain,
            products={
                key: replace(product, ports=tuple(guarded(port, made.get(port.key)) for port in product.ports))
                for key, product in domain.products.items()
            },
        )
        for name, domain in mesh.domains.items()
    }
    return replace(mesh, domains=domains)


def guarded_by(database: Database, mesh: Mesh) -> Mesh:
    """:func:`guarded_mesh` by what production has promised; the mesh itself where there is no catalog yet."""
    if not database.exists:
        return mesh
    with database.read() as connection:
        return guarded_mesh(mesh, promises(connection))


def _fields(column: Column) -> Iterator[tuple[str, ...]]:
    """Paths of the column and all that is nested in it."""
    yield (column.name,)
    for member in column.members:
        yield from ((column.name, *path) for path in _fields(member))


def _hidden(column: Column, hidden: Mapping[str, str]) -> Column:
    if column.is_private or column.name not in hidden:
        return column
    return replace(column, classification=hidden[column.name])
