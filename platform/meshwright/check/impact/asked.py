"""From what was typed to what is asked about: ports, columns of them and fields of those."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from meshwright.check.impact.cells import within
from meshwright.check.impact.model import Target
from meshwright.errors import Fault, InputError
from meshwright.spec.index import unknown_selector
from meshwright.spec.model import Mesh
from meshwright.spec.words import listed, nearest


@dataclass(frozen=True)
class Asked:
    """One name and what it stands for: all ports of a ``domain`` or ``product``, else a ``port`` or a part of it."""

    name: str
    kind: Literal["domain", "product", "port"]
    targets: tuple[Target, ...]


def asked(mesh: Mesh, names: Sequence[str]) -> tuple[Asked, ...]:
    """What domains, products, ports ``<domain>.<port>``, columns ``….<column>`` and fields ``….<field>`` stand for.

    A leading ``mesh.`` may stand. InputError naming every one that is none, with the nearest that is.
    """
    found: list[Asked] = []
    faults: list[Fault] = []
    for name in names:
        parts = name.removeprefix("mesh.").split(".")
        key = ".".join(parts[:2])
        if len(parts) == 1:
            several = _several(mesh, key)
            faults += [] if several else [unknown_selector(key, mesh.domains, mesh.products, mesh.ports)]
            found += [several] if several else []
        elif key not in mesh.ports:
            near = nearest(key, mesh.ports)
            column = "".join(f".{part}" for part in parts[2:])
            reason = f"there is no port {key[:80]!r}"
            faults.append(Fault(reason, key=name, suggestion=near and f"{near}{column}", command="mesh status"))
        else:
            faults += _unknown(mesh, key, parts[2:], name)
            column_ = within(parts[2], parts[3:]) if len(parts) > 2 else None
            found.append(Asked(name, "port", (Target(key, column_, mesh.product_of(key).key),)))
    if faults:
        raise InputError(*faults)
    return tuple(dict.fromkeys(found))


def _several(mesh: Mesh, name: str) -> Asked | None:
    """A domain or a product; None where it is neither, or has no port."""
    targets = tuple(
        Target(port.key, None, product.key)
        for product in mesh
        if name in (product.domain, product.key)
        for port in product.ports
    )
    return Asked(name, "product" if "/" in name else "domain", targets) if targets else None


def _unknown(mesh: Mesh, key: str, way: Sequence[str], asked: str) -> Iterator[Fault]:
    columns, at, what = mesh.ports[key].contract.columns, key, "column"
    for name in way:
        if not columns:
            yield Fault(
                f"{at} is no struct, and lineage goes down to columns and fields of structs", key=asked, suggestion=at
            )
            return
        found = next(
            (c for c in columns if name == c.name or (what == "field" and name.lower() == c.name.lower())), None
        )
        if found is None:
            known = [column.name for column in columns]
            near = nearest(name, known)
            reason = f"{at} has no {what} {name[:80]!r}: {listed(known)}"
            yield Fault(reason, key=asked, suggestion=near and f"{at}.{near}", command=f"mesh show {key}")
            return
        columns, at, what = found.members if found.type.startswith("struct") else (), f"{at}.{found.name}", "field"
