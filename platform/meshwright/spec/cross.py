"""What files say about each other: inputs and references lead to ports and columns that are there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from meshwright.errors import Fault
from meshwright.spec.model import Column, Contract, Domain, Input, Port, Reference, Where
from meshwright.spec.node import At
from meshwright.spec.types import comparable
from meshwright.spec.words import edit, listed, nearest

Report = Callable[[Fault], None]
Promised = Collection[str]
"""Every port that a product lists; those that are not loaded have been reported."""


def resolve_references(domains: Mapping[str, Domain], promised: Promised, report: Report) -> dict[str, Domain]:
    """The domains with every reference checked and leading to columns by name."""
    ports = _ports(domains)
    found = {}
    for name, domain in domains.items():
        products = {}
        for key, product in domain.products.items():
            resolved = tuple(_with_references(port, ports, promised, report) for port in product.ports)
            products[key] = replace(product, ports=resolved)
        found[name] = replace(domain, products=products)
    return found


def check_inputs(
    inputs: Iterable[tuple[At, Input]], domains: Mapping[str, Domain], promised: Promised, report: Report
) -> None:
    """Every input port is some product's output port, under the contract it names."""
    ports = _ports(domains)
    for at, input_ in inputs:
        port = ports.get(input_.port)
        if input_.port not in promised:
            report(_no_port(input_.port, promised, input_.where, "an input port is named <domain>.<port>"))
        elif port and port.contract.id and input_.contract_id not in (None, port.contract.id):
            reason = f"contractId {input_.contract_id!r:.80} is not that of {input_.port}"
            report(at.at("contractId").fault(reason, suggestion=port.contract.id))


def _ports(domains: Mapping[str, Domain]) -> dict[str, Port]:
    return {o.key: o for d in domains.values() for p in d.products.values() for o in p.ports}


def _no_port(name: str, promised: Promised, where: Where, form: str) -> Fault:
    near = nearest(name, promised)
    if near is None:
        tails = {key.partition(".")[2]: key for key in promised}
        near = tails.get(name.replace("/", ".").rpartition(".")[2])
    if name.count(".") != 1:
        return where.fault(f"{name[:80]!r} is no port: {form}", suggestion=near)
    return where.fault(f"no product publishes a port {name[:80]!r}", suggestion=near)


def _with_references(port: Port, ports: Mapping[str, Port], promised: Promised, report: Report) -> Port:
    contract = port.contract
    if not contract.references:
        return port
    references = (_resolved(r, contract, ports, promised, report) for r in contract.references)
    return replace(port, contract=replace(contract, references=tuple(references)))


def _resolved(
    reference: Reference, contract: Contract, ports: Mapping[str, Port], promised: Promised, report: Report
) -> Reference:
    own = _columns(reference.columns, contract, reference.where, report)
    if reference.port not in promised:
        report(_no_port(reference.port, promised, reference.where, "a reference leads to <domain>.<port>.<column>"))
        return reference
    port = ports.get(reference.port)
    if port is None:
        return reference
    target = port.contract
    theirs = _columns(reference.to_columns, target, reference.where, report, command=edit(target.where.file, 1))
    for mine, other in zip(own, theirs, strict=False):
        if mine and other and comparable(mine.type) != comparable(other.type):
            reason = f"column {mine.name!r} is {mine.type}, {reference.port}.{other.name} is {other.type}"
            report(reference.where.fault(reason, suggestion=other.type))
    return replace(
        reference,
        columns=_names(reference.columns, own),
        to_columns=_names(reference.to_columns, theirs),
    )


def _names(written: Iterable[str], found: Iterable[Column | None]) -> tuple[str, ...]:
    return tuple(column.name if column else name for name, column in zip(written, found, strict=True))


def _columns(
    names: Iterable[str], contract: Contract, where: Where, report: Report, *, command: str | None = None
) -> list[Column | None]:
    """The columns that ``names`` mean, by name or by ODCS element id."""
    by_id = {c.element_id: c for c in contract.columns if c.element_id is not None}
    found = []
    for name in names:
        column = contract.column(name) or by_id.get(name)
        if column is None and contract.columns:
            known = [c.name for c in contract.columns]
            reason = f"{contract.where.file.name} has no column {name[:80]!r}: {listed(known)}"
            report(where.fault(reason, suggestion=nearest(name, known), command=command))
        found.append(column)
    return found
