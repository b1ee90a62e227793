"""Two real Iceberg ports, published by PyIceberg into a warehouse of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
from pyiceberg.catalog.sql import SqlCatalog

from meshwright.query import Result, query

TABLES = {
    "sales.transactions": """
        SELECT range AS basket_id, range % 5 AS store_id, (range % 53 + 1)::INTEGER AS week,
               (range / 7)::DECIMAL(12,2) AS sales_value, DATE '2017-01-01' + (range % 365)::INTEGER AS day,
               CASE WHEN range % 10 = 0 THEN NULL ELSE 'kind ' || range % 3 END AS line_kind
        FROM range(10000)""",
    "merchandising.products": """
        SELECT range AS product_id, 'Product ' || range AS name, range / 3 AS weight FROM range(100)""",
}


@dataclass(frozen=True)
class Warehouse:
    """A published mesh: where it lies and the metadata location of each port."""

    folder: Path
    pins: Mapping[str, str]

    def resolve(self, names: set[str]) -> dict[str, str]:
        return {name: self.pins[name] for name in names if name in self.pins}

    def ask(self, sql: str) -> Result:
        return query(sql, self.resolve, warehouse=self.folder, known=self.pins.keys)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with self.ask(sql) as result:
            return list(result.rows)


def publish(folder: Path) -> Warehouse:
    """Publish the tables under a folder."""
    catalog = SqlCatalog("mesh", uri=f"sqlite:///{folder}/catalog.db", warehouse=folder.as_uri())
    pins = {}
    for port, sql in TABLES.items():
        catalog.create_namespace_if_not_exists(port.partition(".")[0])
        rows = duckdb.connect().execute(sql).to_arrow_table()
        table = catalog.create_table(port, rows.schema)
        table.append(rows)
        pins[port] = table.metadata_location
    catalog.close()
    return Warehouse(folder, pins)
