"""Many processes on one mesh at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any

import pytest
from sqlalchemy import select

from meshwright.catalog import tables as t
from support import forks, traffic
from support.orphans import orphans
from support.tiny import TinyMesh, lines_of, reader

SECONDS = 20.0
READERS, WRITERS = 8, 4


def let_go(children: Iterable[tuple[Any, Connection]], seconds: float, until: Callable[[], bool]) -> list[Any]:
    """What each child answers: all begin when the last is ready, and end after ``seconds`` once ``until`` holds."""
    connections = [connection for _, connection in children]
    assert [connection.recv() for connection in connections] == ["ready"] * len(connections)
    for connection in connections:
        connection.send("go")
    time.sleep(seconds)
    while not until():
        time.sleep(0.2)
    for connection in connections:
        connection.send("stop")
    return [connection.recv() for connection in connections]


def published_states(mesh: TinyMesh) -> set[tuple[str, ...]]:
    """Every state of the product's ports that readers may see, in the order of ``traffic.PORTS``."""
    p = t.publishes.c
    with mesh.database.read() as connection:
        rows = connection.execute(select(p.id, p.domain, p.port, p.metadata_location).order_by(p.seq)).all()
    current: dict[str, str] = {}
    states = set()
    for number, row in enumerate(rows):
        current[f"{row.domain}.{row.port}"] = row.metadata_location
        last_of_publish = number + 1 == len(rows) or rows[number + 1].id != row.id
        if last_of_publish and current.keys() >= set(traffic.PORTS):
            states.add(tuple(current[port] for port in traffic.PORTS))
    return states


@pytest.mark.timeout(600)
def test_readers_writers_and_a_collector(built_mesh: TinyMesh) -> None:
    """No error, no torn read, and every read equals one published state; without grace, too."""
    jobs = [traffic.read] * READERS + [traffic.write] * WRITERS + [traffic.collect]
    with ExitStack() as stack:
        children = [stack.enter_context(forks.forked(job, built_mesh.root)) for job in jobs]
        answers = let_go(children, SECONDS, lambda: len(published_states(built_mesh)) > 2 * WRITERS)
    reads = [read for seen in answers[:READERS] for read in seen]
    assert {torn for _, torn, *_ in reads} == {0}
    assert {state for state, *_ in reads} <= published_states(built_mesh)
    assert len({state for state, *_ in reads}) > 2
    assert len({(state, orders) for state, _, orders, _ in reads}) == len({state for state, *_ in reads})
    assert {weeks for *_, weeks in reads} <= sums_of_orders(built_mesh)
    built_mesh.build()
    with forks.forked(traffic.collect, built_mesh.root) as child:
        let_go([child], 0, lambda: True)
    assert orphans(built_mesh) == set()


def sums_of_orders(mesh: TinyMesh) -> set[Any]:
    """The sums of all states of ``shop.orders``: what was published of it downstream is one of them."""
    p = t.publishes.c
    with mesh.database.read() as connection:
        locations = connection.execute(select(p.metadata_location).where(p.port == "orders")).scalars().all()
    with reader() as answer:
        return {answer({"shop.orders": at}, "select sum(amount) from mesh.shop.orders")[0][0] for at in locations}


@pytest.mark.timeout(300)
def test_two_builds_of_one_product_at_once(built_mesh: TinyMesh) -> None:
    """The second waits, plans again and finds nothing to do."""
    built_mesh.put_lines(2, lines_of(2, 3.0))
    with (
        forks.forked(forks.build, built_mesh.root, None) as (_, first),
        forks.forked(forks.build, built_mesh.root, None) as (_, second),
    ):
        said = [forks.heard(first), forks.heard(second)]
    assert [s[-1] for s in said] == ["done", "done"]
    assert sum("swapped" in s for s in said) in (1, 2)
    p = t.publishes.c
    with built_mesh.database.read() as connection:
        orders = connection.execute(select(p.id).where(p.port == "orders")).all()
    assert len(orders) == 2, "the first build of all, and one of these two"


@pytest.mark.timeout(300)
def test_first_builds_of_everything_at_once(tiny_mesh: TinyMesh) -> None:
    """Nothing is parsed, landed or published yet, and three runs begin."""
    for file in tiny_mesh.settings.manifests.iterdir():
        file.unlink()
    with ExitStack() as stack:
        children = [stack.enter_context(forks.forked(forks.build, tiny_mesh.root, None)) for _ in range(3)]
        assert [forks.heard(connection)[-1] for _, connection in children] == ["done"] * 3
    p = t.publishes.c
    with tiny_mesh.database.read() as connection:
        assert len(connection.execute(select(p.id)).all()) == 4
