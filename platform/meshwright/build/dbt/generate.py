"""What the platform writes into a dbt project: its sources and its profile, both ignored by git."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from meshwright import duck
from meshwright.build.dbt.files import PROJECT_FILE, project_files
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

    Files are written only where they differ, so that hashes and modification times stay.
    """
    for file, text in generated(settings, mesh, domain, sources).items():
        write_whole(file, text)
    if (project_dir(mesh, domain.name) / PROJECT_FILE).is_file():
        _by_hand(settings, domain).parent.mkdir(parents=True, exist_ok=True)


def outdated(settings: Settings, mesh: Mesh, domain: Domain, sources: Mapping[str, Source]) -> list[Path]:
    """Generated files that are not there or not what the contracts ask for; changes nothing."""
    return [file for file, text in generated(settings, mesh, domain, sources).items() if not _holds(file, text)]


def generated(settings: Settings, mesh: Mesh, domain: Domain, sources: Mapping[str, Source]) -> dict[Path, str]:
    """``models/_mesh/sources.yml`` and ``profiles.yml`` as they should be; none without a dbt project."""
    project = project_dir(mesh, domain.name)
    if not (project / PROJECT_FILE).is_file():
        return {}
    views = {"root": str(settings.root.absolute()), "domain": domain.name}
    return {
        project / "models" / "_mesh" / "sources.yml": _dump(_sources(mesh, domain, sources)),
        project / "profiles.yml": _dump(profile(settings, _by_hand(settings, domain), views)),
    }


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


def _sources(mesh: Mesh, domain: Domain, sources: Mapping[str, Source]) -> dict[str, Any]:
    read = sorted({i.port for product in domain.products.values() for i in product.inputs})
    foreign: dict[str, list[Port]] = {}
    for key in read:
        foreign.setdefault(mesh.ports[key].domain, []).append(mesh.ports[key])
    groups = [_group("landing", ({"name": s.name, "description": s.ingest.description} for s in sources.values()))]
    groups += [_group(name, map(_table, ports)) for name, ports in foreign.items()]
    return {"version": 2, "sources": [g for g in groups if g["tables"]]}


def _group(name: str, tables: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "database": "mesh", "schema": name, "tables": list(tables)}


def _table(port: Port) -> dict[str, Any]:
    columns = [{"name": c.name, "description": c.description, "data_type": c.type} for c in port.contract.columns]
    return {"name": port.name, "description": port.contract.description, "columns": columns}


def _dump(content: dict[str, Any]) -> str:
    return _HEADER + yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False, allow_unicode=True)


def _holds(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text
