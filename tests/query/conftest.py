"""One published mesh for all tests of this folder."""

from __future__ import annotations

import pytest

from .published import Warehouse, publish


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return publish(tmp_path_factory.mktemp("warehouse"))
