"""Which keys an aggregate joins on, and that its first model gives one row for each of its first input."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.config import Settings
from meshwright.errors import InputError
from meshwright.scaffold.domain import NewDomain, new_domain
from meshwright.scaffold.joins import joined
from meshwright.spec import load
from support.commands import shell

from .conftest import Scaffold

STORES = "store_id,city\n1,Ulm\n2,Bonn\n3,Kiel\n"
SALES = "sale_id,store_id,city,amount\n1,1,x,5\n2,1,x,6\n3,2,y,7\n4,9,z,8\n"
VISITS = "visit_id,store_id,order\n1,1,a\n2,1,b\n3,1,c\n"


@pytest.fixture
def retail(fresh: Path, product: Scaffold) -> Path:
    new_domain(Settings.of(fresh), NewDomain("area", "Area", "a@example.com", "Areas."))
    for name, rows in (("shop/stores", STORES), ("shop/sales", SALES), ("area/visits", VISITS)):
        file = fresh / f"{name.partition('/')[2]}.csv"
        file.write_text(rows)
        product(name, origin=str(file))
    return fresh


def test_one_row_for_each_of_the_first(retail: Path, product: Scaffold) -> None:
    """A port whose key is shared adds its columns, one with several rows for a key their number."""
    product("area/told", "aggregate", inputs=("shop.sales", "shop.stores", "area.visits"))
    built = shell(retail, "mesh build")
    assert built.returncode == 0, built.stderr
    told = shell(retail, 'mesh query --format csv "from mesh.area.told order by sale_id"')
    assert told.stdout.splitlines() == [
        "sale_id,store_id,city,amount,stores_city,visits_count",
        "1,1,x,5,Ulm,3", "2,1,x,6,Ulm,3", "3,2,y,7,Bonn,0", "4,9,z,8,,0",
    ]  # fmt: skip
    contract = load(retail).ports["area.told"].contract
    assert contract.primary_key == ("sale_id",)
    assert {c.name for c in contract.columns if c.required} == {"sale_id", "store_id", "city", "amount", "visits_count"}


def test_keys_that_are_named(retail: Path) -> None:
    ports = load(retail).ports
    inputs, columns = joined([ports["shop.stores"], ports["shop.sales"]], ["store_id", "city"])
    assert inputs[1]["keys"] == ["store_id", "city"]
    assert [c.name for c in columns] == ["store_id", "city", "sales_count"]


def test_ports_of_one_name(retail: Path, product: Scaffold) -> None:
    product("area/stores", "dbt", inputs=("shop.stores",))
    ports = load(retail).ports
    inputs, _ = joined([ports["shop.stores"], ports["area.stores"]], [])
    assert [i["alias"] for i in inputs] == ["shop_stores", "area_stores"]


@pytest.mark.parametrize(
    ("names", "on", "said"),
    [
        (["shop.receipts", "shop.stores"], [], "share no key: no column is in common"),
        (["shop.sales", "shop.stores"], ["store"], "no input has a column 'store'"),
        (["shop.stores", "area.visits"], ["city"], "do not both have 'city'"),
    ],
)
def test_refusals(retail: Path, names: list[str], on: list[str], said: str) -> None:
    ports = load(retail).ports
    with pytest.raises(InputError, match=said):
        joined([ports[name] for name in names], on)
