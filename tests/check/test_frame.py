"""The frame: what is selected, which stages run, how a check ends."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from meshwright.check import stages as package
from meshwright.check.choose import subject_of
from meshwright.check.run import run
from meshwright.check.stage import chosen, names, stages
from support.commands import Outcome
from support.tiny import TinyMesh

from .repository import ORDERS, WEEKLY, Repo

Check = Callable[..., Outcome]
Reported = Callable[..., dict[str, Any]]
Drop = Callable[[str, str], None]
HEAD = """\
from meshwright.check.stage import Skip, Stage
from meshwright.errors import Fault, RefusedError, UnavailableError

class Dropped(Stage):
    '''No port is called after its table.'''

    order = 150
    after = ("spec",)

    def run(self, subject):
"""


@pytest.fixture
def drop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Drop]:
    """``drop("name", body)`` puts a stage into the folder of stages, as a colleague would."""
    folder = tmp_path / "stages"
    folder.mkdir()
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    before = set(sys.modules)
    yield lambda name, body: (folder / f"{name}.py").write_text(HEAD + body) and None
    for name in set(sys.modules) - before:
        if name.startswith(f"{package.__name__}."):
            del sys.modules[name]


def test_stages_are_found_by_their_files_and_run_in_order() -> None:
    assert {"code", "policy", "spec"} <= set(names())
    found = stages()
    assert list(found) == sorted(found, key=lambda name: found[name].order)
    assert list(found)[:2] == ["spec", "policy"]


def test_a_stage_that_is_dropped_in_runs_and_is_in_the_help(drop: Drop, sound: TinyMesh, check: Check) -> None:
    drop("table_names", "        yield self.note('seen', Fault(f'{len(subject.products)} products'))\n")
    help_ = check(sound.root, "--help").out
    assert re.search(r"^  table_names +No port is called after its table\.$", help_, re.MULTILINE)
    assert help_.index("table_names") < help_.index("The rules of the mesh")
    said = check(sound.root, "--only", "table_names")
    assert said.out == "    note table_names/seen  2 products\npassed: 2 products\n"


def test_a_stage_that_needs_a_failed_one_is_skipped_and_says_so(drop: Drop, sound: TinyMesh, report: Reported) -> None:
    drop("table_names", "        yield self.note('seen', Fault('seen'))\n")
    sound.edit(WEEKLY, ("status: active", "statu: active"))
    found = report(sound.root, "--only", "spec,table_names,policy")
    verdicts = {stage["stage"]: (stage["verdict"], stage["reason"]) for stage in found["stages"]}
    assert {name: verdicts[name] for name in ("spec", "table_names", "policy")} == {
        "spec": ("failed", None), "table_names": ("skipped", "spec failed"), "policy": ("passed", None),
    }  # fmt: skip
    assert found["code"] == 1


@pytest.mark.parametrize(
    ("body", "code", "verdict", "reason"),
    [
        ("        raise Skip('it is Sunday')\n", 0, "skipped", None),
        ("        yield self.warning('w', Fault('w'))\n", 0, "warned", "w"),
        ("        yield self.warning('w', Fault('w'))\n        raise RefusedError('no')\n", 1, "failed", "no"),
        ("        raise UnavailableError(Fault('gone'))\n        yield\n", 3, "failed", "gone"),
        ("        return []\n", 0, "passed", None),
    ],
)
def test_how_a_stage_may_end(
    drop: Drop, sound: TinyMesh, report: Reported, body: str, code: int, verdict: str, reason: str | None
) -> None:
    drop("table_names", body)
    found = report(sound.root, "--only", "table_names")
    assert (found["code"], found["stages"][0]["verdict"]) == (code, verdict)
    if reason:
        assert found["findings"][-1]["reason"] == reason


def test_what_failed_outweighs_what_cannot_be_reached(drop: Drop, sound: TinyMesh, report: Reported) -> None:
    drop("table_names", "        raise UnavailableError(Fault('gone'))\n")
    sound.edit("policies/mesh.yaml", ("columns_documented", "columns_document"))
    assert report(sound.root, "--only", "table_names,policy")["code"] == 1


def test_a_stage_that_finds_nothing_to_read_is_skipped(sound: TinyMesh, check: Check) -> None:
    sound.edit(ORDERS, ("status: active", "statu: active"))
    said = check(sound.root, "shop/orders", "--only", "spec,policy")
    assert said.code == 1
    assert "skipped   policy" in said.err
    assert "because no selected product can be read, see spec" in said.err
    assert "policy skipped" in said.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["--only", "spce"], "spec"),
        (["--skip", "spec,polcy"], "policy"),
        (["--only", "spec", "--skip", "spec"], None),
        (["shop/order"], "shop/orders"),
        (["nothing"], None),
    ],
)
def test_names_that_mean_nothing(sound: TinyMesh, check: Check, arguments: list[str], near: str | None) -> None:
    said = check(sound.root, *arguments)
    assert (said.code, said.out) == (2, "")
    assert near is None or f"did you mean {near!r}?" in said.err


@pytest.mark.parametrize(
    ("path", "text", "products"),
    [
        (WEEKLY, None, ["insight/weekly"]),
        ("domains/insight/domain.yaml", None, ["insight/weekly"]),
        ("dbt_projects/shop/models/orders/ports/orders.sql", None, ["shop/orders"]),
        ("dbt_projects/shop/macros/new.sql", "{% macro x() %}{% endmacro %}", ["shop/orders"]),
        ("domains/shop/ingest.py", None, ["shop/orders"]),
        ("tests/insight/test_new.py", "def test_it(): ...\n", ["insight/weekly"]),
        ("policies/mesh.yaml", None, ["insight/weekly", "shop/orders"]),
        ("pyproject.toml", "[tool.meshwright]\nthreads = 1\n", ["insight/weekly", "shop/orders"]),
        ("README.md", "hello", []),
    ],
)
def test_what_changed_is_checked(repo: Repo, path: str, text: str | None, products: list[str]) -> None:
    file = repo.mesh.root / path
    repo.mesh.write(path, text if text is not None else f"{file.read_text()}\n")
    subject = subject_of(repo.mesh.settings, [], None, lambda _: None)
    assert list(subject.selected) == products


def test_a_workspace_that_leaves_a_domain_out_is_looked_at(repo: Repo, report: Reported) -> None:
    text = (repo.mesh.root / "workspace.yaml").read_text()
    repo.mesh.write("workspace.yaml", f"{text}# One code location a domain.\n")
    assert report(repo.mesh.root, "--only", "spec")["products"] == []
    repo.mesh.write("workspace.yaml", "".join(row for row in text.splitlines(True) if "insight" not in row))
    found = report(repo.mesh.root, "--only", "spec")
    assert found["products"] == ["insight/weekly"]
    assert [f["reason"] for f in found["findings"]] == ["domain insight is no code location of workspace.yaml"]
    (repo.mesh.root / "workspace.yaml").unlink()
    found = report(repo.mesh.root, "--only", "spec")
    assert found["products"] == ["insight/weekly", "shop/orders"]
    assert [f["rule"] for f in found["findings"]] == ["workspace"]


def test_nothing_changed(repo: Repo, check: Check) -> None:
    said = check(repo.mesh.root)
    assert (said.code, said.out) == (0, "")
    assert "Nothing to check: no product differs from main (" in said.err
    assert check(repo.mesh.root, "--format", "github").out == ""


def test_a_product_that_is_gone(repo: Repo, report: Reported) -> None:
    repo.git("rm", "-rq", "domains/insight/weekly", "dbt_projects/insight")
    found = report(repo.mesh.root, "--only", "spec")
    assert (found["products"], found["removed"]) == ([], ["insight/weekly"])
    assert found["code"] == 0


def test_the_mesh_as_it_was(repo: Repo) -> None:
    repo.mesh.edit(ORDERS, ("Orders as they were placed.", "Orders."))
    subject = subject_of(repo.mesh.settings, [], None, lambda _: None)
    prior = subject.prior
    assert prior is not None
    assert prior.faults == ()
    assert prior.mesh.products["shop/orders"].description == "Orders as they were placed."
    assert subject.products[0].description == "Orders."
    folder = prior.mesh.root
    assert folder.is_dir()
    run(subject, chosen(["policy"], []))
    assert not folder.exists()


@pytest.mark.parametrize(("selected", "domains"), [("shop", {"shop"}), ("insight", {"insight", "shop"})])
def test_of_the_mesh_as_it_was_only_what_is_needed_is_written(repo: Repo, selected: str, domains: set[str]) -> None:
    repo.mesh.write("domains/shop/orders/orders.contract.yaml", "broken: [")
    subject = subject_of(repo.mesh.settings, [selected], None, lambda _: None)
    assert subject.prior is not None
    assert subject.prior.faults == ()
    assert {folder.name for folder in (subject.prior.mesh.root / "domains").iterdir()} == domains
    subject.close()


def test_a_selection_without_a_change_is_checked_all_the_same(repo: Repo, report: Reported) -> None:
    found = report(repo.mesh.root, "shop.orders", "--only", "policy")
    assert found["products"] == ["shop/orders"]
    assert found["against"]["name"].startswith("main (")
    assert found["verdict"] == "passed"


def test_against_a_tag(repo: Repo, report: Reported) -> None:
    repo.git("tag", "v1")
    repo.mesh.edit(WEEKLY, ("status: active", "status: draft"))
    repo.commit()
    assert report(repo.mesh.root, "--only", "policy")["products"] == []
    assert report(repo.mesh.root, "--only", "policy", "--against", "v1")["products"] == ["insight/weekly"]


def test_broken_yaml_in_one_product_hides_nothing_of_another(sound: TinyMesh, report: Reported) -> None:
    sound.edit(WEEKLY, ("status: active", "status: [unclosed"))
    sound.edit("domains/shop/orders/lines.contract.yaml", ("    properties:", "    propertees:"))
    found = report(sound.root, "--only", "spec")
    files = {(f["file"], f["line"]) for f in found["findings"] if f["severity"] == "error"}
    assert (WEEKLY, 5) in files
    assert ("domains/shop/orders/lines.contract.yaml", 9) in files


def test_a_fault_elsewhere_is_a_note_and_one_below_an_error(sound: TinyMesh, report: Reported) -> None:
    sound.edit(WEEKLY, ("status: active", "statu: active"))
    mine = report(sound.root, "shop", "--only", "spec,policy")
    assert (mine["code"], mine["findings"]) == (0, []), "what rests on us is not even read"
    sound.edit(WEEKLY, ("statu: active", "status: active"))
    sound.edit(ORDERS, ("status: active", "statu: active"))
    found = report(sound.root, "insight", "--only", "spec,policy")
    assert found["code"] == 1
    assert {(f["rule"], f["severity"], f["product"]) for f in found["findings"] if f["stage"] == "spec"} == {
        ("rests-on-broken", "error", "shop/orders"), ("rests-on-broken", "note", "insight/weekly"),
    }  # fmt: skip
    assert [s["verdict"] for s in found["stages"]] == ["failed", "passed"], "its own files are judged"


@pytest.mark.parametrize("path", [WEEKLY, "domains/insight/weekly/weekly_sales.contract.yaml"])
def test_a_file_that_is_a_link_to_itself_is_a_fault_of_its_product(repo: Repo, report: Reported, path: str) -> None:
    file = repo.mesh.root / path
    file.unlink()
    file.symlink_to(file.name)
    repo.mesh.edit(ORDERS, ("Orders as they were placed.", "Orders."))
    found = report(repo.mesh.root, "--only", "spec,policy")
    told = [f for f in found["findings"] if f["severity"] == "error"]
    assert {(f["file"], f["product"]) for f in told} == {(path, "insight/weekly")}
    assert f"is a link to {file.name}, where there is no file" in told[0]["reason"]
    assert told[0]["command"]
    assert [stage["verdict"] for stage in found["stages"]] == ["failed", "passed"], "shop is judged all the same"
