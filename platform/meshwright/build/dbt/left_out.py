"""The sources of products that are left out: dbt reads a project whole, the models of broken products too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from meshwright.spec.model import Domain

_SOURCE = re.compile(r"""\bsource\(\s*(['"])(\w+)\1\s*,\s*(['"])(\w+)\3""")
_READ = frozenset({".sql", ".py", ".yml", ".yaml"})


def named_sources(project: Path, domain: Domain) -> Iterator[tuple[str, str]]:
    """Source and table, as dbt names them, that models of products outside ``domain.products`` name by themselves."""
    found: dict[tuple[str, str], None] = {}
    for product in sorted(domain.left_out):
        for file in sorted((project / "models" / product).rglob("*")):
            if file.suffix in _READ and file.is_file():
                text = file.read_text(encoding="utf-8", errors="replace")
                found |= dict.fromkeys((match[2], match[4]) for match in _SOURCE.finditer(text))
    yield from found
