"""What must not be there: a package that hides the standard library, names of machines in what is published."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from project.repository import REPOSITORY

PUBLISHED = sorted(
    path
    for pattern in ("*.md", "*.lock", "docs/**/*.md", "scripts/*", "benchmarks/*", ".ci/*", "templates/**/*")
    for path in REPOSITORY.glob(pattern)
    if path.is_file()
)
MACHINE = re.compile(
    r"(?<![\w.<])/(?:root|home|Users|work|opt|mnt|var|tmp)/\w"  # a path of somebody's machine
    r"|(?:pypi|pythonhosted|anaconda)\.(?:org|com)"  # an index: which one is the user's choice
    r"|\b(?!127\.0\.0\.1\b|0\.0\.0\.0\b)(?:10|127|172|192)\.\d{1,3}\.\d{1,3}\.\d{1,3}\b"
)


def test_platform_is_no_package() -> None:
    assert not (REPOSITORY / "platform" / "__init__.py").exists(), "it hides the standard library's platform"


def test_every_folder_of_tests_is_run(request: pytest.FixtureRequest) -> None:
    """pytest passes over some names of folders by itself, ``build`` among them, and says nothing."""
    passed_over = request.config.getini("norecursedirs")
    folders = {path.parent for path in (REPOSITORY / "tests").rglob("test_*.py")}
    parts = {part for folder in folders for part in folder.relative_to(REPOSITORY).parts}
    assert "build" in parts
    assert [part for part in parts if any(fnmatch(part, pattern) for pattern in passed_over)] == []


def test_there_is_something_published() -> None:
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "requirements.lock"} <= {p.name for p in PUBLISHED}


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_what_is_published_names_no_machine(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", errors="ignore")
    assert [found.group() for found in MACHINE.finditer(text)] == []
