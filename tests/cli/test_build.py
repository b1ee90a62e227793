"""``mesh build``: what it says it will do, does, and says that it did."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.commands import MESH, Outcome
from support.crowd import add_people
from support.tiny import CUSTOMERS_SQL, ORDERS_CONTRACT, WEEKLY_SQL, TinyMesh, copy_tiny, lines_of

Run = Callable[..., Outcome]
HEAVY = ("dagster", "dbt", "pyiceberg", "great_expectations", "pandas")


@pytest.fixture(scope="module")
def built_mesh_once(tiny_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyMesh]:
    """A mesh with everything published; only to be read."""
    mesh = copy_tiny(tiny_template, tmp_path_factory.mktemp("built") / "mesh")
    mesh.build()
    yield mesh
    mesh.close()


def doubled(mesh: TinyMesh) -> set[int]:
    """The weeks whose published amounts are those of ``lines_of(week, 2.0)``."""
    published = dict(mesh.sql("select week, cast(sum(amount) as double) from mesh.shop.orders group by week"))
    wanted = {week: sum(line[4] for line in lines_of(week, 2.0)) for week in published}
    return {week for week, amount in published.items() if amount == pytest.approx(wanted[week])}


def test_progress_goes_to_stderr_and_data_to_stdout(run: Run, tiny_mesh: TinyMesh) -> None:
    outcome = run(tiny_mesh.root, "build", "--format", "json")
    assert outcome.code == 0
    told = json.loads(outcome.out)
    assert [product["product"] for product in told["products"]] == ["shop/orders", "insight/weekly"]
    assert told["products"][0]["ports"]["orders"] | {"publish": ""} == {
        "verdict": "published",
        "rows": 24,
        "publish": "",
    }
    assert (told["errors"], told["skipped"]) == ({}, {})
    lines = outcome.err.splitlines()
    assert lines[0].split()[:4] == ["landed", "shop/landing/lines", "48", "rows"]
    assert lines[2].split()[:4] == ["published", "shop/orders", "78", "rows"]
    assert lines[-1].startswith("done  2 products, 96 rows, ")
    assert lines[-1].endswith(f"run {told['run']}")


def test_a_first_plan_says_what_lands_and_what_waits_for_it(run: Run, tiny_mesh: TinyMesh) -> None:
    outcome = run(tiny_mesh.root, "build", "--plan")
    assert outcome.code == 0
    assert "land   shop/landing/lines" in outcome.out
    assert "never landed" in outcome.out
    assert "insight/weekly" in outcome.out
    assert not (tiny_mesh.settings.state_dir / "catalog.db").exists(), "a plan does nothing"


def test_a_plan_names_partitions_and_reasons_key_by_key(run: Run, built_mesh: TinyMesh) -> None:
    built_mesh.put_lines(2, lines_of(2, 2.0))
    built_mesh.land("shop/orders")
    built_mesh.edit(ORDERS_CONTRACT, ("minimum: 0", "minimum: -1"))
    text = run(built_mesh.root, "build", "--plan")
    assert [line.split()[:3] for line in text.out.splitlines()[2:4]] == [
        ["build", "shop.lines", "2"], ["build", "shop.orders", "2"],
    ]  # fmt: skip
    assert text.out.count("input landing/lines changed") == 2
    assert "check  insight/weekly" in text.out
    told = json.loads(run(built_mesh.root, "build", "--plan", "--format", "json").out)
    shop, insight = told
    parts = {port["port"]: port["partitions"] for port in shop["ports"]}
    assert list(parts["shop.orders"]) == ["2"]
    assert len(parts["shop.orders"]["2"]["key"]) == 64
    assert "shop.customers" not in parts
    assert insight["after"] == ["shop/orders"]
    assert next(p for p in shop["ports"] if p["port"] == "shop.orders")["audit"] is True


def test_nothing_changed_is_one_line_and_no_run(built_mesh: TinyMesh) -> None:
    subprocess.run([MESH, "build"], cwd=built_mesh.root, check=True, capture_output=True, timeout=120)
    code = (
        "import sys; from meshwright.cli import main; code = main(['build']);"
        f"print(code, sorted({{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r})))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=built_mesh.root, check=True, capture_output=True, text=True, timeout=60
    )
    assert told.stdout == "0 []\n"
    assert told.stderr == "Nothing changed: 2 products are current.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shp"], "did you mean 'shop'?"),
        (["shop.ordres"], "did you mean 'shop.orders'?"),
        (["shop/order"], "did you mean 'shop/orders'?"),
        (["--partition", "9"], "shop/orders has no partition '9'; it has 1 to 3 (3 partitions)"),
        (["--from", "7"], "no partition lies between 7 and the last"),
        (["--from", "3", "--to", "1"], "no partition lies between 3 and 1"),
        (["--partition", "1", "--from", "1"], "--partition and --from/--to exclude each other"),
        (["--partiton", "1"], "--partition"),
    ],
)
def test_wrong_input_is_2_with_a_way_out(
    run: Run, built_mesh_once: TinyMesh, arguments: list[str], message: str
) -> None:
    outcome = run(built_mesh_once.root, "build", *arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert built_mesh_once.sql("select count(*) from mesh.shop.orders") == [(24,)]


def test_an_unknown_partition_of_a_first_build_is_wrong_input_too(run: Run, tiny_mesh: TinyMesh) -> None:
    outcome = run(tiny_mesh.root, "build", "shop", "--partition", "9")
    assert outcome.code == 2
    assert "shop/orders has no partition '9'; it has 1 to 3 (3 partitions)" in outcome.err


def test_partitions_of_a_product_without_any_are_refused(run: Run, tiny_mesh: TinyMesh) -> None:
    add_people(tiny_mesh)
    outcome = run(tiny_mesh.root, "build", "crowd", "--partition", "1")
    assert outcome.code == 2
    assert "none of the selected ports is partitioned" in outcome.err


def test_a_range_and_a_partition_build_those_alone(run: Run, built_mesh: TinyMesh) -> None:
    for week in (1, 2, 3):
        built_mesh.put_lines(week, lines_of(week, 2.0))
    assert run(built_mesh.root, "build", "--partition", "3").code == 0
    assert doubled(built_mesh) == {3}
    assert run(built_mesh.root, "build", "--from", "2").code == 0
    assert doubled(built_mesh) == {2, 3}
    assert run(built_mesh.root, "build", "--to", "1").code == 0
    assert doubled(built_mesh) == {1, 2, 3}


def test_a_skip_names_the_failure_that_it_is_due_to_and_others_go_on(run: Run, built_mesh: TinyMesh) -> None:
    add_people(built_mesh)
    assert run(built_mesh.root, "build", "crowd").code == 0
    add_people(built_mesh, of="insight.weekly_sales", domain="echo", column="customer_id")
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "nonesuch as name from"))
    built_mesh.edit(WEEKLY_SQL, ("sum(amount)", "sum(amount) + 0"))
    built_mesh.edit("domains/crowd/ingest.py", ('lambda: "1"', 'lambda: "2"'))
    outcome = run(built_mesh.root, "build", "--format", "json")
    assert outcome.code == 1
    told = json.loads(outcome.out)
    assert list(told["errors"]) == ["shop/orders"]
    assert told["skipped"] == {"insight/weekly": ["shop/orders"], "echo/people": ["shop/orders"]}
    assert [product["product"] for product in told["products"]] == ["crowd/people"]
    skipped = [line.split() for line in outcome.err.splitlines() if line.split()[:1] == ["skipped"]]
    assert ["skipped", "echo/people", "because", "of", "shop/orders"] in skipped
    assert "1 failed, 2 skipped" in outcome.err.splitlines()[-1]


@pytest.mark.parametrize(("broken", "said"), [
    ("domains/crowd/ingest.py", "cannot be imported: SyntaxError"),
    ("dbt_projects/crowd/models/people/ports/people.sql", "dbt cannot parse this project"),
])  # fmt: skip
def test_what_one_team_broke_stops_no_other(tiny_mesh: TinyMesh, run: Run, broken: str, said: str) -> None:
    add_people(tiny_mesh)
    add_people(tiny_mesh, of="crowd.people", domain="echo")
    tiny_mesh.write(broken, "select ingest {{ ( from\n")
    plan = run(tiny_mesh.root, "build", "--plan")
    assert plan.code in (1, 2)
    assert said in plan.err
    assert "shop/landing/lines" in plan.out
    outcome = run(tiny_mesh.root, "build", "--format", "json")
    assert outcome.code in (1, 2)
    told = json.loads(outcome.out)
    assert {product["product"] for product in told["products"]} == {"shop/orders", "insight/weekly"}
    assert told["errors"].keys() == {"crowd/people"}
    assert told["skipped"] == {"echo/people": ["crowd/people"]}
    assert outcome.err.count(said) == 1
    again = run(tiny_mesh.root, "build")
    assert again.code == outcome.code
    assert "not done  0 products, 0 rows" in again.err
    assert run(tiny_mesh.root, "build", "shop").code == 0
    doctor = run(tiny_mesh.root, "doctor", "--format", "json")
    assert doctor.code == 1
    assert any(f["what"] == "plans" and said in f["message"] for f in json.loads(doctor.out))
