"""``mesh contract``: files without a mesh."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from meshwright.cli import main
from support.mesh_files import FILES

REQUIRED = FILES["domains/shop/orders/orders.contract.yaml"]
OLD = REQUIRED.replace("decimal(12,2)\n        required: true\n", "decimal(12,2)\n")
WIDER = OLD.replace("decimal(12,2)", "double").replace("version: 1.0.0", "version: 2.0.0")
BUMPED = REQUIRED.replace("version: 1.0.0", "version: 1.1.0")
BROKEN = OLD.replace("required: true", "required: yes", 1)
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call ``mesh contract …`` in a folder that is no mesh and holds some contracts."""
    texts = {"old": OLD, "wider": WIDER, "required": REQUIRED, "bumped": BUMPED, "broken": BROKEN}
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        code = main(["contract", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_pairs_differ() -> None:
    assert len({OLD, WIDER, REQUIRED, BUMPED, BROKEN}) == 5


def test_diff_says_every_change_the_verdict_and_the_version(contract: Call) -> None:
    code, out, err = contract("diff", "old.yaml", "wider.yaml")
    assert code == 0
    change, verdict, version = out.splitlines()
    assert change.startswith("major    columns.amount.type  the type of amount was decimal(12,2) and is now double")
    assert "line 36 of wider.yaml; rule type-widened-otherwise" in change
    assert verdict == "verdict: major"
    assert version == "version: must become 2.0.0, is 2.0.0"
    assert "only as a new output port" in err


def test_diff_refuses_the_version(contract: Call) -> None:
    code, out, err = contract("diff", "old.yaml", "required.yaml")
    assert code == 0
    assert out.splitlines()[-1] == "version: must become 1.1.0, is 1.0.0: refused"
    assert "; verify not_null)" in out
    assert "it must become 1.1.0" in err


def test_diff_as_json(contract: Call) -> None:
    code, out, _ = contract("diff", "old.yaml", "bumped.yaml", "--format", "json")
    data = json.loads(out)
    assert code == 0
    assert data["verdict"] == "minor"
    assert data["version"] == {
        "old": "1.0.0", "new": "1.1.0", "required": "1.1.0", "enough": True, "reason": "version 1.1.0 is enough",
    }  # fmt: skip
    (change,) = data["changes"]
    assert {k: change[k] for k in ("path", "rule", "verdict", "reason", "verify")} == {
        "path": "columns.amount.required",
        "rule": "column-required",
        "verdict": "minor",
        "reason": "amount could be NULL and is now required",
        "verify": {"kind": "not_null", "column": "amount"},
    }


@pytest.mark.parametrize(
    ("new", "fail_on", "code"),
    [
        ("wider.yaml", "major", 1),
        ("wider.yaml", "refused", 0),
        ("bumped.yaml", "major", 0),
        ("bumped.yaml", "minor", 1),
        ("bumped.yaml", "patch", 1),
        ("required.yaml", "refused", 1),
        ("old.yaml", "patch", 0),
    ],
)
def test_fail_on(contract: Call, new: str, fail_on: str, code: int) -> None:
    assert contract("diff", "old.yaml", new, "--fail-on", fail_on)[0] == code


def test_nothing_changed(contract: Call) -> None:
    code, out, err = contract("diff", "old.yaml", "old.yaml")
    assert (code, out, err) == (0, "verdict: none\nversion: may stay 1.0.0, is 1.0.0\n", "")


@pytest.mark.parametrize("arguments", [("-", "bumped.yaml"), ("bumped.yaml", "-")])
def test_stdin(contract: Call, arguments: tuple[str, str]) -> None:
    code, out, _ = contract("diff", *arguments, stdin=OLD)
    assert code == 0
    assert "columns.amount.required" in out


def test_stdin_has_one_contract(contract: Call) -> None:
    code, out, err = contract("diff", "-", "-", stdin=OLD)
    assert (code, out) == (2, "")
    assert "only one" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diff", "old.yaml", "gone.yaml"), "gone.yaml: cannot be read"),
        (("diff", ".", "old.yaml"), "cannot be read"),
        (("diff", "old.yaml", "broken.yaml"), "wrong type: expected boolean"),
        (("diff", "old.yaml"), "Missing argument 'NEW'"),
        (("diff", "old.yaml", "old.yaml", "--fail-on", "none"), "Invalid value for '--fail-on'"),
        (("lint",), "Missing argument 'FILE...'"),
        (("lint", "gone.yaml"), ""),
        (("lint", "broken.yaml", "gone.yaml"), ""),
        (("compare", "a", "b"), "No such command 'compare'"),
    ],
)
def test_wrong_input(contract: Call, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = contract(*arguments)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_lint_of_sound_files(contract: Call) -> None:
    assert contract("lint", "old.yaml", "wider.yaml") == (0, "", "no fault in 2 files\n")
    assert contract("lint", "-", stdin=OLD)[0] == 0


def test_lint_tells_all_faults_of_all_files(contract: Call) -> None:
    Path("odd.yaml").write_text(OLD.replace("version: 1.0.0", "version: spring"))
    code, out, err = contract("lint", "broken.yaml", "old.yaml", "odd.yaml", "gone.yaml")
    assert code == 2, "one cannot be read"
    assert "broken.yaml:19 - schema[0].properties[0].required: wrong type" in out
    assert "odd.yaml:5 - version: version 'spring' is no major.minor.patch" in out
    assert "gone.yaml: cannot be read" in out
    assert err == "3 faults in 4 files\n"
    assert contract("lint", "broken.yaml", "old.yaml")[0] == 1


def test_lint_as_json(contract: Call) -> None:
    code, out, _ = contract("lint", "broken.yaml", "old.yaml", "--format", "json")
    assert code == 1
    broken, sound = json.loads(out)
    assert sound == {"file": "old.yaml", "faults": []}
    assert broken["faults"][0]["line"] == 19
    assert broken["faults"][0]["suggestion"] == "true"


@pytest.mark.parametrize("arguments", [("--help",), ("lint", "--help"), ("diff", "--help")])
def test_help(contract: Call, arguments: tuple[str, ...]) -> None:
    code, out, _ = contract(*arguments)
    assert code == 0
    assert "Usage: mesh contract" in out
