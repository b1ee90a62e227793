from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.errors import InputError
from meshwright.spec import Mesh, load, select
from support.mesh_files import write_mesh


@pytest.fixture
def mesh(tmp_path: Path) -> Mesh:
    empty = "apiVersion: meshwright/v1\nkind: Domain\nname: young\nowner: {team: New}\n"
    return load(write_mesh(tmp_path, {"domains/young/domain.yaml": empty}))


BOTH = ["shop/orders", "insight/weekly"]


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        ([], BOTH),
        (["shop"], ["shop/orders"]),
        (["shop/orders"], ["shop/orders"]),
        (["shop.customers"], ["shop/orders"]),
        (["insight.weekly_sales"], ["insight/weekly"]),
        (["+insight.weekly_sales"], BOTH),
        (["+insight"], BOTH),
        (["+shop"], ["shop/orders"]),
        (["insight", "shop.orders"], BOTH),
        (["shop", "shop", "shop.orders"], ["shop/orders"]),
    ],
)
def test_what_is_meant(mesh: Mesh, selectors: list[str], expected: list[str]) -> None:
    assert [p.key for p in select(mesh, selectors)] == expected


@pytest.mark.parametrize(
    ("selector", "suggestion"),
    [
        ("shop.order", "shop.orders"),
        ("shpo", "shop"),
        ("orders", "shop.orders"),
        ("weekly", "insight/weekly"),
        ("shop/order", "shop/orders"),
        ("+insight.weekly_sale", "+insight.weekly_sales"),
        ("Shop", "shop"),
        ("zzzzzz", None),
        ("", None),
        ("+", None),
    ],
)
def test_what_is_not_there(mesh: Mesh, selector: str, suggestion: str | None) -> None:
    with pytest.raises(InputError) as caught:
        select(mesh, [selector])
    (fault,) = caught.value.faults
    assert (fault.key, fault.suggestion) == (selector, suggestion)
    assert caught.value.exit_code == 2


def test_all_that_is_not_there_is_told_at_once(mesh: Mesh) -> None:
    with pytest.raises(InputError) as caught:
        select(mesh, ["shop", "shpo", "insigt"])
    assert [f.suggestion for f in caught.value.faults] == ["shop", "insight"]


def test_a_domain_without_products(mesh: Mesh) -> None:
    with pytest.raises(InputError, match="domain 'young' has no products yet"):
        select(mesh, ["young"])
