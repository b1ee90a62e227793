"""Contracts as consumers: the references and SQL rules that look at ports of other products."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from meshwright.check.impact.lineage import CHECKS, Lineage, checking, lineage
from meshwright.check.impact.model import Statement, World
from meshwright.spec.model import Port, Quality, Reference, Where
from meshwright.spec.sql import ports_in

_OWN = re.compile(r'"?\$?\{(object|table|batch)\}"?', re.IGNORECASE)
_COLUMN = re.compile(r'"?\$?\{(property|column)\}"?', re.IGNORECASE)


class Rules:
    """Products that judge their own rows by ports of others."""

    def statements(self, world: World, ports: Collection[str]) -> Iterable[Statement]:
        """A statement for each reference and each SQL rule that names one of ``ports``."""
        for product in world.mesh.products.values():
            consumer = world.consumer(product.key, "rule")
            for port in product.ports:
                for name, found, where in _rules(world, port, ports):
                    file = port.contract.where.file
                    yield Statement(f"{port.key}#{name}", name, consumer, found, file, where.line)


def _rules(world: World, port: Port, ports: Collection[str]) -> Iterator[tuple[str, Lineage, Where]]:
    for to in port.contract.references:
        if to.port in ports and to.port != port.key:
            yield to.id or f"{port.name}.{'_'.join(to.columns)}", _reference(to), to.where
    for item, column in _items(port):
        query = _query(item)
        named = set(ports_in(query)) if query else set()
        if named & set(ports):
            yield item.id or item.name or f"{port.name}.sql", _sql(world, port, query, column), item.where


def _items(port: Port) -> Iterator[tuple[Quality, str | None]]:
    yield from ((item, None) for item in port.contract.quality)
    yield from ((item, column.name) for column in port.contract.columns for item in column.quality)


def _query(item: Quality) -> str:
    given = item.implementation
    return item.query or (str(given.get("unexpected_rows_query") or "") if isinstance(given, Mapping) else "")


def _reference(to: Reference) -> Lineage:
    return Lineage(frozenset({to.port}), uses={(to.port, column): CHECKS for column in to.to_columns})


def _sql(world: World, port: Port, query: str, column: str | None) -> Lineage:
    """All that a rule's SQL uses, it checks with."""
    text = _OWN.sub(f"mesh.{port.key}", query)
    text = _COLUMN.sub(column, text) if column else text
    known = world.mesh.ports
    schema = {
        f"mesh.{key}": tuple(c.name for c in known[key].contract.columns) if key in known else None
        for key in ports_in(text)
    }
    return checking(lineage(text, schema))
