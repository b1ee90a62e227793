"""Children forked from a warm parent that did nothing but import, so that each may be killed for a second or two.

The parent is multiprocessing's fork server: it imports what costs seconds and never opens a connection, runs dbt
or starts a Python thread, so a fork finds no lock held and no pool of dead threads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

_IMPORTED = [
    "dbt.cli.main",
    "dbt.adapters.duckdb.connections",
    "dbt.parser.manifest",
    "great_expectations",
    "meshwright.build.product",
    "meshwright.catalog.candidates",
    "meshwright.catalog.files",
    "meshwright.quality.expected",
    "support.tiny",
]
_TESTS = str(Path(__file__).parents[1])


@contextmanager
def forked(job: Callable[..., None], *arguments: Any) -> Iterator[tuple[ForkServerProcess, Connection]]:
    """A child that runs ``job(*arguments, connection)``, with the other end of the connection; killed at the end."""
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if _TESTS not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([_TESTS, *filter(None, paths)])
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    here, there = context.Pipe()
    process = context.Process(target=job, args=(*arguments, there), daemon=True)
    process.start()
    there.close()
    try:
        yield process, here
    finally:
        process.kill()
        process.join()
        here.close()
        process.close()


def build(root: Path, kill_at: str | None, connection: Connection, environment: str = "production") -> None:
    """Build the mesh in ``root``, sending the name of each step as it is reached; die at ``kill_at``."""
    from support.tiny import TinyMesh

    def on_step(name: str) -> None:
        connection.send(name)
        if name == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    mesh = TinyMesh(root)
    connection.send("started")
    mesh.build(run=mesh.run(on_step=on_step, environment=environment))
    connection.send("done")
    connection.close()


def build_in(environment: str, root: Path, kill_at: str | None, connection: Connection) -> None:
    """:func:`build` in an environment."""
    build(root, kill_at, connection, environment)


def heard(connection: Connection) -> list[str]:
    """Everything that a child said until it ended."""
    said = []
    try:
        while True:
            said.append(connection.recv())
    except (EOFError, ConnectionResetError):
        return said
