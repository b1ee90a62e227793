"""What `mesh init` and `mesh new` make works with no further edit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from meshwright.cli import main
from meshwright.spec import load
from meshwright.spec.names import YAML_WORDS
from support.commands import shell

from .conftest import Scaffold, snapshot

PARCELS = """\
Parcel No,order,weight kg,e-mail,sent {{x}},class,Größe
1,5,1.5,a@b.co,2026-01-01,a,x
2,5,2.5,c@b.co,2026-01-02,a,x
3,6,,d@b.co,2026-01-03,a,y
4,6,3.5,e@b.co,2026-01-04,a,y
"""


def mesh(root: Path, *arguments: str) -> int:
    return main(["-C", str(root), *arguments])


def answer(root: Path, sql: str) -> list[dict[str, object]]:
    told = shell(root, f"mesh query --format json {json.dumps(sql)}")
    assert told.returncode == 0, told.stderr
    return list(json.loads(told.stdout))


def test_one_of_each_kind_is_built_queried_and_shown(fresh: Path) -> None:
    """The whole first afternoon: a domain, a product of each kind, one build, one question over all of them."""
    (fresh / "parcels.csv").write_text(PARCELS, encoding="utf-8")
    assert mesh(fresh, "new", "domain", "logistics", "--email", "logistics@example.com") == 0
    assert mesh(fresh, "new", "product", "logistics/parcels", "--from", str(fresh / "parcels.csv")) == 0
    assert mesh(fresh, "new", "product", "logistics/copies", "--from", "shop.receipts") == 0
    inputs = ("--inputs", "shop.receipts,logistics.copies")
    assert mesh(fresh, "new", "product", "logistics/both", "--kind", "aggregate", *inputs) == 0
    built = shell(fresh, "mesh build")
    assert built.returncode == 0, built.stderr
    assert built.stderr.count("published") == 4
    [row] = answer(fresh, "from mesh.logistics.parcels order by parcel_no limit 1")
    assert row == {
        "parcel_no": 1, "order": 5, "weight_kg": 1.5, "e_mail": "a@b.co", "sent_x": "2026-01-01", "class": "a",
        "grosse": "x",
    }  # fmt: skip
    [row] = answer(fresh, "select count(*) as n, sum(amount - copies_amount) as gap from mesh.logistics.both")
    assert row == {"n": 12, "gap": 0.0}
    status = json.loads(shell(fresh, "mesh status --format json").stdout)
    assert {port["state"] for port in status} == {"current"}
    checked = shell(fresh, "mesh check --format json")
    report = json.loads(checked.stdout)
    assert (report["verdict"], len(report["products"])) == ("passed", 4), checked.stderr
    listed = shell(fresh, "dg list defs --json")
    assert listed.returncode == 0, listed.stderr
    keys = {asset["asset_key"] for asset in json.loads(listed.stdout)["assets"]}
    assert {"shop/receipts", "logistics/parcels", "logistics/copies", "logistics/both"} <= keys


def test_columns_that_are_words_of_yaml(fresh: Path) -> None:
    """A contract names them in quotes, so that no reader takes them for something else."""
    words = sorted(YAML_WORDS)
    rows = [",".join(["id", *words]), *(",".join([str(n), *(f"v{n}" for _ in words)]) for n in range(3))]
    (fresh / "words.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert mesh(fresh, "new", "product", "shop/words", "--from", str(fresh / "words.csv")) == 0
    assert mesh(fresh, "new", "product", "shop/more", "--from", "shop.words") == 0
    for name in ("words", "more"):
        text = (fresh / f"domains/shop/{name}/{name}.contract.yaml").read_text(encoding="utf-8")
        assert [c["name"] for c in yaml.safe_load(text)["schema"][0]["properties"]] == ["id", *words]
        assert "- name: id\n" in text
        assert '- name: "y"\n' in text
    built = shell(fresh, "mesh build")
    assert built.returncode == 0, built.stderr
    [row] = answer(fresh, "from mesh.shop.more where id = 1")
    assert row == {"id": 1, **dict.fromkeys(words, "v1")}


def test_new_mesh_passes_its_own_tests(fresh: Path) -> None:
    told = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=fresh,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert told.returncode == 0, told.stdout
    assert "2 passed" in told.stdout


def test_domain_without_products_is_shown_and_builds(fresh: Path) -> None:
    assert mesh(fresh, "new", "domain", "empty", "--email", "e@example.com") == 0
    assert load(fresh).domains["empty"].owner == "Empty team"
    assert "empty" in (fresh / "workspace.yaml").read_text()
    listed = shell(fresh, "dg list defs --json && mesh prepare && mesh build --plan")
    assert listed.returncode == 0, listed.stderr


@pytest.mark.parametrize("port", ["class", "files", "ingest", "order", "postgres_table", "a"])
def test_names_that_mean_something_in_python_or_sql(fresh: Path, product: Scaffold, port: str) -> None:
    product("shop/odd", port=port)
    compile((fresh / "domains/shop/odd/ingest.py").read_text(), "ingest.py", "exec")
    from meshwright.build.sources import sources_of

    loaded = load(fresh)
    assert port in sources_of(loaded, loaded.domains["shop"])


@pytest.mark.parametrize("domain", ["location", "cache", "path", "dg", "settings"])
def test_domains_that_a_module_might_have_taken(fresh: Path, domain: str) -> None:
    assert mesh(fresh, "new", "domain", domain, "--email", "e@example.com") == 0
    code = f"from meshwright.orchestration import locations; print(type(locations.{domain}).__name__)"
    assert shell(fresh, f"python -c '{code}'").stdout.strip() == "Definitions"


def test_text_that_yaml_and_jinja_would_read(fresh: Path, product: Scaffold) -> None:
    description = """It's "50 %": {{ 1 + 1 }} {% raw %} # no comment\n<b>é 漢 \u2028 & more"""
    product("shop/odd", description=description)
    found = load(fresh).products["shop/odd"]
    assert found.description == """It's "50 %": {{ 1 + 1 }} {% raw %} # no comment <b>é 漢 & more"""
    assert found.ports[0].contract.description == found.description


def test_files_are_placed_relative_to_the_mesh(fresh: Path, product: Scaffold, tmp_path: Path) -> None:
    inside, outside = fresh / "data" / "it's.csv", tmp_path / "out.csv"
    for file in (inside, outside):
        file.parent.mkdir(exist_ok=True)
        file.write_text("id,x\n1,2\n")
    product("shop/inside", origin=str(inside))
    product("shop/outside", origin=str(outside))
    assert '.parents[3] / "data/it\'s.csv"' in (fresh / "domains/shop/inside/ingest.py").read_text()
    assert str(outside) in (fresh / "domains/shop/outside/ingest.py").read_text()
    assert str(tmp_path) not in (fresh / "domains/shop/inside/.copier-answers.yml").read_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("load_from: [\n", "is not valid YAML"),
        ("load_from: 3\n", "workspace.yaml:1 - load_from: is no list of code locations"),
        ("load_from:\n  - 3\n", "workspace.yaml:2 - load_from[0]: is no code location"),
        ("", "workspace.yaml:1: the file is empty"),
        ("locations: []\n", "workspace.yaml:1 - load_from: has no list 'load_from'"),
        ("load_from: &a [*a]\n", "workspace.yaml:1"),
        ("# Mine.\nload_from: []\n", "workspace.yaml:2 - load_from: does not end with its list"),
    ],
)
def test_broken_workspace_is_told_and_nothing_written(
    fresh: Path, text: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (fresh / "workspace.yaml").write_text(text)
    before = snapshot(fresh)
    capsys.readouterr()
    assert mesh(fresh, "new", "domain", "more", "--email", "e@example.com") == 2
    said = capsys.readouterr().err
    assert told in said
    assert "workspace.yaml" in said
    assert snapshot(fresh) == before


def test_the_workspace_keeps_its_line_ends(fresh: Path) -> None:
    file = fresh / "workspace.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    before = file.read_bytes()
    assert mesh(fresh, "new", "domain", "more", "--email", "e@example.com") == 0
    assert file.read_bytes().startswith(before)
    assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n") == before.count(b"\n") + 1


def test_dg_scaffolds_the_same_domain(fresh: Path) -> None:
    component = "meshwright.orchestration.DomainComponent"
    made = shell(fresh, f"dg scaffold defs {component} wares --email wares@example.com")
    assert made.returncode == 0, made.stderr
    by_dg = {name: text for name, text in snapshot(fresh).items() if "wares" in name}
    assert load(fresh).domains["wares"].contact == "wares@example.com"
    for name in by_dg:
        (fresh / name).unlink()
    (fresh / "domains/wares").rmdir()
    assert mesh(fresh, "new", "domain", "wares", "--email", "wares@example.com") == 0
    assert {name: text for name, text in snapshot(fresh).items() if "wares" in name} == by_dg
    refused = shell(fresh, f"dg scaffold defs {component} Wares --email wares@example.com")
    assert refused.returncode
    assert "did you mean 'wares'" in refused.stderr + refused.stdout
    assert not (fresh / "domains/Wares").exists()


def test_nested_columns_are_built(fresh: Path, product: Scaffold, capsys: pytest.CaptureFixture[str]) -> None:
    file = fresh / "events.parquet"
    nested = "{'city': 'Ulm', 'zip': i} as addr, [{'sku': 'a', 'n': 1}] as items, map {'k': i} as tags, [1, 2] as sizes"
    duckdb.sql(f"SELECT i AS event_id, {nested} FROM range(3) t(i)").write_parquet(str(file))
    assert mesh(fresh, "new", "product", "shop/events", "--from", str(file)) == 0
    assert "nothing was found" not in capsys.readouterr().err
    built = shell(fresh, "mesh build shop/events")
    assert built.returncode == 0, built.stderr
    [row] = answer(fresh, "select addr.city as city, items[1].sku as sku from mesh.shop.events where event_id = 1")
    assert row == {"city": "Ulm", "sku": "a"}


def test_data_without_a_key_or_outside_the_mesh_is_told(
    fresh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.csv").write_text("a,b\n1,2\n1,2\n")
    assert mesh(fresh, "new", "product", "shop/out", "--from", str(tmp_path / "out.csv")) == 0
    told = capsys.readouterr().err
    assert "lies outside the mesh" in told
    assert "nothing was found that identifies a row" in told


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            "4,2.5,2026-01-04,d",
            "1 values of pieces cannot become long without loss; first: 2.5 (DOUBLE) in the row where id = 4",
        ),
        ("4,n/a,2026-01-04,d", "yields VARCHAR; 1 of its values are none, such as 'n/a' where id = 4"),
        (
            "4,2,2026-01-04 10:30:00,d",
            "yields VARCHAR; 1 of its values are none, such as '2026-01-04 10:30:00' where id = 4",
        ),
        ("4,2,soon,d", "yields VARCHAR; 1 of its values are none, such as 'soon' where id = 4"),
        ("4,2,2026-01-04,9", None),
    ],
)
def test_later_data_lose_nothing(fresh: Path, row: str, told: str | None) -> None:
    """A new product casts nothing that it need not: what does not fit is refused by the build, never rounded or cut."""
    head, rows = "id,pieces,sold_on,grade\n", [f"{i},{i},2026-01-0{i},7\n" for i in (1, 2, 3)]
    data = fresh / "sales.csv"
    data.write_text(head + "".join(rows) + "4,4,2026-01-04,x\n")
    assert mesh(fresh, "new", "product", "shop/sales", "--from", str(data)) == 0
    data.write_text(head + "".join(rows) + row + "\n")
    built = shell(fresh, "mesh build shop/sales")
    assert built.returncode == (1 if told else 0), built.stderr
    assert " ".join((told or "").split()) in " ".join(built.stderr.split())
    if told is None:
        assert {line["grade"] for line in answer(fresh, "select grade from mesh.shop.sales")} == {"7", "9"}


@pytest.mark.parametrize(
    ("name", "first", "then", "told"),
    [
        (
            "a.json",
            '[{"id":1,"who":{"n":1,"tag":"a"}}]',
            '[{"id":1,"who":{"n":1.5,"tag":"a","extra":"lost"}}]',
            "promises who as struct<n: long, tag: string>; model a.sql yields STRUCT(n DOUBLE, tag VARCHAR, extra",
        ),
        (
            "a.json",
            '[{"id":1,"who":[{"n":1}]}]',
            '[{"id":1,"who":[{"n":1.5}]}]',
            "promises who as list<struct<n: long>>; model a.sql yields STRUCT(n DOUBLE)[]",
        ),
        (
            "a.json",
            '[{"id":1,"sku":"A1"}]',
            '[{"id":1,"sku":1.10}]',
            "promises sku as string; model a.sql yields DOUBLE",
        ),
        (
            "a.csv",
            "id;on;price\n1;31.12.2026;1.234,50\n",
            "id;on;price\n1;30.12.2026;1,50\n2;31.12.26;2,50\n",
            "'31.12.26' is no date written as %d.%m.%Y in column on: row 2 of shop/landing/a",
        ),
        (
            "a.csv",
            "id;on;price\n1;31.12.2026;1.234,50\n",
            "id;on;price\n1;30.12.2026;1,50\n2;31.12.2026;12.3456\n",
            "'12.3456' is no amount with a decimal comma and two digits in column price: row 2 of shop/landing/a",
        ),
    ],
)
def test_later_file_is_refused(fresh: Path, name: str, first: str, then: str, told: str) -> None:
    data = fresh / name
    data.write_text(first)
    assert mesh(fresh, "new", "product", "shop/a", "--from", str(data)) == 0
    data.write_text(then)
    built = shell(fresh, "mesh build shop/a")
    assert built.returncode == 1, built.stderr
    assert " ".join(told.split()) in " ".join(built.stderr.split())


def test_text_of_a_later_file_stays_as_it_is_written(fresh: Path) -> None:
    data = fresh / "a.csv"
    data.write_text('id,Sku,flag,at\n1,A1,x,"soon, I hope"\n2,B2,y,later\n')
    assert mesh(fresh, "new", "product", "shop/a", "--from", str(data)) == 0
    data.write_text("id,Sku,flag,at\n1,1E5,t,2026-01-05 10:00\n2,0.10,f,2026-01-05 11:00\n")
    built = shell(fresh, "mesh build shop/a")
    assert built.returncode == 0, built.stderr
    assert answer(fresh, "from mesh.shop.a order by id") == [
        {"id": 1, "sku": "1E5", "flag": "t", "at": "2026-01-05 10:00"},
        {"id": 2, "sku": "0.10", "flag": "f", "at": "2026-01-05 11:00"},
    ]


def test_nanoseconds_of_a_later_file_are_refused(fresh: Path) -> None:
    data = fresh / "a.parquet"
    for fraction in ("123456", "123456789"):
        duckdb.sql(f"select 1 as id, timestamp_ns '2026-01-05 10:00:00.{fraction}' as t").write_parquet(str(data))
        if fraction == "123456":
            assert mesh(fresh, "new", "product", "shop/a", "--from", str(data)) == 0
    built = shell(fresh, "mesh build shop/a")
    assert built.returncode == 1, built.stderr
    assert "1 values of t cannot become timestamp without loss" in " ".join(built.stderr.split())
