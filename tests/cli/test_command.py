"""The command as a whole: help, versions, exit codes, and what it must not import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from meshwright import __version__
from meshwright.cli.app import VERBS
from support.commands import Outcome, shell
from support.tiny import TinyMesh

HEAVY = ("dagster", "dbt", "great_expectations", "mlflow", "pandas", "pyarrow", "pyiceberg")
_IMPORTED = """
import json, sys
from meshwright.cli import main
code = main(sys.argv[2:])
heavy = [name for name in sys.argv[1].split(",") if name in sys.modules]
print(json.dumps([code, heavy]), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [
    ["status"], ["status", "--format", "json"], ["show", "shop.orders"], ["history", "shop.orders"], ["prepare"],
    ["query", "select count(*) from mesh.shop.orders"], ["--help"], ["query", "--help"], ["gc", "--help"],
    ["doctor", "--help"],
])  # fmt: skip
def test_what_changes_nothing_imports_nothing_heavy(story: TinyMesh, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED, ",".join(HEAVY), *arguments], cwd=story.root, capture_output=True, text=True,
        check=False, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert json.loads(done.stderr.splitlines()[-1]) == [0, []]


def test_version(story: TinyMesh) -> None:
    done = shell(story.root, "mesh --version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"mesh {__version__}\n", "")


@pytest.mark.parametrize("verb", ["status", "show", "history", "query", "gc", "doctor", "prepare"])
def test_help_of_each_verb_has_examples(story: TinyMesh, verb: str) -> None:
    done = shell(story.root, f"mesh {verb} -h")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: mesh {verb} ")
    assert f"\n  Examples:\n    {'mesh ' + verb}" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_help_lists_every_verb(story: TinyMesh) -> None:
    done = shell(story.root, "mesh")
    assert all(f"\n  {verb} " in done.stdout + done.stderr for verb in VERBS)


def test_usage_mistakes_end_with_2_and_outside_a_mesh_too(story: TinyMesh, tmp_path: Path) -> None:
    for command in ("mesh statu", "mesh show", "mesh status --formt json", "mesh query --format xml 'select 1'"):
        done = shell(story.root, command)
        assert (done.returncode, done.stdout) == (2, ""), command
        assert "Traceback" not in done.stderr
    outside = shell(tmp_path, "mesh status")
    assert (outside.returncode, outside.stdout) == (2, "")
    assert "no mesh here" in outside.stderr
    assert "Did you mean 'status'?" in shell(story.root, "mesh statu").stderr


def test_a_catalog_that_cannot_be_read_ends_with_3(tiny_mesh: TinyMesh) -> None:
    catalog = tiny_mesh.settings.state_dir / "catalog.db"
    catalog.parent.mkdir(parents=True, exist_ok=True)
    catalog.write_text("no database, but of some length, as an editor leaves it behind", encoding="utf-8")
    for command in ("mesh status", "mesh show shop.orders", "mesh history shop.orders", "mesh query 'from mesh.a.b'"):
        done = shell(tiny_mesh.root, command)
        assert (done.returncode, done.stdout) == (3, ""), command
        assert "next: mesh doctor" in done.stderr


def test_messages_go_to_stderr_and_data_to_stdout(run: Callable[..., Outcome], story: TinyMesh) -> None:
    for command in ("status", "show shop.orders", "history shop.orders", "gc --dry-run", "doctor"):
        json.loads(run(story.root, *command.split(), "--format", "json").out)


@pytest.mark.parametrize("arguments", [
    "history shop.orders --limit 99999999999999999999999", "gc --grace 99999999999999d", "gc --grace 1e99d",
])  # fmt: skip
def test_numbers_beyond_all_use_are_wrong_input(story: TinyMesh, arguments: str) -> None:
    done = shell(story.root, f"mesh {arguments}")
    assert done.returncode == 2
    assert "Error" not in done.stderr.replace("Error: Invalid value", "")


def test_letters_that_the_terminal_does_not_know_are_escaped(story: TinyMesh) -> None:
    done = shell(story.root, "mesh query --format csv \"select 'é' as x\"", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (0, "x\n\\xe9\n")


def test_a_file_without_end_is_read_to_the_limit(story: TinyMesh) -> None:
    done = shell(story.root, "mesh query --file /dev/zero")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")


def test_junk_in_dagsters_configuration_names_the_folder(built_mesh: TinyMesh) -> None:
    home = built_mesh.settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(": [", encoding="utf-8")
    done = shell(built_mesh.root, "mesh build --force shop")
    assert done.returncode == 3
    assert f"Dagster's records in {home} cannot be kept" in done.stderr
    assert built_mesh.sql("select count(*) from mesh.shop.orders") == [(24,)]
