"""Load a changed mesh and take its faults."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from meshwright.errors import Fault, SpecError
from meshwright.spec import load
from support.mesh_files import write_mesh

ORDERS = "domains/shop/orders/orders.contract.yaml"
CUSTOMERS = "domains/shop/orders/customers.contract.yaml"
PRODUCT = "domains/shop/orders/product.yaml"
DOMAIN = "domains/shop/domain.yaml"
WEEKLY = "domains/insight/weekly/product.yaml"
WEEKLY_SALES = "domains/insight/weekly/weekly_sales.contract.yaml"


def faults_of(root: Path, changes: Mapping[str, str | None]) -> list[Fault]:
    """All faults of the tiny mesh with ``changes``, files relative to ``root``; fails where there is none."""
    write_mesh(root, changes)
    with pytest.raises(SpecError) as caught:
        load(root)
    return list(caught.value.faults)


def only_fault(root: Path, changes: Mapping[str, str | None]) -> Fault:
    """The one fault of the tiny mesh with ``changes``."""
    faults = faults_of(root, changes)
    assert len(faults) == 1, "\n".join(map(str, faults))
    return faults[0]
