"""The wheel holds the package with its data files, and nothing else of the repository."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from project.repository import REPOSITORY


def build(target: str, source: Path, folder: Path) -> Path:
    """The distribution that hatchling makes of ``source``."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl" if target == "wheel" else "*.tar.gz"))


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", REPOSITORY, tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_the_package_whole_and_alone(wheel: Path) -> None:
    folder = REPOSITORY / "platform"
    wanted = {
        path.relative_to(folder).as_posix()
        for path in (folder / "meshwright").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names_in(wheel) if ".dist-info/" not in name} == wanted


@pytest.mark.parametrize("name", ["meshwright/query/functions.txt", "meshwright/spec/schemas/domain.schema.json"])
def test_the_wheel_holds_the_data_that_the_code_reads(wheel: Path, name: str) -> None:
    assert name in names_in(wheel)


def test_the_wheel_brings_the_command_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        told = {Path(name).name: name for name in archive.namelist() if ".dist-info/" in name}
        assert "mesh = meshwright.cli:main" in archive.read(told["entry_points.txt"]).decode()
        assert "Apache License" in archive.read(told["LICENSE"]).decode()
        assert "License-Expression: Apache-2.0" in archive.read(told["METADATA"]).decode()


def test_a_wheel_from_the_sdist_is_the_same(wheel: Path, tmp_path: Path) -> None:
    sdist = build("sdist", REPOSITORY, tmp_path / "sdist")
    # Not by tarfile: 3.11.2 does not know the filter that 3.12 asks for.
    subprocess.run(["tar", "-xzf", str(sdist), "-C", str(tmp_path)], check=True)
    again = build("wheel", tmp_path / sdist.name.removesuffix(".tar.gz"), tmp_path / "wheel")
    assert names_in(again) == names_in(wheel)
