"""What can be made of a mesh with faults: one broken product hides nothing of another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from meshwright.errors import InputError, SpecError
from meshwright.spec import index, load, load_sound
from support.mesh_files import edited, write_mesh

SHOP, WEEKLY = "shop/orders", "insight/weekly"
BROKEN_SHOP = edited("domains/shop/orders/orders.contract.yaml", ("version: 1.0.0", "verson: 1.0.0"))
BROKEN_WEEKLY = edited("domains/insight/weekly/product.yaml", ("status: active", "status: [unclosed"))
OTHER = {
    "domains/insight/other/product.yaml": """\
apiVersion: v1.0.0
kind: DataProduct
id: insight-other
name: other
status: active
outputPorts:
  - name: alone
    version: 1.0.0
    contractId: insight-alone
""",
    "domains/insight/other/alone.contract.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: insight-alone
version: 1.0.0
status: active
schema:
  - name: alone
    properties:
      - name: id
        logicalType: integer
""",
}


def test_a_sound_mesh_is_the_one_that_load_gives(tmp_path: Path) -> None:
    root = write_mesh(tmp_path, OTHER)
    found = load_sound(root)
    assert (found.faults, dict(found.broken), dict(found.stranded)) == ((), {}, {})
    assert found.mesh == load(root)


@pytest.mark.parametrize(
    ("changes", "broken", "stranded", "left"),
    [
        ({**OTHER, **BROKEN_SHOP}, {SHOP}, {WEEKLY: SHOP}, {"insight/other"}),
        ({**OTHER, **BROKEN_WEEKLY}, {WEEKLY}, {}, {SHOP, "insight/other"}),
        ({**OTHER, **BROKEN_SHOP, **BROKEN_WEEKLY}, {SHOP, WEEKLY}, {}, {"insight/other"}),
        (
            {**OTHER, **edited("domains/insight/domain.yaml", ("team: Insight", "tem: Insight"))},
            {WEEKLY, "insight/other"},
            {},
            {SHOP},
        ),
        ({**OTHER, "domains/shop/domain.yaml": ": : :"}, {SHOP}, {WEEKLY: SHOP}, {"insight/other"}),
        ({**OTHER, "domains/shop/domain.yaml": None}, {SHOP}, {WEEKLY: SHOP}, {"insight/other"}),
        ({**OTHER, "domains/insight/other/product.yaml": None}, {"insight/other"}, {}, {SHOP, WEEKLY}),
    ],
    ids=["producer", "consumer", "both", "domain", "domain unreadable", "domain absent", "product absent"],
)
def test_what_is_broken_and_what_rests_on_it(
    tmp_path: Path, changes: Mapping[str, str | None], broken: set[str], stranded: dict[str, str], left: set[str]
) -> None:
    root = write_mesh(tmp_path, changes)
    found = load_sound(root)
    assert set(found.broken) == broken
    assert {key: cause for key, (_, cause) in found.stranded.items()} == stranded
    assert set(found.mesh.products) == left
    with pytest.raises(SpecError) as caught:
        load(root)
    assert found.faults == tuple(caught.value.faults)


def test_products_in_a_circle_are_all_left_out(tmp_path: Path) -> None:
    circle = "inputPorts:\n  - name: insight.weekly_sales\n    version: 1.0.0\n    contractId: insight-weekly-sales\n"
    root = write_mesh(
        tmp_path, {**OTHER, **edited("domains/shop/orders/product.yaml", ("outputPorts:", f"{circle}outputPorts:"))}
    )
    found = load_sound(root)
    assert set(found.mesh.products) == {"insight/other"}
    assert len(found.faults) == 1
    assert "in a circle" in found.faults[0].reason
    assert {*found.broken, *found.stranded} == {SHOP, WEEKLY}


def test_only_what_is_wanted_and_what_it_rests_on_is_read(tmp_path: Path) -> None:
    """The unreadable contract of a product that nobody needs is not even opened."""
    root = write_mesh(tmp_path, OTHER)
    (root / "domains/insight/other/alone.contract.yaml").unlink()
    (root / "domains/insight/other/alone.contract.yaml").symlink_to(root / "nowhere")
    assert load_sound(root).broken.keys() == {"insight/other"}
    found = load_sound(root, [WEEKLY])
    assert set(found.mesh.products) == {SHOP, WEEKLY}
    assert found.faults == ()
    assert set(load_sound(root, [SHOP]).mesh.products) == {SHOP}
    assert set(load_sound(root, []).mesh.domains) == set()


def test_names_from_the_files_alone(tmp_path: Path) -> None:
    found = index(write_mesh(tmp_path, OTHER))
    assert found.named(["insight.alone", "shop"]) == ("insight/other", SHOP)
    assert found.named(["insight"]) == ("insight/other", WEEKLY)
    assert dict(found.ports)["shop.orders"] == SHOP
    with pytest.raises(InputError) as caught:
        found.named(["shp", "shop.order", "weekly", "insight/weekly"])
    assert [f.suggestion for f in caught.value.faults] == ["shop", "shop.orders", "insight/weekly"]


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("domains/shop/orders/product.yaml", ("shop", SHOP)),
        ("domains/shop/orders/deep/er/x.sql", ("shop", SHOP)),
        ("domains/shop/domain.yaml", ("shop", None)),
        ("domains/shop/lib/helper.py", ("shop", None)),
        ("domains/shop/gone/product.yaml", ("shop", "shop/gone")),
        ("dbt_projects/shop/models/orders/ports/orders.sql", ("shop", SHOP)),
        ("dbt_projects/shop/models/orders.sql", ("shop", None)),
        ("dbt_projects/shop/macros/x.sql", ("shop", None)),
        ("dbt_projects/shop", ("shop", None)),
        ("tests/shop/test_x.py", ("shop", None)),
        ("README.md", (None, None)),
        ("policies/x.yaml", (None, None)),
    ],
)
def test_whose_a_file_is(tmp_path: Path, path: str, owner: tuple[str | None, str | None]) -> None:
    root = write_mesh(tmp_path, {"domains/shop/lib/helper.py": "x = 1\n"})
    found = index(root)
    assert found.owner_of(Path(path)) == owner
    assert found.owner_of(root / path) == owner
    assert found.owner_of(Path("/elsewhere") / path) == (None, None)
