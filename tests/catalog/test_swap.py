"""All pointers of a product move, or none does; and with them the records."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from meshwright.catalog import tables as t
from meshwright.catalog.publish import MovedError
from meshwright.catalog.records import last_audits, last_publishes
from support.bench import Bench, Made, port

LINES = port("sales.lines", {"id": "long"})
BASKETS = port("sales.baskets", {"id": "long"})
ONE, TWO = "SELECT 1::BIGINT AS id", "SELECT 2::BIGINT AS id"


def both(bench: Bench, rows: str, run: str) -> tuple[Made, Made]:
    return bench.commit(LINES, rows, run=run), bench.commit(BASKETS, rows, run=run)


def count(bench: Bench, table: str) -> int:
    with bench.database.read() as connection:
        return connection.execute(select(func.count()).select_from(t.metadata.tables[table])).scalar_one()


def test_first_publish_of_two_ports(bench: Bench) -> None:
    lines, baskets = both(bench, ONE, "a")
    assert bench.pins() == {}
    bench.swap(lines, baskets)
    assert bench.pins() == {"sales.lines": lines.committed.location, "sales.baskets": baskets.committed.location}
    assert (bench.rows(LINES), bench.rows(BASKETS)) == ([(1,)], [(1,)])


def test_it_leaves_no_candidate_behind(bench: Bench) -> None:
    bench.swap(*both(bench, ONE, "a"))
    assert bench.catalog.list_namespaces() == []
    with bench.database.read() as connection:
        rows = connection.execute(select(t.iceberg_tables)).mappings().all()
    assert {(r["catalog_name"], r["iceberg_type"]) for r in rows} == {("mesh", "TABLE")}


def test_other_candidates_of_the_run_stay(bench: Bench) -> None:
    lines, baskets = both(bench, ONE, "a")
    bench.swap(lines)
    assert bench.catalog.list_tables("a__sales") == [("a__sales", "baskets")]
    assert bench.rows(baskets.committed.location) == [(1,)]


def test_first_publish_is_a_race_that_one_wins(bench: Bench) -> None:
    winner, loser = both(bench, ONE, "a"), both(bench, TWO, "b")
    bench.swap(winner[0])
    records = count(bench, "mesh_publishes"), count(bench, "mesh_audits")
    with pytest.raises(MovedError):
        bench.swap(loser[1], loser[0])
    assert bench.pins() == {"sales.lines": winner[0].committed.location}
    assert (count(bench, "mesh_publishes"), count(bench, "mesh_audits")) == records
    assert bench.catalog.list_tables("b__sales")


def test_lost_race_moves_none(bench: Bench) -> None:
    bench.swap(*both(bench, ONE, "a"))
    late = both(bench, TWO, "b")
    bench.publish(BASKETS, "SELECT 3::BIGINT AS id")
    with pytest.raises(MovedError):
        bench.swap(*late)
    assert (bench.rows(LINES), bench.rows(BASKETS)) == ([(1,)], [(3,)])
    assert count(bench, "mesh_publishes") == 3


def test_of_many_at_once_one_wins(bench: Bench) -> None:
    bench.swap(*both(bench, ONE, "a"))
    candidates = [both(bench, f"SELECT {n}::BIGINT AS id", f"r{n}") for n in range(10, 16)]
    won: list[int] = []
    gate = threading.Barrier(len(candidates))

    def race(number: int, pair: tuple[Made, Made]) -> None:
        gate.wait()
        try:
            bench.swap(*pair)
        except MovedError:
            return
        won.append(number)

    threads = [threading.Thread(target=race, args=(n, pair)) for n, pair in enumerate(candidates, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert bench.rows(LINES) == bench.rows(BASKETS) == [(won[0],)]
    assert count(bench, "mesh_publishes") == 4


def test_records_come_with_it(bench: Bench) -> None:
    first = bench.publish(LINES, ONE)
    second = bench.publish(LINES, TWO)
    with bench.database.read() as connection:
        publish = last_publishes(connection)["sales.lines"]
        audit = last_audits(connection)["sales.lines"]
    assert publish["previous_location"] == first.committed.location
    assert publish["metadata_location"] == audit["metadata_location"] == second.committed.location
    assert (publish["rows"], publish["run"], publish["reported_at"]) == (1, second.run, None)


def test_candidates_that_nobody_swapped_do_not_disturb(bench: Bench) -> None:
    """A candidate of the same run and port is made anew, from what is published by then."""
    bench.publish(LINES, ONE)
    bench.commit(LINES, TWO, run="again")
    bench.swap(bench.commit(LINES, "SELECT 3::BIGINT AS id", run="again"))
    assert bench.rows(LINES) == [(3,)]
