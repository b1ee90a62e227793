"""What must start fast imports nothing heavy: the package itself, the command, a code location."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from project.repository import REPOSITORY

HEAVY = ("dbt", "great_expectations", "mlflow", "pandas")
HEAVIER = (*HEAVY, "dagster", "pyarrow", "pyiceberg", "sqlglot")


def imported_by(code: str, cwd: Path, names: tuple[str, ...]) -> tuple[list[str], str]:
    """Which of ``names`` a fresh interpreter holds after ``code``, and the last line that ``code`` printed."""
    tail = f"\nimport json, sys; print(); print(json.dumps([n for n in {names!r} if n in sys.modules]))"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MESH_", "DAGSTER_"))}
    done = subprocess.run(
        [sys.executable, "-c", code + tail], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *said, found = done.stdout.strip().splitlines()
    return json.loads(found), next((line for line in reversed(said) if line), "")


@pytest.mark.parametrize("code", ["import meshwright", "import meshwright.cli", "from meshwright import files, ingest"])
def test_the_package_and_the_command_import_nothing_heavy(code: str, tmp_path: Path) -> None:
    assert imported_by(code, tmp_path, HEAVIER) == ([], "")


def test_reading_the_specs_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        f"from pathlib import Path\nfrom meshwright.spec import load\nprint(len(load(Path({str(REPOSITORY)!r})).ports))"
    )
    found, said = imported_by(code, tmp_path, HEAVIER)
    assert (found, int(said) > 0) == ([], True)


def test_the_help_of_a_check_imports_every_stage_and_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "from meshwright.check.stage import stages\nfrom meshwright.cli import check, policy\nprint(len(stages()) > 2)"
    )
    assert imported_by(code, tmp_path, HEAVIER) == ([], "True")


def test_a_new_product_of_a_file_imports_nothing_heavy(tmp_path: Path) -> None:
    """DuckDB itself imports pandas, half a second, as soon as a statement has a parameter."""
    rows = "".join(f"{i},0{i}.01.2026,a\n" for i in range(1, 9))
    (tmp_path / "data.csv").write_text(f"id,day,kind\n{rows}")
    code = (
        "from meshwright.cli import main\n"
        "assert main(['init', '--no-git', '--email', 'a@example.com', 'mesh']) == 0\n"
        "print(main(['-C', 'mesh', 'new', 'product', 'shop/things', '--from', 'data.csv']))"
    )
    assert imported_by(code, tmp_path, HEAVIER) == ([], "0")


@pytest.fixture(scope="module")
def mesh_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example mesh as ``mesh prepare`` leaves it: with its dbt manifests built."""
    copied = tmp_path_factory.mktemp("mesh")
    left = shutil.ignore_patterns("target", "logs", "__pycache__", "_mesh")
    for name in ("domains", "dbt_projects"):
        shutil.copytree(REPOSITORY / name, copied / name, ignore=left)
    for name in ("pyproject.toml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, copied / name)
    prepared, _ = imported_by("from meshwright.cli import main\nassert main(['prepare']) == 0", copied, HEAVY)
    assert "dbt" in prepared
    return copied


def test_code_locations_import_nothing_heavy(mesh_copy: Path) -> None:
    domains = sorted(path.name for path in (mesh_copy / "domains").iterdir() if (path / "domain.yaml").is_file())
    code = (
        "from meshwright.orchestration import locations\n"
        f"print([len(list(getattr(locations, d).resolve_all_asset_specs())) > 0 for d in {domains!r}])"
    )
    found, said = imported_by(code, mesh_copy, HEAVY)
    assert (found, said) == ([], str([True] * len(domains)))
