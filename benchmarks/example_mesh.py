"""The example mesh, built, audited and published, against the same SQL in plain DuckDB.

    python benchmarks/example_mesh.py [--rounds 3] [--verbose]

Floor: one Python process that runs the compiled SQL of all models in an in-memory DuckDB, from the raw files, and
copies the 17 ports to zstd Parquet; nothing is typed, judged, recorded or committed. Mesh: `mesh build` into an empty
state folder; once with dbt's manifests at hand (as after the first run of a checkout), once without, and once more
when nothing has changed. Target: 3 times the floor; nothing to do in 2 s. ``--verbose`` shows what each product took.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import duckdb
from timing import BYTECODE, in_turns, report

from meshwright.build.dbt.generate import SCRATCH_DATABASE
from meshwright.build.dbt.manifests import graph_of
from meshwright.build.sources import sources_of
from meshwright.config import Settings
from meshwright.duck import literal
from meshwright.spec import load
from meshwright.spec.model import Mesh, Product

ROOT = Path(__file__).parents[1]


def plain_sql(settings: Settings, mesh: Mesh, out: Path) -> Iterator[str]:
    """The statements of the floor: raw files as views, models in order, ports to Parquet."""
    yield f"ATTACH ':memory:' AS {SCRATCH_DATABASE}"
    yield "ATTACH ':memory:' AS mesh"
    for name in (*mesh.domains, "landing"):
        yield f"CREATE SCHEMA mesh.{name}"
    for domain in mesh.domains.values():
        for source in sources_of(mesh, domain).values():
            path = source.ingest.function()
            yield f"CREATE VIEW mesh.landing.{source.name} AS SELECT * FROM read_parquet({literal(path)})"
    for product in mesh:
        yield from _product_sql(settings, mesh, product, out)


def _product_sql(settings: Settings, mesh: Mesh, product: Product, out: Path) -> Iterator[str]:
    graph = graph_of(settings, mesh, mesh.domains[product.domain])
    ports = {port.name for port in product.ports}
    for name in graph.ancestors(sorted(ports)):
        model = graph.models[name]
        yield f"CREATE {model.materialized} {SCRATCH_DATABASE}.main.{model.name} AS {model.compiled}"
        if name in ports:
            relation = f"{SCRATCH_DATABASE}.main.{name}"
            yield f"CREATE VIEW mesh.{product.domain}.{name} AS SELECT * FROM {relation}"
            file = literal(out / f"{product.domain}.{name}.parquet")
            yield f"COPY {relation} TO {file} (FORMAT parquet, COMPRESSION zstd)"


def run_plain(statements: Path) -> None:
    """The floor's process."""
    verbose = "MESH_BENCH_VERBOSE" in os.environ
    with duckdb.connect() as con:
        con.execute("SET preserve_insertion_order = false")
        for statement in json.loads(statements.read_text(encoding="utf-8")):
            started = perf_counter()
            con.execute(statement)
            if verbose and (took := perf_counter() - started) > 0.1:
                print(f"  {took:6.2f} s  {' '.join(statement.split())[:90]}", file=sys.stderr)


class Builds:
    """The mesh's side and the floor's, each a process of its own."""

    def __init__(self, folder: Path, verbose: bool) -> None:
        self.folder, self.verbose = folder, verbose
        self.prepared, self.state = folder / "prepared", folder / "state"
        settings, mesh = Settings.of(ROOT, state=self.prepared), load(ROOT)
        (folder / "out").mkdir()
        self.statements = folder / "statements.json"
        statements = list(plain_sql(settings, mesh, folder / "out"))
        self.statements.write_text(json.dumps(statements), encoding="utf-8")

    def plain(self) -> None:
        """All models in plain DuckDB."""
        self._run(sys.executable, str(Path(__file__)), "--plain", str(self.statements))

    def prepared_build(self) -> None:
        """All products from nothing but dbt's manifests."""
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir()
        shutil.copytree(self.prepared / "manifests", self.state / "manifests")
        self._mesh_build()

    def unchanged_build(self) -> None:
        """Nothing to do."""
        self._mesh_build()

    def first_build(self) -> None:
        """All products from nothing."""
        shutil.rmtree(self.state, ignore_errors=True)
        self._mesh_build()

    def _mesh_build(self) -> None:
        self._run(str(Path(sys.executable).parent / "mesh"), "build")

    def _run(self, *command: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name != BYTECODE}
        environment |= {"MESH_STATE": str(self.state)} | ({"MESH_BENCH_VERBOSE": "1"} if self.verbose else {})
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
        if self.verbose:
            print(f"{' '.join(command[-2:])}\n{done.stderr}")


def main() -> None:
    """Measure, or be the floor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--plain", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.plain:
        run_plain(given.plain)
        return
    with tempfile.TemporaryDirectory() as folder:
        builds = Builds(Path(folder), given.verbose)
        things = {
            "plain DuckDB": builds.plain,
            "mesh build": builds.prepared_build,
            "  again, nothing changed": builds.unchanged_build,
            "  with dbt's parsing": builds.first_build,
        }
        samples = in_turns(given.rounds, things, warm=0)
    report("five domains, 17 ports", samples, floor="plain DuckDB", target="3x; nothing changed: 2 s")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  the largest process took {peak:,.0f} MB")


if __name__ == "__main__":
    main()
