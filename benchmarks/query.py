"""`mesh query` against DuckDB's own read_parquet of the same files.

    python benchmarks/query.py [--state FOLDER] [--rounds 9]

Needs a built example mesh (`mesh demo`); ``--state`` is its state folder, ``.mesh`` of this repository by default.
In process: opening, guarding, pinning, mounting, running and fetching, against a fresh DuckDB connection that reads
the current data files of the same ports. Cold: the whole command to its first line of output, against Python that
imports DuckDB and does the same. Targets: 15 ms fixed, 1.15 times where the floor takes over 200 ms, 0.6 s to the
first row.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import duckdb
from timing import Samples, in_turns, report

from meshwright.catalog.candidates import live_files
from meshwright.catalog.database import Database
from meshwright.catalog.pins import pin
from meshwright.config import Settings
from meshwright.query import query

ROOT = Path(__file__).parents[1]
PORT = re.compile(r"mesh\.(\w+\.\w+)")
SMALL = "select campaign_type, count(*) from mesh.marketing.campaigns group by all order by all"
LARGE = {
    "pairs in a basket": """
        select a.product_id, b.product_id, count(*) from mesh.sales.transactions a
        join mesh.sales.transactions b on a.basket_id = b.basket_id and a.product_id < b.product_id
        where a.week between 1 and 13 and b.week between 1 and 13
        group by all order by 3 desc, 1, 2 limit 20""",
    "spend by category": """
        select p.department, p.product_category, date_trunc('month', t.transaction_date), sum(t.sales_value),
          count(distinct t.household_id), count(distinct t.basket_id), median(t.sales_value)
        from mesh.sales.transactions t join mesh.merchandising.products p using (product_id)
        group by all order by 4 desc limit 20""",
    "running spend": """
        select max(total) from (
          select sum(sales_value) over (partition by household_id order by transaction_ts_utc, product_id) as total
          from mesh.sales.transactions)""",
}


class Bench:
    """One built mesh, asked in two ways."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.database = settings, Database(settings)
        with self.database.read() as connection:
            self.pins = dict(pin(connection))
        self.files: dict[str, list[str]] = {}

    def mesh(self, sql: str) -> list[tuple[object, ...]]:
        """As ``mesh query`` runs it."""
        with query(sql, self._resolve, warehouse=self.settings.warehouse) as result:
            return list(result.rows)

    def raw(self, sql: str) -> list[tuple[object, ...]]:
        """The floor."""
        with duckdb.connect() as con:
            return con.execute(self.raw_sql(sql)).fetchall()

    def raw_sql(self, sql: str) -> str:
        """The same SQL over the data files."""
        return PORT.sub(lambda found: f"read_parquet({self._files(found[1])})", sql)

    def _files(self, port: str) -> list[str]:
        if port not in self.files:
            self.files[port] = [str(file) for file in live_files(self.pins[port])]
        return self.files[port]

    def _resolve(self, ports: set[str]) -> Mapping[str, str]:
        with self.database.read() as connection:
            return {port: location for port, location in pin(connection).items() if port in ports}


def _first_line(*command: str) -> Callable[[], None]:
    def run() -> None:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise SystemExit(f"nothing came from {' '.join(command)}")
            process.stdout.read()

    return run


def _fixed(samples: Mapping[str, Samples]) -> str:
    (mesh, _), (raw, _) = samples["mesh query"].median, samples["read_parquet"].median
    return f"  the mesh adds {(mesh - raw) * 1000:.1f} ms"


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--state", type=Path, default=ROOT / ".mesh")
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    state = given.state.absolute()
    if not (state / "catalog.db").is_file():
        raise SystemExit(f"there is no mesh in {state}; next: mesh demo")
    bench = Bench(Settings.of(ROOT, state=state))
    for name, sql in {"a small port": SMALL, **LARGE}.items():
        assert sorted(map(str, bench.mesh(sql))) == sorted(map(str, bench.raw(sql))), f"{name}: answers differ"
        things = {"read_parquet": partial(bench.raw, sql), "mesh query": partial(bench.mesh, sql)}
        samples = in_turns(given.rounds, things)
        target = "15 ms fixed" if sql is SMALL else "1.15x where the floor takes over 200 ms"
        report(name, samples, floor="read_parquet", target=target)
        print(_fixed(samples))
    python = f"import duckdb; print(duckdb.connect().execute({bench.raw_sql(SMALL)!r}).fetchall())"
    mesh = Path(sys.executable).parent / "mesh"
    commands = {
        "python, read_parquet": _first_line(sys.executable, "-c", python),
        "mesh query": _first_line("env", f"MESH_STATE={state}", str(mesh), "query", "--format", "csv", SMALL),
    }
    samples = in_turns(given.rounds, commands)
    report("cold, to the first line", samples, floor="python, read_parquet", target="0.6 s to the first row")


if __name__ == "__main__":
    main()
