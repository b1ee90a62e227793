"""Ports made by hand: a contract in a line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from meshwright.quality import Verdict, audit
from meshwright.spec.model import Column, Contract, Partition, Port, Quality, Reference, Transform, Where

HERE = Where(Path("x.yaml"), 1, 1, "k")


def column(name: str, type_: str = "long", **more: Any) -> Column:
    return Column(name=name, type=type_, where=HERE, **more)


def item(kind: str = "library", **more: Any) -> Quality:
    return Quality(kind=kind, where=HERE, **more)  # type: ignore[arg-type]


def metric(metric: str, operator: str | None = None, operand: Any = None, **more: Any) -> Quality:
    return item(metric=metric, operator=operator, operand=operand, **more)


def sql(query: str, operator: str = "mustBe", operand: Any = 0, **more: Any) -> Quality:
    return item("sql", query=query, operator=operator, operand=operand, **more)


def expect(name: str, /, **kwargs: Any) -> Quality:
    return item("custom", engine="greatExpectations", implementation={"type": name, "kwargs": kwargs})


def reference(columns: str, port: str, to: str, **more: Any) -> Reference:
    return Reference(tuple(columns.split()), port, tuple(to.split()), HERE, **more)


def port(*columns: Column, partition: str | None = None, name: str = "lines", **more: Any) -> Port:
    part = Partition(partition, Transform.IDENTITY, HERE) if partition else None
    contract = Contract("id", "1.0.0", "active", HERE, tuple(columns), partition=part, **more)
    return Port("sales", "pos", name, contract, HERE)


class Bench:
    """One in-memory mesh and the audits on it."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute("ATTACH ':memory:' AS mesh; CREATE SCHEMA mesh.sales; CREATE SCHEMA mesh.shop")

    def table(self, body: str, name: str = "sales.lines") -> None:
        self.con.execute(f"CREATE OR REPLACE TABLE mesh.{name} AS {body}")

    def values(self, type_: str, values: Iterable[object], name: str = "c") -> None:
        self.con.execute(f"CREATE OR REPLACE TABLE mesh.sales.lines (id BIGINT, {name} {type_})")
        rows = [(i, v) for i, v in enumerate(values, 1)]
        if rows:
            self.con.executemany("INSERT INTO mesh.sales.lines VALUES (?, ?)", rows)

    def audit(self, of: Port, **more: Any) -> dict[str, Verdict]:
        found = audit(self.con, of, table="mesh.sales.lines", **more)
        return {v.rule.id: v for v in found}
