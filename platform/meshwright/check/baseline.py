"""What the contracts of a product are compared with: what is published, else where the default branch was left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from meshwright.catalog.promises import Promise
from meshwright.check.subject import Subject
from meshwright.errors import SpecError
from meshwright.spec import parse_contract
from meshwright.spec.model import Contract, Port, Product


@dataclass(frozen=True)
class Baseline:
    """The contract of a port before a change. ``name`` says in words where it comes from.

    ``merged`` is the contract of the default branch, where that is newer than what is published: no build has come to
    it yet, so readers still rely on the older one, but the version counts on from it.
    """

    contract: Contract
    name: str
    merged: Contract | None = None


@dataclass(frozen=True)
class Before:
    """A product before a change, its ports as their baselines say; None where it is new."""

    product: Product | None
    ports: Mapping[str, Baseline]


def before(subject: Subject, product: Product) -> Before:
    """What ``product`` is compared with; no port has a baseline where neither catalog nor git knows one."""
    prior = subject.earlier(product.key)
    found = dict(_baselines(subject, product, prior))
    if prior is None and not found:
        return Before(None, {})
    base = prior or product
    names = [port.name for port in base.ports if port.name in found]
    names += [name for name in found if name not in names]
    ports = tuple(_as_port(product, name, found[name]) for name in names)
    return Before(replace(base, ports=ports), {name: found[name] for name in names})


def read_alike(port: Port) -> Port:
    """A port whose contract is read from its file alone, as those are that it is compared with."""
    file = port.contract.where.file
    return replace(port, contract=parse_contract(file.read_bytes(), file, port.domain, port.name))


def _baselines(subject: Subject, product: Product, prior: Product | None) -> Iterator[tuple[str, Baseline]]:
    mine = {
        promise.port: promise
        for key, promise in subject.published.promises.items()
        if subject.place.ports.get(key, promise.product) == product.key
    }
    old = {port.name: port for port in prior.ports} if prior else {}
    for name in [*old, *(name for name in mine if name not in old)]:
        told = _told(product, name, mine[name]) if name in mine else None
        left = read_alike(old[name]).contract if name in old else None
        if told or left:
            yield name, _chosen(subject, told, left)


def _told(product: Product, name: str, promise: Promise) -> Contract | None:
    """The contract under which a port is published; None where this version cannot read it any more."""
    try:
        return promise.contract(product.folder / f"{name}.contract.yaml")
    except SpecError:
        return None


def _chosen(subject: Subject, told: Contract | None, left: Contract | None) -> Baseline:
    base = subject.base.name if subject.base else "nothing"
    if told is None:
        assert left is not None
        return Baseline(left, f"{base}, since nothing is published")
    if left is None:
        return Baseline(told, f"published {told.version}")
    if _order(told.version) > _order(left.version):
        return Baseline(left, f"{base}, since what is published ({told.version}) is newer than {left.version} there")
    merged = left if _order(left.version) > _order(told.version) else None
    return Baseline(told, f"published {told.version}", merged)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version)[:3])


def _as_port(product: Product, name: str, baseline: Baseline) -> Port:
    return Port(product.domain, product.name, name, baseline.contract, baseline.contract.where)
