"""Candidates: what their commits keep, replace, merge and expire."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyiceberg.table import StaticTable

from meshwright.catalog import candidates
from meshwright.catalog.candidates import MERGE_ABOVE, live_files
from meshwright.spec.model import Port
from support.bench import Bench, port

LINES = port("sales.lines", {"id": "long", "week": "int"}, by="week")
STORES = port("sales.stores", {"id": "long"})


def weeks(*of: int, offset: int = 0) -> str:
    values = ", ".join(map(str, of)) or "NULL"
    return f"SELECT w * 10 + {offset} AS id, w::INTEGER AS week FROM (SELECT unnest([{values}]) AS w) WHERE w > 0"


def table(bench: Bench, of: Port) -> StaticTable:
    return StaticTable.from_metadata(bench.pins()[of.key])


def test_files_carry_the_field_ids_of_the_table(bench: Bench) -> None:
    made = bench.publish(LINES, weeks(1))
    (file,) = live_files(made.committed.location)
    ids = bench.con.execute(
        f"SELECT name, field_id FROM parquet_schema('{file}') WHERE field_id IS NOT NULL ORDER BY 2"
    ).fetchall()
    assert ids == [("id", 1), ("week", 2)]


def test_partition_is_replaced_and_others_keep_their_files(bench: Bench) -> None:
    first = bench.publish(LINES, weeks(1, 2, 3))
    second = bench.publish(LINES, weeks(2, offset=5), ["2"])
    assert bench.rows(LINES) == [(10, 1), (25, 2), (30, 3)]
    before, after = set(live_files(first.committed.location)), set(live_files(second.committed.location))
    assert (len(before - after), len(after - before), len(before & after)) == (1, 1, 2)
    assert second.committed.rows == 3


def test_partition_that_got_no_rows_is_gone(bench: Bench) -> None:
    bench.publish(LINES, weeks(1, 2, 3))
    made = bench.publish(LINES, weeks(), ["2"])
    assert bench.rows(LINES) == [(10, 1), (30, 3)]
    assert made.committed.rows == 2


def test_port_without_any_row(bench: Bench) -> None:
    made = bench.publish(LINES, weeks())
    assert (bench.rows(LINES), made.committed.rows) == ([], 0)
    bench.publish(LINES, weeks(7), ["7"])
    assert bench.rows(LINES) == [(70, 7)]
    bench.publish(LINES, weeks(), ["7"])
    assert bench.rows(LINES) == []


def test_partition_that_was_not_there(bench: Bench) -> None:
    bench.publish(LINES, weeks(1))
    bench.publish(LINES, weeks(12), ["12"])
    assert bench.rows(LINES) == [(10, 1), (120, 12)]


def test_whole_replacement(bench: Bench) -> None:
    bench.publish(LINES, weeks(1, 2, 3))
    made = bench.publish(LINES, weeks(4))
    assert bench.rows(LINES) == [(40, 4)]
    assert (made.committed.rows, len(live_files(made.committed.location))) == (1, 1)
    assert bench.publish(LINES, weeks(5), ["5"]).committed.rows == 2


@pytest.mark.parametrize(
    ("transform", "texts"), [("day", ["2017-03-09", "2017-03-10"]), ("month", ["2017-03", "2017-04"])]
)
def test_dates_as_partitions(bench: Bench, transform: str, texts: list[str]) -> None:
    days = port("sales.days", {"day": "date", "n": "long"}, by="day", transform=transform)
    first, second = (date.fromisoformat(t if len(t) > 7 else f"{t}-05") for t in texts)
    rows = "SELECT DATE '{}' AS day, {}::BIGINT AS n"
    bench.publish(days, f"{rows.format(first, 1)} UNION ALL {rows.format(second, 2)}")
    bench.publish(days, rows.format(second, 3), [texts[1]])
    assert bench.rows(days) == [(first, 1), (second, 3)]


def test_text_partition_with_a_hostile_value(bench: Bench) -> None:
    hostile = "a'b/../c=d e%20"
    texts = port("sales.texts", {"kind": "string", "n": "long"}, by="kind")
    bench.publish(texts, "SELECT * FROM (VALUES ($$a'b/../c=d e%20$$, 1::BIGINT), ('plain', 2)) t(kind, n)")
    bench.publish(texts, "SELECT $$a'b/../c=d e%20$$ AS kind, 3::BIGINT AS n", [hostile])
    assert sorted(bench.rows(texts)) == sorted([(hostile, 3), ("plain", 2)])
    outside = [file for file in bench.settings.root.rglob("*.parquet") if bench.settings.warehouse not in file.parents]
    assert outside == []


def test_candidates_do_not_touch_their_parent(bench: Bench) -> None:
    bench.publish(LINES, weeks(1))
    made = [bench.commit(LINES, weeks(2, offset=n), ["2"]) for n in range(3)]
    assert bench.rows(LINES) == [(10, 1)]
    assert [bench.rows(m.committed.location) for m in made] == [[(10, 1), (20 + n, 2)] for n in range(3)]


def test_snapshots_carry_only_ids(bench: Bench) -> None:
    made = bench.publish(LINES, weeks(1))
    snapshot = table(bench, LINES).current_snapshot()
    assert snapshot is not None
    assert snapshot.snapshot_id == made.committed.snapshot
    assert snapshot.summary is not None
    assert snapshot.summary.additional_properties["by"] == made.run


def manifests(of: StaticTable) -> int:
    snapshot = of.current_snapshot()
    assert snapshot is not None
    return len(snapshot.manifests(of.io))


def test_metadata_stays_small_over_sixty_publishes(bench: Bench) -> None:
    """What a scan must open does not grow with the number of publishes."""
    bench.publish(LINES, weeks(*range(1, 21)))
    counts, sizes = [], []
    for n in range(60):
        bench.publish(LINES, weeks(n % 20 + 1, offset=n), [str(n % 20 + 1)])
        of = table(bench, LINES)
        counts.append(manifests(of))
        snapshot = of.current_snapshot()
        assert snapshot is not None
        sizes.append(sum(m.manifest_length for m in snapshot.manifests(of.io)))
    assert max(counts) <= MERGE_ABOVE
    assert max(sizes[40:]) <= 1.5 * max(sizes[:20])
    assert len(bench.rows(LINES)) == 20
    assert len(live_files(bench.pins()[LINES.key])) == 20


def test_history_older_than_the_retention_expires_but_for_ten(bench: Bench) -> None:
    for n in range(13):
        bench.publish(STORES, f"SELECT {n}::BIGINT AS id", retention_days=0)
    assert len(table(bench, STORES).metadata.snapshots) == 10
    bench.publish(STORES, "SELECT 99::BIGINT AS id", retention_days=30)
    assert len(table(bench, STORES).metadata.snapshots) == 11


def test_history_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "KEEP_AT_MOST", 12)
    for n in range(16):
        bench.publish(STORES, f"SELECT {n}::BIGINT AS id")
    assert len(table(bench, STORES).metadata.snapshots) == 12
    assert bench.rows(STORES) == [(15,)]


def test_table_lies_in_its_domain_and_stays_there(bench: Bench) -> None:
    homes = {Path(bench.publish(LINES, weeks(n)).committed.location).parents[1] for n in (1, 2)}
    assert len(homes) == 1
    assert homes.pop().name.startswith("lines-")
