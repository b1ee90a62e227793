"""The catalog by itself: ports made in code, published by candidate and swap without models or audits."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from pyiceberg.catalog.sql import SqlCatalog

from meshwright.build.partitions import stored
from meshwright.build.staging import Stager
from meshwright.catalog.candidates import Candidate, Committed, open_work_catalog
from meshwright.catalog.database import Database, now
from meshwright.catalog.pins import pin
from meshwright.catalog.publish import Move, swap
from meshwright.catalog.records import AuditRecord, AuditVerdict, PublishRecord, write_audits
from meshwright.config import Settings
from meshwright.spec.model import Column, Contract, Partition, Port, Product, Transform, Where

from .tiny import ask

HERE = Where(Path("made.yaml"), 1, 1, "")


def column(name: str, kind: str, *, element: str | None = None, required: bool = False) -> Column:
    """One column of a contract."""
    return Column(name, kind, HERE, element_id=element, required=required)


def port(
    key: str, columns: Mapping[str, str] | Sequence[Column], by: str | None = None, transform: str = "identity"
) -> Port:
    """A port ``<domain>.<name>`` of a product ``made``; ``by`` is the column that it is partitioned by."""
    domain, name = key.split(".")
    made = [column(n, k) for n, k in columns.items()] if isinstance(columns, Mapping) else columns
    partition = Partition(by, Transform(transform), HERE) if by else None
    contract = Contract(f"{key}-contract", "1.0.0", "active", HERE, tuple(made), partition=partition)
    return Port(domain, "made", name, contract, HERE)


def product(*ports: Port) -> Product:
    """The product ``<domain>/made`` of these ports."""
    return Product(ports[0].domain, "made", HERE, ports)


@dataclass
class Made:
    """A committed candidate with the run that made it."""

    port: Port
    run: str
    parent: str | None
    committed: Committed

    @property
    def namespace(self) -> str:
        return f"{self.run}__{self.port.domain}"

    @property
    def move(self) -> Move:
        return Move(self.port.domain, self.port.name, self.parent, self.committed.location)

    def publish_record(self, publish: str) -> PublishRecord:
        return PublishRecord(
            publish, self.port.domain, self.port.product, self.port.name, self.committed.snapshot,
            self.committed.location, self.parent, self.committed.rows, self.run, "somebody", now(),
        )  # fmt: skip

    def audit(self, verdict: AuditVerdict, *, at: str | None = None, published: bool = False) -> AuditRecord:
        return AuditRecord(
            f"build-{self.run}", self.port.domain, self.port.name, "rules", self.committed.snapshot,
            self.committed.location, verdict, published, self.run, at or now(),
        )  # fmt: skip


@dataclass
class Bench:
    """One catalog and its warehouse."""

    settings: Settings
    database: Database
    con: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)

    @cached_property
    def catalog(self) -> SqlCatalog:
        assert self.database.engine
        return open_work_catalog(self.settings)

    def close(self) -> None:
        self.con.close()
        if "catalog" in self.__dict__:
            self.catalog.engine.dispose()

    def pins(self) -> Mapping[str, str]:
        with self.database.read() as connection:
            return pin(connection)

    def stage(self, candidate: Candidate, rows: str, partitions: Collection[str] | None = None) -> list[Path]:
        """Write the rows of a query as the candidate wants them; None without rows."""
        self.con.execute(f"CREATE OR REPLACE TABLE model AS {rows}")
        count = self.con.execute("SELECT count(*) FROM model").fetchall()[0][0]
        stager = Stager(self.con, candidate.port, "model", Path("model.sql"))
        return stager.write(candidate.data_dir, candidate.schema, partitions, count) if count else []

    def commit(
        self, of: Port, rows: str, partitions: Collection[str] | None = None, *,
        run: str | None = None, parent: str | None = "", retention_days: int = 30,
    ) -> Made:  # fmt: skip
        """A candidate with the rows of a query; ``partitions`` are replaced (None: everything)."""
        run = run or uuid.uuid4().hex[:8]
        parent = self.pins().get(of.key) if parent == "" else parent
        candidate = Candidate(self.catalog, f"{run}__{of.domain}", of, parent, self.settings.warehouse)
        files = self.stage(candidate, rows, None if candidate.must_be_whole else partitions)
        whole = partitions is None or candidate.must_be_whole
        touched = None if whole else {stored(of, p) for p in partitions or ()}
        committed = candidate.commit(files, touched, properties={"by": run}, retention_days=retention_days)
        return Made(of, run, parent, committed)

    def publish(
        self, of: Port, rows: str, partitions: Collection[str] | None = None, *, retention_days: int = 30
    ) -> Made:
        """Commit and swap."""
        made = self.commit(of, rows, partitions, retention_days=retention_days)
        self.swap(made)
        return made

    def swap(self, *made: Made) -> None:
        """Move the pointers of candidates of one namespace together."""
        publish = str(uuid.uuid4())
        swap(
            self.database, made[0].namespace, [m.move for m in made],
            publishes=[m.publish_record(publish) for m in made], builds=[], inputs=[],
            audits=[m.audit("passed", published=True) for m in made],
        )  # fmt: skip

    def judge(self, made: Made, verdict: AuditVerdict, *, at: str | None = None) -> None:
        """Record an audit of a candidate that was not published."""
        with self.database.write() as connection:
            write_audits(connection, [made.audit(verdict, at=at)])

    def rows(self, of: Port | str, query: str = "SELECT * FROM {} ORDER BY ALL") -> list[tuple[Any, ...]]:
        """Rows of a published port, or of a metadata location."""
        location = self.pins()[of.key] if isinstance(of, Port) else of
        return ask({"any.table": location}, query.format('mesh."any"."table"'))

    def files(self) -> set[Path]:
        """Everything in the warehouse."""
        return {file for file in self.settings.warehouse.rglob("*") if file.is_file()}
