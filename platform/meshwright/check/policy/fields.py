"""What the condition of a policy can see: plain values of a domain, a product, a port or a column."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from meshwright.spec.model import Column, Contract, Domain, Port, Product, Quality
from meshwright.spec.words import snake

Target = Literal["product", "port", "column"]
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """``kind`` in words; ``of`` is the thing (a key of :data:`FIELDS`) that a list holds; ``usual`` fills examples."""

    kind: str
    about: str
    usual: Any
    of: str | None = None


_TEXT, _MAYBE, _FLAG, _TEXTS, _MAP = "text", "text or null", "bool", "list of text", "map"
FIELDS: Mapping[str, Mapping[str, Field]] = {
    "domain": {
        "name": Field(_TEXT, "Its folder's name.", "sales"),
        "owner": Field(_TEXT, "The team.", "Sales data"),
        "contact": Field(_MAYBE, "E-mail, Slack channel or address of the team.", "sales@example.com"),
        "description": Field(_TEXT, "Empty where there is none.", "What was bought, and when."),
    },
    "product": {
        "key": Field(_TEXT, "`<domain>/<product>`.", "sales/orders"),
        "name": Field(_TEXT, "Its folder's name.", "orders"),
        "id": Field(_TEXT, "ODPS `id`.", "sales.orders"),
        "version": Field(_TEXT, "Empty where there is none.", "1.0.0"),
        "status": Field(_TEXT, "`proposed`, `draft`, `active`, `deprecated`, `retired`.", "active"),
        "description": Field(_TEXT, "ODPS `description.purpose`; empty where there is none.", "Orders as placed."),
        "tags": Field(_TEXTS, "", ["source-aligned"]),
        "ports": Field(_TEXTS, "Names of its output ports.", ["orders"]),
        "inputs": Field("list of input", "Its input ports.", [], "input"),
        "custom": Field(_MAP, "Its `customProperties` by name.", {}),
    },
    "input": {
        "port": Field(_TEXT, "`<domain>.<port>`.", "shop.items"),
        "mapping": Field(_TEXT, "`all` or `same`.", "all"),
        "version": Field(_MAYBE, "The version that it asks for.", "1.0.0"),
    },
    "port": {
        "key": Field(_TEXT, "`<domain>.<port>`.", "sales.orders"),
        "name": Field(_TEXT, "", "orders"),
        "id": Field(_TEXT, "ODCS `id`.", "sales.orders"),
        "version": Field(_TEXT, "Of the contract.", "1.0.0"),
        "status": Field(_TEXT, "Of the contract.", "active"),
        "title": Field(_MAYBE, "ODCS `name`.", "Orders"),
        "description": Field(_TEXT, "Of the table; empty where there is none.", "One row for each order."),
        "purpose": Field(_TEXT, "ODCS `description.purpose`.", "One row for each order."),
        "usage": Field(_TEXT, "ODCS `description.usage`.", "Filter on the week."),
        "limitations": Field(_TEXT, "ODCS `description.limitations`.", "Cards only."),
        "tags": Field(_TEXTS, "", ["weekly"]),
        "columns": Field("list of column", "Its columns; not there in a policy for columns.", [], "column"),
        "primary_key": Field(_TEXTS, "Columns in the order of the key; empty where there is none.", ["order_id"]),
        "partition": Field(_MAYBE, "The column that it is partitioned by.", None),
        "quality": Field("list of quality", "Rules of the table and of its columns.", [], "quality"),
        "service_levels": Field("list of level", "ODCS `slaProperties`.", [], "level"),
        "references": Field(_TEXTS, "Ports that its columns refer to.", []),
        "custom": Field(_MAP, "`customProperties` of the contract and its table.", {}),
    },
    "level": {
        "property": Field(_TEXT, "Such as `freshness`.", "freshness"),
        "value": Field("any", "As written.", 8),
        "unit": Field(_MAYBE, "", "d"),
        "element": Field(_MAYBE, "", None),
    },
    "quality": {
        "id": Field(_MAYBE, "", "has_rows"),
        "kind": Field(_TEXT, "`library`, `sql`, `custom` or `text`.", "library"),
        "metric": Field(_MAYBE, "Such as `nullValues`.", "rowCount"),
        "severity": Field(_TEXT, "`error` or `warning`.", "error"),
        "dimension": Field(_MAYBE, "", None),
        "column": Field(_MAYBE, "Null for a rule of the table.", None),
    },
    "column": {
        "name": Field(_TEXT, "", "amount"),
        "type": Field(_TEXT, "As published: `long`, `decimal(12,2)`, `list<string>` …", "decimal(12,2)"),
        "description": Field(_TEXT, "Empty where there is none.", "What was paid, in dollars."),
        "required": Field(_FLAG, "", True),
        "unique": Field(_FLAG, "", False),
        "primary_key": Field(_FLAG, "Whether it is part of the key.", False),
        "classification": Field(_MAYBE, "ODCS `classification`.", "internal"),
        "fields": Field("list of field", "All that is nested in it, at any depth.", [], "field"),
        "options": Field(_MAP, "ODCS `logicalTypeOptions`.", {}),
        "custom": Field(_MAP, "Its `customProperties` by name.", {}),
    },
    "field": {
        "name": Field(_TEXT, "In lower case, its words apart by `_`.", "city"),
        "classification": Field(_MAYBE, "ODCS `classification`, its own or of what it lies in.", None),
    },
}
VARIABLES: Mapping[Target, tuple[str, ...]] = {
    "product": ("domain", "product"),
    "port": ("domain", "product", "port"),
    "column": ("domain", "product", "port", "column"),
}
"""What each kind of policy sees, besides ``params``."""


def usual(thing: str, target: Target) -> Values:
    """A thing with nothing wrong, as examples have it where they do not say otherwise."""
    found = {name: field.usual for name, field in fields_of(thing, target).items()}
    for name, field in fields_of(thing, target).items():
        if field.of in ("column", "level"):
            found[name] = [usual(field.of, target)]
    return found


def fields_of(thing: str, target: Target) -> Mapping[str, Field]:
    """The fields of a thing as a policy for ``target`` sees it."""
    fields = FIELDS[thing]
    return {n: f for n, f in fields.items() if n != "columns"} if (thing, target) == ("port", "column") else fields


def domain_values(domain: Domain) -> Values:
    """A domain as a policy sees it."""
    return {
        "name": domain.name, "owner": domain.owner, "contact": domain.contact, "description": domain.description,
    }  # fmt: skip


def product_values(product: Product) -> Values:
    """A product as a policy sees it."""
    return {
        "key": product.key, "name": product.name, "id": product.id, "version": product.version,
        "status": product.status, "description": product.description, "tags": list(product.tags),
        "ports": [port.name for port in product.ports],
        "inputs": [{"port": i.port, "mapping": str(i.mapping), "version": i.version} for i in product.inputs],
        "custom": _plain(product.custom),
    }  # fmt: skip


def port_values(port: Port, target: Target) -> Values:
    """A port as a policy for ``target`` sees it."""
    contract = port.contract
    found: Values = {
        "key": port.key, "name": port.name, "id": contract.id, "version": contract.version, "status": contract.status,
        "title": contract.name, "description": contract.description, "purpose": contract.purpose,
        "usage": contract.usage, "limitations": contract.limitations, "tags": list(contract.tags),
        "primary_key": list(contract.primary_key),
        "partition": contract.partition.column if contract.partition else None,
        "quality": list(_quality(contract)),
        "service_levels": [
            {"property": s.property, "value": _plain(s.value), "unit": s.unit, "element": s.element}
            for s in contract.service_levels
        ],
        "references": [reference.port for reference in contract.references],
        "custom": _plain(contract.custom),
    }  # fmt: skip
    if target != "column":
        found["columns"] = [column_values(column) for column in contract.columns]
    return found


def column_values(column: Column) -> Values:
    """A column as a policy sees it."""
    return {
        "name": column.name, "type": column.type, "description": column.description, "required": column.required,
        "unique": column.unique, "primary_key": column.primary_key_position is not None,
        "classification": column.classification,
        "fields": list(_fields(column, column.classification)), "options": _plain(column.options),
        "custom": _plain(column.custom),
    }  # fmt: skip


def _fields(owner: Column, classification: str | None) -> Iterator[Values]:
    for member in owner.members:
        own = member.classification or classification
        yield {"name": snake(member.name, lossy=True) or member.name, "classification": own}
        yield from _fields(member, own)


def _quality(contract: Contract) -> Iterator[Values]:
    yield from (_rule(item, None) for item in contract.quality)
    yield from (_rule(item, column.name) for column in contract.columns for item in column.quality)


def _rule(item: Quality, column: str | None) -> Values:
    return {
        "id": item.id, "kind": item.kind, "metric": item.metric, "severity": item.severity,
        "dimension": item.dimension, "column": column,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """As JSON has it."""
    return json.loads(json.dumps(dict(value) if isinstance(value, Mapping) else value, default=str))
