"""The graph of products: who reads whom. It has no cycle."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

from meshwright.errors import Fault, SpecError
from meshwright.spec.model import Port, Product, Where
from meshwright.spec.sql import ports_in

Needs = Mapping[str, Mapping[str, Where]]
"""Of each product the products that it needs, with the place that says so."""


def needs(products: Iterable[Product]) -> Needs:
    """What each product reads: by its input ports, and by the references and SQL rules of its contracts.

    Ports that no product publishes are left out.
    """
    given = list(products)
    makers = {port.key: product.key for product in given for port in product.ports}
    found: dict[str, dict[str, Where]] = {}
    for product in given:
        mine = found.setdefault(product.key, {})
        for port, where in reads_of(product):
            maker = makers.get(port)
            # References between ports of one product are its own affair; an input of its own is a cycle.
            if maker is not None and (maker != product.key or any(i.port == port for i in product.inputs)):
                mine.setdefault(maker, where)
    return found


def reads_of(product: Product) -> Iterator[tuple[str, Where]]:
    """The ports that a product reads, with the places that say so: its inputs, and what its rules refer to."""
    yield from ((i.port, i.where) for i in product.inputs)
    for port in product.ports:
        yield from judged_by(port)


def judged_by(port: Port) -> Iterator[tuple[str, Where]]:
    """The ports that the rules of a contract refer to, with the places that say so."""
    contract = port.contract
    yield from ((to.port, to.where) for to in contract.references)
    items = [*contract.quality, *(item for column in contract.columns for item in column.quality)]
    for item in items:
        queries = [
            item.query,
            item.implementation.get("unexpected_rows_query") if isinstance(item.implementation, Mapping) else None,
        ]
        yield from ((name, item.where) for query in queries if query for name in ports_in(str(query)))


def in_order(products: Sequence[Product]) -> tuple[Product, ...]:
    """Producers before their consumers, otherwise as given.

    Raises SpecError naming each cycle (``a -> b -> a``) at the place that closes it.
    """
    needed = needs(products)
    rank = {product.key: i for i, product in enumerate(products)}
    waiting = {key: len(mine) for key, mine in needed.items()}
    readers: dict[str, list[str]] = {key: [] for key in needed}
    for key, mine in needed.items():
        for maker in mine:
            readers[maker].append(key)
    ready = [rank[key] for key, count in waiting.items() if not count]
    heapq.heapify(ready)
    order = []
    while ready:
        product = products[heapq.heappop(ready)]
        order.append(product)
        for reader in readers[product.key]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, rank[reader])
    if len(order) < len(products):
        left = [p.key for p in products if waiting[p.key]]
        raise SpecError(*(_cycle_fault(cycle, needed) for cycle in _cycles(left, needed)))
    return tuple(order)


def upstream(products: Sequence[Product], keys: Iterable[str]) -> frozenset[str]:
    """``keys`` and every product that they need, directly or not."""
    return _reached(keys, needs(products))


def downstream(products: Sequence[Product], keys: Iterable[str]) -> frozenset[str]:
    """``keys`` and every product that needs one of them, directly or not."""
    readers: dict[str, list[str]] = {}
    for key, mine in needs(products).items():
        for maker in mine:
            readers.setdefault(maker, []).append(key)
    return _reached(keys, readers)


def _reached(keys: Iterable[str], edges: Mapping[str, Iterable[str]]) -> frozenset[str]:
    found: set[str] = set()
    todo = list(keys)
    while todo:
        key = todo.pop()
        if key not in found:
            found.add(key)
            todo += edges.get(key, ())
    return frozenset(found)


def _cycles(left: Sequence[str], needed: Needs) -> list[list[str]]:
    """One cycle through each knot of products that wait for each other; the first product is also last."""
    cycles: list[list[str]] = []
    done: set[str] = set()
    for start in left:
        path: list[str] = []
        here: str | None = start
        while here is not None and here not in done and here not in path:
            path.append(here)
            here = next((maker for maker in needed[here] if maker in left), None)
        if here is not None and here in path:
            cycle = path[path.index(here) :]
            first = cycle.index(min(cycle, key=left.index))
            cycles.append([*cycle[first:], *cycle[:first], cycle[first]])
        done.update(path)
    return cycles


def _cycle_fault(cycle: list[str], needed: Needs) -> Fault:
    where = needed[cycle[0]][cycle[1]]
    if len(cycle) == 2:
        return where.fault(f"{cycle[0]} reads itself: ports of one product are `ref`s in its models")
    return where.fault(f"products read each other in a circle: {' -> '.join(cycle)}")
