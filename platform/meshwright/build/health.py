"""Whether a build would find what it needs: what is installed, what has landed, what was generated."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import duckdb

from meshwright.build import landing
from meshwright.build.dbt import generate
from meshwright.build.plan import Planner
from meshwright.build.sources import sources_of
from meshwright.build.state import State
from meshwright.catalog.database import Database
from meshwright.catalog.health import Diagnosis
from meshwright.catalog.pins import pin
from meshwright.config import Settings
from meshwright.errors import Fault, MeshError, SpecError
from meshwright.spec.index import WORKSPACE
from meshwright.spec.model import Domain, Mesh
from meshwright.spec.workspace import code_locations

TOLD = ("dagster", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "pyiceberg", "sqlalchemy")
"""Packages whose versions are worth telling where all is well."""
PYTHONS = ((3, 11), (3, 13))


def machine(settings: Settings) -> Iterator[Diagnosis]:
    """Python, packages, DuckDB's extensions, names that hide others, and Dagster's home."""
    yield _python()
    yield from _packages()
    yield _extensions()
    yield _shadow(settings.root)
    yield _dagster_home(settings)


def contents(settings: Settings, mesh: Mesh, database: Database) -> Iterator[Diagnosis]:
    """Whether every product can be planned, and the files and code locations of every domain."""
    yield from _undeclared(mesh, database)
    yield from _landed(database)
    yield from _generated(settings, mesh)
    yield from _plans(settings, mesh, database)
    yield from workspace(settings.root, mesh)


def _python() -> Diagnosis:
    found = ".".join(map(str, sys.version_info[:3]))
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return Diagnosis("ok", "python", f"{found} at {sys.executable}")
    return Diagnosis("broken", "python", f"{found}; 3.11 to 3.13 are supported", "rm -rf .venv && ./scripts/demo")


def _packages() -> Iterator[Diagnosis]:
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
            yield Diagnosis("broken", "packages", message, f"{sys.executable} -m pip install '{requirement}'")
    if not wrong:
        yield Diagnosis("ok", "packages", ", ".join(f"{name} {version(name)}" for name in TOLD))


def _extensions() -> Diagnosis:
    from meshwright import duck

    try:
        with duck.connect() as con:
            rows = con.execute(
                "SELECT extension_name, extension_version FROM duckdb_extensions() "
                "WHERE loaded AND extension_name IN ('avro', 'iceberg') ORDER BY 1"
            ).fetchall()
    except MeshError as error:
        return Diagnosis("broken", "extensions", error.faults[0].reason, error.faults[0].command)
    except duckdb.Error as error:
        remedy = (
            f"{sys.executable} -m pip install --force-reinstall duckdb duckdb-extension-avro duckdb-extension-iceberg"
        )
        return Diagnosis("broken", "extensions", f"cannot be loaded: {error}", remedy)
    return Diagnosis("ok", "extensions", "DuckDB loads " + ", ".join(f"{name} {found}" for name, found in rows))


def _shadow(root: Path) -> Diagnosis:
    file = root / "platform" / "__init__.py"
    if not file.exists():
        return Diagnosis("ok", "names", "nothing hides Python's own modules")
    return Diagnosis("broken", "names", f"{file} hides Python's own module platform", f"rm {file}")


def _dagster_home(settings: Settings) -> Diagnosis:
    found, wanted = os.environ.get("DAGSTER_HOME"), settings.dagster_home
    if found and Path(found).resolve() == wanted.resolve():
        return Diagnosis("ok", "dagster", f"DAGSTER_HOME is {wanted}")
    said = f"is {found}, another mesh's" if found else "is not set"
    activate = settings.root / "scripts" / "activate"
    usual = wanted == settings.root / ".mesh" / "dagster" and activate.is_file()
    remedy = f"source {activate}" if usual else f"mkdir -p {wanted} && export DAGSTER_HOME={wanted}"
    message = f"DAGSTER_HOME {said}: mesh needs none, but dagster dev would not show this mesh's runs"
    return Diagnosis("warning", "dagster", message, remedy)


def _plans(settings: Settings, mesh: Mesh, database: Database) -> Iterator[Diagnosis]:
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
        yield Diagnosis("broken", "plans", str(fault), fault.command)
    if not told:
        yield Diagnosis("ok", "plans", "what is prepared can be planned")


def _undeclared(mesh: Mesh, database: Database) -> Iterator[Diagnosis]:
    if not database.exists:
        return
    with database.read() as connection:
        left = sorted(pin(connection).keys() - mesh.ports.keys())
    for port in left:
        message = f"mesh.{port} answers queries as it was last published, but no product declares it any more"
        yield Diagnosis(
            "warning", "declared", message, f"declare {port} again in its product.yaml, or mesh retire {port}"
        )


def _landed(database: Database) -> Iterator[Diagnosis]:
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
            yield Diagnosis("broken", "landing", f"{fault.file}: {fault.reason}", fault.command)
    files = sum(len(found.files) for found in landings.values())
    if not wrong:
        yield Diagnosis("ok", "landing", f"{len(landings)} sources in {files} files are what they were")


def _generated(settings: Settings, mesh: Mesh) -> Iterator[Diagnosis]:
    stale = []
    for domain in mesh.domains.values():
        try:
            stale += generate.outdated(settings, mesh, domain, sources_of(mesh, domain))
        except MeshError as error:
            yield from (Diagnosis("broken", "ingests", str(fault), fault.command) for fault in error.faults)
    if stale:
        message = f"{len(stale)} generated files are not up to date, first {stale[0]}"
        yield Diagnosis("warning", "dbt files", message, "mesh prepare")
    else:
        yield Diagnosis("ok", "dbt files", "sources and profiles are up to date")


def workspace(root: Path, mesh: Mesh) -> Iterator[Diagnosis]:
    """Domains that Dagster would not show: no code location of ``workspace.yaml``, or no ``defs.yaml``.

    A ``workspace.yaml`` that cannot be read shows none.
    """
    try:
        faults = list(unseen(root, mesh.domains.values()))
    except SpecError as error:
        yield from (Diagnosis("broken", "workspace", str(fault), fault.command) for fault in error.faults)
        return
    for fault in faults:
        yield Diagnosis("warning", "workspace", fault.reason, fault.command)
    if not faults:
        yield Diagnosis("ok", "workspace", f"Dagster shows all {len(mesh.domains)} domains")


def unseen(root: Path, domains: Iterable[Domain]) -> Iterator[Fault]:
    """What keeps Dagster from showing some domains, each with the line that would mend it.

    SpecError where ``workspace.yaml`` cannot be read.
    """
    file = root / WORKSPACE
    if not file.exists():
        yield Fault(f"there is no {file}, so mesh up cannot start", command=f"write {file}")
        return
    named = code_locations(root)
    for domain in domains:
        name, component = domain.name, domain.folder / "defs.yaml"
        if not component.is_file():
            remedy = f"echo 'type: meshwright.orchestration.DomainComponent' > {shlex.quote(str(component))}"
            yield Fault(f"domain {name} has no defs.yaml", domain.where.file, command=remedy)
        if name not in named:
            where = f"module_name: meshwright.orchestration.locations, attribute: {name}, location_name: {name}"
            remedy = f"echo '  - python_module: {{{where}}}' >> {shlex.quote(str(file))}"
            yield Fault(f"domain {name} is no code location of {file.name}", file, command=remedy)
