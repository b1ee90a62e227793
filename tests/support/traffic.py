"""Jobs of processes that read, write and collect at the same time.

Each warms up, sends ``ready``, begins when it is sent something, and answers when it is sent something again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from meshwright.spec.index import index

from .tiny import WEEKS, TinyMesh, lines_of, reader

PORTS = ("shop.lines", "shop.orders", "shop.customers")
TORN = """
select (select count(*) from (select order_id, sum(amount) as amount from mesh.shop.lines group by order_id) l
        full join mesh.shop.orders o using (order_id) where l.amount is distinct from o.amount),
       (select sum(amount) from mesh.shop.orders), (select sum(amount) from mesh.insight.weekly_sales)
"""


def read(root: Path, connection: Connection) -> None:
    """Pin and read; send (locations of :data:`PORTS`, torn rows, sum of orders, sum of weeks) of each read."""
    mesh, seen = TinyMesh(root), []
    with reader(threads="1") as answer:
        answer(mesh.pins(), TORN)
        for _ in _until_told(connection):
            pins = mesh.pins()
            (row,) = answer(pins, TORN)
            seen.append((tuple(pins[port] for port in PORTS), *row))
            time.sleep(random.uniform(0, 0.5))
    connection.send(seen)


def write(root: Path, connection: Connection) -> None:
    """Change a week, build everything, and again; send how many products were published."""
    mesh, published = TinyMesh(root), 0
    _change_and_build(mesh)
    for _ in _until_told(connection):
        published += _change_and_build(mesh)
    connection.send(published)


def collect(root: Path, connection: Connection) -> None:
    """Collect without grace, again and again; send how many files went."""
    from meshwright.catalog import gc

    mesh, gone = TinyMesh(root), 0
    products = index(root).ports_of
    for _ in _until_told(connection):
        gone += len(gc.collect(mesh.settings, mesh.database, products, grace=timedelta(0), dry_run=False).files)
        time.sleep(0.2)
    connection.send(gone)


def _until_told(connection: Connection) -> Iterator[None]:
    connection.send("ready")
    connection.recv()
    yield
    while not connection.poll():
        yield
    connection.recv()


def _change_and_build(mesh: TinyMesh) -> int:
    week = random.randint(1, WEEKS)
    mesh.put_lines(week, lines_of(week, random.randint(4, 4000) / 4))
    return sum(result.verdict == "published" for result in mesh.build().values())
