"""Code locations as Dagster's own tools load them: at once, and with nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from meshwright.orchestration.definitions import domain_definitions
from meshwright.orchestration.instance import environment
from meshwright.orchestration.session import Session
from meshwright.quality.rules import rules_of
from support.tiny import TinyMesh

from .conftest import located

_LOAD = """
import sys
from meshwright.orchestration import locations
definitions = locations.shop
print(len(list(definitions.resolve_all_asset_specs())))
heavy = {"great_expectations", "pandas", "dbt", "mlflow", "pyiceberg"}
print(sorted({name.split(".")[0] for name in sys.modules} & heavy))
"""


def tool(root: Path, *arguments: str, home: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program, *rest = arguments
    return subprocess.run(
        [Path(sys.executable).with_name(program), *rest], cwd=root, capture_output=True, text=True, check=False,
        timeout=280, env={**os.environ, **home},
    )  # fmt: skip


def test_a_location_loads_nothing_heavy_and_parses_nothing(tiny_mesh: TinyMesh) -> None:
    mesh = located(tiny_mesh)
    loaded = subprocess.run(
        [sys.executable, "-c", _LOAD], cwd=mesh.root, capture_output=True, text=True, check=False, timeout=120
    )
    assert loaded.stdout.splitlines() == ["6", "[]"], loaded.stderr


@pytest.mark.xdist_group("example")
def test_every_domain_is_a_location_and_all_merge(example_project: TinyMesh) -> None:
    session = Session(example_project.settings, example_project.mesh)
    each = {name: domain_definitions(session, name) for name in session.mesh.domains}
    assert len(each) == 5
    merged = dg.Definitions.merge(*each.values())
    specs = {spec.key: spec for spec in merged.resolve_all_asset_specs()}
    made = [key for definitions in each.values() for asset in definitions.assets or () for key in asset.keys]
    assert len(made) == len(set(made)), "no key twice"
    assert set(made) == set(specs), "every edge ends at something that some location makes"
    ports = {key.to_user_string() for key, spec in specs.items() if spec.tags["meshwright/layer"] == "port"}
    assert ports == {name.replace(".", "/") for name in session.mesh.ports}
    assert len(ports) == 17
    assert all(len(key.path) == 2 for key, spec in specs.items() if spec.tags["meshwright/layer"] == "port")
    wanted = {(name.replace(".", "/"), rule.id) for name, port in session.mesh.ports.items() for rule in rules_of(port)}
    checks = {(key.asset_key.to_user_string(), key.name) for key in merged.resolve_asset_graph().asset_check_keys}
    assert len(checks) >= len(wanted)
    dg.Definitions.validate_loadable(merged)
    session.database.close()


@pytest.mark.xdist_group("example")
def test_dg_checks_and_lists_the_definitions(example_project: TinyMesh) -> None:
    home = environment(example_project.settings)
    checked = tool(example_project.root, "dg", "check", "defs", home=home)
    assert checked.returncode == 0, checked.stderr[-3000:]
    listed = tool(example_project.root, "dg", "list", "defs", "--json", home=home)
    assert listed.returncode == 0, listed.stderr[-3000:]
    told = json.loads(listed.stdout)
    assets = {asset["asset_key"]: asset for asset in told["assets"]}
    assert {"sales/baskets", "sales/landing/transactions", "growth/campaign_panel"} <= set(assets)
    assert assets["sales/baskets"]["group_name"] == "sales__point_of_sale"
    assert assets["sales/baskets"]["owners"]
    assert "merchandising/products" in assets["sales/transactions"]["dependency_keys"], "a rule refers to it"
