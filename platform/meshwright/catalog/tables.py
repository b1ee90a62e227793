"""The tables of the catalog database: PyIceberg's two, and the records.

The records are the spine: provenance, impact and ``--as-of`` are queries on them. They outlive expired
snapshots. Times are UTC, ISO 8601 text with microseconds, so that they sort as they read.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

from meshwright.config import PRODUCTION

LAYOUT_VERSION = 5

metadata = MetaData()

iceberg_tables = Table(
    "iceberg_tables",
    metadata,
    Column("catalog_name", String(255), primary_key=True),
    Column("table_namespace", String(255), primary_key=True),
    Column("table_name", String(255), primary_key=True),
    Column("metadata_location", String(1000)),
    Column("previous_metadata_location", String(1000)),
    Column("iceberg_type", String(5)),
    comment="Written as PyIceberg's SqlCatalog writes it (schema version V1).",
)

iceberg_namespace_properties = Table(
    "iceberg_namespace_properties",
    metadata,
    Column("catalog_name", String(255), primary_key=True),
    Column("namespace", String(255), primary_key=True),
    Column("property_key", String(255), primary_key=True),
    Column("property_value", String(1000), nullable=False),
)

environments = Table(
    "mesh_environments",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("created_at", String(32), nullable=False),
    Column("created_by", String(255), nullable=False),
    Column("sample", String(80), comment="The part of the data on which it builds; NULL: all of it."),
    comment="Layers of names over production that somebody made; runs, whose candidates live beside them, are none.",
)

layout = Table("mesh_layout", metadata, Column("version", Integer, primary_key=True))

landings = Table(
    "mesh_landings",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("domain", String(63), nullable=False),
    Column("source", String(63), nullable=False),
    Column("version", Text, comment="What the ingest said its source's version is; NULL where it says none."),
    Column("code", String(64), nullable=False, comment="sha256 of the ingest's module and what it imports."),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("run", String(64), nullable=False),
    Column("arrived_at", String(32), nullable=False),
    Column("environment", String(63), nullable=False, server_default=PRODUCTION),
    Index("mesh_landings_source", "domain", "source", "seq"),
)

landing_files = Table(
    "mesh_landing_files",
    metadata,
    Column("landing", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("hash", String(64), nullable=False, comment="sha256 of the file's bytes."),
    Column("path", Text, nullable=False),
    Column("format", String(8), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("partitions", Text, comment="JSON list of the partitions it holds; NULL: it counts for every one."),
)

builds = Table(
    "mesh_builds",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, comment="One build of one product."),
    Column("environment", String(63), nullable=False),
    Column("domain", String(63), nullable=False),
    Column("product", String(63), nullable=False),
    Column("port", String(63), nullable=False),
    Column("partition", String(255), nullable=False, comment="Empty for a port without partitions."),
    Column("build_key", String(64), nullable=False),
    Column("key_parts", Text, nullable=False, comment="JSON: what went into the key, digest by digest."),
    Column("digest", String(64), comment="Order-free digest of the typed rows."),
    Column("rows", BigInteger),
    Column("engine", String(32), nullable=False, comment="DuckDB's version; digests compare within one."),
    Column("snapshot", BigInteger),
    Column("metadata_location", String(1000)),
    Column("publish", String(36)),
    Column("code", String(64), nullable=False),
    Column("contract_version", String(32), nullable=False),
    Column("commit", String(41), comment="With + where what teams write differed from it."),
    Column("run", String(64), nullable=False),
    Column("verdict", String(16), nullable=False, comment="published, unchanged, refused or failed."),
    Column("message", Text),
    Column("started_at", String(32), nullable=False),
    Column("finished_at", String(32), nullable=False),
    Index("mesh_builds_port", "environment", "domain", "port", "partition", "seq"),
    Index("mesh_builds_id", "id"),
)

confirmations = Table(
    "mesh_confirmations",
    metadata,
    Column("environment", String(63), primary_key=True),
    Column("domain", String(63), primary_key=True),
    Column("port", String(63), primary_key=True),
    Column("confirmed_at", String(32), nullable=False),
    comment="When a build last found that there was nothing to do for a port.",
)

build_inputs = Table(
    "mesh_build_inputs",
    metadata,
    Column("build", String(36), primary_key=True),
    Column("port", String(63), primary_key=True),
    Column("use", String(8), primary_key=True, comment="build or audit."),
    Column("input", String(130), primary_key=True, comment="<domain>.<port>, or landing/<source>."),
    Column("partition", String(255), primary_key=True, comment="Empty: the whole of it."),
    Column("digest", String(64), comment="NULL for an input of the audit alone."),
    Column("snapshot", BigInteger, comment="Of a landing its number in mesh_landings."),
    Column("metadata_location", String(1000)),
)

publishes = Table(
    "mesh_publishes",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, comment="Groups the ports of one product that moved together."),
    Column("environment", String(63), nullable=False),
    Column("domain", String(63), nullable=False),
    Column("product", String(63), nullable=False),
    Column("port", String(63), nullable=False),
    Column("snapshot", BigInteger, nullable=False),
    Column("metadata_location", String(1000), nullable=False),
    Column("previous_location", String(1000)),
    Column("rows", BigInteger, nullable=False),
    Column("run", String(64), nullable=False),
    Column("published_by", String(255), nullable=False),
    Column("published_at", String(32), nullable=False),
    Column("reported_at", String(32), comment="When the orchestrator heard of it."),
    Column("undone_by", String(36)),
    Index("mesh_publishes_port", "environment", "domain", "port", "seq"),
    Index("mesh_publishes_id", "id"),
)

promises = Table(
    "mesh_promises",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("environment", String(63), nullable=False),
    Column("domain", String(63), nullable=False),
    Column("port", String(63), nullable=False),
    Column("product", String(130), nullable=False, comment="<domain>/<product>."),
    Column("version", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("text", Text, nullable=False, comment="The contract under which the port is published."),
    Column("recorded_at", String(32), nullable=False),
    Index("mesh_promises_port", "environment", "domain", "port", "seq"),
)

audits = Table(
    "mesh_audits",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("build", String(36), nullable=False),
    Column("environment", String(63), nullable=False),
    Column("domain", String(63), nullable=False),
    Column("port", String(63), nullable=False),
    Column("audit_key", String(64), nullable=False),
    Column("snapshot", BigInteger, nullable=False),
    Column("metadata_location", String(1000), nullable=False),
    Column("verdict", String(16), nullable=False, comment="passed, warned or refused."),
    Column("published", Integer, nullable=False, comment="1 where the audited snapshot is or became current."),
    Column("run", String(64), nullable=False),
    Column("audited_at", String(32), nullable=False),
    Index("mesh_audits_port", "environment", "domain", "port", "seq"),
)

audit_rules = Table(
    "mesh_audit_rules",
    metadata,
    Column("audit", Integer, primary_key=True),
    Column("rule", String(255), primary_key=True),
    Column("severity", String(8), nullable=False),
    Column("passed", Integer, nullable=False),
    Column("failed_rows", BigInteger),
    Column("checked_rows", BigInteger),
    Column("message", Text, nullable=False),
    Column("samples", Text, nullable=False, comment="JSON list; private columns as dots."),
    Column("seconds", Float, nullable=False),
)
