"""From a model in the scratch database to Parquet with field ids: lossless casts, digests, files."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from meshwright.build.classified import NOTHING_PRIVATE, Discretion
from meshwright.build.columns import compare, described
from meshwright.build.keys import digest_of
from meshwright.build.partitions import WHOLE, predicate, text_of_row
from meshwright.disk import sync
from meshwright.duck import literal, quote
from meshwright.errors import BuildError, Fault
from meshwright.errors import shown as shown_path
from meshwright.spec.model import MASK, Column, Port
from meshwright.spec.types import to_duckdb

if TYPE_CHECKING:
    from pyiceberg.schema import Schema

EMPTY = "0-0"
"""The digest of a partition that is not there."""
_SMALL = 1_000_000
"""Rows below which one file is enough for an unpartitioned port."""


@dataclass(frozen=True, slots=True)
class Part:
    """One partition of a model's rows. ``digest`` does not depend on their order."""

    partition: str
    rows: int
    digest: str


@dataclass(frozen=True)
class Stager:
    """Reads one model of the scratch database as its contract's types."""

    con: duckdb.DuckDBPyConnection
    port: Port
    relation: str
    file: Path
    discretion: Discretion = NOTHING_PRIVATE

    def check(self) -> None:
        """BuildError where columns or types differ from the contract, or a value would be lost in a cast."""
        faults = compare(self.con, self.port, self.relation, self.file, self.discretion)
        if faults:
            raise BuildError(*faults)
        found = described(self.con, self.relation)
        for column in self.port.contract.columns:
            if found[column.name] != to_duckdb(column.type):
                self._require_lossless(column, found[column.name])

    def typed(self) -> str:
        """SQL for the rows in the contract's types and order."""
        columns = ", ".join(
            f"CAST({quote(c.name)} AS {to_duckdb(c.type)}) AS {quote(c.name)}" for c in self.port.contract.columns
        )
        return f"SELECT {columns} FROM {self.relation}"

    def parts(self) -> list[Part]:
        """Rows and digest of every partition that the model yields; one part where the port has none."""
        return digests(self.con, self.port, f"({self.typed()})")

    def require_within(self, partitions: Collection[str], parts: Iterable[Part]) -> None:
        """BuildError where the model yields rows of a partition that is not being built."""
        outside = [part for part in parts if part.partition not in partitions]
        if outside:
            first = outside[0]
            raise BuildError(
                Fault(
                    f"the model yields {first.rows:,} rows of partition {first.partition}, but only "
                    f"{', '.join(sorted(partitions)[:5])} was to be built", self.file, key=self.port.key,
                    command=f"map the input that they come from as `all` in {self.port.product}/product.yaml",
                )
            )  # fmt: skip

    def write(self, folder: Path, schema: Schema, partitions: Collection[str] | None, rows: int) -> list[Path]:
        """Write the rows of ``partitions`` (None: all) as Parquet into ``folder``, on disk for good."""
        from meshwright.catalog.schema import field_ids

        folder.mkdir(parents=True)
        where = "" if partitions is None else f" WHERE {predicate(self.port, partitions)}"
        order = ", ".join(quote(name) for name in (f.name for f in schema.fields))
        rows_sql = f"SELECT {order} FROM ({self.typed()}){where}"
        options = f"FORMAT parquet, COMPRESSION zstd, FIELD_IDS {field_ids(schema)}"
        if self.port.contract.partition is not None:
            rows_sql = rows_sql.replace(f"SELECT {order}", f"SELECT {order}, {text_of_row(self.port)} AS _p", 1)
            target, options = folder, f"{options}, PARTITION_BY (_p), FILENAME_PATTERN 'rows_{{i}}'"
        elif rows > _SMALL:
            target, options = folder, f"{options}, PER_THREAD_OUTPUT"
        else:
            target = folder / "rows.parquet"
        self.con.execute(f"COPY ({rows_sql}) TO {literal(target)} ({options})")
        files = sorted(folder.rglob("*.parquet"))
        sync(files, folder.parent)
        return files

    def count(self, column: str) -> int | None:
        """Values of a column that are not NULL."""
        found = self.con.execute(f"SELECT count({quote(column)}) FROM {self.relation}").fetchone()
        return found[0] if found else None

    def _require_lossless(self, column: Column, found: str) -> None:
        name, wanted = quote(column.name), to_duckdb(column.type)
        back = f"TRY_CAST(TRY_CAST({name} AS {wanted}) AS {found})"
        lost = f"{name} IS NOT NULL AND {back} IS DISTINCT FROM {name}"
        key = self.port.contract.primary_key or tuple(c.name for c in self.port.contract.columns[:1])
        shown = ", ".join(quote(k) for k in key)
        row = self.con.execute(
            f"SELECT {name}, count(*) OVER (), {shown} FROM {self.relation} WHERE {lost} ORDER BY ALL LIMIT 1"
        ).fetchone()
        if row is None:
            return
        private = {c.name for c in self.port.contract.columns if c.is_private}
        value = MASK if column.is_private else repr(row[0]) if isinstance(row[0], str) else row[0]
        place = ", ".join(f"{k} = {MASK if k in private else v}" for k, v in zip(key, row[2:], strict=True))
        raise BuildError(
            column.where.fault(
                f"{row[1]:,} values of {column.name} cannot become {column.type} without loss; first: {value} "
                f"({found}) in the row where {place}",
                command=f"round or cast it in {shown_path(self.file)}, or promise another type",
            )
        )


def digests(con: duckdb.DuckDBPyConnection, port: Port, relation: str) -> list[Part]:
    """Rows and order-free digest of the partitions in ``relation``, whose types are the contract's.

    Doubles count with nine significant digits, since parallel sums differ in their last bits. Names and types of
    the columns count too: a renamed column is other content, although none of its values moved.
    """
    ordered = sorted(port.contract.columns, key=lambda c: c.name)
    columns, shape = ", ".join(map(_hashable, ordered)), digest_of([(c.name, c.type) for c in ordered])[:8]
    rows = con.execute(
        f"SELECT {text_of_row(port)} AS _p, count(*), sum(hash({columns})) FROM {relation} GROUP BY 1"
    ).fetchall()
    null = [count for text, count, _ in rows if text is None]
    if null:
        partition = port.contract.partition
        assert partition is not None
        raise BuildError(partition.where.fault(f"{null[0]:,} rows have no partition: {partition.column} is NULL"))
    parts = [Part(text, count, f"{count:x}-{total:x}-{shape}") for text, count, total in rows]
    if not parts and port.contract.partition is None:
        parts = [Part(WHOLE, 0, f"{EMPTY}-{shape}")]
    return sorted(parts, key=lambda part: part.partition)


def _hashable(column: Column) -> str:
    name = quote(column.name)
    if column.type in ("double", "float"):
        return f"printf('%.8e', {name} + 0.0)"
    return name
