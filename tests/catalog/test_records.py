"""What the records say of builds, audits, publishes and landings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from meshwright.catalog import records
from meshwright.catalog import tables as t
from meshwright.catalog.database import Database
from meshwright.catalog.publish import mark_reported
from meshwright.catalog.records import AuditRecord, BuildRecord, BuildVerdict, InputRecord, PublishRecord, RuleResult


def build(
    partition: str = "", verdict: BuildVerdict = "published", *, build: str = "b1", digest: str = "d1", key: str = "k1",
    rows: int = 1, port: str = "lines",
) -> BuildRecord:  # fmt: skip
    return BuildRecord(
        id=build, domain="sales", product="till", port=port, partition=partition, build_key=key,
        key_parts={"code": {"lines": "abc"}}, engine="1.5.5", code="c", contract_version="1.0.0", run="r1",
        verdict=verdict, started_at="2027-01-01T00:00:00", finished_at="2027-01-01T00:00:01", digest=digest, rows=rows,
        snapshot=7, metadata_location="file:///m1",
    )  # fmt: skip


def write(database: Database, *builds: BuildRecord, inputs: Sequence[InputRecord] = ()) -> None:
    with database.write() as connection:
        records.write_builds(connection, builds, inputs)


def contents(database: Database) -> dict[str, dict[str, records.Content]]:
    with database.read() as connection:
        return records.contents(connection)


def test_nothing_was_ever_built(database: Database) -> None:
    assert contents(database) == {}


def test_newest_content_of_each_partition(database: Database) -> None:
    write(database, build("1"), build("2", digest="d2"))
    write(database, build("2", build="b2", digest="d3", key="k3"))
    found = contents(database)["sales.lines"]
    assert {p: (c.build, c.build_key, c.digest) for p, c in found.items()} == {
        "1": ("b1", "k1", "d1"), "2": ("b2", "k3", "d3")
    }  # fmt: skip
    assert found["1"].key_parts == {"code": {"lines": "abc"}}


@pytest.mark.parametrize("verdict", ["refused", "failed"])
def test_what_was_not_published_is_no_content(database: Database, verdict: BuildVerdict) -> None:
    write(database, build("1"))
    write(database, build("1", verdict, build="b2", digest="d9"))
    assert contents(database)["sales.lines"]["1"].build == "b1"


def test_unchanged_build_confirms_under_its_new_key(database: Database) -> None:
    write(database, build("1"))
    write(database, build("1", "unchanged", build="b2", key="k2"))
    content = contents(database)["sales.lines"]["1"]
    assert (content.build_key, content.digest) == ("k2", "d1")


def test_empty_partitions_are_contents_too(database: Database) -> None:
    write(database, build("1", rows=0))
    assert contents(database)["sales.lines"]["1"].rows == 0


def test_environments_do_not_see_each_other(database: Database) -> None:
    write(database, replace(build("1"), environment="preview"))
    assert contents(database) == {}
    with database.read() as connection:
        assert records.contents(connection, "preview").keys() == {"sales.lines"}


def test_inputs_belong_to_the_build(database: Database) -> None:
    read = [
        InputRecord("lines", "landing/tills", "1", digest="x"),
        InputRecord("lines", "merchandising.products", use="audit", metadata_location="file:///p1"),
    ]
    write(database, build("1"), inputs=read)
    with database.read() as connection:
        rows = connection.execute(select(t.build_inputs).order_by(t.build_inputs.c.use)).mappings().all()
    assert [(r["build"], r["use"], r["input"], r["digest"]) for r in rows] == [
        ("b1", "audit", "merchandising.products", None),
        ("b1", "build", "landing/tills", "x"),
    ]


def test_build_of_nothing_is_no_record(database: Database) -> None:
    write(database, inputs=[InputRecord("lines", "landing/tills")])
    assert contents(database) == {}


def test_last_build_of_a_port_whatever_became_of_it(database: Database) -> None:
    write(database, build("1"), build(port="stores"))
    write(database, replace(build("1", "failed", build="b2"), message="no rows"))
    with database.read() as connection:
        found = records.last_builds(connection)
    assert {name: (b["verdict"], b["message"]) for name, b in found.items()} == {
        "sales.lines": ("failed", "no rows"), "sales.stores": ("published", None)
    }  # fmt: skip


def test_key_that_made_a_partition_before(database: Database) -> None:
    write(database, build("1"))
    write(database, build("1", build="b2", key="k2"))
    write(database, build("1", "refused", build="b3", key="k3"))

    def made_by(partition: str, key: str) -> str | None:
        with database.read() as connection:
            row = records.made_by(connection, "sales", "lines", partition, key)
        return None if row is None else str(row["id"])

    assert [made_by("1", key) for key in ("k1", "k2", "k3")] == ["b1", "b2", None]
    assert made_by("2", "k1") is None


def audit(verdict: records.AuditVerdict, *, published: bool, rules: Sequence[RuleResult] = ()) -> AuditRecord:
    return AuditRecord("b1", "sales", "lines", "a1", 7, "file:///m1", verdict, published, "r1", "2027-01-01", rules)


def test_last_audit_is_of_what_is_published(database: Database) -> None:
    with database.write() as connection:
        records.write_audits(connection, [audit("passed", published=True), audit("refused", published=False)])
    with database.read() as connection:
        assert records.last_audits(connection)["sales.lines"]["verdict"] == "passed"
        assert records.audits_of_run(connection, "sales", "r1") == {"lines": 2}
        assert records.audits_of_run(connection, "sales", "r2") == {}


def test_failed_rules_come_first_with_their_samples(database: Database) -> None:
    rules = [
        RuleResult("a", "error", True, "fine"),
        RuleResult("b", "error", False, "wrong", 2, 10, [{"id": 1, "name": "•••"}], 0.5),
    ]
    with database.write() as connection:
        records.write_audits(connection, [audit("refused", published=False)])
        records.write_audits(connection, [audit("refused", published=True, rules=rules)])
    with database.read() as connection:
        seq = records.last_audits(connection)["sales.lines"]["seq"]
        found = records.rule_results(connection, seq)
        assert records.rule_results(connection, seq - 1) == []
    assert [r["rule"] for r in found] == ["b", "a"]
    assert found[0]["samples"] == [{"id": 1, "name": "•••"}]
    assert (found[0]["failed_rows"], found[0]["checked_rows"]) == (2, 10)


def publish(number: int, port: str = "lines") -> PublishRecord:
    return PublishRecord(
        f"p{number}", "sales", "till", port, number, f"file:///m{number}", None, 3, "r1", "me", f"2027-01-0{number}"
    )


def test_publishes_and_who_heard_of_them(database: Database) -> None:
    with database.write() as connection:
        records.write_publishes(connection, [publish(1), publish(1, "stores"), publish(2)])
    with database.read() as connection:
        assert {n: p["snapshot"] for n, p in records.last_publishes(connection).items()} == {
            "sales.lines": 2, "sales.stores": 1
        }  # fmt: skip
        assert [p["id"] for p in records.unreported(connection)] == ["p1", "p1", "p2"]
    mark_reported(database, {"p1"})
    mark_reported(database, set())
    with database.read() as connection:
        assert [p["id"] for p in records.unreported(connection)] == ["p2"]


def test_hearing_twice_keeps_the_first_time(database: Database) -> None:
    with database.write() as connection:
        records.write_publishes(connection, [publish(1)])
    mark_reported(database, {"p1"})
    with database.read() as connection:
        first = connection.execute(select(t.publishes.c.reported_at)).scalar()
    mark_reported(database, {"p1"})
    with database.read() as connection:
        assert connection.execute(select(t.publishes.c.reported_at)).scalar() == first
