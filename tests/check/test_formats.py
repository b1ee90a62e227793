"""Findings as text, as JSON, and as GitHub reads them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshwright.check.github import annotation
from meshwright.check.model import Finding, Severity
from meshwright.errors import Fault
from support.commands import Outcome
from support.tiny import CUSTOMERS_CONTRACT, ORDERS_CONTRACT, TinyMesh

from .repository import WEEKLY, repository

Check = Callable[..., Outcome]
_COMMAND = re.compile(r"::(\w+) (.*?)::(.*)")


def runner(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the runner of GitHub Actions takes it apart."""
    found = _COMMAND.fullmatch(line)
    assert found, line

    def unescape(text: str, pairs: dict[str, str]) -> str:
        for code, char in pairs.items():
            text = text.replace(code, char)
        return text.replace("%25", "%")

    lines = {"%0D": "\r", "%0A": "\n"}
    properties = dict(pair.split("=", 1) for pair in found[2].split(","))
    values = {name: unescape(v, {**lines, "%3A": ":", "%2C": ","}) for name, v in properties.items()}
    return found[1], values, unescape(found[3], lines)


@pytest.mark.parametrize(
    "text",
    ["plain", "50 % of it", "a: b, c", "two\nlines\r\n::error::fake", "%0A is no line", "::stop-commands::x", "=,=:=%"],
)
def test_whatever_is_said_arrives_as_it_was(tmp_path: Path, text: str) -> None:
    name = re.sub(r"[\r\n]", " ", text)
    fault = Fault(text, tmp_path / "a,b:c%.yaml", 3, 7, key=None)
    line = annotation(Finding("spec", name, "error", fault), tmp_path)
    assert "\n" not in line
    assert "\r" not in line
    command, properties, message = runner(line)
    assert command == "error"
    assert message == text
    assert properties == {"file": "a,b:c%.yaml", "line": "3", "col": "7", "title": f"spec: {name}"}


@pytest.mark.parametrize(("severity", "command"), [("error", "error"), ("warning", "warning"), ("note", "notice")])
def test_severities(tmp_path: Path, severity: Severity, command: str) -> None:
    line = annotation(Finding("spec", "x", severity, Fault("r")), tmp_path)
    assert line == f"::{command} title=spec%3A x::r"


def test_annotations_are_at_paths_of_the_repository(tiny_mesh: TinyMesh, tmp_path: Path, check: Check) -> None:
    repository(tiny_mesh, top=tmp_path)
    tiny_mesh.edit(WEEKLY, ("status: active", "statu: active"))
    said = check(tiny_mesh.root, "--only", "spec", "--format", "github")
    assert said.code == 1
    told = [runner(line) for line in said.out.splitlines()]
    at = {(properties.get("file"), properties.get("line"), properties.get("col")) for _, properties, _ in told}
    assert (f"mesh/{WEEKLY}", "5", "1") in at
    assert any("did you mean 'status'?" in message for _, _, message in told)
    assert "failed    spec" in said.err
    assert "error spec/file" in said.err, "people read the log"


def test_text_is_findings_and_a_last_line_and_stages_are_progress(sound: TinyMesh, check: Check) -> None:
    sound.edit(WEEKLY, ("status: active", "statu: active"))
    said = check(sound.root, "--only", "spec,policy")
    assert re.search(r"^  failed    spec +\d+\.\d s$", said.err, re.MULTILINE)
    assert re.search(r"^  passed    policy +\d+\.\d s$", said.err, re.MULTILINE)
    first = said.out.splitlines()[0]
    assert first.startswith("    error spec/file")
    assert f"{WEEKLY}:5" in first
    assert "          | ^" in said.out
    assert said.out.splitlines()[-1].startswith("failed: 2 products, ")


def test_notes_that_ask_for_the_same_are_told_together_in_text_alone(sound: TinyMesh, check: Check) -> None:
    for file in (CUSTOMERS_CONTRACT, ORDERS_CONTRACT):
        sound.edit(file, ("required: true\n", "required: true  # proposed: none of 4 rows lacks it\n"))
    rows = check(sound.root, "shop", "--only", "spec").out.splitlines()
    assert rows[:-1] == [
        "    note spec/proposed",
        f"      {sound.root / ORDERS_CONTRACT}:19 - shop.orders: 1 line is still proposed and not yet decided",
        f"      {sound.root / CUSTOMERS_CONTRACT}:13 - shop.customers: 1 line is still proposed and not yet decided",
        "      next: keep, change or remove what is marked, and take the mark away",
    ]
    annotated = check(sound.root, "shop", "--only", "spec", "--format", "github").out
    assert [runner(line)[1]["file"] for line in annotated.splitlines()] == [ORDERS_CONTRACT, CUSTOMERS_CONTRACT]
    sound.edit(CUSTOMERS_CONTRACT, ("  # proposed: none of 4 rows lacks it", ""))
    alone = check(sound.root, "shop", "--only", "spec").out.splitlines()
    assert alone[0].startswith("    note spec/proposed  ")
    assert "required: true  # proposed" in alone[1], "one alone shows its line"


def test_json_has_everything(sound: TinyMesh, report: Callable[..., dict[str, Any]]) -> None:
    sound.edit(WEEKLY, ("status: active", "statu: active"))
    found = report(sound.root, "insight", "--only", "spec,policy")
    assert (found["verdict"], found["against"], found["products"]) == ("failed", None, ["insight/weekly"])
    spec, policy = found["stages"]
    assert spec["verdict"] == "failed"
    assert (policy["verdict"], policy["reason"]) == ("skipped", "no selected product can be read, see spec")
    misspelt = next(f for f in spec["findings"] if f["suggestion"] == "status")
    assert {key: misspelt[key] for key in ("rule", "severity", "product", "file", "line", "column")} == {
        "rule": "file", "severity": "error", "product": "insight/weekly", "file": WEEKLY, "line": 5, "column": 1,
    }  # fmt: skip
    assert misspelt["command"]
