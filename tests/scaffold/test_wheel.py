"""A mesh made by an installed wheel, in environments that hold nothing else: what its README promises."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from conftest import REPOSITORY

pytestmark = [pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of somebody with an empty home; versions are those of our lock."""
    home = tmp_path_factory.mktemp("home")
    pinned = re.sub(r"(\\\n\s+--hash=\S+)+", "", (REPOSITORY / "requirements-dev.lock").read_text(encoding="utf-8"))
    (home / "constraints.txt").write_text(re.sub(r"\[[\w,-]+\]", "", pinned))
    cache = subprocess.run([sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=True)
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "LANG", "LC_", "SSL_"))}
    return {
        **kept, "HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHON": sys.executable,
        "PIP_CONSTRAINT": str(home / "constraints.txt"), "PIP_NO_COMPILE": "1", "PIP_CACHE_DIR": cache.stdout.strip(),
    }  # fmt: skip


def test_from_a_wheel_to_the_first_row(tmp_path: Path, outside: dict[str, str]) -> None:
    def run(command: str, folder: Path = tmp_path) -> str:
        ended = subprocess.run(["bash", "-c", command], cwd=folder, env=outside, capture_output=True, text=True,
                               check=False)  # fmt: skip
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout + ended.stderr

    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    # Only the wheel is new here, its dependencies are ours: the environment that is wholly new is that of the mesh.
    run(f"{sys.executable} -m venv tool && tool/bin/pip install -q --no-deps {wheel}")
    [packages] = (tmp_path / "tool").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    assert "tool/lib" in run("tool/bin/python -c 'import meshwright; print(meshwright.__file__)'")
    told = run("tool/bin/mesh init retail --email retail@example.com")
    assert "installs meshwright from this machine" in told
    mesh = tmp_path / "retail"
    assert f'"meshwright @ {wheel.as_uri()}"' in (mesh / "pyproject.toml").read_text()
    [line] = re.findall(r"\$ (source scripts/activate)", (mesh / "README.md").read_text())
    told = run(f"{line} && mesh build && mesh query 'select count(*) as n from mesh.shop.receipts'", mesh)
    assert "published  shop/receipts" in told
    assert "12" in told.splitlines()
    assert "passed    code" in run("./scripts/ci --all", mesh)
    assert (mesh / "mesh-report" / "summary.md").is_file()
    told = run(f"{line} && python -m pytest -q && mesh doctor && mesh build", mesh)
    assert "2 passed" in told
    assert "Nothing changed" in told
    assert "making" not in told
    assert str(REPOSITORY) not in run(f"{line} && python -c 'import meshwright; print(meshwright.__file__)'", mesh)
