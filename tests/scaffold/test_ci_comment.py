"""The comment on a pull request, by the step of the workflow and the real ``gh``."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from support.commands import shell
from support.comments import Comment, comment, comments

MARK = "<!-- mesh check -->"
pytestmark = pytest.mark.skipif(not shutil.which("gh"), reason="gh is not installed: see cli.github.com")


def tell(fresh: Path, work: Path, *there: Comment) -> tuple[subprocess.CompletedProcess[str], list[Comment]]:
    """Run the step in a folder, on a pull request with some comments; how it ended, and the comments then."""
    steps = yaml.safe_load((fresh / ".github/workflows/mesh.yml").read_text())["jobs"]["comment"]["steps"]
    [step] = [step for step in steps if "run" in step]
    issues = "repos/a/b/issues"
    own = {"COMMENTS": f"{issues}/7/comments", "COMMENT": f"{issues}/comments", "RUN": "https://example.com/runs/1"}
    assert own.keys() < step["env"].keys()
    with comments(*there) as (variables, found):
        return shell(work, f"set -e\n{step['run']}", HOME=str(work), **own, **variables), found


def test_first_report_is_a_new_comment(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("## ✅ passed\n$(touch pwned) `touch pwned`\n")
    done, [made] = tell(fresh, tmp_path)
    assert done.returncode == 0, done.stderr
    assert made["body"].startswith(f"{MARK}\n## ✅ passed\n$(touch pwned) `touch pwned`")
    assert "[Log and report](https://example.com/runs/1)" in made["body"]
    assert not (tmp_path / "pwned").exists()


def test_later_report_takes_the_place_of_the_first(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("new\n")
    others = [comment(number, "chat", "User") for number in range(1, 150)]
    fake, old = comment(200, f"{MARK}\nquoted by somebody", "User"), comment(201, f"{MARK}\nold")
    done, found = tell(fresh, tmp_path, *others, fake, old, comment(202, "another bot"))
    assert done.returncode == 0, done.stderr
    assert len(found) == 152
    assert found[150]["body"].startswith(f"{MARK}\nnew")
    assert found[149]["body"] == f"{MARK}\nquoted by somebody"


def test_check_without_a_report_does_not_leave_the_old_verdict(fresh: Path, tmp_path: Path) -> None:
    done, [found] = tell(fresh, tmp_path, comment(1, f"{MARK}\n## ✅ passed"))
    assert done.returncode == 0, done.stderr
    assert "it ended before there was a report" in found["body"]
    assert "✅" not in found["body"]
