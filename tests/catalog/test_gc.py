"""What a garbage collection takes, what it leaves alone, and that it is never wrong about either."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from meshwright.catalog import environments
from meshwright.catalog.candidates import Candidate
from meshwright.catalog.gc import Collected, collect
from meshwright.catalog.locks import lock_path, product_lock
from meshwright.catalog.records import write_publishes
from meshwright.errors import UnavailableError
from support.bench import Bench, port
from support.processes import Helper

LINES = port("sales.lines", {"id": "long", "week": "int"}, by="week")
STORES = port("sales.stores", {"id": "long"})
MADE = "sales/made"
PRODUCTS = {MADE: (LINES.key, STORES.key)}
ROWS = "SELECT i AS id, (i % 3 + 1)::INTEGER AS week FROM range(9) t(i)"


def gc(bench: Bench, *, grace: float = 0, dry_run: bool = False) -> Collected:
    return collect(bench.settings, bench.database, PRODUCTS, grace=timedelta(seconds=grace), dry_run=dry_run)


def days_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")


def test_nothing_anywhere(bench: Bench) -> None:
    assert gc(bench) == Collected()
    assert not bench.settings.warehouse.exists()


def test_every_published_state_stays_readable(bench: Bench) -> None:
    locations = [bench.publish(LINES, f"SELECT * REPLACE (id + {n} AS id) FROM ({ROWS})").committed for n in range(5)]
    wanted = [bench.rows(c.location) for c in locations]
    gc(bench)
    assert [bench.rows(c.location) for c in locations] == wanted


def test_a_second_collection_finds_nothing(bench: Bench) -> None:
    bench.publish(LINES, ROWS)
    bench.publish(STORES, "SELECT 1::BIGINT AS id")
    bench.commit(LINES, ROWS)
    first, left = gc(bench), bench.files()
    assert first.files
    assert gc(bench) == Collected()
    assert bench.files() == left


def test_dry_run_tells_the_same_and_touches_nothing(bench: Bench) -> None:
    bench.publish(LINES, ROWS)
    orphan = bench.commit(LINES, ROWS)
    before = bench.files()
    told = gc(bench, dry_run=True)
    assert bench.files() == before
    assert told.candidates == (f"{orphan.namespace}.lines",)
    assert told.bytes == sum(file.stat().st_size for file in told.files) > 0
    assert gc(bench) == told
    assert bench.files() == before - set(told.files)


def test_candidate_without_verdict_goes_with_its_name(bench: Bench) -> None:
    orphan = bench.commit(STORES, "SELECT 1::BIGINT AS id")
    told = gc(bench)
    assert told.candidates == (f"{orphan.namespace}.stores",)
    assert bench.files() == set()
    assert list(bench.settings.warehouse.glob("*/*")) == []
    assert bench.catalog.list_namespaces() == []


def test_candidate_that_was_only_begun(bench: Bench) -> None:
    """Its name still stands for its parent's metadata, which is published and stays."""
    parent = bench.publish(LINES, ROWS).committed.location
    Candidate(bench.catalog, "dead__sales", LINES, parent, bench.settings.warehouse)
    assert gc(bench).candidates == ("dead__sales.lines",)
    assert bench.pins() == {LINES.key: parent}
    assert len(bench.rows(LINES)) == 9


def test_names_of_an_environment_stay(bench: Bench) -> None:
    """What was published into an environment is no candidate, whatever became of the parent since."""
    made = bench.commit(STORES, "SELECT 1::BIGINT AS id", run="preview")
    with bench.database.write() as connection:
        write_publishes(connection, [replace(made.publish_record("p"), environment="preview")])
    bench.publish(STORES, "SELECT 2::BIGINT AS id")
    assert gc(bench).candidates == ()
    assert bench.rows(made.committed.location) == [(1,)]


def test_namespace_that_no_candidate_came_to_live_in(bench: Bench) -> None:
    bench.catalog.create_namespace("dead__sales")
    gc(bench)
    assert bench.catalog.list_namespaces() == []


def test_refused_candidate_stays_for_its_days(bench: Bench) -> None:
    bench.publish(LINES, ROWS)
    fresh, stale = bench.commit(LINES, ROWS), bench.commit(LINES, ROWS)
    bench.judge(fresh, "refused", at=days_ago(bench.settings.refused_days - 0.1))
    bench.judge(stale, "refused", at=days_ago(bench.settings.refused_days + 0.1))
    assert gc(bench).candidates == (f"{stale.namespace}.lines",)
    assert len(bench.rows(fresh.committed.location)) == 9
    with pytest.raises(duckdb.Error, match="No such file"):
        bench.rows(stale.committed.location)


def test_sibling_of_a_refused_candidate_stays_with_it(bench: Bench) -> None:
    lines = bench.commit(LINES, ROWS, run="one")
    stores = bench.commit(STORES, "SELECT 1::BIGINT AS id", run="one")
    bench.judge(lines, "refused")
    bench.judge(stores, "passed")
    assert gc(bench).candidates == ()
    assert bench.rows(stores.committed.location) == [(1,)]


def test_passed_candidate_that_was_never_swapped_is_an_orphan(bench: Bench) -> None:
    lines = bench.commit(LINES, ROWS)
    bench.judge(lines, "passed")
    assert gc(bench).candidates == (f"{lines.namespace}.lines",)


def test_grace_spares_young_files_but_no_names(bench: Bench) -> None:
    bench.publish(STORES, "SELECT 1::BIGINT AS id")
    gc(bench)
    bench.commit(STORES, "SELECT 2::BIGINT AS id")
    told = gc(bench, grace=3600)
    assert told.candidates
    assert told.files == ()
    assert told.young == len(gc(bench, dry_run=True).files) > 0
    for file in bench.files():
        os.utime(file, (time.time() - 3601,) * 2)
    assert len(gc(bench, grace=3600).files) == told.young


def test_what_a_live_process_holds_is_left_alone(bench: Bench, helper: Helper) -> None:
    bench.publish(LINES, ROWS)
    candidate = bench.commit(LINES, ROWS)
    loose = bench.settings.warehouse / "sales" / f"{LINES.name}-00000000-0000-0000-0000-000000000000" / "data" / "x"
    loose.parent.mkdir(parents=True)
    loose.touch()
    before = bench.files()
    holder = helper.hold(bench.settings, MADE)
    told = gc(bench)
    assert (told.files, told.candidates, told.busy) == ((), (), (MADE,))
    assert bench.files() == before
    assert len(bench.rows(candidate.committed.location)) == 9
    holder.kill()
    assert gc(bench).candidates == (f"{candidate.namespace}.lines",)
    assert not loose.exists()


def test_lock_of_this_very_process_counts_too(bench: Bench) -> None:
    bench.commit(LINES, ROWS)
    with product_lock(bench.settings, MADE):
        assert gc(bench).busy == (MADE,)
    assert gc(bench).busy == ()


def test_product_that_is_gone_but_still_being_built(bench: Bench) -> None:
    old = port("sales.old", {"id": "long"})
    bench.commit(old, "SELECT 1::BIGINT AS id")
    with product_lock(bench.settings, "sales/gone"):
        assert gc(bench).candidates == ()
    assert len(gc(bench).candidates) == 1


def test_locks_and_scratch_of_products_that_are_gone(bench: Bench) -> None:
    for key in ("sales/gone", MADE):
        with product_lock(bench.settings, key):
            folder = bench.settings.scratch_of(*key.split("/"))
            folder.mkdir(parents=True)
            (folder / "scratch.duckdb").write_bytes(b"rows")
    gc(bench)
    assert not lock_path(bench.settings, "sales/gone").exists()
    assert not bench.settings.scratch_of("sales", "gone").exists()
    assert (bench.settings.scratch_of("sales", "made") / "scratch.duckdb").exists()


def test_scratch_folders_of_environments_that_are_gone(bench: Bench) -> None:
    """Empty ones too, as a check leaves them that is killed before it builds; those of a living one stay."""
    bench.publish(LINES, ROWS)
    gone, empty = (bench.settings.scratch / f"check_0123456789a{i}@sales" for i in "bc")
    alive = bench.settings.scratch / "try_it@sales"
    (gone / "made").mkdir(parents=True)
    (gone / "made" / "scratch.duckdb").write_bytes(b"rows")
    for folder in (empty, alive):
        folder.mkdir()
    environments.create(bench.settings, bench.database, "try_it", "somebody")
    gc(bench, dry_run=True)
    assert empty.exists()
    gc(bench)
    assert (gone.exists(), empty.exists(), alive.exists()) == (False, False, True)


def test_live_parse_of_a_domain_is_left_alone(bench: Bench, helper: Helper) -> None:
    parse = bench.settings.scratch / "parse" / "gone" / "views.json"
    remembered = bench.settings.scratch / "parse" / "sales" / "partial_parse.msgpack"
    partial = bench.settings.manifests / "gone-abc.partial"
    for file in (parse, remembered, partial):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    holder = helper.hold(bench.settings, "gone/dbt/parse")
    gc(bench)
    assert parse.exists()
    assert partial.exists()
    holder.kill()
    gc(bench)
    assert not parse.exists()
    assert not partial.exists()
    assert remembered.exists()


def test_history_beyond_the_retention(bench: Bench) -> None:
    """Expired snapshots take their metadata and data along; the ten newest stay."""
    made = [bench.publish(STORES, f"SELECT {n}::BIGINT AS id", retention_days=0) for n in range(14)]
    gc(bench)
    readable = []
    for m in made:
        with contextlib.suppress(duckdb.Error):
            readable.append(bench.rows(m.committed.location)[0][0])
    assert readable == list(range(4, 14))
    data = [file for file in bench.files() if file.suffix == ".parquet"]
    assert len(data) == 10


def test_table_with_unreadable_metadata_keeps_all_its_files(bench: Bench) -> None:
    lines, stores = bench.publish(LINES, ROWS), bench.publish(STORES, "SELECT 1::BIGINT AS id")
    bench.publish(STORES, "SELECT 2::BIGINT AS id")
    Path(lines.committed.location.removeprefix("file://")).write_text("{")
    of_lines = {file for file in bench.files() if "/lines-" in str(file)}
    told = gc(bench)
    assert told.unreadable == ("sales.lines",)
    assert of_lines <= bench.files()
    assert bench.rows(stores.committed.location) == [(1,)]


def test_table_with_a_damaged_manifest_keeps_all_its_files(bench: Bench) -> None:
    bench.publish(LINES, ROWS)
    bench.commit(LINES, ROWS)
    before = bench.files()
    manifests = [file for file in before if file.suffix == ".avro" and not file.name.startswith("snap-")]
    for manifest in manifests:
        manifest.write_bytes(manifest.read_bytes()[:-40])
    assert gc(bench).unreadable == ("sales.lines",)
    assert bench.files() == before


def test_a_lost_catalog_makes_nothing_unreferenced(bench: Bench) -> None:
    bench.publish(LINES, ROWS)
    before = bench.files()
    bench.close()
    bench.database.close()
    for file in bench.settings.state_dir.glob("catalog.db*"):
        file.unlink()
    with pytest.raises(UnavailableError, match=r"is gone, but .* holds tables"):
        gc(bench)
    assert bench.files() == before


def test_a_moved_mesh_makes_nothing_unreferenced(bench: Bench, tmp_path: Path) -> None:
    bench.publish(LINES, ROWS)
    bench.close()
    bench.database.close()
    before = {file.name for file in bench.files()}
    moved = tmp_path / "moved"
    moved.mkdir()
    bench.settings.state_dir.rename(moved / ".mesh")
    other = Bench(type(bench.settings).of(moved), type(bench.database)(type(bench.settings).of(moved)))
    with pytest.raises(UnavailableError, match="was the mesh moved"):
        gc(other)
    assert {file.name for file in other.files()} == before
    other.close()
    other.database.close()


def test_entered_through_a_symbolic_link(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> None:
    bench.publish(LINES, ROWS)
    gc(bench)
    before = bench.files()
    link = tmp_path_factory.mktemp("link") / "mesh"
    link.symlink_to(bench.settings.root)
    settings = type(bench.settings).of(link)
    assert collect(settings, bench.database, PRODUCTS, grace=timedelta(0), dry_run=False).files == ()
    assert bench.files() == before
