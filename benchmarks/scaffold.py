"""From nothing to a first row: `mesh new`, `mesh build` and `mesh query` against bare dbt and DuckDB by hand.

    python benchmarks/scaffold.py [--rounds 5]

The floor is what a person would script: write a dbt project of two models over the same CSV file, `dbt build` it into a
DuckDB file, read a row with DuckDB. Both ways give the same row. A first product of a domain that is new makes dbt read
a project that it never saw; a second one finds what it remembers. The mesh itself is there already. Targets: 1.3 times,
and never above the 7.3 CPU seconds that SQLMesh takes for the same.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import in_turns, report

BIN = Path(sys.executable).parent
ROWS = "id,happened_on,category,amount\n" + "".join(f"{i},2026-01-{i % 28 + 1:02},shop,{i}.5\n" for i in range(1, 101))
PROJECT = "name: hand\nprofile: hand\nmodel-paths: [models]\n"
PROFILE = "hand: {target: dev, outputs: {dev: {type: duckdb, path: hand.duckdb}}}\n"
STAGING = "select id, happened_on, category, amount from read_csv('data.csv')\n"
READ = (
    "import duckdb; print(duckdb.connect('hand.duckdb', read_only=True).sql('select count(*) from orders').fetchall())"
)


def run(folder: Path, *command: str) -> str:
    """The output of a command that must succeed."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def by_hand(folder: Path) -> None:
    """Bare dbt and DuckDB."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "models").mkdir(parents=True)
    files = {
        "data.csv": ROWS, "dbt_project.yml": PROJECT, "profiles.yml": PROFILE, "models/stg_orders.sql": STAGING,
        "models/orders.sql": "{{ config(materialized='table') }} select * from {{ ref('stg_orders') }}\n",
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text)
    run(folder, str(BIN / "dbt"), "--no-send-anonymous-usage-stats", "build", "--profiles-dir", ".")
    assert "(100,)" in run(folder, sys.executable, "-c", READ)


class Scaffolds:
    """Ever new products in one mesh."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "mesh"
        run(folder, self.mesh, "init", str(self.root), "--email", "a@example.com", "--no-git")
        run(self.root, self.mesh, "build")
        (self.root / "data.csv").write_text(ROWS)
        self.numbers = itertools.count()

    @property
    def mesh(self) -> str:
        """The command."""
        return str(BIN / "mesh")

    def first_of_a_domain(self) -> None:
        """The domain is made too."""
        domain = f"d{next(self.numbers)}"
        run(self.root, self.mesh, "new", "domain", domain, "--email", "a@example.com")
        self._product(domain)

    def next_of_a_domain(self) -> None:
        """One more product of the domain that the mesh began with."""
        self._product("shop")

    def _product(self, domain: str) -> None:
        name = f"p{next(self.numbers)}"
        run(self.root, self.mesh, "new", "product", f"{domain}/{name}", "--from", "data.csv")
        run(self.root, self.mesh, "build", f"{domain}/{name}")
        assert "100" in run(self.root, self.mesh, "query", f"select count(*) as n from mesh.{domain}.{name}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="meshwright-") as name:
        folder = Path(name)
        scaffolds = Scaffolds(folder)
        ways = {
            "by hand: dbt and DuckDB": lambda: by_hand(folder / "hand"),
            "next product of a domain": scaffolds.next_of_a_domain,
            "first product of a domain": scaffolds.first_of_a_domain,
        }
        report("From nothing to a first row", in_turns(rounds, ways), floor=next(iter(ways)), target="1.3x, 7 s CPU")


if __name__ == "__main__":
    main()
