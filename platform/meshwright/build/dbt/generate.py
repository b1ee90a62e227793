"""What the platform writes into a dbt project: its sources and its profile, both ignored by git."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from meshwright import duck
from meshwright.build.dbt.files import PROJECT_FILE, project_files
from meshwright.build.dbt.left_out import named_sources
from meshwright.build.sources import Source
from meshwright.config import Settings
from meshwright.disk import write_whole
from meshwright.spec.model import Domain, Mesh, Port

PROFILE = "meshwright"
PLUGIN = "meshwright.build.dbt.plugin"
SCRATCH_DATABASE = "scratch"
_HEADER = "# Written by meshwright from the contracts; changes are lost.\n"


def project_dir(mesh: Mesh, domain: str) -> Path:
    """The dbt project of a domain, which need not exist."""
    return mesh.root / "dbt_projects" / domain


def refresh(settings: Settings, mesh: Mesh, domain: Domain, sources: Mapping[str, Source]) -> None:
    """Bring the generated files of a domain up to date.

    Files are written only where they differ, so that hashes and modification times stay; those of sources that are no
    more go.
    """
    wanted = generated(settings, mesh, domain, sources)
    for file, text in wanted.items():
        write_whole(file, text)
    for file in _stale(mesh, domain, wanted):
        file.unlink(missing_ok=True)
    if (project_dir(mesh, domain.name) / PROJECT_FILE).is_file():
        _by_hand(settings, domain).parent.mkdir(parents=True, exist_ok=True)


def outdated(settings: Settings, mesh: Mesh, domain: Domain, sources: Mapping[str, Source]) -> list[Path]:
    """Generated files that are not there, not what the contracts ask for, or of no use any more; changes nothing."""
    wanted = generated(settings, mesh, domain, sources)
    return [file for file, text in wanted.items() if not _holds(file, text)] + _stale(mesh, domain, wanted)


def generated(settings: Settings, mesh: Mesh, domain: Domain, sources: Mapping[str, Source]) -> dict[Path, str]:
    """``models/_mesh/<source>__<table>.yml`` and ``profiles.yml`` as they should be; none without a dbt project.

    Each table has a file of its own: dbt reads anew what uses any source of a file that changed. What products that
    are left out read stays as it was declared; what never was is declared without its columns.
    """
    project = project_dir(mesh, domain.name)
    if not (project / PROJECT_FILE).is_file():
        return {}
    views = {"root": str(settings.root.absolute()), "domain": domain.name}
    tables = {
        _sources_of(project) / f"{source}__{table['name']}.yml": _dump(_source(source, table))
        for source, table in _tables(mesh, domain, sources)
    }
    for source, name in named_sources(project, domain):
        file = _sources_of(project) / f"{source}__{name}.yml"
        port = mesh.ports.get(f"{source}.{name}")
        if port or not file.is_file():
            tables.setdefault(file, _dump(_source(source, _table(port) if port else {"name": name})))
    return {**tables, project / "profiles.yml": _dump(profile(settings, _by_hand(settings, domain), views))}


def _sources_of(project: Path) -> Path:
    return project / "models" / "_mesh"


def _stale(mesh: Mesh, domain: Domain, wanted: Mapping[Path, str]) -> list[Path]:
    """Files that the contracts asked for once; the folder is the platform's alone.

    None while products are left out: nobody can tell what they read.
    """
    if domain.left_out:
        return []
    return [f for f in sorted(_sources_of(project_dir(mesh, domain.name)).glob("*.yml")) if f not in wanted]


def _by_hand(settings: Settings, domain: Domain) -> Path:
    return settings.scratch / "by-hand" / domain.name / f"{SCRATCH_DATABASE}.duckdb"


def profile(settings: Settings, scratch: Path, plugin_config: Mapping[str, Any]) -> dict[str, Any]:
    """A dbt profile that builds into the ``scratch`` file, with the views of the mesh at hand."""
    options = {**settings.duckdb, "preserve_insertion_order": "false", **duck.UNVERIFIED}
    target = {
        "type": "duckdb",
        "path": str(scratch),
        "threads": 2,
        "config_options": options,
        "settings": {"TimeZone": "UTC"},
        "plugins": [{"module": PLUGIN, "config": dict(plugin_config)}],
    }
    return {PROFILE: {"target": "mesh", "outputs": {"mesh": target}}}


def project_hash(project: Path) -> str:
    """sha256 over every file that decides what dbt compiles, those that the project takes from elsewhere too."""
    digest = hashlib.sha256()
    for file in project_files(project):
        digest.update(os.path.relpath(file, project).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _tables(mesh: Mesh, domain: Domain, sources: Mapping[str, Source]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What models of the domain may read, as dbt's name of the source and the table in it."""
    for source in sources.values():
        yield "landing", {"name": source.name, "description": source.ingest.description}
    for key in sorted({i.port for product in domain.products.values() for i in product.inputs}):
        yield mesh.ports[key].domain, _table(mesh.ports[key])


def _source(name: str, table: dict[str, Any]) -> dict[str, Any]:
    return {"version": 2, "sources": [{"name": name, "database": "mesh", "schema": name, "tables": [table]}]}


def _table(port: Port) -> dict[str, Any]:
    columns = [{"name": c.name, "description": c.description, "data_type": c.type} for c in port.contract.columns]
    return {"name": port.name, "description": port.contract.description, "columns": columns}


def _dump(content: dict[str, Any]) -> str:
    return _HEADER + yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False, allow_unicode=True)


def _holds(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text
