"""The locks: whole, hashed, in step with pyproject.toml and with each other."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from project.repository import REPOSITORY

RUNTIME, DEVELOPMENT = REPOSITORY / "requirements.lock", REPOSITORY / "requirements-dev.lock"
PYTHONS = ("3.11", "3.12", "3.13")


def pins(lock: Path) -> dict[str, list[Requirement]]:
    """The pinned requirements of a lock by name; several of one name differ in their markers."""
    found: dict[str, list[Requirement]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            pin = Requirement(line.removesuffix("\\").strip())
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def on(python: str, pin: Requirement) -> bool:
    environment = {"python_version": python, "python_full_version": f"{python}.1"}
    return pin.marker is None or Marker(str(pin.marker)).evaluate(environment)


def wanted(*extras: str) -> list[Requirement]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    lines = [*project["project"]["dependencies"], *project["dependency-groups"]["install"]]
    for extra in extras:
        lines += project["project"]["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("lock", "extras"), [(RUNTIME, ["example"]), (DEVELOPMENT, ["example", "dev"])])
def test_a_lock_answers_what_the_project_asks_for(lock: Path, extras: list[str], python: str) -> None:
    locked = pins(lock)
    for requirement in wanted(*extras):
        here = [pin for pin in locked.get(canonicalize_name(requirement.name), []) if on(python, pin)]
        assert len(here) == 1, f"{requirement} on {python}: run ./scripts/lock"
        version = str(next(iter(here[0].specifier)).version)
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement}: run ./scripts/lock"


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT])
def test_every_requirement_is_pinned_and_hashed(lock: Path) -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"))[1:]
    assert len(blocks) > 100
    assert [b for b in blocks if not re.match(r"\S+==\S+", b) or "--hash=sha256:" not in b] == []


def test_tests_run_on_the_versions_that_users_get() -> None:
    def versions(pins_of_one: list[Requirement]) -> set[str]:
        return {str(pin.specifier) for pin in pins_of_one}

    runtime, development = pins(RUNTIME), pins(DEVELOPMENT)
    assert {n: versions(development.get(n, [])) for n in runtime} == {n: versions(p) for n, p in runtime.items()}
