"""What a model reads and nobody offers, in the words of the mesh instead of dbt's."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from meshwright.errors import Fault, shown
from meshwright.spec.model import Domain, Mesh
from meshwright.spec.words import nearest

_DEPENDS = re.compile(r"'\w+\.[\w.]+' \(([^)]+)\) depends on a (source|node) named '([^']+)'")


def missing_target(said: str, project: Path, mesh: Mesh, domain: Domain, ingests: Collection[str]) -> Fault | None:
    """The fault of a model whose ``source`` or ``ref`` dbt did not find; None where dbt said something else."""
    found = _DEPENDS.search(said)
    if found is None:
        return None
    file, kind, name = project / found[1], found[2], found[3]
    line, column = _place(file, name.rpartition(".")[2])
    if kind == "node":
        models = [path.stem for path in project.rglob("models/**/*.sql")]
        return Fault(
            f"refers to {name}, and there is no such model", file, line, column, suggestion=nearest(name, models)
        )
    schema, _, table = name.partition(".")
    if schema == "landing":
        reason = f"reads source('landing', '{table}'), and no ingest of {domain.name} is called so"
        command = f"declare it in domains/{domain.name}/ingest.py"
        return Fault(reason, file, line, column, suggestion=nearest(table, ingests), command=command)
    if name in mesh.ports:
        product = domain.products.get(Path(found[1]).parts[1]) if len(Path(found[1]).parts) > 2 else None
        where = shown(product.where.file) if product else f"the product.yaml of {domain.name}"
        return Fault(f"reads {name}, which is no input port of its product", file, line, column,
                     command=f"add {name} to inputPorts in {where}")  # fmt: skip
    reason = f"reads {name}, which no product publishes"
    return Fault(reason, file, line, column, suggestion=nearest(name, mesh.ports), command="mesh status")


def _place(file: Path, word: str) -> tuple[int | None, int | None]:
    """Line and column of the first mention of a word in quotes."""
    rows = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
    for number, row in enumerate(rows, 1):
        if found := re.search(rf"['\"]{re.escape(word)}['\"]", row):
            return number, found.start() + 2
    return None, None
