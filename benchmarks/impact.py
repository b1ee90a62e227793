"""Impact of one column in a large mesh: all SQL read for the first time, and once it is known.

    python benchmarks/impact.py [--products 500] [--rounds 9]

The mesh is made in memory: each product has an inner model and a port of 20 columns, reads the product before it (a
chain) and one of ten hubs (fan-out). The column asked about is one of the first product's, which reaches the end of the
chain. Reading YAML and dbt's manifests is no part of it. The floor is sqlglot's parser over the same SQL.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from functools import partial
from pathlib import Path

import sqlglot
from timing import in_turns, report

from meshwright.build.dbt.graph import Graph, Model
from meshwright.check.impact.model import Target, World
from meshwright.check.impact.walk import hits
from meshwright.config import Settings
from meshwright.spec.model import Column, Contract, Domain, Input, Mapping_, Mesh, Port, Product, Where

COLUMNS, HUBS, A_DOMAIN = 20, 10, 10
HERE = Where(Path("made.yaml"), 1, 1, "")


def key(i: int) -> str:
    """The port of a product."""
    return f"d{i // A_DOMAIN}.p{i}"


def reads(i: int) -> list[str]:
    """What a product reads: the one before it, and a hub."""
    return list(dict.fromkeys(key(j) for j in (i - 1, i % HUBS) if 0 <= j < i))


def product(i: int) -> Product:
    """One product with one port."""
    domain, name = key(i).split(".")
    columns = tuple(Column(f"c{n}", "long", HERE, logical_type="integer") for n in range(COLUMNS))
    port = Port(domain, name, name, Contract(f"{key(i)}", "1.0.0", "active", HERE, columns), HERE)
    return Product(domain, name, HERE, (port,), tuple(Input(r, Mapping_.ALL, HERE) for r in reads(i)))


def model(i: int, inner: bool) -> Model:
    """The inner model of a product joins and computes, that of its port groups."""
    name, inputs = key(i).split(".")[1], reads(i)
    tables = [f'"mesh"."{r.split(".")[0]}"."{r.split(".")[1]}"' for r in inputs]
    if inner and tables:
        values = ", ".join(f"a.c{n} + {len(tables)} as c{n}" for n in range(COLUMNS))
        joined = f" left join {tables[1]} b on a.c0 = b.c0 and b.c{i % COLUMNS} > 1" if len(tables) > 1 else ""
        sql = f"with a as (select * from {tables[0]}) select {values} from a{joined} where a.c1 is not null"
    elif inner:
        sql = f"select {', '.join(f'{n} as c{n}' for n in range(COLUMNS))}"
    else:
        sums = ", ".join(f"sum(c{n}) over (partition by c0) as c{n}" for n in range(1, COLUMNS))
        sql = f'select c0, {sums} from "scratch"."main"."int_{name}"'
    full = f"int_{name}" if inner else name
    parents, sources = ((), tuple(inputs)) if inner else ((f"int_{name}",), ())
    return Model(full, full, name, f"models/{full}.sql", "table", "", sql, "", parents, sources, ())


def world(products: int, root: Path) -> World:
    """The mesh, with models as dbt would compile them."""
    made = [product(i) for i in range(products)]
    names = list(dict.fromkeys(p.domain for p in made))
    domains = {n: Domain(n, HERE, f"Team {n}", {p.name: p for p in made if p.domain == n}) for n in names}
    graphs = {n: Graph(n, n, {}) for n in names}
    for i, p in enumerate(made):
        models = {m.name: m for m in (model(i, inner=True), model(i, inner=False))}
        graphs[p.domain] = Graph(p.domain, p.domain, {**graphs[p.domain].models, **models})
    (root / "domains").mkdir(parents=True)
    return World(Settings.of(root), Mesh(root, domains), graphs.__getitem__)


def ask(of: World, *, forget: bool) -> None:
    """Who uses a column of the first product; everybody after it does."""
    if forget:
        shutil.rmtree(of.settings.lineage, ignore_errors=True)
    target = Target(key(0), "c3", "d0/p0")
    found = hits(of, [target])[target]
    if len(found) != len(of.mesh.ports) - 1:
        raise SystemExit(f"{len(found)} consumers are hit")


def parse(of: World) -> None:
    """What sqlglot takes to read all SQL, and nothing else."""
    for domain in of.mesh.domains:
        for found in of.graph(domain).models.values():
            sqlglot.parse_one(found.compiled, dialect="duckdb")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--products", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = world(given.products, Path(folder))
        things = {
            "sqlglot alone": partial(parse, made),
            "for the first time": partial(ask, made, forget=True),
            "all SQL known": partial(ask, made, forget=False),
        }
        title = f"impact of one column on {given.products - 1} products"
        report(title, in_turns(given.rounds, things), floor="sqlglot alone", target="all SQL known: 2 s of CPU")


if __name__ == "__main__":
    main()
