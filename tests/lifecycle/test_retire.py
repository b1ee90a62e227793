"""Retiring a port: refused while it is used, and what queries are told afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from check.repository import ORDERS
from meshwright.errors import InputError, RefusedError
from meshwright.lifecycle.deprecate import deprecate
from meshwright.lifecycle.retire import retire
from support import tiny
from support.commands import Outcome
from support.tiny import TinyMesh

from .test_deprecate import END, TODAY, texts

AFTER = date(2027, 2, 1)
KEPT = "domains/shop/orders/retired/customers.contract.yaml"
Run = Callable[..., Outcome]


def unused(mesh: TinyMesh) -> TinyMesh:
    """The mesh with ``shop.customers`` deprecated, and nobody left who looks at it."""
    reference = "        relationships:\n          - to: shop.customers.customer_id\n"
    mesh.edit(tiny.ORDERS_CONTRACT, (reference, ""))
    text = (mesh.root / tiny.WEEKLY_CONTRACT).read_text()
    start, end = text.index("        relationships:"), text.index("      - name: amount")
    mesh.write(tiny.WEEKLY_CONTRACT, text[:start] + text[end:])
    deprecate(mesh.mesh, "shop.customers", END, "shop.lines", TODAY)
    return mesh


def silent(_: str) -> None: ...


def test_a_port_that_nobody_uses_leaves_and_queries_are_told_what_to_use(built_mesh: TinyMesh, run: Run) -> None:
    mesh = unused(built_mesh)
    assert run(mesh.root, "query", "select count(*) from mesh.shop.customers").code == 0
    done = retire(mesh.settings, "shop.customers", force=False, say=silent, today=AFTER)
    assert (done.unpublished, done.hit, len(done.files)) == (True, (), 3)
    assert "shop.customers" not in mesh.mesh.ports
    assert "customers" not in (mesh.root / ORDERS).read_text()
    kept = (mesh.root / KEPT).read_text()
    assert "version: 2.0.0\nstatus: retired\n" in kept
    asked = run(mesh.root, "query", "select count(*) from mesh.shop.customers")
    assert asked.code == 2
    assert f"mesh.shop.customers was retired on {AFTER}; use shop.lines" in asked.err
    history = run(mesh.root, "query", "select count(*) from mesh.shop.lines")
    assert history.code == 0


def test_line_ends_stay(tiny_mesh: TinyMesh) -> None:
    files = [tiny_mesh.root / path for path in (ORDERS, tiny.CUSTOMERS_CONTRACT)]
    for file in files:
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    unused(tiny_mesh)
    assert retire(tiny_mesh.settings, "shop.customers", force=False, say=silent, today=AFTER).files
    for file in (files[0], tiny_mesh.root / KEPT):
        content = file.read_bytes()
        assert content.count(b"\r\n") == content.count(b"\n") > 0


def test_the_product_builds_on_and_a_port_that_comes_back_is_published_again(built_mesh: TinyMesh) -> None:
    mesh = unused(built_mesh)
    before = {path: (mesh.root / path).read_text() for path in (ORDERS, tiny.CUSTOMERS_CONTRACT)}
    retire(mesh.settings, "shop.customers", force=False, say=silent, today=AFTER)
    assert mesh.build("shop")["shop/orders"].verdict in ("unchanged", "audited")
    assert "shop.customers" not in mesh.pins()
    for path, text in before.items():
        mesh.write(path, text)
    mesh.build("shop")
    assert mesh.sql("select count(*) from mesh.shop.customers") == [(tiny.CUSTOMERS,)]


@pytest.mark.parametrize(
    ("port", "day", "reason"),
    [
        ("shop.lines", AFTER, "was not deprecated"),
        ("shop.customers", TODAY, "its day is not there yet"),
    ],
)
def test_readers_have_time_to_move(tiny_mesh: TinyMesh, port: str, day: date, reason: str) -> None:
    mesh = unused(tiny_mesh)
    before = texts(mesh)
    with pytest.raises(RefusedError, match=reason):
        retire(mesh.settings, port, force=False, say=silent, today=day)
    assert texts(mesh) == before


def test_a_port_that_is_used_is_refused_and_force_names_whom_it_hits(built_mesh: TinyMesh) -> None:
    deprecate(built_mesh.mesh, "shop.orders", END, "shop.lines", TODAY)
    before, pins = texts(built_mesh), built_mesh.pins()
    with pytest.raises(RefusedError, match=r"insight/weekly \(Insight\) still uses it"):
        retire(built_mesh.settings, "shop.orders", force=False, say=silent, today=AFTER)
    assert (texts(built_mesh), built_mesh.pins()) == (before, pins)
    rule = "full join mesh.shop.orders o using (order_id) where o.amount is distinct from l.a"
    built_mesh.edit(tiny.LINES_CONTRACT_FILE, (rule, "where l.a is null"))
    done = retire(built_mesh.settings, "shop.orders", force=True, say=silent, today=AFTER)
    assert done.hit == ("insight/weekly (Insight)",)
    assert "shop.orders" not in built_mesh.pins()


def test_the_only_port_of_a_product_goes_with_the_product(tiny_mesh: TinyMesh) -> None:
    before = texts(tiny_mesh)
    with pytest.raises(InputError, match="is the only port of insight/weekly"):
        retire(tiny_mesh.settings, "insight.weekly_sales", force=True, say=silent, today=AFTER)
    assert texts(tiny_mesh) == before


def test_a_port_that_its_own_product_refers_to_is_refused(built_mesh: TinyMesh) -> None:
    """The rule of ``lines`` reads ``orders``."""
    before, pins = texts(built_mesh), built_mesh.pins()
    with pytest.raises(InputError, match="nothing was written"):
        retire(built_mesh.settings, "shop.customers", force=True, say=silent, today=AFTER)
    assert (texts(built_mesh), built_mesh.pins()) == (before, pins)


def test_a_port_that_only_the_catalog_knows_loses_its_name(built_mesh: TinyMesh, run: Run) -> None:
    mesh = unused(built_mesh)
    listed = "- name: customers\n    version: 1.1.0\n    contractId: shop-orders-customers\n"
    mesh.edit(ORDERS, (f"  {listed}", ""))
    (mesh.root / tiny.CUSTOMERS_CONTRACT).unlink()
    assert run(mesh.root, "query", "select count(*) from mesh.shop.customers").code == 0
    assert "mesh retire shop.customers" in run(mesh.root, "doctor").out
    done = run(mesh.root, "retire", "shop.customers")
    assert (done.code, done.err) == (0, "shop.customers answers no more queries\n")
    assert run(mesh.root, "query", "select count(*) from mesh.shop.customers").code == 2
    again = run(mesh.root, "retire", "shop.customers")
    assert again.code == 2
    assert "there is no port 'shop.customers'" in again.err
