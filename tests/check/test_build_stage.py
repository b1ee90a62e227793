"""The pre-production chain: a change is built on production's data, measured and compared, beside production."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from meshwright.build.sampling import Sample
from meshwright.catalog import environments
from meshwright.catalog.locks import product_lock
from meshwright.check.choose import subject_of
from meshwright.check.data import as_data
from meshwright.check.model import Report
from meshwright.check.run import run
from meshwright.check.stage import chosen
from meshwright.check.summary import summary
from meshwright.config import Settings
from support.production import fingerprint as production
from support.tiny import CUSTOMERS_SQL, ORDERS_CONTRACT, ORDERS_SQL, STG_LINES, WEEKLY_CONTRACT, WEEKLY_SQL, TinyMesh

from .repository import WEEKLY, Repo, repository

REVENUE = """\
customProperties:
  - property: coreMetrics
    value:
      - name: revenue
        query: select sum(amount) from mesh.insight.weekly_sales
        tolerance: 5
"""


@pytest.fixture
def published(built_mesh: TinyMesh) -> Repo:
    """Published as it was committed."""
    return repository(built_mesh)


def check(repo: Repo, *selectors: str, only: str = "build,metrics,diff") -> Report:
    stages = chosen(only.split(","), [])
    return run(subject_of(repo.mesh.settings, selectors, None, lambda _: None), stages)


def found(report: Report, stage: str) -> Mapping[str, Any]:
    return next(result.facts for result in report.stages if result.stage == stage)


def rules(report: Report, severity: str = "error") -> list[str]:
    return sorted(f"{f.stage}/{f.rule}" for f in report.findings if f.severity == severity)


def halve(mesh: TinyMesh) -> None:
    """The same change in all that reconciles, so that every test passes."""
    mesh.edit(STG_LINES, ("cast(amount as decimal(12,2)) as amount", "cast(amount / 2 as decimal(12,2)) as amount"))


def test_what_changed_and_its_readers_are_built_and_production_stays(published: Repo) -> None:
    before = production(published.mesh)
    halve(published.mesh)
    report = check(published)
    assert found(report, "build")["products"] == {"shop/orders": "published", "insight/weekly": "published"}
    diffs = {diff["port"]: diff for diff in found(report, "diff")["ports"]}
    assert diffs["shop.orders"]["changed"] == diffs["shop.orders"]["rows"][0]
    assert "shop.customers" not in diffs
    assert (report.verdict, rules(report)) == ("passed", [])
    assert production(published.mesh) == before
    assert environments.known(published.mesh.database) == {}


def test_on_a_sample_nothing_is_compared_with_production(published: Repo) -> None:
    """The tiny inputs are read whole; that the build is one of a sample is known all the same."""
    before = production(published.mesh)
    halve(published.mesh)
    subject = subject_of(published.mesh.settings, [], None, lambda _: None)
    subject.sample = Sample.parse("10%:customer_id")
    report = run(subject, chosen(["build", "metrics", "diff"], []))
    assert {s.stage: (s.verdict, s.reason) for s in report.stages if s.stage != "build"} == {
        "metrics": ("skipped", "the build is on 10%:customer_id of the data"),
        "diff": ("skipped", "the build is on 10%:customer_id of the data"),
    }
    assert found(report, "build")["products"] == {"shop/orders": "published", "insight/weekly": "published"}
    assert summary(report, published.mesh.root).startswith("## ✅ mesh check: passed on 10%:customer_id of the data\n")
    assert as_data(report, published.mesh.root)["sample"] == "10%:customer_id"
    assert production(published.mesh) == before


def test_what_fails_on_a_full_disk_is_no_verdict(
    published: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        (disk / "ballast").write_bytes(b"0" * (shutil.disk_usage(disk).free - 100_000))
        halve(published.mesh)
        monkeypatch.setenv("MESH_STATE", str(disk))
        subject = subject_of(Settings.of(published.mesh.root), [], None, lambda _: None)
        report = run(subject, chosen(["build"], []))
        (stage,) = report.stages
        assert (stage.verdict, report.exit_code) == ("failed", 3)
        assert stage.findings[0].rule == "disk"
        assert stage.findings[0].fault.reason.startswith("the disk is full (")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_change_that_changes_no_row_stops_at_its_product(published: Repo) -> None:
    published.mesh.edit(ORDERS_SQL, ("select order_id,", "select order_id /* as ever */,"))
    report = check(published)
    assert set(found(report, "build")["products"].values()) == {"unchanged"}
    assert found(report, "diff")["ports"] == []


def test_core_metric_stops_a_change_that_every_test_passes(published: Repo) -> None:
    """Revenue is halved: specs, models, contracts and tests have nothing against it."""
    with (published.mesh.root / WEEKLY).open("a") as file:
        file.write(REVENUE)
    published.commit()
    halve(published.mesh)
    report = check(published)
    assert rules(report) == ["metrics/core-metric"]
    [told] = [f.fault.reason for f in report.findings if f.rule == "core-metric"]
    assert "revenue" in told
    assert "by -49.9 %; 5 % are allowed" in told


def test_a_metric_that_cannot_be_asked_keeps_no_other_from_it(published: Repo) -> None:
    other = "      - {name: wrong, query: select sum(amuont) from mesh.insight.weekly_sales, tolerance: 1}\n"
    metrics = REVENUE.replace("    value:\n", f"    value:\n{other}")
    with (published.mesh.root / WEEKLY).open("a") as file:
        file.write(metrics)
    published.commit()
    halve(published.mesh)
    faults = [f.fault for f in check(published).findings if f.rule == "core-metric"]
    assert [fault.key for fault in faults] == ["customProperties[0].value[0]", "customProperties[0].value[1]"]
    assert "core metric 'wrong' cannot be asked" in faults[0].reason
    assert "by -49.9 %; 5 % are allowed" in faults[1].reason


@pytest.mark.parametrize(
    "change",
    [
        (REVENUE, ""),
        ("tolerance: 5", "tolerance: 60"),
        ("select sum(amount) from mesh.insight.weekly_sales", "select count(*) from mesh.insight.weekly_sales"),
        ("name: revenue", "name: turnover"),
    ],
    ids=["removed", "widened", "another query", "renamed"],
)
@pytest.mark.parametrize("selectors", [(), ("shop",)], ids=["all", "selection"])
def test_core_metric_is_not_loosened_by_the_change_that_it_measures(
    published: Repo, change: tuple[str, str], selectors: tuple[str, ...]
) -> None:
    with (published.mesh.root / WEEKLY).open("a") as file:
        file.write(REVENUE)
    published.commit()
    halve(published.mesh)
    published.mesh.edit(WEEKLY, change)
    report = check(published, *selectors)
    assert rules(report) == ["metrics/core-metric"]
    [fault] = [f.fault for f in report.findings if f.rule == "core-metric"]
    assert "by -49.9 %; 5 % are allowed" in fault.reason
    if change[0] != "name: revenue":
        assert "core metric 'revenue' as main (" in fault.reason
        assert fault.command == "change coreMetrics of insight/weekly in a change of its own, before this one"
    published.git("stash", "-q", "--", "dbt_projects")
    assert rules(check(published)) == [], "the change of its own"
    if change[0] in (REVENUE, "tolerance: 5"):
        published.commit()
        published.git("stash", "pop", "-q")
        assert rules(check(published)) == []


def test_core_metrics_of_a_product_that_goes_are_asked_too(published: Repo) -> None:
    """It measured what another product publishes."""
    with (published.mesh.root / WEEKLY).open("a") as file:
        file.write(REVENUE.replace("mesh.insight.weekly_sales", "mesh.shop.orders"))
    published.commit()
    halve(published.mesh)
    published.git("rm", "-rq", "domains/insight", "dbt_projects/insight")
    report = check(published)
    assert rules(report) == ["metrics/core-metric"]
    assert [f.product for f in report.findings if f.rule == "core-metric"] == ["insight/weekly"]


def test_core_metric_that_the_change_leaves_without_its_column_is_said(published: Repo) -> None:
    with (published.mesh.root / WEEKLY).open("a") as file:
        file.write(REVENUE)
    published.commit()
    published.mesh.edit(WEEKLY, ("sum(amount)", "sum(total)"))
    published.mesh.edit(WEEKLY_SQL, ("as amount", "as total"))
    published.mesh.edit(WEEKLY_CONTRACT, ("- name: amount", "- name: total"))
    report = check(published)
    [old] = [f for f in report.findings if f.severity == "warning" and f.rule == "core-metric"]
    assert "core metric 'revenue' as main (" in old.fault.reason
    assert "amount" in old.fault.reason
    assert old.fault.reason.endswith("it was not measured whether the change moves it")
    [new] = [f for f in report.findings if f.severity == "note" and f.rule == "core-metric"]
    assert "core metric 'revenue' has no value in production to compare" in new.fault.reason
    assert rules(report) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tolerance: 5", "tolerence: 5", "did you mean 'tolerance'"),
        ("tolerance: 5", "tolerance: much", "the tolerance 'much'"),
        ("        tolerance: 5\n", "", "lacks 'tolerance'"),
        ("select sum(amount)", "select amount", "not one number"),
        ("select sum(amount)", "select max('x')", "which is no number"),
        ("select sum(amount)", "select sum(amuont)", "amuont"),
    ],
)
def test_core_metric_that_is_written_wrongly(published: Repo, old: str, new: str, said: str) -> None:
    with (published.mesh.root / WEEKLY).open("a") as file:
        file.write(REVENUE.replace(old, new))
    report = check(published, "insight")
    assert rules(report) == ["metrics/metrics"] or rules(report) == ["metrics/core-metric"]
    assert said in str([str(f.fault) for f in report.findings])


def test_broken_contract_of_a_reader_is_found_before_the_merge(published: Repo) -> None:
    published.mesh.edit(STG_LINES, ("cast(amount as decimal(12,2))", "cast(-amount as decimal(12,2))"))
    before = production(published.mesh)
    report = check(published)
    assert "build/audit" in rules(report)
    assert {s.stage: s.verdict for s in report.stages} == {"build": "failed", "metrics": "skipped", "diff": "skipped"}
    assert production(published.mesh) == before


def test_model_that_fails_names_its_line_and_skips_readers(published: Repo) -> None:
    published.mesh.edit(CUSTOMERS_SQL, ("name from", "nme from"))
    report = check(published)
    assert rules(report) == ["build/build"]
    assert "customers" in str(report.findings[0].fault)


def test_nothing_published_yet_builds_all_that_is_needed(tiny_mesh: TinyMesh) -> None:
    repo = repository(tiny_mesh)
    tiny_mesh.edit(WEEKLY_SQL, ("sum(amount)", "sum(amount) + 0"))
    report = check(repo)
    assert found(report, "build")["products"] == {"shop/orders": "published", "insight/weekly": "published"}
    assert tiny_mesh.pins() == {}
    assert rules(report) == []


def test_new_column_is_shown(published: Repo) -> None:
    mesh = published.mesh
    mesh.edit(ORDERS_SQL, ("as amount\n", "as amount, 1 as extra\n"))
    text = (mesh.root / ORDERS_CONTRACT).read_text()
    anchor = "      - name: amount\n"
    column = "      - name: extra\n        logicalType: integer\n        physicalType: int\n"
    mesh.write(ORDERS_CONTRACT, text.replace(anchor, column + anchor, 1))
    report = check(published)
    [diff] = [d for d in found(report, "diff")["ports"] if d["port"] == "shop.orders"]
    assert [change["column"] for change in diff["schema"]] == ["extra"]


def test_interrupted_check_leaves_no_environment(published: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    from meshwright.check import trial

    halve(published.mesh)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trial.Heard, "built", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check(published)
    assert environments.known(published.mesh.database) == {}


def test_page_is_left_in_the_report(published: Repo, tmp_path: Any) -> None:
    halve(published.mesh)
    subject = subject_of(published.mesh.settings, [], None, lambda _: None)
    subject.report = tmp_path / "report"
    run(subject, chosen(["build", "diff"], []))
    page = (tmp_path / "report" / "diff.html").read_text()
    assert "shop.orders" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_what_needs_a_skipped_stage_is_skipped_too(published: Repo) -> None:
    """A fault in a file: nothing is built behind one's back."""
    published.mesh.edit(WEEKLY, ("status: active", "statu: active"))
    report = check(published, only="spec,build,metrics,diff")
    assert {s.stage: s.verdict for s in report.stages} == {
        "spec": "failed", "build": "skipped", "metrics": "skipped", "diff": "skipped",
    }  # fmt: skip


def test_killed_check_is_cleaned_up_by_the_next_one_that_is_not_alive(published: Repo) -> None:
    """An environment of a dead check goes; that of a live one, and one that somebody named alike, stay."""
    mesh = published.mesh
    halve(mesh)
    code = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from pathlib import Path
from meshwright.check import trial
from meshwright.build.sampling import Sample
from meshwright.check.choose import subject_of
from meshwright.check.data import as_data
from meshwright.config import Settings
trial.Heard.built = lambda self, result: os.kill(os.getpid(), signal.SIGKILL)
subject_of(Settings.of(Path({str(mesh.root)!r})), [], None, print).trial
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    [dead] = environments.known(mesh.database)
    alive = "check_0123456789ab"
    environments.create(mesh.settings, mesh.database, "check_discounts", "somebody")
    environments.create(mesh.settings, mesh.database, alive, "another check")
    with product_lock(mesh.settings, "check/trial", environment=alive):
        assert rules(check(published)) == []
    assert set(environments.known(mesh.database)) == {"check_discounts", alive}
    assert dead not in environments.known(mesh.database)


def test_what_compares_fails_where_nothing_was_built_to_compare(published: Repo) -> None:
    published.mesh.edit(CUSTOMERS_SQL, ("name from", "nme as name from"))
    report = check(published, only="metrics,diff")
    assert [(stage.stage, stage.verdict) for stage in report.stages] == [("metrics", "failed"), ("diff", "failed")]
    assert all("customers failed" in finding.fault.reason for finding in report.findings)


def test_next_command_of_a_failed_model_is_a_check(published: Repo) -> None:
    """The environment is gone, and dbt by hand reads production."""
    published.mesh.edit(CUSTOMERS_SQL, ("name from", "nme as name from"))
    told = [f.fault for f in check(published, only="build").findings if f.severity == "error"]
    assert [(fault.command, "customers failed" in fault.reason) for fault in told] == [
        ("mesh check --only build shop/orders", True)
    ]
