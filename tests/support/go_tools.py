"""Programs that come as Go modules, built once for each version into a folder of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
_USUAL = "/usr/local/go/bin/go"


def go_tool(module: str, cache: Path) -> Path:
    """The program of a module (``PATH@VERSION``), got by ``go install`` unless ``cache`` has it. Skips without Go."""
    path, version = module.split("@")
    folder = cache / version
    program = folder / path.rpartition("/")[2]
    with FileLock(cache / f"{program.name}.lock"):
        if not program.exists():
            go = shutil.which("go") or shutil.which(_USUAL)
            if go is None:
                pytest.skip(f"there is no Go to build {program.name} with: see go.dev/dl")
            done = subprocess.run(
                [go, "install", module], env={**os.environ, "GOBIN": str(folder)}, capture_output=True, text=True,
                check=False, timeout=600,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
    return program
