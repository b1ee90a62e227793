"""A product whose files are broken stops itself and what rests on it, and nobody else."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from meshwright.build.views import current_views
from meshwright.cli import main
from support import tiny
from support.tiny import TinyMesh

CLOCK = {
    "domains/clock/domain.yaml": "apiVersion: meshwright/v1\nkind: Domain\nname: clock\nowner:\n  team: Clock\n",
    "domains/clock/ticks/product.yaml": """\
apiVersion: v1.0.0
kind: DataProduct
id: clock-ticks
name: ticks
status: active
outputPorts:
  - name: ticks
    version: 1.0.0
    contractId: clock-ticks-ticks
""",
    "domains/clock/ticks/ticks.contract.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: clock-ticks-ticks
version: 1.0.0
status: active
schema:
  - name: ticks
    physicalType: table
    properties:
      - name: tick
        logicalType: integer
""",
    "dbt_projects/clock/dbt_project.yml": "name: clock\nprofile: meshwright\nmodel-paths: [models]\n",
    "dbt_projects/clock/models/ticks/ports/ticks.sql": "select cast(1 as bigint) as tick\n",
}


@pytest.fixture
def broken(built_mesh: TinyMesh) -> TinyMesh:
    """Another domain is new, and the orders cannot be read."""
    for path, text in CLOCK.items():
        built_mesh.write(path, text)
    built_mesh.edit(tiny.ORDERS_CONTRACT, ("status: active", "status: [active"))
    return built_mesh


def test_the_others_are_built(broken: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(broken.root), "build"]) == 2
    told = capsys.readouterr().err
    assert "orders.contract.yaml" in told
    assert "insight/weekly is left out, since shop/orders, on which it rests, is broken" in told
    assert "next: mesh check shop/orders" in told
    assert broken.sql("select tick from mesh.clock.ticks") == [(1,)]


BESIDE = {
    "domains/shop/people/product.yaml": CLOCK["domains/clock/ticks/product.yaml"].replace("ticks", "people"),
    "domains/shop/people/people.contract.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: clock-people-people
version: 1.0.0
status: active
schema:
  - name: people
    physicalType: table
    properties:
      - name: name
        logicalType: string
""",
    "dbt_projects/shop/models/people/ports/people.sql": "select name from {{ source('landing', 'people') }}\n",
    "domains/insight/names/product.yaml": """\
apiVersion: v1.0.0
kind: DataProduct
id: insight-names
name: names
status: active
inputPorts:
  - name: shop.people
    version: 1.0.0
    contractId: clock-people-people
outputPorts:
  - name: names
    version: 1.0.0
    contractId: insight-names-names
""",
    "domains/insight/names/names.contract.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: insight-names-names
version: 1.0.0
status: active
schema:
  - name: names
    physicalType: table
    properties:
      - name: name
        logicalType: string
""",
    "dbt_projects/insight/models/names/ports/names.sql": "select name from {{ source('shop', 'people') }}\n",
}
ORDERS_PRODUCT = "domains/shop/orders/product.yaml"
BREAKS: dict[str, tuple[str, tuple[str, str] | None]] = {
    "an unknown key": (tiny.ORDERS_CONTRACT, ("status: active", "status: active\nstaus: active")),
    "no YAML": (tiny.ORDERS_CONTRACT, ("status: active", "status: [active")),
    "a wrong type": (tiny.ORDERS_CONTRACT, ("- name: orders", "- name: true")),
    "a broken product": (ORDERS_PRODUCT, ("status: active", "status: [active")),
    "no product": (ORDERS_PRODUCT, None),
}


@pytest.fixture
def siblings(built_mesh: TinyMesh) -> TinyMesh:
    """A product beside the orders and one beside their reader, of which both read other things."""
    for path, text in BESIDE.items():
        built_mesh.write(path, text)
    built_mesh.build()
    return built_mesh


def broken_by(mesh: TinyMesh, how: str) -> None:
    """Break the orders, and change what the product beside them reads."""
    path, replacement = BREAKS[how]
    if replacement:
        mesh.edit(path, replacement)
    else:
        (mesh.root / path).unlink()
    mesh.put_people(["Ada", "Grace"])


@pytest.mark.parametrize("how", BREAKS)
def test_siblings_are_built(siblings: TinyMesh, capsys: pytest.CaptureFixture[str], how: str) -> None:
    broken_by(siblings, how)
    assert main(["-C", str(siblings.root), "build"]) == 2
    told = capsys.readouterr().err
    assert re.search(r"^ +published +shop/people", told, re.MULTILINE), told
    assert re.search(r"^ +published +insight/names", told, re.MULTILINE), told
    assert "failed" not in told
    assert siblings.sql("select name from mesh.insight.names order by name") == [("Ada",), ("Grace",)]
    assert main(["-C", str(siblings.root), "status", "--format", "json"]) == 2
    ports = {port["port"]: port["state"] for port in json.loads(capsys.readouterr().out)}
    assert ports == {"shop.people": "current", "insight.names": "current"}


def test_siblings_are_built_where_nothing_was_declared_yet(
    siblings: TinyMesh, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a clone: what models of a broken product read is declared all the same."""
    broken_by(siblings, "no product")
    for file in siblings.root.glob("dbt_projects/*/models/_mesh/*.yml"):
        file.unlink()
    assert main(["-C", str(siblings.root), "build"]) == 2
    assert "failed" not in capsys.readouterr().err
    assert siblings.sql("select count(*) from mesh.insight.names") == [(2,)]
    assert (siblings.root / "dbt_projects/insight/models/_mesh/shop__orders.yml").is_file()


def test_what_is_mended_is_declared_again(siblings: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    product = (siblings.root / ORDERS_PRODUCT).read_text(encoding="utf-8")
    declared = siblings.root / "dbt_projects/insight/models/_mesh/shop__orders.yml"
    before = declared.read_text(encoding="utf-8")
    broken_by(siblings, "no product")
    declared.unlink()
    stale = declared.with_name("shop__gone.yml")
    stale.write_text(before.replace("name: orders", "name: gone"), encoding="utf-8")
    assert main(["-C", str(siblings.root), "prepare"]) == 2
    assert declared.read_text(encoding="utf-8") != before
    assert stale.is_file()
    siblings.write(ORDERS_PRODUCT, product)
    assert main(["-C", str(siblings.root), "prepare"]) == 0
    assert declared.read_text(encoding="utf-8") == before
    assert not stale.is_file()


def test_siblings_in_every_verb(siblings: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    broken_by(siblings, "an unknown key")
    at = ["-C", str(siblings.root)]
    assert main([*at, "prepare"]) == 2
    assert "cannot be prepared" not in capsys.readouterr().err
    assert main([*at, "env", "create", "e"]) == 0
    siblings.write("dbt_projects/shop/models/people/ports/people.sql", "select 'Ada' as name\n")
    assert main([*at, "build", "--env", "e", "shop/people"]) == 0
    assert main([*at, "env", "promote", "e", "shop/people"]) == 0
    assert siblings.sql("select name from mesh.shop.people") == [("Ada",)]
    capsys.readouterr()
    assert main([*at, "impact", "shop.people", "--format", "json"]) == 0
    (asked,) = json.loads(capsys.readouterr().out)
    assert [hit["consumer"] for hit in asked["hits"]] == ["insight/names"]


def test_dbt_by_hand_beside_a_broken_sibling(siblings: TinyMesh) -> None:
    broken_by(siblings, "an unknown key")
    views = "\n".join(current_views(siblings.root, "insight"))
    assert '"people"' in views
    assert '"orders"' not in views


def test_one_that_is_sound_is_built_without_a_word(broken: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(broken.root), "build", "clock"]) == 0
    assert "orders" not in capsys.readouterr().err
    assert main(["-C", str(broken.root), "build", "--plan", "clock", "insight"]) == 2


@pytest.mark.parametrize("verb", ["build", "status"])
@pytest.mark.parametrize("selector", ["shop", "shop/orders", "shop.orders", "+insight"])
def test_what_is_broken_is_told(broken: TinyMesh, capsys: pytest.CaptureFixture[str], verb: str, selector: str) -> None:
    assert main(["-C", str(broken.root), verb, selector]) == 2
    assert "orders.contract.yaml" in capsys.readouterr().err


def test_status_of_the_others(broken: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(broken.root), "status", "--format", "json"]) == 2
    told = capsys.readouterr()
    assert [port["port"] for port in json.loads(told.out)] == ["clock.ticks"]
    assert "orders.contract.yaml" in told.err


@pytest.mark.parametrize("verb", ["show", "history"])
def test_one_port(broken: TinyMesh, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    assert main(["-C", str(broken.root), verb, "clock.ticks"]) == 0
    assert main(["-C", str(broken.root), verb, "shop.orders"]) == 2
    assert "orders.contract.yaml" in capsys.readouterr().err
    assert main(["-C", str(broken.root), verb, "shop.ordres"]) == 2
    assert "there is no port 'shop.ordres'" in capsys.readouterr().err


def test_a_name_that_is_none(broken: TinyMesh, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["-C", str(broken.root), "build", "shpo"]) == 2
    assert "shpo" in capsys.readouterr().err
    assert main(["-C", str(tmp_path), "build"]) == 2


def test_the_others_are_promoted(broken: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(broken.root), "env", "create", "e"]) == 0
    assert main(["-C", str(broken.root), "build", "--env", "e", "clock"]) == 0
    capsys.readouterr()
    assert main(["-C", str(broken.root), "env", "promote", "e", "shop"]) == 2
    assert "orders.contract.yaml" in capsys.readouterr().err
    assert main(["-C", str(broken.root), "env", "promote", "e", "clock"]) == 0
    told = capsys.readouterr().err
    assert "promoted  clock/ticks: clock.ticks" in told
    assert "orders.contract" not in told
    assert broken.sql("select tick from mesh.clock.ticks") == [(1,)]
    assert main(["-C", str(broken.root), "env", "promote", "e", "--format", "json"]) == 2
    last = capsys.readouterr()
    assert json.loads(last.out) == []
    assert "orders.contract.yaml" in last.err


def test_the_others_are_compared(broken: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(broken.root), "env", "create", "e"]) == 0
    assert main(["-C", str(broken.root), "build", "--env", "e", "clock"]) == 0
    capsys.readouterr()
    assert main(["-C", str(broken.root), "env", "diff", "e", "clock", "--format", "json"]) == 0
    told = capsys.readouterr()
    assert [port["port"] for port in json.loads(told.out)] == ["clock.ticks"]
    assert "orders.contract" not in told.err
    assert main(["-C", str(broken.root), "env", "diff", "e"]) == 2
    told = capsys.readouterr()
    assert "clock.ticks" in told.out
    assert "orders.contract.yaml" in told.err


def test_the_others_are_prepared(broken: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(broken.root), "prepare"]) == 2
    told = capsys.readouterr().err
    assert "orders.contract.yaml" in told
    assert re.search(r"^clock +1 model", told, re.MULTILINE)


def test_one_of_the_others_is_deprecated(broken: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    beside = CLOCK["domains/clock/ticks/ticks.contract.yaml"].replace("ticks", "beats")
    broken.write("domains/clock/ticks/beats.contract.yaml", beside)
    port = "  - name: beats\n    version: 1.0.0\n    contractId: clock-beats-beats\n"
    broken.write("domains/clock/ticks/product.yaml", CLOCK["domains/clock/ticks/product.yaml"] + port)
    until = str(date.today() + timedelta(days=90))
    assert main(["-C", str(broken.root), "deprecate", "clock.ticks", "--until", until, "--use", "clock.beats"]) == 0
    assert "orders.contract" not in capsys.readouterr().err
    assert "status: deprecated" in (broken.root / "domains/clock/ticks/ticks.contract.yaml").read_text()
    for of, by in (("shop.orders", "clock.beats"), ("clock.beats", "shop.orders")):
        assert main(["-C", str(broken.root), "deprecate", of, "--until", until, "--use", by]) == 2
        assert "orders.contract.yaml" in capsys.readouterr().err


def test_what_is_broken_is_collected_by_name(broken: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    """Garbage is what the catalog does not refer to; of declarations it needs no more than where they lie."""
    home = next((broken.settings.warehouse / "shop").glob("orders-*"))
    orphan = home / "data" / "orphan.parquet"
    orphan.write_bytes(b"x")
    kept = [*broken.settings.scratch.glob("shop/orders/*"), *broken.settings.locks.glob("shop__orders.lock")]
    assert len(kept) > 1
    before = broken.sql("select count(*) from mesh.shop.orders")
    assert main(["-C", str(broken.root), "gc", "--grace", "0"]) == 0
    assert "orders.contract" not in capsys.readouterr().err
    assert not orphan.exists()
    assert all(file.exists() for file in kept)
    assert broken.sql("select count(*) from mesh.shop.orders") == before


def test_nothing_is_collected_where_there_are_no_declarations(
    broken: TinyMesh, capsys: pytest.CaptureFixture[str]
) -> None:
    orphan = broken.settings.warehouse / "shop" / "orphan.parquet"
    orphan.write_bytes(b"x")
    (broken.root / "domains").rename(broken.root / "elsewhere")
    assert main(["-C", str(broken.root), "gc", "--grace", "0"]) == 2
    assert "no mesh here" in capsys.readouterr().err
    assert orphan.exists()
