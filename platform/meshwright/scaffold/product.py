"""A new product with one output port: from data of its own, from one port of another product, or from several."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.config import Settings
from meshwright.errors import Fault, InputError
from meshwright.scaffold import joins
from meshwright.scaffold.columns import ProposedColumn, taken_over
from meshwright.scaffold.data import Data, data_of
from meshwright.scaffold.domain import check_name, plain
from meshwright.scaffold.kinds import Kind
from meshwright.scaffold.place import scaffolding
from meshwright.scaffold.render import render
from meshwright.scaffold.templates import newest
from meshwright.spec.contract import SUFFIX, port_of
from meshwright.spec.model import Domain, Mesh, Port
from meshwright.spec.words import unknown


@dataclass(frozen=True, slots=True)
class NewProduct:
    """What is to be known of a product that is to be.

    ``origin`` is what the kind ``source`` lands: a data file, or the URL of a PostgreSQL database with its ``table``;
    None: a few rows that come along. ``inputs`` are the
    ports that the other kinds read, ``on`` the columns on which an aggregate joins them.
    """

    domain: str
    name: str
    kind: Kind
    port: str
    description: str
    origin: str | None = None
    table: str | None = None
    inputs: tuple[str, ...] = ()
    on: tuple[str, ...] = ()


def new_product(settings: Settings, mesh: Mesh, product: NewProduct) -> list[Path]:
    """Write a product; the files that are new. InputError, and nothing written, where something is in the way."""
    domain = domain_of(mesh, product.domain)
    check_name(product.name, "product", [*domain.products, *_folders(domain)])
    check_name(product.port, "port", map(port_of, domain.folder.glob(f"*/*{SUFFIX}")))
    root = settings.root
    answers = _answers(root, mesh, domain, product)
    with scaffolding(root, settings.state_dir) as placer:
        files = render(newest("product", root), answers, trusted=settings.trusted)
        placer.place(files)
    return [root / path for path in files]


def split(name: str) -> tuple[str, str]:
    """``<domain>/<product>`` in its two parts; InputError where it is not written so."""
    domain, slash, product = name.partition("/")
    if not (domain and slash and product):
        raise InputError(Fault(f"{name[:80]!r} is no product: write <domain>/<product>", key="product"))
    return domain, product


def domain_of(mesh: Mesh, name: str) -> Domain:
    """The domain of that name, else InputError with the nearest one."""
    if name not in mesh.domains:
        raise InputError(unknown("domain", name, mesh.domains, key="domain", command=f"mesh new domain {name}"))
    return mesh.domains[name]


def ports_of(mesh: Mesh, names: Sequence[str]) -> list[Port]:
    """The ports that a product is to read; InputError naming every one that nobody publishes."""
    unknown_names = [name for name in names if name not in mesh.ports]
    faults = [unknown("port", name, mesh.ports, key="--inputs", command="mesh status") for name in unknown_names]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        faults.append(Fault(f"{twice[0]} is named twice", key="--inputs"))
    if faults:
        raise InputError(*faults)
    return [mesh.ports[name] for name in names]


def _folders(domain: Domain) -> list[str]:
    with os.scandir(domain.folder) as entries:
        return [e.name for e in entries if e.is_dir()]


def _answers(root: Path, mesh: Mesh, domain: Domain, product: NewProduct) -> dict[str, Any]:
    ports = ports_of(mesh, product.inputs)
    _require_inputs(product, ports)
    data: Data | None = None
    inputs: list[dict[str, Any]] = []
    if product.kind is Kind.SOURCE:
        data = data_of(root, product.domain, product.name, product.origin, product.table)
        columns = data.columns()
    elif product.kind is Kind.DBT:
        inputs, columns = [joins.answer(ports[0])], _taken_over(ports[0])
    else:
        inputs, columns = joins.joined(ports, product.on)
    return {
        "kind": product.kind.value,
        "domain": product.domain,
        "product": product.name,
        "port": product.port,
        "team": domain.owner,
        "description": plain(product.description),
        "columns": [column.answer() for column in columns],
        "data": data.answer() if data else None,
        "inputs": inputs,
    }


def _require_inputs(product: NewProduct, ports: Sequence[Port]) -> None:
    fewest, most, wanted = {
        Kind.SOURCE: (0, 0, "no input: its data is its own"),
        Kind.DBT: (1, 1, "one input"),
        Kind.AGGREGATE: (2, 20, "2 to 20 inputs"),
    }[product.kind]
    if fewest <= len(ports) <= most:
        return
    command = "--inputs DOMAIN.PORT" + ",DOMAIN.PORT" * (fewest - 1) if fewest else None
    reason = f"the kind {product.kind.value!r} takes {wanted}; {len(ports)} are named"
    raise InputError(Fault(reason, key="--inputs", command=command))


def _taken_over(port: Port) -> list[ProposedColumn]:
    key = port.contract.primary_key
    return [
        taken_over(c, port.key, **({"key": key.index(c.name) + 1} if c.name in key else {}))
        for c in port.contract.columns
    ]
