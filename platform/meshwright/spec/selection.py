"""Selectors: which products a command means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meshwright.errors import Fault, InputError
from meshwright.spec.graph import upstream
from meshwright.spec.index import unknown_selector
from meshwright.spec.model import Mesh, Product


def select(mesh: Mesh, selectors: Sequence[str]) -> tuple[Product, ...]:
    """The products that ``selectors`` name, producers first; all of them where there is none.

    A selector is a domain, a product (``<domain>/<product>``) or a port (``<domain>.<port>``), which
    stands for its product. ``+`` before it adds everything upstream. Raises InputError naming every
    selector that is none, with the nearest that is.
    """
    if not selectors:
        return tuple(mesh.products.values())
    faults: list[Fault] = []
    keys: set[str] = set()
    for selector in selectors:
        name = selector.removeprefix("+")
        found = frozenset(_named(mesh, name))
        if not found:
            faults.append(unknown_selector(selector, mesh.domains, mesh.products, mesh.ports))
        keys |= upstream(list(mesh.products.values()), found) if selector.startswith("+") else found
    if faults:
        raise InputError(*faults)
    return tuple(product for key, product in mesh.products.items() if key in keys)


def _named(mesh: Mesh, name: str) -> Iterable[str]:
    if name in mesh.products:
        return [name]
    if name in mesh.ports:
        return [mesh.product_of(name).key]
    return [key for key, product in mesh.products.items() if product.domain == name]
