"""Whether a build would find what it needs: what is installed, what has landed, what was generated."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import duckdb

from meshwright.build import landing
from meshwright.build.dbt import generate
from meshwright.build.plan import Planner
from meshwright.build.sources import sources_of
from meshwright.build.state import State
from meshwright.catalog.database import Database
from meshwright.catalog.health import Finding
from meshwright.catalog.pins import pin
from meshwright.config import Settings
from meshwright.errors import Fault, MeshError
from meshwright.spec.model import Mesh

TOLD = ("dagster", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "pyiceberg", "sqlalchemy")
"""Packages whose versions are worth telling where all is well."""
PYTHONS = ((3, 11), (3, 13))


def machine(settings: Settings) -> Iterator[Finding]:
    """Python, packages, DuckDB's extensions, names that hide others, and Dagster's home."""
    yield _python()
    yield from _packages()
    yield _extensions()
    yield _shadow(settings.root)
    yield _dagster_home(settings)


def contents(settings: Settings, mesh: Mesh, database: Database) -> Iterator[Finding]:
    """Whether every product can be planned, and the files and code locations of every domain."""
    yield from _undeclared(mesh, database)
    yield from _landed(database)
    yield from _generated(settings, mesh)
    yield from _plans(settings, mesh, database)
    yield from workspace(settings.root, mesh)


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return Finding("ok", "python", f"{found} at {sys.executable}")
    return Finding("broken", "python", f"{found}; 3.11 to 3.13 are supported", "rm -rf .venv && ./scripts/demo")


def _packages() -> Iterator[Finding]:
    """What this distribution asks for against what is installed."""
    from packaging.requirements import Requirement

    wrong = 0
    for requirement in map(Requirement, requires("meshwright") or ()):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            there: str | None = version(requirement.name)
        except PackageNotFoundError:
            there = None
        if there is None or not requirement.specifier.contains(there, prereleases=True):
            wrong += 1
            told = f"{there} is installed" if there else "it is not installed"
            message = f"{requirement} is needed, {told}"
            yield Finding("broken", "packages", message, f"{sys.executable} -m pip install '{requirement}'")
    if not wrong:
        yield Finding("ok", "packages", ", ".join(f"{name} {version(name)}" for name in TOLD))


def _extensions() -> Finding:
    from meshwright import duck

    try:
        with duck.connect() as con:
            rows = con.execute(
                "SELECT extension_name, extension_version FROM duckdb_extensions() "
                "WHERE loaded AND extension_name IN ('avro', 'iceberg') ORDER BY 1"
            ).fetchall()
    except MeshError as error:
        return Finding("broken", "extensions", error.faults[0].reason, error.faults[0].command)
    except duckdb.Error as error:
        remedy = (
            f"{sys.executable} -m pip install --force-reinstall duckdb duckdb-extension-avro duckdb-extension-iceberg"
        )
        return Finding("broken", "extensions", f"cannot be loaded: {error}", remedy)
    return Finding("ok", "extensions", "DuckDB loads " + ", ".join(f"{name} {found}" for name, found in rows))


def _shadow(root: Path) -> Finding:
    file = root / "platform" / "__init__.py"
    if not file.exists():
        return Finding("ok", "names", "nothing hides Python's own modules")
    return Finding("broken", "names", f"{file} hides Python's own module platform", f"rm {file}")


def _dagster_home(settings: Settings) -> Finding:
    found, wanted = os.environ.get("DAGSTER_HOME"), settings.dagster_home
    if found and Path(found).resolve() == wanted.resolve():
        return Finding("ok", "dagster", f"DAGSTER_HOME is {wanted}")
    said = f"is {found}, another mesh's" if found else "is not set"
    activate = settings.root / "scripts" / "activate"
    usual = wanted == settings.root / ".mesh" / "dagster" and activate.is_file()
    remedy = f"source {activate}" if usual else f"mkdir -p {wanted} && export DAGSTER_HOME={wanted}"
    message = f"DAGSTER_HOME {said}: mesh needs none, but dagster dev would not show this mesh's runs"
    return Finding("warning", "dagster", message, remedy)


def _plans(settings: Settings, mesh: Mesh, database: Database) -> Iterator[Finding]:
    """What a build would stumble over before it begins; dbt projects that changed are parsed.

    Planning would bring generated files up to date, so domains where they are not are left to ``mesh prepare``.
    """
    planner = Planner(settings, mesh, State.of(database))
    told: dict[Fault, None] = {}
    for product in mesh:
        domain = mesh.domains[product.domain]
        try:
            if not generate.outdated(settings, mesh, domain, sources_of(mesh, domain)):
                planner.plan(product)
        except MeshError as error:
            told |= dict.fromkeys(error.faults)
    for fault in told:
        yield Finding("broken", "plans", str(fault), fault.command)
    if not told:
        yield Finding("ok", "plans", "what is prepared can be planned")


def _undeclared(mesh: Mesh, database: Database) -> Iterator[Finding]:
    if not database.exists:
        return
    with database.read() as connection:
        left = sorted(pin(connection).keys() - mesh.ports.keys())
    for port in left:
        message = f"mesh.{port} answers queries as it was last published, but no product declares it any more"
        yield Finding("warning", "declared", message, f"declare {port} again in its product.yaml, or tell its readers")


def _landed(database: Database) -> Iterator[Finding]:
    if not database.exists:
        return
    with database.read() as connection:
        landings = landing.latest(connection)
    wrong = False
    for found in landings.values():
        try:
            landing.verify(found)
        except MeshError as error:
            wrong = True
            fault = error.faults[0]
            yield Finding("broken", "landing", f"{fault.file}: {fault.reason}", fault.command)
    files = sum(len(found.files) for found in landings.values())
    if not wrong:
        yield Finding("ok", "landing", f"{len(landings)} sources in {files} files are what they were")


def _generated(settings: Settings, mesh: Mesh) -> Iterator[Finding]:
    stale = []
    for domain in mesh.domains.values():
        try:
            stale += generate.outdated(settings, mesh, domain, sources_of(mesh, domain))
        except MeshError as error:
            yield from (Finding("broken", "ingests", str(fault), fault.command) for fault in error.faults)
    if stale:
        message = f"{len(stale)} generated files are not up to date, first {stale[0]}"
        yield Finding("warning", "dbt files", message, "mesh prepare")
    else:
        yield Finding("ok", "dbt files", "sources and profiles are up to date")


def workspace(root: Path, mesh: Mesh) -> Iterator[Finding]:
    """Domains that Dagster would not show: no code location of ``workspace.yaml``, or no ``defs.yaml``."""
    file = root / "workspace.yaml"
    if not file.is_file():
        yield Finding("warning", "workspace", f"there is no {file}, so mesh up cannot start", f"write {file}")
        return
    named = set(re.findall(r"\battribute:\s*['\"]?(\w+)", file.read_text(encoding="utf-8", errors="replace")))
    unseen = False
    for name, domain in mesh.domains.items():
        component = domain.folder / "defs.yaml"
        if not component.is_file():
            unseen = True
            remedy = f"echo 'type: meshwright.orchestration.DomainComponent' > {shlex.quote(str(component))}"
            yield Finding("warning", "workspace", f"domain {name} has no defs.yaml", remedy)
        if name not in named:
            unseen = True
            where = f"module_name: meshwright.orchestration.locations, attribute: {name}, location_name: {name}"
            remedy = f"echo '  - python_module: {{{where}}}' >> {shlex.quote(str(file))}"
            yield Finding("warning", "workspace", f"domain {name} is no code location of {file.name}", remedy)
    if not unseen:
        yield Finding("ok", "workspace", f"Dagster shows all {len(mesh.domains)} domains")
