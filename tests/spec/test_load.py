from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meshwright.errors import SpecError
from meshwright.spec import Mapping_, Transform, load, load_contract
from spec.faults import CUSTOMERS, DOMAIN, ORDERS, PRODUCT, WEEKLY, faults_of
from support.mesh_files import FILES, edited, write_mesh

REPOSITORY = Path(__file__).parents[2]


def test_the_tiny_mesh_is_typed(tmp_path: Path) -> None:
    mesh = load(write_mesh(tmp_path))
    assert list(mesh.products) == ["shop/orders", "insight/weekly"]
    assert list(mesh.ports) == ["shop.orders", "shop.customers", "insight.weekly_sales"]
    shop = mesh.domains["shop"]
    assert (shop.owner, shop.contact, shop.folder) == ("Shop data", "shop-data@example.com", tmp_path / "domains/shop")
    orders = mesh.ports["shop.orders"].contract
    assert [(c.name, c.type, c.required) for c in orders.columns] == [
        ("order_id", "long", True),
        ("customer_id", "long", True),
        ("week", "int", True),
        ("amount", "decimal(12,2)", True),
    ]
    assert orders.primary_key == ("order_id",)
    assert orders.partition is not None
    assert (orders.partition.column, orders.partition.transform) == ("week", Transform.IDENTITY)
    assert [(q.metric, q.operator, q.operand, q.severity) for q in orders.quality] == [
        ("rowCount", "mustBeGreaterThan", 0, "error")
    ]
    assert [(r.columns, r.port, r.to_columns) for r in orders.references] == [
        (("customer_id",), "shop.customers", ("customer_id",))
    ]


def test_inputs_references_and_classes_are_typed(tmp_path: Path) -> None:
    mesh = load(write_mesh(tmp_path))
    weekly = mesh.products["insight/weekly"]
    assert [(i.port, i.mapping, i.contract_id) for i in weekly.inputs] == [
        ("shop.orders", Mapping_.SAME, "shop-orders-orders")
    ]
    contract = mesh.ports["insight.weekly_sales"].contract
    assert contract.primary_key == ("week", "customer_id")
    (reference,) = contract.references
    assert (reference.severity, reference.tolerance) == ("warning", 0.5)
    names = {c.name: c.is_private for c in mesh.ports["shop.customers"].contract.columns}
    assert names == {"customer_id": False, "name": True}


def test_every_value_knows_its_place(tmp_path: Path) -> None:
    mesh = load(write_mesh(tmp_path))
    where = mesh.ports["shop.orders"].contract.columns[2].where
    line = FILES[ORDERS].splitlines()[where.line - 1]
    assert where.file == tmp_path / ORDERS
    assert (where.key, line[where.column - 1 :]) == ("schema[0].properties[2]", "name: week")


def test_a_contract_loads_on_its_own(tmp_path: Path) -> None:
    write_mesh(tmp_path)
    contract = load_contract(tmp_path / ORDERS)
    assert contract == load(tmp_path).ports["shop.orders"].contract
    (tmp_path / ORDERS).write_text(edited(ORDERS, ("primaryKey:", "primarykey:"))[ORDERS])
    with pytest.raises(SpecError, match="unknown key 'primarykey'"):
        load_contract(tmp_path / ORDERS)


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    changes = {
        **edited(DOMAIN, ("email: shop-data@example.com", "e_mail: x@example.com")),
        **edited(PRODUCT, ("status: active\n", "")),
        **edited(ORDERS, ("required: true", "required: yes")),
        **edited(CUSTOMERS, ("name: name", "name: Name")),
        **edited(WEEKLY, ("value: same", "value: sometimes")),
    }
    found = {(f.file.name if f.file else "", f.key) for f in faults_of(tmp_path, changes)}
    assert found == {
        ("domain.yaml", "owner.e_mail"),
        ("product.yaml", "status"),
        ("orders.contract.yaml", "schema[0].properties[0].required"),
        ("customers.contract.yaml", "schema[0].properties[1].name"),
        ("product.yaml", "inputPorts[0].customProperties[0].value"),
    }


def test_faults_are_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    text = edited(ORDERS, ("status: active\n", ""), ("physicalType: table", "physicaltype: table"))
    text = {ORDERS: text[ORDERS].replace("logicalTypeOptions", "logicalTypeOption")}
    places = [
        (str(f.file), f.line) for f in faults_of(tmp_path, {**text, **edited(DOMAIN, ("kind: Domain", "kind: Dom"))})
    ]
    assert places == sorted(places)
    assert len(places) == 4


def test_files_are_shown_from_where_the_user_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (fault,) = faults_of(tmp_path, edited(ORDERS, ("required: true", "requird: true")))
    assert fault.file == Path(ORDERS)
    text = str(fault)
    assert text.startswith(f"{ORDERS}:19 - schema[0].properties[0].requird: unknown key 'requird'")
    assert "   19 |         requird: true" in text
    assert "did you mean 'required'?" in text
    monkeypatch.chdir("/")
    with pytest.raises(SpecError) as caught:
        load(tmp_path)
    shown = caught.value.faults[0].file
    assert shown is not None
    assert (Path("/") / shown) == tmp_path / ORDERS


@pytest.mark.skipif(shutil.which("bash") is None, reason="the command is for a POSIX shell")
def test_the_next_command_opens_the_file_at_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (fault,) = faults_of(tmp_path, edited(ORDERS, ("required: true", "requird: true")))
    assert fault.command is not None
    told = subprocess.run(
        ["bash", "-c", fault.command], env={**os.environ, "EDITOR": "echo"}, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["+19", ORDERS]


def test_no_mesh_here(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no mesh here"):
        load(tmp_path)


def test_other_folders_and_files_are_left_alone(tmp_path: Path) -> None:
    others = {
        "domains/__pycache__/x.pyc": "x",
        "domains/.idea/product.yaml": "not: ours",
        "domains/notes/README.md": "notes",
        "domains/shop/ingest.py": "x = 1",
        "domains/shop/orders/README.md": "notes",
        "domains/shop/helpers/a.py": "x = 1",
    }
    assert list(load(write_mesh(tmp_path, others)).domains) == ["insight", "shop"]


def test_the_example_mesh_loads_in_order() -> None:
    mesh = load(REPOSITORY)
    assert len(mesh.ports) == 17
    keys = list(mesh.products)
    for product in mesh:
        assert all(keys.index(mesh.product_of(i.port).key) < keys.index(product.key) for i in product.inputs)


LEAN = """
import sys
from pathlib import Path
from meshwright.spec import load
load(Path(sys.argv[1])).products
print(*sorted(name for name in ("jsonschema", "pydantic", "duckdb", "dagster", "pandas") if name in sys.modules))
"""


def test_loading_imports_little() -> None:
    run = subprocess.run([sys.executable, "-c", LEAN, str(REPOSITORY)], capture_output=True, text=True, check=True)
    assert run.stdout == "\n"
