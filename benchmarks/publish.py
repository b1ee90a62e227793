"""Publish without audit against writing the same rows as Parquet to disk for good.

    python benchmarks/publish.py [--rows 1000 2000000] [--rounds 9]

Floor: one ``COPY … TO`` as zstd Parquet (a file a thread, as staging writes them) and fsync. Publish: stage with
field ids, commit the candidate, swap the pointer and write the publish record. Target: 80 ms at 1,000 rows, 1.3 times
the floor at 2,000,000. ``steps`` tells where the publish spends its time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import duckdb
from timing import in_turns, report

from meshwright import duck
from meshwright.build.staging import Stager
from meshwright.catalog.candidates import Candidate, open_work_catalog
from meshwright.catalog.database import Database, now
from meshwright.catalog.pins import pin
from meshwright.catalog.publish import Move, swap
from meshwright.catalog.records import PublishRecord
from meshwright.config import Settings
from meshwright.spec.model import Column, Contract, Port, Where

HERE = Where(Path("made.yaml"), 1, 1, "")
TYPES = {
    "id": "long",
    "store_id": "long",
    "week": "int",
    "sold_at": "timestamp",
    "sold_on": "date",
    "amount": "decimal(12,2)",
    "discount": "decimal(12,2)",
    "weight": "double",
    "kind": "string",
}
ROWS = """
    CREATE TABLE model AS SELECT i AS id, i % 457 AS store_id, (i % 53)::INTEGER AS week,
      TIMESTAMP '2017-01-01' + INTERVAL (i % 31536000) SECOND AS sold_at,
      DATE '2017-01-01' + (i % 365)::INTEGER AS sold_on,
      ((hash(i) % 10000) / 100)::DECIMAL(12,2) AS amount, ((hash(-i) % 100) / 100)::DECIMAL(12,2) AS discount,
      random() AS weight, ['sale', 'free_item', 'zero'][1 + i % 3] AS kind
    FROM range({rows}) t(i)
"""


class Publishing:
    """One port, published again and again; ``steps`` are seconds by step."""

    def __init__(self, root: Path, con: duckdb.DuckDBPyConnection, rows: int) -> None:
        self.settings = Settings.of(root)
        self.database = Database(self.settings)
        self.con, self.rows = con, rows
        self.steps: dict[str, list[float]] = defaultdict(list)
        contract = Contract("made", "1.0.0", "active", HERE, tuple(Column(n, t, HERE) for n, t in TYPES.items()))
        self.port = Port("shop", "made", "lines", contract, HERE)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        started = perf_counter()
        yield
        self.steps[name].append(perf_counter() - started)

    def publish(self) -> None:
        """One publish of all rows."""
        run = uuid.uuid4().hex[:8]
        with self.step("open"):
            catalog = open_work_catalog(self.settings)
            with self.database.read() as connection:
                parent = pin(connection).get(self.port.key)
            candidate = Candidate(catalog, f"{run}__shop", self.port, parent, self.settings.warehouse)
        with self.step("stage"):
            stager = Stager(self.con, self.port, "model", Path("model.sql"))
            files = stager.write(candidate.data_dir, candidate.schema, None, self.rows)
        with self.step("commit"):
            done = candidate.commit(files, None, properties={"meshwright.build": run}, retention_days=30)
        with self.step("swap"):
            record = PublishRecord(
                run, "shop", "made", "lines", done.snapshot, done.location, parent, done.rows, run, "bench", now()
            )
            move = Move("shop", "lines", parent, done.location)
            swap(self.database, f"{run}__shop", [move], publishes=[record], builds=[], inputs=[], audits=[])
        catalog.engine.dispose()

    def write(self) -> None:
        """The floor."""
        folder = self.settings.state_dir / "floor" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        big = self.rows > 1_000_000
        target, options = (folder, ", PER_THREAD_OUTPUT") if big else (folder / "rows.parquet", "")
        self.con.execute(f"COPY model TO {duck.literal(target)} (FORMAT parquet, COMPRESSION zstd{options})")
        for file in folder.rglob("*.parquet"):
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
        shutil.rmtree(folder)


def main() -> None:
    """Measure every number of rows that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 2_000_000])
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    for rows in given.rows:
        with tempfile.TemporaryDirectory() as folder, duck.connect(preserve_insertion_order="false") as con:
            con.execute(ROWS.format(rows=rows))
            work = Publishing(Path(folder), con, rows)
            samples = in_turns(given.rounds, {"Parquet and fsync": work.write, "publish": work.publish})
            report(f"{rows:,} rows", samples, floor="Parquet and fsync", target="80 ms at 1k rows, 1.3x at 2M rows")
            steps = {name: sorted(seconds[1:])[len(seconds[1:]) // 2] for name, seconds in work.steps.items()}
            print("  steps:", ", ".join(f"{name} {seconds * 1000:.1f} ms" for name, seconds in steps.items()))


if __name__ == "__main__":
    main()
