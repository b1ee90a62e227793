"""docs/compatibility.md says what the rules do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from meshwright.spec.compatibility.compare import FAMILIES
from meshwright.spec.compatibility.page import page
from meshwright.spec.compatibility.product import FAMILY
from project.repository import REPOSITORY

PAGE = REPOSITORY / "docs" / "compatibility.md"
RULES = [rule for family in (*FAMILIES, FAMILY) for rule in family.rules]


def test_the_page_is_the_one_that_the_rules_print() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(), "python -m meshwright.spec.compatibility > docs/compatibility.md"


def test_the_command_prints_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "meshwright.spec.compatibility"], capture_output=True, check=True, cwd=tmp_path
    )
    assert done.stdout.decode() == page()


def test_every_rule_has_its_own_id_a_reason_and_a_row() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
        assert len(rule.why) > 10
        assert f"| `{rule.id}` | {rule.change} |" in page()
