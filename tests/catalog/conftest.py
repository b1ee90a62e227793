"""One catalog a test, on every database that a catalog may live in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meshwright.catalog.database import Database
from meshwright.config import Settings
from support.bench import Bench


@pytest.fixture(params=["sqlite"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty mesh; the parameter names the database of its catalog."""
    assert request.param == "sqlite"
    return Settings.of(tmp_path, catalog_timeout=0.3)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    made = Database(settings)
    yield made
    made.close()


@pytest.fixture
def bench(settings: Settings, database: Database) -> Iterator[Bench]:
    made = Bench(settings, database)
    yield made
    made.close()
