"""The Dagster definitions of a domain, loaded as its code location would."""

from __future__ import annotations

from pathlib import Path

from meshwright.config import Settings
from meshwright.spec.model import Domain, Mesh

PLAIN = "type: meshwright.orchestration.DomainComponent"
"""What the ``defs.yaml`` of a domain says that has nothing of its own to show."""


def load_definitions(settings: Settings, mesh: Mesh, domain: Domain) -> int:
    """Load and validate the definitions of a domain; the number of its assets.

    A domain with a plain ``defs.yaml`` is loaded from ``mesh``, so that faults elsewhere do not matter. One that
    shows more to Dagster is loaded as Dagster does, with the whole mesh. BuildError where it cannot be loaded.
    """
    import dagster as dg

    from meshwright.build.sources import team_code
    from meshwright.orchestration.definitions import domain_definitions
    from meshwright.orchestration.session import Session
    from meshwright.orchestration.tree import component_tree

    file = domain.folder / "defs.yaml"
    with team_code("Dagster cannot load it:", file if file.is_file() else domain.where.file, key=domain.name):
        if _is_plain(file):
            session = Session(settings, mesh)
            try:
                definitions = domain_definitions(session, domain.name)
            finally:
                session.database.close()
        else:
            definitions = component_tree(settings).build_defs_at_path(Path(domain.name))
        dg.Definitions.validate_loadable(definitions)
        return len(list(definitions.resolve_all_asset_specs()))


def _is_plain(file: Path) -> bool:
    if not file.is_file():
        return True
    rows = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [row.rstrip() for row in rows if row.strip() and not row.startswith("#")] == [PLAIN]
