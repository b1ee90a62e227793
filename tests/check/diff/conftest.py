"""Two snapshots of a port made in code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meshwright.catalog.database import Database
from meshwright.check.diff import PortDiff, compare_ports
from meshwright.config import Settings
from meshwright.spec.model import Column, Port
from support.bench import HERE, Bench, port


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    settings = Settings.of(tmp_path)
    database = Database(settings)
    made = Bench(settings, database)
    yield made
    made.close()
    database.close()


def keyed(columns: dict[str, str], *key: str, private: tuple[str, ...] = (), ids: dict[str, str] | None = None) -> Port:
    """A port whose contract has a primary key, classified columns and columns with an element id."""
    made = [
        Column(
            name, kind, HERE, primary_key_position=key.index(name) + 1 if name in key else None,
            classification="confidential" if name in private else "internal", element_id=(ids or {}).get(name),
        )
        for name, kind in columns.items()
    ]  # fmt: skip
    return port("shop.orders", made)


def committed(bench: Bench, of: Port, rows: str | None) -> str | None:
    """The metadata location of a table with these rows."""
    return None if rows is None else bench.commit(of, rows, parent=None).committed.location


Compare = Callable[..., PortDiff]


@pytest.fixture
def compare(bench: Bench) -> Compare:
    """``compare(port, before, after)``: the diff of two queries; ``was`` is the port that the first one fits."""

    def call(
        of: Port, before: str | None, after: str | None, *, was: Port | None = None, examples: int = 5
    ) -> PortDiff:
        locations = committed(bench, was or of, before), committed(bench, of, after)
        return compare_ports(bench.settings, of, *locations, examples=examples)

    return call
