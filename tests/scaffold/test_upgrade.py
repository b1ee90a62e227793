"""Scaffolds that teams edited, brought to a newer template."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from meshwright.cli import main
from meshwright.config import Settings
from meshwright.scaffold import templates
from meshwright.scaffold.answers import FILE
from meshwright.scaffold.merge import has_marks, merge
from meshwright.scaffold.upgrade import Upgrade, upgrade
from meshwright.spec import load
from support.commands import shell

from .conftest import Scaffold, snapshot

PRODUCT = "templates/product/{}/files/domains/{{{{ domain }}}}/{{{{ product }}}}/"
CONTRACT = "domains/shop/receipts/receipts.contract.yaml"
ANSWERS = f"domains/shop/receipts/{FILE}"


@pytest.fixture
def pinned(fresh: Path) -> Path:
    """A new mesh in git that pins the product template: version 1 as ours was, version 2 with its changes."""
    ours = templates.versions("product")[0].folder
    for version in (1, 2):
        shutil.copytree(ours, fresh / "templates" / "product" / str(version))
    newer = fresh / PRODUCT.format(2)
    edit(newer / "product.yaml.jinja", "status: active", "status: active\ntenant: retail")
    edit(newer / "{{ port }}.contract.yaml.jinja", "value: 7  # proposed", "value: 3  # proposed")
    edit(newer / "ingest.py.jinja", "as they arrive", "as they come in")
    (newer / "NOTES.md.jinja").write_text("Notes on {{ product }}, {{ grade }}.\n")
    (newer / "sample.csv").unlink()
    edit(
        fresh / "templates/product/2/copier.yml",
        "port: {type: str",
        "grade: {type: str, default: plain}\nport: {type: str",
    )
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        git(fresh, *command)
    return fresh


def git(root: Path, *arguments: str) -> str:
    own = ["-c", "user.email=t@example.com", "-c", "user.name=T", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *own, *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def commit(root: Path) -> None:
    git(root, "commit", "-qam", "ours")


def one(root: Path, name: str = "shop/receipts") -> Upgrade:
    return next(u for u in upgrade(Settings.of(root)) if u.name == name)


def version(root: Path) -> int:
    return int(yaml.safe_load((root / ANSWERS).read_text())["_version"])


def test_untouched_scaffold_takes_all_of_it(pinned: Path) -> None:
    found = one(pinned)
    assert (found.verdict, found.before, found.after) == ("upgraded", 1, 2)
    assert {path.name: state for path, state in found.files.items()} == {
        "product.yaml": "changed", "receipts.contract.yaml": "changed", "ingest.py": "changed", "NOTES.md": "added",
        "sample.csv": "removed",
    }  # fmt: skip
    assert (pinned / "domains/shop/receipts/NOTES.md").read_text() == "Notes on receipts, plain.\n"
    assert version(pinned) == 2
    assert one(pinned).verdict == "untouched"
    assert load(pinned).products


def test_edits_are_kept_and_merged(pinned: Path) -> None:
    edit(pinned / CONTRACT, 'description: "Amount."', 'description: "In euros."')
    edit(pinned / "domains/shop/receipts/ingest.py", '"""What shop/receipts lands."""', '"""Ours."""')
    (pinned / "domains/shop/receipts/sample.csv").write_text("id,happened_on,category,amount\n1,2026-01-01,shop,2\n")
    commit(pinned)
    found = one(pinned)
    assert found.verdict == "upgraded"
    assert {path.name: state for path, state in found.files.items()} == {
        "product.yaml": "changed", "receipts.contract.yaml": "merged", "ingest.py": "merged", "NOTES.md": "added",
        "sample.csv": "kept",
    }  # fmt: skip
    text = (pinned / CONTRACT).read_text()
    assert "In euros." in text
    assert "value: 3" in text
    assert version(pinned) == 2
    built = shell(pinned, "mesh build")
    assert built.returncode == 0, built.stderr


def test_conflict_waits_until_it_is_decided(pinned: Path) -> None:
    """The version moves only when every file is settled, so that nothing skipped is forgotten."""
    edit(pinned / CONTRACT, "value: 7", "value: 14")
    commit(pinned)
    for _ in range(2):
        found = one(pinned)
        assert (found.verdict, {p.name for p, s in found.files.items() if s == "conflict"}) == (
            "conflicts", {"receipts.contract.yaml"},
        )  # fmt: skip
        assert version(pinned) == 1
        text = (pinned / CONTRACT).read_text()
        assert text.count("<<<<<<< yours") == text.count(">>>>>>> template now") == 1
    assert (pinned / "domains/shop/receipts/NOTES.md").is_file()
    start, end = text.index("<<<<<<<"), text.index("\n", text.index(">>>>>>>")) + 1
    (pinned / CONTRACT).write_text(text[:start] + "    value: 5\n" + text[end:])
    found = one(pinned)
    assert found.verdict == "upgraded"
    assert "value: 5" in (pinned / CONTRACT).read_text()
    assert version(pinned) == 2
    assert "_upgrading" not in (pinned / ANSWERS).read_text()


def test_conflict_that_is_decided_for_ones_own(pinned: Path) -> None:
    edit(pinned / CONTRACT, "value: 7", "value: 14")
    commit(pinned)
    one(pinned)
    git(pinned, "restore", CONTRACT)
    assert one(pinned).verdict == "upgraded"
    assert "value: 14" in (pinned / CONTRACT).read_text()


def test_killed_between_the_note_and_the_marks(pinned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(pinned / CONTRACT, "value: 7", "value: 14")
    commit(pinned)
    from meshwright.scaffold import upgrade as module

    whole = module.write_whole

    def killed(file: Path, content: bytes) -> None:
        if file.name.endswith(".contract.yaml"):
            raise KeyboardInterrupt
        whole(file, content)

    monkeypatch.setattr(module, "write_whole", killed)
    with pytest.raises(KeyboardInterrupt):
        one(pinned)
    monkeypatch.undo()
    assert not has_marks((pinned / CONTRACT).read_bytes())
    assert one(pinned).verdict == "conflicts"
    assert has_marks((pinned / CONTRACT).read_bytes())


def test_scripts_can_be_run_afterwards(fresh: Path) -> None:
    """A template holds texts alone; which of them are scripts shows in their first line."""
    ours = templates.versions("mesh")[0].folder
    for version in (1, 2):
        shutil.copytree(ours, fresh / "templates" / "mesh" / str(version))
    newer = fresh / "templates/mesh/2/files"
    edit(newer / "scripts/ci", "set -euo pipefail", "set -euo pipefail # newer")
    (newer / "scripts/more").write_text("#!/bin/sh\n")
    assert one(fresh, "mesh").verdict == "upgraded"
    assert "# newer" in (fresh / "scripts/ci").read_text()
    assert {name: bool((fresh / "scripts" / name).stat().st_mode & 0o111) for name in ("ci", "more", "activate")} == {
        "ci": True, "more": True, "activate": False,
    }  # fmt: skip


def test_removed_and_added_by_the_team(pinned: Path) -> None:
    (pinned / "domains/shop/receipts/ingest.py").unlink()
    (pinned / "domains/shop/receipts/NOTES.md").write_text("Our notes.\n")
    git(pinned, "add", "-A")
    commit(pinned)
    found = one(pinned)
    assert {p.name: s for p, s in found.files.items() if p.name in ("ingest.py", "NOTES.md")} == {
        "ingest.py": "kept", "NOTES.md": "conflict",
    }  # fmt: skip
    assert not (pinned / "domains/shop/receipts/ingest.py").exists()


def test_dirty_files_are_refused_and_nothing_changes(pinned: Path) -> None:
    edit(pinned / CONTRACT, "value: 7", "value: 8")
    before = snapshot(pinned)
    found = one(pinned)
    assert found.verdict == "failed"
    assert found.error is not None
    assert "not committed" in str(found.error)
    assert snapshot(pinned) == before


def test_without_git_it_merges_all_the_same(pinned: Path) -> None:
    shutil.rmtree(pinned / ".git")
    edit(pinned / CONTRACT, 'description: "Amount."', 'description: "In euros."')
    assert one(pinned).verdict == "upgraded"


def test_one_that_fails_does_not_stop_the_others(pinned: Path, product: Scaffold) -> None:
    """Of the four verdicts, each is told in one table."""
    (pinned / "templates/product/2").rename(pinned / "aside")
    for name in ("broken", "newer", "sound"):
        product(f"shop/{name}")
    (pinned / "aside").rename(pinned / "templates/product/2")
    (pinned / f"domains/shop/broken/{FILE}").write_text("[")
    edit(pinned / f"domains/shop/newer/{FILE}", "_version: 1", "_version: 9")
    edit(pinned / CONTRACT, "value: 7", "value: 14")
    git(pinned, "add", "-A")
    commit(pinned)
    told = shell(pinned, "mesh upgrade --all --format json")
    assert told.returncode == 1
    assert {u["scaffold"]: u["result"] for u in json.loads(told.stdout)} == {
        "mesh": "untouched", "shop": "untouched", "broken": "failed", "shop/newer": "failed", "shop/sound": "upgraded",
        "shop/receipts": "conflicts",
    }  # fmt: skip


def test_without_a_name_it_only_tells(pinned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(pinned)
    assert main(["-C", str(pinned), "upgrade"]) == 0
    told = capsys.readouterr()
    assert "behind" in told.out
    assert "next: mesh upgrade --all" in told.err
    assert snapshot(pinned) == before


@pytest.mark.parametrize(
    ("words", "code"), [(["nowhere"], 2), (["shpo"], 2), (["shop", "--all"], 2), (["../domains"], 2)]
)
def test_wrong_names(pinned: Path, words: list[str], code: int) -> None:
    assert main(["-C", str(pinned), "upgrade", *words]) == code


def test_template_with_tasks_is_refused_for_that_scaffold(pinned: Path) -> None:
    with (pinned / "templates/product/2/copier.yml").open("a") as file:
        file.write("_tasks: ['touch /tmp/meshwright-ran']\n")
    found = one(pinned)
    assert found.verdict == "failed"
    assert not Path("/tmp/meshwright-ran").exists()


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "state"),
    [
        (b"a\n", b"a\n", b"b\n", "changed"), (b"a\n", b"b\n", b"a\n", "same"), (b"a\n", b"b\n", b"b\n", "same"),
        (None, None, b"a\n", "added"), (None, b"a\n", b"a\n", "same"), (None, b"x\n", b"a\n", "conflict"),
        (b"a\n", b"a\n", None, "removed"), (b"a\n", b"b\n", None, "kept"), (b"a\n", None, b"b\n", "kept"),
        (b"a\n", None, None, "same"), (b"a\nb\nc\nd\ne\n", b"A\nb\nc\nd\ne\n", b"a\nb\nc\nd\nE\n", "merged"),
        (b"a\n", b"b\n", b"c\n", "conflict"), (b"\0a", b"\0b", b"\0c", "kept"),
    ],
)  # fmt: skip
def test_three_ways(base: bytes | None, ours: bytes | None, theirs: bytes | None, state: str) -> None:
    assert merge(base, ours, theirs).state == state
