"""The stage code: dbt, SQL, Dagster's definitions and the domain's own tests, each green and red."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from support import tiny
from support.tiny import TinyMesh

Reported = Callable[..., dict[str, Any]]
TEST = "tests/shop/test_own.py"


def code(report: Reported, mesh: TinyMesh, *selectors: str) -> dict[str, Any]:
    """The stage alone."""
    return report(mesh.root, *(selectors or ("shop",)), "--only", "code")


def test_nothing_to_find(sound: TinyMesh, report: Reported) -> None:
    sound.write(TEST, "from domains.shop.ingest import DATA\n\ndef test_it():\n    assert DATA.is_dir()\n")
    found = code(report, sound, "shop", "insight")
    assert (found["verdict"], found["findings"]) == ("passed", [])
    assert found["stages"][0]["facts"] == {"models": 5, "assets": 9, "tests": 1}


@pytest.mark.parametrize(
    ("sql", "line", "column", "reason"),
    [
        ("select customer_id,\n  upper(name as name from x\n", 2, 14, 'syntax error at or near "as"'),
        ("select 1 as customer_id\nfrom {{ source('landing', 'people') }} x y z\n", None, None, "; compiled: from "),
        (
            "select 1 as customer_id;\nselect 2 as customer_id\n",
            None,
            None,
            "holds 2 statements; a model is one SELECT",
        ),
    ],
)
def test_sql_that_does_not_parse(
    sound: TinyMesh, report: Reported, sql: str, line: int | None, column: int | None, reason: str
) -> None:
    sound.write(tiny.CUSTOMERS_SQL, sql)
    found = code(report, sound)
    assert found["code"] == 1
    assert [(f["rule"], f["severity"], f["product"], f["file"], f["line"], f["column"]) for f in found["findings"]] == [
        ("sql", "error", "shop/orders", tiny.CUSTOMERS_SQL, line, column),
    ]  # fmt: skip
    assert reason in found["findings"][0]["reason"]


def test_sql_that_duckdb_alone_can_read_is_a_warning(sound: TinyMesh, report: Reported) -> None:
    sound.write(tiny.CUSTOMERS_SQL, "select 1 as customer_id,\n  lambda x: x + 1 as name\n")
    found = code(report, sound)
    assert [(f["rule"], f["severity"], f["file"], f["line"]) for f in found["findings"]] == [
        ("sql-unread", "warning", tiny.CUSTOMERS_SQL, 2),
    ]  # fmt: skip
    assert found["verdict"] == "warned"


def test_a_project_that_dbt_cannot_read(sound: TinyMesh, report: Reported) -> None:
    sound.write("dbt_projects/shop/dbt_project.yml", "name: shop\nprofile: meshwright\nmodel-paths: 5\n")
    found = code(report, sound)
    assert [(f["rule"], f["severity"]) for f in found["findings"]] == [("dbt", "error")]
    assert found["findings"][0]["reason"].startswith("dbt cannot parse this project")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("import sys\nsys.exit(0)\n", 2, "SystemExit"),
        ("print('hello')\nraise RuntimeError('no')  # ingest\n", 2, "RuntimeError: no"),
        ("def ingest(:\n", 1, "SyntaxError"),
    ],
)
def test_an_ingest_module_that_cannot_be_imported(
    sound: TinyMesh, report: Reported, text: str, line: int, reason: str
) -> None:
    sound.write(tiny.INGEST_PY, f"{text}# ingest\n")
    found = code(report, sound)
    fault = found["findings"][0]
    assert (found["code"], fault["severity"], fault["file"], fault["line"]) == (1, "error", tiny.INGEST_PY, line)
    assert reason in fault["reason"]


def test_definitions_of_a_domain_that_shows_more_to_dagster(sound: TinyMesh, report: Reported) -> None:
    sound.write("domains/shop/defs.yaml", "type: meshwright.orchestration.DomainComponnent\n")
    found = code(report, sound)
    fault = found["findings"][0]
    assert (fault["rule"], fault["severity"], fault["file"]) == ("definitions", "error", "domains/shop/defs.yaml")
    assert "Dagster cannot load it:" in fault["reason"]


FAILING = """\
import pytest

def test_a():
    print('out')
    assert 1 == 2

def test_b():
    raise KeyError('x')

def test_c(): ...
"""
HANGING = """\
import subprocess, sys, time

def test_hang():
    subprocess.Popen(["sh", "-c", "while :; do date > alive; sleep 0.1; done"])
    time.sleep(600)
"""


def test_own_tests_that_fail_are_told_at_their_lines(sound: TinyMesh, report: Reported) -> None:
    sound.write(TEST, FAILING)
    found = code(report, sound)
    assert found["code"] == 1
    told = [(f["rule"], f["file"], f["line"], f["key"]) for f in found["findings"]]
    assert told == [("tests", TEST, 5, "test_a"), ("tests", TEST, 8, "test_b")]
    assert found["findings"][0]["reason"].startswith("test test_a failed: ")
    assert found["findings"][0]["command"] == f"{sys.executable} -m pytest tests/shop"
    assert found["stages"][0]["facts"]["tests"] == 3


@pytest.mark.parametrize(
    "text",
    ["import os\nos._exit(0)\n", "import sys\nsys.exit(0)\n", "import nothing_of_that_name\n", "def test_x(:\n"],
    ids=["killed", "exit", "import", "syntax"],
)
def test_own_tests_that_end_early_do_not_pass(sound: TinyMesh, report: Reported, text: str) -> None:
    sound.write(TEST, text)
    found = code(report, sound)
    assert found["code"] == 1
    assert [f["rule"] for f in found["findings"]] == ["tests"]


def test_own_tests_that_hang_are_ended_with_all_that_they_started(
    sound: TinyMesh, report: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_TESTS_SECONDS", "3")
    alive = sound.root / "alive"
    sound.write(TEST, HANGING)
    found = code(report, sound)
    assert found["findings"][0]["reason"] == "the tests in tests/shop did not end within 3 s"
    assert found["findings"][0]["key"] == "MESH_TESTS_SECONDS"
    time.sleep(0.5)
    last = alive.stat().st_mtime_ns
    time.sleep(0.5)
    assert alive.stat().st_mtime_ns == last


def test_a_folder_without_tests_is_not_run(sound: TinyMesh, report: Reported) -> None:
    sound.write("tests/shop/helper.py", "raise SystemExit(1)\n")
    assert code(report, sound)["verdict"] == "passed"
