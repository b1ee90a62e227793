"""The views through which a build sees the mesh: landings and pinned ports, no more rows than its mapping."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from meshwright import duck
from meshwright.build.landing import Landing, latest
from meshwright.build.partitions import predicate
from meshwright.build.sampling import Sample
from meshwright.build.sources import Source, sources_of
from meshwright.catalog.database import Database
from meshwright.catalog.pins import pin
from meshwright.config import Settings
from meshwright.duck import literal, local_path, quote
from meshwright.errors import SpecError
from meshwright.spec.model import Mesh, Port

_ROW = "row of the mesh"
"""What a row as a whole is called in the conditions of a view; no column is called so."""


def attach(domains: Iterable[str]) -> list[str]:
    """Statements that load Iceberg and attach an empty ``mesh`` with one schema a domain."""
    return [
        *duck.load_statements(),
        "ATTACH ':memory:' AS mesh",
        *(f"CREATE SCHEMA mesh.{quote(name)}" for name in sorted(set(domains))),
    ]


def port_view(
    port: Port, location: str, partitions: Collection[str] | None = None, sample: Sample | None = None, rows: int = 0
) -> str:
    """The statement that makes ``mesh.<domain>.<port>``, of some partitions or of all, and of a sample of ``rows``."""
    columns, key = [column.name for column in port.contract.columns], port.contract.primary_key
    part = None if partitions is None else predicate(port, partitions)
    chosen = sample.condition(_ROW, columns, rows, key) if sample else None
    return _pinned_view(port.key, location, part, chosen)


@contextmanager
def opened(
    settings: Settings, domains: Iterable[str], pins: Mapping[str, str], names: Iterable[str], spill: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with views of those of ``names`` (``<domain>.<port>``) that ``pins`` has."""
    with duck.connect(**settings.duckdb, temp_directory=str(spill)) as con:
        for statement in attach(domains):
            con.execute(statement)
        for name in sorted(pins.keys() & set(names)):
            con.execute(_pinned_view(name, pins[name]))
        yield con


def landing_view(
    source: Source, landing: Landing, partitions: Collection[str] | None = None, sample: Sample | None = None
) -> str:
    """The statement that makes ``mesh.landing.<source>``, of some partitions or of all, and of a sample."""
    part, files = None, landing.files
    if partitions is not None and source.ingest.partition:
        values = ", ".join(literal(p) for p in sorted(partitions)) or "NULL"
        part = f"CAST(({source.ingest.partition}) AS VARCHAR) IN ({values})"
        files = tuple(f for f in files if f.partitions is None or f.partitions & set(partitions)) or files[:1]
    narrowed = Landing(
        landing.seq, landing.domain, landing.source, landing.version, landing.code, landing.arrived_at, files
    )
    columns = _columns(landing, source.ingest.text) if sample and sample.by else []
    chosen = sample.condition(_ROW, columns, landing.rows) if sample else None
    return _view("landing", source.name, narrowed.scan(source.ingest.text), part, chosen)


def current_views(root: Path, domain_name: str) -> list[str]:
    """What is published and landed now, for ``dbt build`` by hand in a domain's project."""
    from meshwright.spec import load_sound

    settings = Settings.of(root)
    sound = load_sound(root)
    mesh = sound.mesh
    if domain_name not in mesh.domains:
        raise SpecError(*sound.faults)
    domain = mesh.domains[domain_name]
    with Database(settings).read() as connection:
        pins, landings = pin(connection), latest(connection)
    sources = sources_of(mesh, domain)
    read = {i.port for product in domain.products.values() for i in product.inputs}
    statements = attach([*(name.split(".")[0] for name in read), "landing"])
    statements += [port_view(mesh.ports[name], pins[name]) for name in sorted(read & pins.keys())]
    statements += _landing_views(sources, landings)
    return statements


def _landing_views(sources: Mapping[str, Source], landings: Mapping[str, Landing]) -> list[str]:
    return [landing_view(s, landings[s.key]) for s in sources.values() if s.key in landings]


def mesh_domains(mesh: Mesh) -> list[str]:
    """The schemas that ``mesh`` has in a build."""
    return [*mesh.domains, "landing"]


def _columns(landing: Landing, text: Collection[str]) -> list[str]:
    with duck.connect() as con:
        return [str(row[0]) for row in con.execute(f"DESCRIBE SELECT * FROM {landing.scan(text)}").fetchall()]


def _pinned_view(key: str, location: str, *conditions: str | None) -> str:
    domain, _, name = key.partition(".")
    return _view(domain, name, f"iceberg_scan({literal(local_path(location))})", *conditions)


def _view(schema: str, name: str, scan: str, *conditions: str | None) -> str:
    """A view of the rows for which every condition holds that is there; ``_ROW`` names the row in them."""
    where = " AND ".join(f"({condition})" for condition in conditions if condition)
    select = f"SELECT * FROM {scan} AS {quote(_ROW)}" + (f" WHERE {where}" if where else "")
    return f"CREATE OR REPLACE VIEW mesh.{quote(schema)}.{quote(name)} AS {select}"
