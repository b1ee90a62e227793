"""Who is hit at the end of a chain of models made at random, held against what really changes there."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from meshwright.check.impact.lineage import lineage
from meshwright.check.impact.model import Consumer, Statement, Target
from meshwright.check.impact.walk import Readings

from .truth import seen, shared

BASE = {"t": ["id", "a", "b", "g"], "u": ["id", "a", "d", "e"]}
LAYERS = ("m1", "m2", "m3")
CHANGES = ("{0} + 1", "7 - {0}", "{0} % 2")


def select(dice: random.Random, known: dict[str, list[str]], name: str) -> tuple[str, list[str]]:
    """One model over what is there already, and its columns."""
    x, y = dice.choice(list(known)[-2:]), dice.choice(list(known))
    one = f"x.{dice.choice(known[x])}"
    two = f"y.{dice.choice(known[y])}"
    some = [f"x.{c}" for c in dice.sample(known[x], k=min(2, len(known[x])))]
    out = [f"{name}_{i}" for i in range(3)]
    of_x, of_y = f"mesh.shop.{x} x", f"mesh.shop.{y} y"
    shapes = [
        f"select {some[0]} as {out[0]}, {some[-1]} + 1 as {out[1]} from {of_x} where {one} > 1 or {one} is null",
        f"select {some[0]} as {out[0]}, sum({one}) as {out[1]}, count(*) as {out[2]} from {of_x} group by {some[0]}",
        f"select {one} as {out[0]}, {two} as {out[1]} from {of_x} join {of_y} on {some[0]} = {two}",
        f"select {one} as {out[0]}, {two} as {out[1]} from {of_x} left join {of_y} on {one} = {two}",
        f"with c as (select * from {of_x}) select x.*, 1 as {out[0]} from c x",
        f"with c as (select *, {one} as {out[0]} from {of_x}) select {out[0]}, {out[0]} * 2 as {out[1]} from c",
        f"select {some[0]} as {out[0]} from {of_x} union all select {two} from {of_y}",
        f"select {some[0]} as {out[0]}, max({one}) over (partition by {some[-1]}) as {out[1]} from {of_x}",
        f"select {some[0]} as {out[0]}, (select max({two}) from {of_y} where {two} <= {one}) as {out[1]} from {of_x}",
        f"select {one} as {out[0]} from {of_x} where {one} in (select {two} from {of_y})",
        f"select distinct {one} as {out[0]}, {some[0]} as {out[1]} from {of_x}",
        f"select case when {one} > 2 then {some[0]} else {some[-1]} end as {out[0]}, {one} as {out[1]} from {of_x}",
    ]
    return shapes[(shape := dice.randrange(len(shapes)))], columns_of(shape, known[x], out)


def columns_of(shape: int, of_x: list[str], out: list[str]) -> list[str]:
    """The columns of a shape of :func:`select`."""
    if shape == 4:
        return [*of_x, out[0]]
    return out[: {1: 3, 6: 1, 9: 1}.get(shape, 2)]


def chain(seed: int) -> dict[str, str]:
    """The SQL of each layer."""
    dice, known, found = random.Random(seed), dict(BASE), {}
    for name in LAYERS:
        found[name], known[name] = select(dice, known, name)
    return found


def built(models: dict[str, str], change: str | None = None) -> dict[str, tuple[str, ...]]:
    """The columns of the last layer, after a change of the base."""
    con = shared()
    con.execute("BEGIN")
    for statement in filter(None, [change, *(f"create table mesh.shop.{n} as {sql}" for n, sql in models.items())]):
        con.execute(statement)
    found = seen(con, f"select * from mesh.shop.{LAYERS[-1]}")
    con.execute("ROLLBACK")
    assert found is not None
    return dict(found.columns)


def statements(models: dict[str, str]) -> list[Statement]:
    """Each layer as a product of its own."""
    schema: dict[str, tuple[str, ...] | None] = {f"mesh.shop.{n}": tuple(c) for n, c in BASE.items()}
    found = []
    for name, sql in models.items():
        read = lineage(sql, schema)
        assert not read.opaque, (sql, read.opaque)
        schema[f"mesh.shop.{name}"] = read.columns
        found.append(Statement(f"mesh.shop.{name}", name, Consumer(name, "product", "A"), read, Path("none.sql")))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_whatever_changes_at_the_end_is_told(seed: int) -> None:
    models = chain(seed)
    readings, before = Readings(statements(models)), built(models)
    for table, column in [(t, c) for t, columns in BASE.items() for c in columns]:
        found = {h.consumer.name: h for h in readings.hits(Target(f"mesh.shop.{table}", column, "base"))}
        for change in CHANGES:
            after = built(models, f"update mesh.shop.{table} set {column} = {change.format(column)}")
            others = {name for name in before if before[name] != after[name]}
            if not others:
                continue
            hit = found.get(LAYERS[-1])
            assert hit is not None, f"{table}.{column} changes {others}"
            if hit.how == ("reads",) and not _rows_reach(readings, table, column):
                assert {f"mesh.shop.{LAYERS[-1]}.{name}" for name in others} <= set(hit.columns)


def _rows_reach(readings: Readings, table: str, column: str) -> bool:
    """Whether a layer before the last has other rows by it, and so may every value behind."""
    hits = readings.hits(Target(f"mesh.shop.{table}", column, "base"))
    return any(set(hit.how) - {"reads", "names"} for hit in hits)
