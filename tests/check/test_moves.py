"""Ports that another product of their domain publishes, and domains that go as a whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from support import tiny
from support.tiny import TinyMesh

from .impact.test_stage import REGULARS
from .repository import WEEKLY, Repo, repository

Reported = Callable[..., dict[str, Any]]
LITE = "domains/insight/lite/product.yaml"
LITE_CONTRACT = "domains/insight/lite/weekly_sales.contract.yaml"
ENDED = """\
status: deprecated
slaProperties:
  - property: endOfSupport
    value: "2020-01-01"
  - property: endOfLife
    value: "2020-01-01"
"""


def with_regulars(mesh: TinyMesh, *, built: bool) -> Repo:
    """With a product that reads what the product ``weekly`` publishes."""
    for path, text in REGULARS.items():
        mesh.write(path, text)
    if built:
        mesh.build()
    return repository(mesh)


def renamed(repo: Repo) -> None:
    """The product ``weekly`` with another folder and name, its port as it was."""
    repo.git("mv", "domains/insight/weekly", "domains/insight/lite")
    repo.git("mv", "dbt_projects/insight/models/weekly", "dbt_projects/insight/models/lite")
    repo.mesh.edit(LITE, ("name: weekly", "name: lite"))


def errors(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(f["stage"], f["rule"], f["key"]) for f in found["findings"] if f["severity"] == "error"]


@pytest.mark.parametrize("built", [False, True], ids=["branch", "published"])
def test_a_product_in_another_folder_takes_nothing_from_readers(
    tiny_mesh: TinyMesh, report: Reported, built: bool
) -> None:
    repo = with_regulars(tiny_mesh, built=built)
    renamed(repo)
    found = report(repo.mesh.root, "--only", "compatibility,impact,expectations")
    assert found["removed"] == ["insight/weekly"]
    assert (found["verdict"], found["findings"]) == ("passed", [])
    assert found["stages"][0]["facts"]["ports"]["insight.weekly_sales"]["verdict"] == "none"


def test_its_contract_is_judged_by_what_it_was(tiny_mesh: TinyMesh, report: Reported) -> None:
    repo = with_regulars(tiny_mesh, built=False)
    renamed(repo)
    repo.mesh.edit(LITE_CONTRACT, ("- name: amount", "- name: total"))
    repo.mesh.edit("dbt_projects/insight/models/lite/ports/weekly_sales.sql", ("as amount", "as total"))
    found = report(repo.mesh.root, "--only", "compatibility,impact")
    assert ("compatibility", "column-removed", "schema") in errors(found)
    (told,) = [f for f in found["findings"] if f["stage"] == "impact"]
    assert (told["rule"], told["product"]) == ("used", "insight/lite")
    assert "insight/regulars" in told["reason"]


def test_a_port_under_another_id_is_another_one(tiny_mesh: TinyMesh, report: Reported) -> None:
    repo = with_regulars(tiny_mesh, built=False)
    renamed(repo)
    repo.mesh.edit(LITE_CONTRACT, ("id: insight-weekly-sales", "id: insight-lite"))
    repo.mesh.edit(LITE, ("contractId: insight-weekly-sales", "contractId: insight-lite"))
    repo.mesh.edit(
        "domains/insight/regulars/product.yaml", ("contractId: insight-weekly-sales", "contractId: insight-lite")
    )
    found = report(repo.mesh.root, "--only", "compatibility")
    assert errors(found) == [("compatibility", "output-port-removed", "insight/weekly")]


def test_a_product_that_is_taken_apart_keeps_its_ports(tiny_mesh: TinyMesh, report: Reported) -> None:
    """One of its ports gets a folder of its own."""
    repo = with_regulars(tiny_mesh, built=True)
    mesh = repo.mesh
    port = "  - name: regulars\n    version: 1.0.0\n    contractId: insight-regulars-regulars\n"
    mesh.edit(WEEKLY, ("outputPorts:\n", f"outputPorts:\n{port}"))
    repo.git("mv", "domains/insight/regulars/regulars.contract.yaml", "domains/insight/weekly/regulars.contract.yaml")
    repo.git("rm", "-q", "domains/insight/regulars/product.yaml")
    models = "dbt_projects/insight/models"
    repo.git("mv", f"{models}/regulars/ports/regulars.sql", f"{models}/weekly/ports/regulars.sql")
    mesh.edit(f"{models}/weekly/ports/regulars.sql", ("source('insight', 'weekly_sales')", "ref('weekly_sales')"))
    found = report(mesh.root, "--only", "spec,compatibility,impact")
    assert (errors(found), found["removed"]) == ([], ["insight/regulars"])


def test_a_domain_whose_ports_have_ended_goes_as_a_whole(tiny_mesh: TinyMesh, report: Reported) -> None:
    """Its one reader goes with it, which leaves nobody to be told."""
    for file in (tiny.WEEKLY_CONTRACT, "domains/insight/regulars/regulars.contract.yaml"):
        text = REGULARS.get(file) or (tiny_mesh.root / file).read_text()
        tiny_mesh.write(file, text.replace("status: active\n", ENDED))
    for path, text in REGULARS.items():
        if not path.endswith(".contract.yaml"):
            tiny_mesh.write(path, text)
    repo = repository(tiny_mesh)
    for folder in ("domains/insight", "dbt_projects/insight"):
        shutil.rmtree(tiny_mesh.root / folder)
    found = report(repo.mesh.root, "--only", "compatibility,impact,expectations")
    assert found["removed"] == ["insight/regulars", "insight/weekly"]
    assert (found["verdict"], {f["rule"] for f in found["findings"]}) == ("passed", {"unused"})


def test_whoever_stays_is_told(tiny_mesh: TinyMesh, report: Reported) -> None:
    repo = with_regulars(tiny_mesh, built=False)
    for folder in ("domains/shop", "dbt_projects/shop", "domains/insight/regulars"):
        shutil.rmtree(tiny_mesh.root / folder)
    found = report(repo.mesh.root, "--only", "impact")
    told = {f["key"]: f["reason"] for f in found["findings"] if f["rule"] == "still-read"}
    assert "insight/weekly" in told["outputPorts.orders"]
    assert "insight/regulars" not in told["outputPorts.orders"]
