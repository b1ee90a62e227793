"""The second computation, once for all tests that need it."""

from __future__ import annotations

import pytest

from .effect import Estimate, Panel, panels
from .raw import Raw, data_folder
from .reference import Figures, impact, port_figures


@pytest.fixture(scope="session")
def raw() -> Raw:
    return Raw(data_folder())


@pytest.fixture(scope="session")
def found(raw: Raw) -> list[Panel]:
    return panels(raw)


@pytest.fixture(scope="session")
def figures(raw: Raw, found: list[Panel]) -> dict[str, Figures]:
    return port_figures(raw, found)


@pytest.fixture(scope="session")
def estimates(found: list[Panel]) -> dict[tuple[str, str], Estimate]:
    return impact(found)
