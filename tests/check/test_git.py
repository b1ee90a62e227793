"""git as people have it: branches, shallow clones, worktrees, submodules, and none at all."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from meshwright.check.git import Repository
from meshwright.errors import Fault, InputError
from support.commands import Outcome
from support.tiny import TinyMesh

from .repository import ORDERS, WEEKLY, Repo, git, repository

Check = Callable[..., Outcome]


def around(repo: Repo) -> Repository:
    return Repository.around(repo.mesh.root)


def refused(call: Callable[[], object]) -> Fault:
    with pytest.raises(InputError) as caught:
        call()
    assert len(caught.value.faults) == 1
    return caught.value.faults[0]


def test_every_kind_of_change_counts_and_ignored_files_do_not(repo: Repo) -> None:
    root = repo.mesh.root
    repo.mesh.edit(ORDERS, ("Orders as they were placed.", "Orders."))
    repo.git("add", "-A")
    repo.mesh.edit(WEEKLY, ("status: active", "status: draft"))
    (root / "domains/insight/defs.yaml").unlink()
    repo.git("mv", "data/people.csv", "data/folk.csv")
    odd = 'domains/shop/a b ü\n"x".txt'
    repo.mesh.write(odd, "x")
    repo.mesh.write(".mesh/x", "ignored")
    assert set(around(repo).changed("HEAD")) == {
        ORDERS, WEEKLY, "domains/insight/defs.yaml", "data/people.csv", "data/folk.csv", odd,
    }  # fmt: skip


def test_what_came_to_the_default_branch_since_is_no_change_of_ours(repo: Repo) -> None:
    left = repo.git("rev-parse", "HEAD")
    repo.git("switch", "-q", "-c", "work")
    repo.mesh.edit(WEEKLY, ("status: active", "status: draft"))
    repo.commit()
    repo.git("switch", "-q", "main")
    repo.mesh.edit(ORDERS, ("Orders as they were placed.", "Orders."))
    repo.commit()
    repo.git("switch", "-q", "work")
    found = around(repo)
    assert found.default_branch == "main"
    assert found.merge_base("main") == left
    assert found.changed(left) == (WEEKLY,)


def test_files_as_they_were(repo: Repo) -> None:
    commit = repo.git("rev-parse", "HEAD")
    before = (repo.mesh.root / ORDERS).read_bytes()
    (repo.mesh.root / ORDERS).unlink()
    found = around(repo)
    assert found.read(commit, ORDERS) == before
    assert found.read(commit, "domains/no.yaml") is None
    yaml = dict(found.files(commit, ["domains/shop", "domains/nowhere"], lambda path: path.endswith(".yaml")))
    there = {file.relative_to(repo.mesh.root).as_posix() for file in (repo.mesh.root / "domains/shop").rglob("*.yaml")}
    assert yaml.keys() == there | {ORDERS}
    assert yaml[ORDERS] == before


def test_attributes_that_hide_files_from_archives_hide_nothing(repo: Repo) -> None:
    repo.mesh.write(".gitattributes", "*.yaml export-ignore\n")
    commit = repo.commit()
    assert ORDERS in dict(around(repo).files(commit, ["domains"]))


def test_a_mesh_in_a_subfolder(tiny_mesh: TinyMesh, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("x")
    repo = repository(tiny_mesh, top=tmp_path)
    commit = repo.git("rev-parse", "HEAD")
    tiny_mesh.edit(ORDERS, ("Orders as they were placed.", "Orders."))
    (tmp_path / "other.txt").write_text("y")
    found = around(repo)
    assert (found.top, found.prefix) == (tmp_path, "mesh/")
    assert found.changed(commit) == (ORDERS,)
    assert b"as they were placed" in (found.read(commit, ORDERS) or b"")


@pytest.mark.parametrize("branch", ["main", "master", "trunk"])
def test_the_default_branch_without_a_remote(tiny_mesh: TinyMesh, branch: str) -> None:
    repo = repository(tiny_mesh, branch=branch)
    assert around(repo).default_branch == (None if branch == "trunk" else branch)
    repo.git("config", "init.defaultBranch", branch)
    assert around(repo).default_branch == branch


def test_the_default_branch_of_a_clone_is_the_remotes(repo: Repo, tmp_path: Path) -> None:
    repo.git("branch", "-m", "trunk")
    git(tmp_path, "clone", "-q", str(repo.top), "clone")
    git(tmp_path / "clone", "branch", "main")
    assert Repository.around(tmp_path / "clone").default_branch == "origin/trunk"
    git(tmp_path / "clone", "remote", "rename", "origin", "upstream")
    git(tmp_path / "clone", "remote", "set-head", "upstream", "trunk")
    assert Repository.around(tmp_path / "clone").default_branch == "upstream/trunk"


def test_a_branch_that_was_not_pushed_is_compared_with_what_was(repo: Repo, tmp_path: Path, check: Check) -> None:
    git(tmp_path, "clone", "-q", str(repo.top), "clone")
    clone = tmp_path / "clone"
    (clone / WEEKLY).write_text((clone / WEEKLY).read_text().replace("status: active", "status: draft"))
    git(clone, "commit", "-qam", "On main")
    said = check(clone, "--only", "policy")
    assert said.err.splitlines()[0].startswith("against origin/main (")
    assert "1 file differs" in said.err
    assert said.out == "passed: 1 product\n"


def test_a_detached_head_works_and_is_said(repo: Repo, check: Check) -> None:
    repo.git("switch", "-q", "--detach")
    repo.mesh.edit(WEEKLY, ("status: active", "status: draft"))
    said = check(repo.mesh.root, "--only", "policy")
    assert (said.code, said.out) == (0, "passed: 1 product\n")
    assert "the head is detached; files that are not committed are checked as they are" in said.err


@pytest.mark.parametrize("how", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_is_told_to_pass_over_are_said(repo: Repo, check: Check, how: str) -> None:
    assert "pass over" not in check(repo.mesh.root, "--only", "policy").err
    repo.git("update-index", how, WEEKLY, ORDERS)
    repo.mesh.edit(WEEKLY, ("status: active", "status: draft"))
    said = check(repo.mesh.root, "--only", "policy").err
    assert "git is told to pass over 2 files of teams, whose changes select nothing: git ls-files -v" in said


def test_a_shallow_clone_names_the_command_that_helps(repo: Repo, tmp_path: Path, check: Check) -> None:
    repo.git("switch", "-q", "-c", "work")
    for number in range(3):
        repo.commit(f"Work {number}")
    repo.git("switch", "-q", "main")
    for number in range(3):
        repo.commit(f"Main {number}")
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", f"file://{repo.top}", "clone")
    clone = tmp_path / "clone"
    git(clone, "switch", "-q", "work")
    fault = refused(lambda: Repository.around(clone).merge_base("origin/main"))
    assert fault.reason == "this clone is shallow: its history does not reach where it left origin/main"
    assert fault.command == "git fetch --unshallow"
    said = check(clone, "--only", "policy")
    assert (said.code, said.out) == (0, "passed: 2 products\n")
    assert "nothing to compare with: git: this clone is shallow" in said.err
    assert check(clone, "--against", "origin/main").code == 2
    git(clone, "fetch", "-q", "--unshallow")
    assert Repository.around(clone).merge_base("origin/main") == repo.git("merge-base", "main", "work")


def test_unrelated_histories(repo: Repo) -> None:
    repo.git("switch", "-q", "--orphan", "other")
    repo.commit()
    assert "no commit in common" in refused(lambda: around(repo).merge_base("main")).reason


def test_no_commit_yet(tiny_mesh: TinyMesh, check: Check) -> None:
    git(tiny_mesh.root, "init", "-q")
    fault = refused(lambda: Repository.around(tiny_mesh.root))
    assert fault.reason.endswith("has no commit yet")
    said = check(tiny_mesh.root, "--only", "spec")
    assert said.code == 0
    assert "has no commit yet" in said.err
    assert "checking all 2 products" in said.err


def test_no_repository(tiny_mesh: TinyMesh, check: Check) -> None:
    said = check(tiny_mesh.root, "--only", "spec")
    assert said.code == 0
    assert "is in no git repository" in said.err
    refused_ = check(tiny_mesh.root, "--against", "main")
    assert (refused_.code, refused_.out) == (2, "")
    assert "next: git init" in refused_.err


def test_damaged_repository(repo: Repo, check: Check) -> None:
    (repo.top / ".git" / "HEAD").write_text("garbage")
    said = check(repo.mesh.root, "--only", "spec")
    assert "its .git is damaged" in said.err
    assert "next: git fsck" in said.err


def test_git_is_not_installed(repo: Repo, check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused(lambda: around(repo)).reason == "git is not installed"
    assert "nothing to compare with: git: git is not installed" in check(repo.mesh.root, "--only", "spec").err


def test_a_bare_repository(repo: Repo, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo.top), "bare.git")
    assert "is a bare repository" in refused(lambda: Repository.around(tmp_path / "bare.git")).reason


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_repository_of_somebody_else(repo: Repo) -> None:
    os.chown(repo.top, 12345, 12345)
    os.chown(repo.top / ".git", 12345, 12345)
    fault = refused(lambda: around(repo))
    assert "belongs to another user" in fault.reason
    assert fault.command == f"git config --global --add safe.directory {repo.top}"
    subprocess.run(["bash", "-c", fault.command], check=True)
    assert around(repo).top == repo.top


@pytest.mark.parametrize(
    ("ref", "near", "reason"),
    [
        ("mian", "main", "git knows no branch, tag or commit 'mian'"),
        ("v1.O", "v1.0", "git knows no branch, tag or commit 'v1.O'"),
        ("0000000000", None, "git knows no branch"),
        ("--output=x", None, "cannot be a git ref"),
        ("-main", "main", "cannot be a git ref"),
        ("main main", "main", "cannot be a git ref"),
        ("", None, "cannot be a git ref"),
        ("main\n", "main", "cannot be a git ref"),
        ("main^{tree}", None, "git knows no branch"),
    ],
)
def test_refs_that_name_nothing(repo: Repo, ref: str, near: str | None, reason: str) -> None:
    repo.git("tag", "v1.0")
    fault = refused(lambda: around(repo).commit_of(ref))
    assert reason in fault.reason
    assert fault.key == "--against"
    if near:
        assert fault.suggestion == near


def test_the_command_names_near_refs(repo: Repo, check: Check) -> None:
    said = check(repo.mesh.root, "--against", "mian")
    assert (said.code, said.out) == (2, "")
    assert "did you mean 'main'?" in said.err


def test_a_worktree(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"), "-b", "work")
    (tmp_path / "tree" / WEEKLY).unlink()
    found = Repository.around(tmp_path / "tree")
    assert (found.branch, found.default_branch) == ("work", "main")
    assert found.changed(found.merge_base("main")) == (WEEKLY,)


def test_a_domain_that_is_a_submodule(repo: Repo, tmp_path: Path, check: Check) -> None:
    """The mesh changes where its submodule moves; what was in it lies in another repository."""
    shop = repo.mesh.root / "domains/shop"
    inner = tmp_path / "inner"
    shop.rename(inner)
    git(inner, "init", "-q", "-b", "main")
    git(inner, "add", "-A")
    git(inner, "commit", "-qm", "First")
    repo.git("rm", "-rq", "--cached", "domains/shop")
    repo.git("submodule", "add", "-q", str(inner), "domains/shop")
    commit = repo.commit()
    assert around(repo).listed(commit, ["domains/shop"])["domains/shop"][0] == "commit"
    repo.mesh.edit(ORDERS, ("Orders as they were placed.", "Orders."))
    assert around(repo).changed(commit) == ("domains/shop",)
    assert check(repo.mesh.root, "--only", "policy").out == "passed: 1 product\n"


def test_the_variables_of_a_hook_do_not_lead_astray(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    (repo.mesh.root / WEEKLY).unlink()
    assert around(repo).top == repo.top
    assert around(repo).changed("HEAD") == (WEEKLY,)


def test_nothing_that_the_repository_configures_is_run(repo: Repo, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "core.pager", "diff.x.textconv", "diff.x.command"):
        repo.git("config", key, str(script))
    repo.mesh.write(".gitattributes", "*.yaml diff=x\n")
    trap.unlink(missing_ok=True)
    (repo.mesh.root / WEEKLY).write_text("x")
    assert WEEKLY in around(repo).changed("HEAD")
    assert not trap.exists()
