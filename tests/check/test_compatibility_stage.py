"""Old contract against new: what is published, what is merged, and what the data keep."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from meshwright.check.choose import subject_of
from meshwright.check.model import Report
from meshwright.check.run import run
from meshwright.check.stage import chosen
from support.tiny import CUSTOMERS_CONTRACT, ORDERS_CONTRACT, TinyMesh

from .repository import ORDERS, Repo, repository

APPROVAL = """\
customProperties:
  - property: policyExceptions
    value:
      - rule: access_changed
        reason: names were public all along
        until: 2999-01-01
        port: customers
"""
AMOUNT = "      - name: amount\n"
STAGES = chosen(["spec", "compatibility"], [])


@pytest.fixture
def published(built_mesh: TinyMesh) -> Repo:
    """Published as it was committed."""
    return repository(built_mesh)


def check(repo: Repo, *selectors: str) -> Report:
    return run(subject_of(repo.mesh.settings, selectors, None, lambda _: None), STAGES)


def rules(report: Report, severity: str = "error") -> list[str]:
    return sorted(f.rule for f in report.findings if f.severity == severity and f.stage == "compatibility")


def against(report: Report) -> Mapping[str, str]:
    ports = report.stages[-1].facts["ports"]
    return {name: found["against"] for name, found in ports.items()}


def bump(repo: Repo, version: str, file: str = ORDERS_CONTRACT, old: str = "1.0.0") -> None:
    repo.mesh.edit(file, (f"version: {old}", f"version: {version}"))


def test_nothing_changed_is_nothing_to_say(published: Repo) -> None:
    report = check(published, "shop")
    assert (report.stages[-1].verdict, rules(report)) == ("passed", [])
    assert against(report)["shop.orders"] == "published 1.0.0"


def test_breaking_change_is_refused_with_the_way_out(published: Repo) -> None:
    published.mesh.edit(ORDERS_CONTRACT, ("name: amount", "name: total"))
    bump(published, "2.0.0")
    report = check(published)
    assert "column-removed" in rules(report)
    found = next(f for f in report.findings if f.rule == "column-removed")
    assert found.fault.file is not None
    assert found.fault.command == (
        "publish a new output port orders_v2 beside orders, and mark orders deprecated with an end date"
    )


def test_breaking_change_tells_its_version_itself(published: Repo) -> None:
    """The way out and the version are of one cause: not two errors, and said once where several columns go."""
    published.mesh.edit(ORDERS_CONTRACT, ("name: amount", "name: total"), ("name: week", "name: month"))
    report = check(published)
    assert "version" not in rules(report)
    told = [f.fault.reason for f in report.findings if "version" in f.fault.reason]
    assert told == ["major: column amount (decimal(12,2)) is gone; version 1.0.0 must become 2.0.0"], report.findings
    assert report.stages[-1].facts["ports"]["shop.orders"]["version"]["required"] == "2.0.0"
    bump(published, "1.1.0")
    told = [f.fault.reason for f in check(published).findings if "version" in f.fault.reason]
    assert told == ["major: column amount (decimal(12,2)) is gone; version 1.0.0 must become 2.0.0, not 1.1.0"]
    bump(published, "2.0.0", old="1.1.0")
    assert not [f for f in check(published).findings if "version" in f.fault.reason]


def test_version_of_what_was_merged_is_an_error_of_its_own(published: Repo) -> None:
    """Readers break by what was merged before; the change itself asks for a patch of that."""
    published.mesh.edit(ORDERS_CONTRACT, ("name: amount", "name: total"))
    bump(published, "2.0.0")
    published.commit()
    published.git("checkout", "-q", "-b", "next")
    published.mesh.edit(ORDERS_CONTRACT, ("One row for each order.", "All orders."))
    report = check(published)
    assert {"column-removed", "version"} <= set(rules(report))
    assert next(f for f in report.findings if f.rule == "version").fault.suggestion == "2.0.1"


def test_version_must_tell_of_the_change(published: Repo) -> None:
    published.mesh.edit(ORDERS_CONTRACT, ("One row for each order.", "All orders."))
    report = check(published)
    assert rules(report) == ["version"]
    assert next(f for f in report.findings if f.rule == "version").fault.suggestion == "1.0.1"
    bump(published, "1.0.1")
    assert rules(check(published)) == []
    bump(published, "3.0.0", old="1.0.1")
    assert "version-skipped" in rules(check(published)) or rules(check(published)) != []


def test_new_promise_is_looked_up_in_the_published_data(published: Repo) -> None:
    """Customers have names; that no amount exceeds 5 is not so."""
    mesh = published.mesh
    mesh.edit(CUSTOMERS_CONTRACT, ("name: name\n", "name: name\n        required: true\n"))
    bump(published, "1.1.0", CUSTOMERS_CONTRACT)
    assert rules(check(published)) == []
    text = (mesh.root / ORDERS_CONTRACT).read_text()
    start = text.index(AMOUNT)
    mesh.write(ORDERS_CONTRACT, text[: start + len(AMOUNT)] + "        unique: true\n" + text[start + len(AMOUNT) :])
    bump(published, "1.1.0")
    report = check(published)
    assert rules(report) == ["data-breaks-promise"]
    assert "shop.orders breaks the new promise" in str(report.findings)


def test_merged_and_not_built_yet(published: Repo) -> None:
    """Readers still rely on 1.0.0, but the version counts on from 1.0.1."""
    published.mesh.edit(ORDERS_CONTRACT, ("One row for each order.", "All orders."))
    bump(published, "1.0.1")
    published.commit()
    published.git("checkout", "-q", "-b", "next")
    published.mesh.edit(ORDERS_CONTRACT, ("All orders.", "All orders, ever."))
    bump(published, "1.0.2", old="1.0.1")
    report = check(published)
    assert (rules(report), against(report)["shop.orders"]) == ([], "published 1.0.0")


def test_published_newer_than_the_branch(published: Repo) -> None:
    """A branch left before what is published now: it is judged by where it was left."""
    published.git("checkout", "-q", "-b", "old")
    published.git("checkout", "-q", "main")
    published.mesh.edit(ORDERS_CONTRACT, ("One row for each order.", "All orders."))
    bump(published, "1.0.1")
    published.commit()
    published.mesh.build(force=True)
    published.git("checkout", "-q", "old")
    report = check(published, "shop")
    assert rules(report) == []
    assert "since what is published (1.0.1) is newer" in against(report)["shop.orders"]


def test_without_a_catalog_the_branch_is_compared(tiny_mesh: TinyMesh) -> None:
    repo = repository(tiny_mesh)
    tiny_mesh.edit(ORDERS_CONTRACT, ("name: amount", "name: total"))
    report = check(repo)
    assert "column-removed" in rules(report)
    assert "since nothing is published" in against(report)["shop.orders"]


def test_without_git_what_is_published_is_compared(built_mesh: TinyMesh) -> None:
    built_mesh.edit(ORDERS_CONTRACT, ("name: amount", "name: total"))
    subject = subject_of(built_mesh.settings, ["shop"], None, lambda _: None)
    assert "column-removed" in rules(run(subject, STAGES))


def test_new_product_breaks_nobody(tiny_mesh: TinyMesh) -> None:
    subject = subject_of(tiny_mesh.settings, [], None, lambda _: None)
    report = run(subject, STAGES)
    assert (report.stages[-1].verdict, set(rules(report, "note"))) == ("passed", {"new"})


def test_product_that_goes_is_a_breaking_change(published: Repo) -> None:
    import shutil

    for folder in ("domains/insight/weekly", "dbt_projects/insight/models/weekly"):
        shutil.rmtree(published.mesh.root / folder)
    (published.mesh.root / "domains/insight/weekly/__pycache__").mkdir(parents=True)
    report = check(published)
    assert rules(report) == ["output-port-removed"], "what git ignores is no product"
    command = next(f for f in report.findings if f.rule == "output-port-removed").fault.command
    assert command is not None
    published.git("add", "-A")
    published.git(*command.removeprefix("git ").split(), at=published.mesh.root)
    assert rules(check(published)) == []


def test_promise_is_recorded_with_the_build_and_handed_over(published: Repo) -> None:
    from meshwright.catalog.promises import promises

    mesh = published.mesh

    def versions() -> dict[str, str]:
        with mesh.database.read() as connection:
            return {port: promise.version for port, promise in promises(connection).items()}

    assert versions() == dict.fromkeys(["shop.orders", "shop.lines", "shop.customers", "insight.weekly_sales"], "1.0.0")
    mesh.edit(ORDERS_CONTRACT, ("One row for each order.", "All orders."))
    bump(published, "1.0.1")
    mesh.build("shop")
    assert versions()["shop.orders"] == "1.0.1"


def test_access_that_changes_needs_an_approval(published: Repo) -> None:
    published.mesh.edit(CUSTOMERS_CONTRACT, ("classification: restricted", "classification: public"))
    bump(published, "1.0.1", CUSTOMERS_CONTRACT)
    report = check(published)
    assert "approval" in rules(report), report.findings
    with (published.mesh.root / ORDERS).open("a") as file:
        file.write(APPROVAL)
    assert "approved" in rules(check(published), "note")
    published.mesh.edit(ORDERS, ("2999-01-01", "2020-01-01"))
    assert "approval" in rules(check(published))
    policy = run(subject_of(published.mesh.settings, [], None, lambda _: None), chosen(["policy"], []))
    assert not [f for f in policy.findings if f.rule.startswith("exception")]


def test_wording_that_needs_no_build_is_recorded_all_the_same(
    published: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else every later change would be told of it again."""
    from meshwright.cli import main

    published.mesh.edit(ORDERS_CONTRACT, ("One row for each order.", "All orders."))
    bump(published, "1.0.1")
    published.commit()
    assert main(["-C", str(published.mesh.root), "build"]) == 0
    assert "Nothing changed" in capsys.readouterr().err
    report = check(published, "shop")
    assert (rules(report, "note"), against(report)["shop.orders"]) == ([], "published 1.0.1")


def test_end_that_is_past_is_refused_as_long_as_it_is_new(published: Repo) -> None:
    """Else the port would be gone with the next change; what was merged in time is no new promise a year later."""
    ended = 'status: deprecated\nslaProperties:\n  - property: endOfLife\n    value: "2020-01-01"\n'
    published.mesh.edit(ORDERS_CONTRACT, ("status: active\n", ended))
    bump(published, "1.1.0")
    report = check(published)
    assert rules(report) == ["end-date-past"]
    fault = next(f.fault for f in report.findings if f.rule == "end-date-past")
    assert fault.command == "mesh deprecate shop.orders --until YYYY-MM-DD --use PORT"
    assert fault.line == 8
    published.commit("Merged, and never built")
    published.mesh.edit(ORDERS_CONTRACT, ("One row for each order.", "All orders."))
    bump(published, "1.1.1", old="1.1.0")
    assert rules(check(published)) == []
