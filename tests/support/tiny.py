"""The tiny mesh of :mod:`support.mesh_files` made to run: lines beside orders, models, ingests and data.

``shop/orders`` publishes ``lines`` and ``orders`` by week, which must reconcile, and ``customers``;
``insight/weekly`` reads ``shop.orders`` week by week.
"""

from __future__ import annotations

import itertools
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from meshwright import duck
from meshwright.build import landing
from meshwright.build.context import Run
from meshwright.build.dbt.graph import Graph
from meshwright.build.dbt.manifests import graph_of
from meshwright.build.plan import Planner, ProductPlan
from meshwright.build.product import ProductResult, build_product
from meshwright.build.promoting import Promoted, promote
from meshwright.build.state import State
from meshwright.catalog import environments
from meshwright.catalog.database import Database
from meshwright.catalog.pins import pin
from meshwright.config import PRODUCTION, Settings
from meshwright.duck import local_path
from meshwright.spec import load, select
from meshwright.spec.model import Mesh

from .mesh_files import FILES, edited, write_mesh

Line = tuple[int, int, int, int, float]
"""order_id, line_no, customer_id, week, amount."""

LINES_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: shop-orders-lines
version: 1.0.0
status: active
schema:
  - name: lines
    physicalType: table
    properties:
      - name: order_id
        logicalType: integer
        required: true
        primaryKey: true
        primaryKeyPosition: 1
      - name: line_no
        logicalType: integer
        required: true
        primaryKey: true
        primaryKeyPosition: 2
      - name: customer_id
        logicalType: integer
        required: true
      - name: week
        logicalType: integer
        physicalType: int
        required: true
        partitioned: true
        partitionKeyPosition: 1
      - name: amount
        logicalType: number
        physicalType: decimal(12,2)
        required: true
    quality:
      - id: reconciles_with_orders
        type: sql
        query: >-
          select count(*) from (select order_id, sum(amount) as a from ${object} group by order_id) l
          full join mesh.shop.orders o using (order_id) where o.amount is distinct from l.a
        mustBe: 0
"""
INGEST = '''\
"""What the shop lands."""

from pathlib import Path

from meshwright import files, ingest

DATA = Path(__file__).parents[2] / "data"


@ingest(partition="week", version=files(DATA / "lines"))
def lines() -> list[Path]:
    """Order lines, one file a week."""
    return sorted((DATA / "lines").glob("*.parquet"))


@ingest(version=files(DATA / "people.csv"))
def people() -> Path:
    """Everybody who ever ordered."""
    return DATA / "people.csv"
'''
MODELS = "dbt_projects/shop/models/orders"
STG_LINES = f"{MODELS}/staging/stg_lines.sql"
LINES_SQL = f"{MODELS}/ports/lines.sql"
ORDERS_SQL = f"{MODELS}/ports/orders.sql"
CUSTOMERS_SQL = f"{MODELS}/ports/customers.sql"
WEEKLY_SQL = "dbt_projects/insight/models/weekly/ports/weekly_sales.sql"
INGEST_PY = "domains/shop/ingest.py"
ORDERS_CONTRACT = "domains/shop/orders/orders.contract.yaml"
CUSTOMERS_CONTRACT = "domains/shop/orders/customers.contract.yaml"
WEEKLY_CONTRACT = "domains/insight/weekly/weekly_sales.contract.yaml"
LINES_CONTRACT_FILE = "domains/shop/orders/lines.contract.yaml"

RUNNABLE: Mapping[str, str] = {
    **edited(
        "domains/shop/orders/product.yaml",
        ("outputPorts:\n", "outputPorts:\n  - name: lines\n    version: 1.0.0\n    contractId: shop-orders-lines\n"),
    ),
    LINES_CONTRACT_FILE: LINES_CONTRACT,
    INGEST_PY: INGEST,
    "dbt_projects/shop/dbt_project.yml": "name: shop\nprofile: meshwright\nmodel-paths: [models]\n",
    "dbt_projects/insight/dbt_project.yml": "name: insight\nprofile: meshwright\nmodel-paths: [models]\n",
    STG_LINES: """\
select cast(order_id as bigint) as order_id, cast(line_no as bigint) as line_no,
       cast(customer_id as bigint) as customer_id, cast(week as integer) as week,
       cast(amount as decimal(12,2)) as amount
from {{ source('landing', 'lines') }}
""",
    LINES_SQL: "select order_id, line_no, customer_id, week, amount from {{ ref('stg_lines') }}\n",
    ORDERS_SQL: """\
select order_id, min(customer_id) as customer_id, min(week) as week, cast(sum(amount) as decimal(12,2)) as amount
from {{ ref('lines') }} group by order_id
""",
    CUSTOMERS_SQL: """\
select cast(customer_id as bigint) as customer_id, name from {{ source('landing', 'people') }}
""",
    WEEKLY_SQL: """\
select week, customer_id, cast(sum(amount) as decimal(18,2)) as amount
from {{ source('shop', 'orders') }} group by week, customer_id
""",
}

WEEKS, ORDERS_A_WEEK, CUSTOMERS = 3, 8, 6


def lines_of(week: int, scale: float = 1.0) -> list[Line]:
    """The lines of one week: two an order, amounts told apart by ``scale``."""
    return [
        (week * 100 + order, line, order % CUSTOMERS + 1, week, round(scale * (order + line / 4), 2))
        for order, line in itertools.product(range(ORDERS_A_WEEK), (1, 2))
    ]


@dataclass
class TinyMesh:
    """One mesh on disk, tiny or not. ``build`` lands and builds as a run would, without an orchestrator."""

    root: Path
    steps: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @cached_property
    def settings(self) -> Settings:
        return Settings.of(self.root)

    @cached_property
    def database(self) -> Database:
        return Database(self.settings)

    @property
    def mesh(self) -> Mesh:
        """As its files say now."""
        return load(self.root)

    def run(
        self, run: str | None = None, on_step: Callable[[str], None] | None = None, environment: str = PRODUCTION
    ) -> Run:
        """A context whose steps and messages are kept in ``steps`` and ``said``."""
        return Run(
            run or uuid.uuid4().hex[:8], self.settings, self.mesh, self.database,
            say=self.said.append, on_step=on_step or self.steps.append, environment=environment,
        )  # fmt: skip

    def plan(
        self, product: str, *, only: Sequence[str] | None = None, force: bool = False, environment: str = PRODUCTION
    ) -> ProductPlan:
        """The plan of one product."""
        mesh, state = self.mesh, State.of(self.database, environment)
        return Planner(self.settings, mesh, state, force, only, environment).plan(mesh.products[product])

    def env(self, name: str) -> str:
        """Make an environment."""
        return environments.create(self.settings, self.database, name, "somebody").name

    def build_in(self, environment: str, *selectors: str, force: bool = False) -> dict[str, ProductResult]:
        """:meth:`build` in an environment."""
        return self.build(*selectors, run=self.run(environment=environment), force=force)

    def promote(self, environment: str, *selectors: str) -> dict[str, Promoted]:
        """Promote what is selected; what became of it by product."""
        found = promote(self.database, environment, select(self.mesh, list(selectors)), "somebody")
        return {one.product: one for one in found}

    def state(self, environment: str = PRODUCTION) -> State:
        """What the catalog knows."""
        return State.of(self.database, environment)

    def land(self, product: str, run: Run | None = None, *, force: bool = False) -> list[str]:
        """Land what is due of one product; the sources that landed."""
        run = run or self.run()
        state = State.of(self.database, run.environment)
        planner = Planner(self.settings, run.mesh, state, force, environment=run.environment)
        due = [lp for lp in planner.plan(run.mesh.products[product]).landings if lp.reason]
        for lp in due:
            landing.land(
                self.settings, self.database, lp.source, run=run.id, version=lp.version, environment=run.environment
            )
        return [lp.source.name for lp in due]

    def build(
        self, *selectors: str, run: Run | None = None, partitions: Sequence[str] | None = None, force: bool = False
    ) -> dict[str, ProductResult]:
        """Land and build what is selected (default: all); the results by product."""
        run = run or self.run()
        results = {}
        for product in select(run.mesh, list(selectors)):
            self.land(product.key, run, force=force)
            results[product.key] = build_product(run, product, partitions=partitions, force=force)
        return results

    def parse(self, domain: str) -> Graph:
        """The models of a domain, as dbt reads them now."""
        mesh = self.mesh
        return graph_of(self.settings, mesh, mesh.domains[domain])

    def close(self) -> None:
        """Give the catalog back."""
        self.database.close()

    def pins(self, environment: str = PRODUCTION) -> Mapping[str, str]:
        """Metadata locations of what is published."""
        with self.database.read() as connection:
            return pin(connection, environment=environment)

    def sql(self, query: str, environment: str = PRODUCTION) -> list[tuple[Any, ...]]:
        """Rows of a query on what is published now, names as everywhere."""
        return ask(self.pins(environment), query)

    def put_lines(self, week: int, lines: Iterable[Line]) -> Path:
        """Replace the source file of one week."""
        file = self.root / "data" / "lines" / f"week-{week:02}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = ", ".join(f"({o}, {n}, {c}, {w}, {a})" for o, n, c, w, a in lines)
        with duckdb.connect() as con:
            con.execute("CREATE TABLE t (order_id BIGINT, line_no INT, customer_id INT, week INT, amount DOUBLE)")
            if rows:
                con.execute(f"INSERT INTO t VALUES {rows}")
            con.execute(f"COPY t TO {duck.literal(f'{file}.{os.getpid()}')} (FORMAT parquet)")
        return Path(f"{file}.{os.getpid()}").replace(file)

    def put_people(self, names: Sequence[str]) -> None:
        """Replace the source file of people, numbered from 1."""
        rows = [f"{i},{name}" for i, name in enumerate(names, 1)]
        (self.root / "data" / "people.csv").write_text("\n".join(["customer_id,name", *rows]) + "\n")

    def edit(self, path: str, *replacements: tuple[str, str]) -> None:
        """Replace texts that must be there in one of its files."""
        text = (self.root / path).read_text(encoding="utf-8")
        for old, new in replacements:
            assert old in text, f"{path} does not hold {old!r}"
            text = text.replace(old, new, 1)
        self.write(path, text)

    def write(self, path: str, text: str) -> None:
        """Write one of its files whole."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@contextmanager
def reader(**settings: str) -> Iterator[Callable[[Mapping[str, str], str], list[tuple[Any, ...]]]]:
    """Answers queries over pinned ports, again and again, on one connection."""
    with duck.connect(**settings) as con:
        con.execute("ATTACH ':memory:' AS mesh")

        def answer(pins: Mapping[str, str], query: str) -> list[tuple[Any, ...]]:
            for name, location in pins.items():
                domain, port = map(duck.quote, name.split("."))
                con.execute(f"CREATE SCHEMA IF NOT EXISTS mesh.{domain}")
                scan = f"iceberg_scan({duck.literal(local_path(location))})"
                con.execute(f"CREATE OR REPLACE VIEW mesh.{domain}.{port} AS FROM {scan}")
            return con.execute(query).fetchall()

        yield answer


def ask(pins: Mapping[str, str], query: str) -> list[tuple[Any, ...]]:
    """Rows of a query over pinned ports."""
    with reader() as answer:
        return answer(pins, query)


def write_tiny(root: Path, changes: Mapping[str, str | None] | None = None) -> TinyMesh:
    """Write the runnable mesh with three weeks of data under ``root``."""
    mesh = TinyMesh(write_mesh(root, {**RUNNABLE, **(changes or {})}))
    for week in range(1, WEEKS + 1):
        mesh.put_lines(week, lines_of(week))
    mesh.put_people([f"Person {i}" for i in range(1, CUSTOMERS + 1)])
    return mesh


def copy_tiny(template: Path, root: Path) -> TinyMesh:
    """A copy of a mesh that was written and parsed, but not built: metadata of tables holds absolute paths."""
    shutil.copytree(template, root, dirs_exist_ok=True)
    return TinyMesh(root)


__all__ = ["FILES", "TinyMesh", "ask", "copy_tiny", "lines_of", "write_tiny"]
