"""The one command of CI in a new mesh, and what calls it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import REPOSITORY
from support.commands import MESH, shell
from support.go_tools import ACTIONLINT, go_tool

from .ci import BAD, CONTRACT, GOOD, Clone, repository

WORKFLOW = ".github/workflows/mesh.yml"
FAULT = re.compile(rf"^::error file={CONTRACT},line=\d+,col=\d+,title=spec%3A file::.*nummer", re.MULTILINE)


@pytest.fixture(autouse=True)
def _own_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's configuration, and nobody's name."""
    config = tmp_path / "gitconfig"
    config.write_text("[user]\nname = A\nemail = a@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))


@pytest.fixture
def origin(fresh: Path) -> Clone:
    """A new mesh under git, as the one that others clone."""
    return repository(fresh)


@pytest.fixture
def pull_request(tmp_path: Path) -> dict[str, str]:
    """Variables of GitHub Actions at a pull request into main."""
    return {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "step.md"),
    }  # fmt: skip


def workflow(root: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((root / WORKFLOW).read_text(encoding="utf-8"))
    return found


def test_good_change_may_merge(origin: Clone, tmp_path: Path, pull_request: dict[str, str]) -> None:
    origin.change(GOOD)
    work = origin.clone(tmp_path / "work")
    ran = work.ci(arguments="", **pull_request)
    assert ran.code == 0, ran.err
    assert "::error" not in ran.out
    assert "passed    code" in ran.err, "every stage runs"
    assert ran.summary.startswith(("## ✅ mesh check: passed", "## ⚠️ mesh check: passed with warnings"))
    assert Path(pull_request["GITHUB_STEP_SUMMARY"]).read_text() == ran.summary
    assert work.git("status", "--porcelain") == "", "what it leaves is ignored by git"


def test_bad_change_is_refused_at_its_line(origin: Clone, tmp_path: Path, pull_request: dict[str, str]) -> None:
    origin.change(BAD)
    ran = origin.clone(tmp_path / "work").ci("--only spec,policy", **pull_request)
    assert ran.code == 1, ran.err
    assert FAULT.search(ran.out)
    assert ran.summary.startswith("## ❌ mesh check: failed")
    assert re.search(rf"<pre>spec/file  {CONTRACT}:\d+ - .*'nummer'", ran.summary)
    assert Path(pull_request["GITHUB_STEP_SUMMARY"]).read_text() == ran.summary
    report = json.loads((ran.root / "mesh-report" / "report.json").read_text())
    assert (report["verdict"], report["products"]) == ("failed", ["shop/receipts"])


def test_target_branch_counts_and_not_the_default_one(origin: Clone, tmp_path: Path) -> None:
    """What the target has already is none of this change; GitLab names it otherwise."""
    origin.git("switch", "-q", "-c", "release")
    origin.change(GOOD, branch=None)
    origin.git("switch", "-q", "-c", "later")
    origin.git("commit", "-q", "--allow-empty", "-m", "Nothing")
    work = origin.clone(tmp_path / "work")
    assert json.loads(_report(work.ci(CI_MERGE_REQUEST_TARGET_BRANCH_NAME="release")))["products"] == []
    assert json.loads(_report(work.ci(CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")))["products"] == ["shop/receipts"]


def _report(ran: Any) -> str:
    assert ran.code == 0, ran.err
    return (Path(ran.root) / "mesh-report" / "report.json").read_text()


@pytest.mark.parametrize("options", [("--depth=1",), ("--depth=1", "--single-branch", "--branch=change")])
def test_shallow_clone_gets_what_it_lacks(
    origin: Clone, tmp_path: Path, pull_request: dict[str, str], options: tuple[str, ...]
) -> None:
    origin.change(GOOD)
    work = origin.clone(tmp_path / "work", *options)
    ran = work.ci(**pull_request)
    assert ran.code == 0, ran.err
    assert "fetching main" in ran.err
    assert json.loads(_report(ran))["products"] == ["shop/receipts"]


def test_shallow_clone_without_its_origin_is_told(origin: Clone, tmp_path: Path, pull_request: dict[str, str]) -> None:
    origin.change(GOOD)
    work = origin.clone(tmp_path / "work", "--depth=1")
    shutil.rmtree(origin.root)
    ran = work.ci(**pull_request)
    assert ran.code == 2
    assert "let CI check out the whole history" in ran.err
    assert not (work.root / "mesh-report").exists(), "no report of a check that was none"


def test_detached_head_of_a_merge(origin: Clone, tmp_path: Path, pull_request: dict[str, str]) -> None:
    """As GitHub checks out a pull request: the merge of both, on no branch."""
    change = origin.change(BAD)
    origin.git("switch", "-q", "main")
    (origin.root / "README.md").write_text("Later\n")
    origin.git("commit", "-q", "-a", "-m", "Later")
    work = origin.clone(tmp_path / "work")
    work.git("checkout", "-q", "--detach", "main")
    work.git("merge", "-q", "--no-edit", change)
    ran = work.ci("--only spec", **pull_request)
    assert ran.code == 1
    assert "the head is detached" in ran.err
    assert "against origin/main" in ran.err
    assert "README" not in ran.summary


@pytest.mark.parametrize("event", ["push", "gitlab"])
def test_push_to_the_default_branch_is_compared_with_what_was_there(origin: Clone, tmp_path: Path, event: str) -> None:
    before = origin.git("rev-parse", "HEAD")
    origin.change(GOOD, branch=None)
    origin.change(BAD, branch=None)
    variables = (
        {"GITHUB_EVENT_NAME": "push", "PUSHED_FROM": before}
        if event == "push"
        else {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main",
              "CI_COMMIT_BEFORE_SHA": before}
    )  # fmt: skip
    ran = origin.clone(tmp_path / "work").ci("--only spec", **variables)
    assert ran.code == 1, ran.err
    assert before[:8] in ran.err


@pytest.mark.parametrize("before", ["0" * 40, "f" * 40, "--all-match"])
def test_push_over_an_unknown_past_checks_everything(origin: Clone, before: str) -> None:
    ran = origin.ci(GITHUB_EVENT_NAME="push", PUSHED_FROM=before)
    assert json.loads(_report(ran))["products"] == ["shop/receipts"]


@pytest.mark.parametrize(
    "variables", [{"GITHUB_EVENT_NAME": "schedule"}, {"GITHUB_EVENT_NAME": "workflow_dispatch"},
                  {"CI_PIPELINE_SOURCE": "schedule"}],
)  # fmt: skip
def test_nightly_run_checks_everything(origin: Clone, variables: dict[str, str]) -> None:
    assert json.loads(_report(origin.ci(**variables)))["products"] == ["shop/receipts"]


def test_without_git_everything_is_checked(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(fresh.parent))
    ran = Clone(fresh).ci()
    assert ran.code == 0, ran.err
    assert "is in no git repository" in ran.err
    assert json.loads(_report(ran))["products"] == ["shop/receipts"]


def test_machine_without_git_is_told(origin: Clone, tmp_path: Path, pull_request: dict[str, str]) -> None:
    """Without a target everything is checked; where one is to be compared with, that is wrong input."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "cat", "dirname", "env", "rm"):
        (tools / name).symlink_to(shutil.which(name) or pytest.fail(f"no {name} here"))
    (tools / "mesh").symlink_to(MESH)
    environment = {"PATH": str(tools), "HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY / "platform")}
    for more, code in (({}, 0), (pull_request, 2)):
        done = subprocess.run(
            ["bash", "scripts/ci", "--only", "policy"], cwd=origin.root, env={**environment, **more},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "git is not installed" in done.stderr


@pytest.mark.parametrize("branch", ["$(touch pwned)", "a;touch pwned", "-d", "`touch pwned`", "--upload-pack=touch"])
def test_names_of_branches_are_never_run(origin: Clone, pull_request: dict[str, str], branch: str) -> None:
    ran = origin.ci(**{**pull_request, "GITHUB_BASE_REF": branch})
    assert ran.code == 2
    assert not (origin.root / "pwned").exists()


def test_runs_from_any_folder(origin: Clone, tmp_path: Path) -> None:
    done = shell(tmp_path, f"{origin.root}/scripts/ci --only policy --all", GITHUB_EVENT_NAME="", CI_PIPELINE_SOURCE="")
    assert done.returncode == 0, done.stderr
    assert (origin.root / "mesh-report" / "summary.md").exists()


def test_environment_of_the_mesh_is_used_where_none_is_active(origin: Clone) -> None:
    """No ``mesh`` on PATH: the one in .venv, by scripts/activate, which finds it working and installs nothing."""
    binaries = origin.root / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "mesh").symlink_to(MESH)
    (binaries / "activate").write_text(f'PATH="{binaries}:$PATH"\n')
    done = subprocess.run(
        ["bash", "scripts/ci", "--only", "policy", "--all"], cwd=origin.root, capture_output=True, text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(origin.root), "PYTHONPATH": str(REPOSITORY / "platform")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "passed    policy" in done.stderr
    assert "making" not in done.stderr


def test_hook_of_pre_commit_says_no_to_what_is_broken(origin: Clone) -> None:
    [hook] = yaml.safe_load((origin.root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    wanted = re.compile(hook["files"])
    assert wanted.search(CONTRACT)
    assert wanted.search("pyproject.toml")
    assert not wanted.search("README.md")
    assert not wanted.search("tests/test_mesh.py")
    assert shell(origin.root, hook["entry"]).returncode == 0
    (origin.root / CONTRACT).write_text((origin.root / CONTRACT).read_text().replace(*BAD[0], 1))
    done = shell(origin.root, hook["entry"], http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "'nummer'" in done.stdout
    assert "code" not in done.stderr


def test_workflow_is_sound(fresh: Path, pytestconfig: pytest.Config) -> None:
    cache = pytestconfig.cache
    assert cache is not None
    actionlint = go_tool(ACTIONLINT, cache.mkdir("go"))
    done = subprocess.run([actionlint, "-no-color", WORKFLOW], cwd=fresh, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    broken = fresh / "broken.yml"
    broken.write_text((fresh / WORKFLOW).read_text().replace("runs-on: ubuntu-latest", "runs-on: ubuntu-oldest", 1))
    assert subprocess.run([actionlint, broken], cwd=fresh, capture_output=True, check=False).returncode == 1


def test_workflow_trusts_nobody(fresh: Path) -> None:
    text, told = (fresh / WORKFLOW).read_text(), workflow(fresh)
    # YAML 1.1 reads the key `on` as true.
    assert set(told[True]) == {"pull_request", "push", "schedule", "workflow_dispatch"}
    assert "pull_request_target" not in text
    assert told["permissions"] == {}
    assert {name: job["permissions"] for name, job in told["jobs"].items()} == {
        "check": {"contents": "read"}, "comment": {"pull-requests": "write"},
    }  # fmt: skip
    assert all(job["timeout-minutes"] for job in told["jobs"].values())
    steps = [step for job in told["jobs"].values() for step in job["steps"]]
    assert not [step for step in steps if "${{" in step.get("run", "")], "values of others reach scripts by env alone"
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    assert [step for step in told["jobs"]["check"]["steps"] if "run" in step] == [{"run": "./scripts/ci"}]
    writer = told["jobs"]["comment"]["steps"]
    assert not [step for step in writer if "checkout" in step.get("uses", "") or "scripts/" in step.get("run", "")]


def test_workflow_caches_nothing_but_what_can_be_made_again(fresh: Path) -> None:
    steps = workflow(fresh)["jobs"]["check"]["steps"]
    paths = [step["with"]["path"] for step in steps if step.get("uses", "").startswith("actions/cache@")]
    assert paths == [".venv", ".mesh/manifests"]


def test_no_stage_is_named(fresh: Path) -> None:
    from meshwright.check.stage import names

    words = set(
        re.findall(r"\w+", re.sub(r"#.*", "", (fresh / WORKFLOW).read_text() + (fresh / "scripts/ci").read_text()))
    )
    assert not words & (set(names()))


@pytest.mark.parametrize("script", ["scripts/ci", "scripts/activate"])
def test_scripts_of_the_mesh_are_sound(fresh: Path, script: str) -> None:
    subprocess.run(["bash", "-n", script], cwd=fresh, check=True)
    if shellcheck := shutil.which("shellcheck"):
        done = subprocess.run([shellcheck, "-x", script], cwd=fresh, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_script_is_executable_and_the_sourced_one_is_not(fresh: Path) -> None:
    assert (fresh / "scripts/ci").stat().st_mode & 0o111
    assert not (fresh / "scripts/activate").stat().st_mode & 0o111


def test_gitlab_in_ten_lines(origin: Clone, tmp_path: Path) -> None:
    [block] = re.findall(r"^```yaml\n(.*?)^```$", (REPOSITORY / "docs/ci.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(block.splitlines()) <= 10
    [job] = yaml.safe_load(block).values()
    assert set(job) <= {"image", "rules", "variables", "cache", "timeout", "script", "artifacts"}
    assert (job["variables"]["GIT_DEPTH"], job["artifacts"]["when"]) == ("0", "always")
    assert set(job["cache"]["paths"]) == {".cache/pip", ".venv", ".mesh/manifests"}
    [command] = job["script"]
    origin.change(BAD)
    work = origin.clone(tmp_path / "work")
    variables = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    done = shell(work.root, f"unset ${{!GITHUB_@}}; {command} --only spec", **variables)
    assert done.returncode == 1, done.stderr
    assert "'nummer'" in done.stdout, "people read text there"
    assert (work.root / job["artifacts"]["paths"][0] / "summary.md").exists()
