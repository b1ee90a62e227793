"""docs/configuration.md tells every setting as it is, and none that is not."""

import re

import pytest

from meshwright.config import Settings
from project.repository import REPOSITORY

PAGE = REPOSITORY / "docs" / "configuration.md"
ROWS = {
    row[1]: row[2:]
    for row in (
        [cell.strip().strip("`") for cell in line.split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    )
}
TOLD_IN_WORDS = {"root", "catalog_url", "trusted_templates"}


def test_every_setting_has_its_row_and_nothing_else_has() -> None:
    assert set(ROWS) == set(Settings.model_fields)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_a_row_names_variable_default_and_meaning(name: str) -> None:
    variable, default, meaning = ROWS[name][:3]
    assert variable == f"MESH_{name.upper()}"
    assert len(meaning) > 20
    if name not in TOLD_IN_WORDS:
        assert default == str(Settings.model_fields[name].default)


def test_no_variable_is_told_that_does_not_exist() -> None:
    told = set(re.findall(r"MESH_[A-Z_]+", PAGE.read_text(encoding="utf-8")))
    assert told == {f"MESH_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - TOLD_IN_WORDS))
def test_the_variable_sets_the_setting(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    default = Settings.model_fields[name].default
    other = {"memory_limit": "2GB"}.get(name, f"{default}x")
    value = type(default)(other if not isinstance(default, int | float) else default + 1)
    monkeypatch.setenv(ROWS[name][0], str(value))
    assert getattr(Settings.of(tmp_path_factory.mktemp("mesh")), name) == value
