"""A diff of a million rows against one hand-written full join of the same two snapshots.

    python benchmarks/diff.py [--rows 1000000] [--rounds 5]

Makes two snapshots of a table of eight columns in a folder of its own: one row in a thousand changed, as many added and
removed. The floor counts added, removed and changed rows by a full join in DuckDB and does nothing else. Target: 10 s
for a million rows with the default memory.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

from timing import in_turns, report

from meshwright import duck
from meshwright.build.staging import Stager
from meshwright.catalog.candidates import Candidate, open_work_catalog
from meshwright.catalog.database import Database
from meshwright.check.diff import compare_ports
from meshwright.config import Settings
from meshwright.duck import literal, local_path
from meshwright.spec.model import Column, Contract, Port, Where

HERE = Where(Path("made.yaml"), 1, 1, "")
COLUMNS = {
    "id": "long", "store": "int", "day": "date", "amount": "double", "discount": "decimal(12,2)", "name": "string",
    "household": "long", "units": "int",
}  # fmt: skip
ROWS = """
select i as id, cast(i % 300 as integer) as store, date '2017-01-01' + cast(i % 365 as integer) as day,
  i * 1.37 as amount, cast(i % 100 as decimal(12,2)) as discount, 'product ' || i % 5000 as name,
  i % 2469 as household, cast(1 + i % 9 as integer) as units
from range({first}, {end}) t(i)"""


def made(settings: Settings, database: Database, port: Port, rows: str, namespace: str) -> str:
    """The metadata location of a table with these rows."""
    assert database.engine
    catalog = open_work_catalog(settings)
    candidate = Candidate(catalog, namespace, port, None, settings.warehouse)
    with duck.connect() as con:
        con.execute(f"CREATE TABLE model AS {rows}")
        files = Stager(con, port, "model", Path("model.sql")).write(candidate.data_dir, candidate.schema, None, 1)
    location = candidate.commit(files, None, properties={}, retention_days=1).location
    catalog.engine.dispose()
    return location


def floor(before: str, after: str) -> tuple[int, ...]:
    """Rows added, removed and changed."""
    b, a = (f"iceberg_scan({literal(local_path(location))})" for location in (before, after))
    changed = " OR ".join(f"b.{name} IS DISTINCT FROM a.{name}" for name in COLUMNS if name != "id")
    with duck.connect() as con:
        return con.execute(f"""
            SELECT count(*) FILTER (b.id IS NULL), count(*) FILTER (a.id IS NULL),
              count(*) FILTER (a.id IS NOT NULL AND b.id IS NOT NULL AND ({changed}))
            FROM {b} b FULL JOIN {a} a ON a.id = b.id""").fetchall()[0]


def main() -> None:
    """Measure it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    columns = [Column(n, k, HERE, primary_key_position=1 if n == "id" else None) for n, k in COLUMNS.items()]
    port = Port("made", "made", "rows", Contract("made", "1.0.0", "active", HERE, tuple(columns)), HERE)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.of(Path(folder))
        database = Database(settings)
        few = max(given.rows // 1000, 1)
        before = made(settings, database, port, ROWS.format(first=0, end=given.rows), "before__made")
        moved = ROWS.format(first=few, end=given.rows + few).replace("i * 1.37", "i * 1.37 + (i % 1000 = 0)::int")
        after = made(settings, database, port, moved, "after__made")
        found = compare_ports(settings, port, before, after)
        assert (found.added, found.removed, found.changed) == floor(before, after)
        things = {
            "full join": partial(floor, before, after),
            "compare_ports": partial(compare_ports, settings, port, before, after),
        }
        samples = in_turns(given.rounds, things)
        report(f"{given.rows:,} rows", samples, floor="full join", target="10 s")
        database.close()


if __name__ == "__main__":
    main()
