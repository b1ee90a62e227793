"""Audits that say no, and faults that only readers would see: nothing is published, all is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import select

from meshwright.build.staging import Stager
from meshwright.catalog import tables as t
from meshwright.catalog.pins import pin
from meshwright.catalog.records import last_audits, last_builds, last_publishes
from meshwright.errors import AuditError, BuildError
from support.tiny import (
    CUSTOMERS_CONTRACT,
    CUSTOMERS_SQL,
    LINES_CONTRACT_FILE,
    LINES_SQL,
    ORDERS_CONTRACT,
    ORDERS_SQL,
    TinyMesh,
    ask,
    lines_of,
)

SHOP = "shop/orders"
NEGATIVE = [*lines_of(2), (999, 1, 1, 2, -5.0)]


def test_refused_candidate_is_queryable_and_the_last_snapshot_answers(built_mesh: TinyMesh) -> None:
    before = built_mesh.pins()
    built_mesh.put_lines(2, NEGATIVE)
    run = built_mesh.run("bad")
    with pytest.raises(AuditError) as refused:
        built_mesh.build(SHOP, run=run)
    (fault,) = refused.value.faults
    assert fault.reason.startswith("shop.orders breaks amount.minimum: 1 of 9 rows (11.11 %) ")
    assert fault.reason.endswith("for example {order_id: 999, amount: -5}")
    assert fault.file == built_mesh.root / ORDERS_CONTRACT
    assert fault.line
    assert fault.command == 'mesh query --env bad "select * from mesh.shop.orders"'
    assert built_mesh.pins() == before
    with built_mesh.database.read() as connection:
        candidates = pin(connection, environment="bad")
    assert ask(candidates, "select min(amount) from mesh.shop.orders") == [(-5,)]
    assert ask(candidates, "select count(*) from mesh.shop.lines where amount < 0") == [(1,)]
    assert candidates["shop.customers"] == before["shop.customers"]


def test_refusal_is_recorded(built_mesh: TinyMesh) -> None:
    built_mesh.put_lines(2, NEGATIVE)
    with pytest.raises(AuditError):
        built_mesh.build(SHOP, run=built_mesh.run("bad"))
    with built_mesh.database.read() as connection:
        builds, publishes = last_builds(connection), last_publishes(connection)
        audits = connection.execute(select(t.audits).where(t.audits.c.run == "bad")).mappings().all()
    assert {name: b["verdict"] for name, b in builds.items() if name in ("shop.lines", "shop.orders")} == {
        "shop.lines": "refused", "shop.orders": "refused"
    }  # fmt: skip
    assert builds["shop.orders"]["message"].startswith("shop.orders breaks amount.minimum")
    assert "bad" not in {p["run"] for p in publishes.values()}
    assert {(a["port"], a["verdict"], a["published"]) for a in audits} == {
        ("lines", "passed", 0),
        ("orders", "refused", 0),
    }
    assert {a["build"] for a in audits} == {builds["shop.orders"]["id"]}


def test_refused_build_is_due_again_and_its_consumers_see_nothing(built_mesh: TinyMesh) -> None:
    built_mesh.put_lines(2, NEGATIVE)
    with pytest.raises(AuditError):
        built_mesh.build(SHOP)
    assert {p.port.name for p in built_mesh.plan(SHOP).due_ports} == {"lines", "orders"}
    assert built_mesh.plan("insight/weekly").is_noop
    built_mesh.put_lines(2, lines_of(2, 2.0))
    built_mesh.build()
    assert built_mesh.sql("select min(amount) >= 0, count(*) from mesh.shop.orders") == [(True, 24)]


def test_rules_of_one_port_see_the_candidate_of_another(built_mesh: TinyMesh) -> None:
    """Lines that do not reconcile with their orders are refused, although each port by itself is in order."""
    built_mesh.edit(ORDERS_SQL, ("cast(sum(amount)", "cast(sum(amount) + 1"))
    built_mesh.edit(LINES_SQL, (", amount from", ", cast(amount * 2 as decimal(12,2)) as amount from"))
    with pytest.raises(AuditError, match=r"shop\.lines breaks reconciles_with_orders"):
        built_mesh.build(SHOP)


def test_row_rules_look_at_what_was_built_table_rules_at_all(built_mesh: TinyMesh) -> None:
    """A key of a kept partition that comes again in the built one is found."""
    built_mesh.put_lines(2, [*lines_of(2), (101, 9, 1, 2, 1.0)])
    with pytest.raises(AuditError, match=r"shop\.orders breaks primary_key"):
        built_mesh.build(SHOP)


def test_warning_publishes_and_is_kept(built_mesh: TinyMesh) -> None:
    built_mesh.put_people(["Only one"])
    reference = "          - to: shop.customers.customer_id\n"
    severity = "            customProperties: [{property: severity, value: warning}]\n"
    built_mesh.edit(ORDERS_CONTRACT, (reference, reference + severity))
    built_mesh.put_lines(2, lines_of(2, 2.0))
    result = built_mesh.build()
    assert result[SHOP].verdict == "published"
    failed = [v for v in result[SHOP].ports["orders"].verdicts if not v.passed]
    assert [v.rule.severity for v in failed] == ["warning"]


def without_field_ids(self: Stager, folder: Path, *_: object) -> list[Path]:
    """What a writer makes that knows nothing of field ids."""
    folder.mkdir(parents=True)
    self.con.execute(f"COPY ({self.typed()}) TO '{folder}/rows.parquet' (FORMAT parquet)")
    return [folder / "rows.parquet"]


def test_columns_that_would_read_as_null(built_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    before = built_mesh.pins()
    built_mesh.put_people(["Somebody", "Nobody"])
    monkeypatch.setattr(Stager, "write", without_field_ids)
    with pytest.raises(BuildError, match="reads as NULL throughout: customer_id, name"):
        built_mesh.build(SHOP)
    assert built_mesh.pins() == before
    assert len(built_mesh.sql("select * from mesh.shop.customers where name is not null")) == 6


def test_rows_that_were_lost_on_the_way(built_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Stager.write

    def half(self: Stager, *arguments: object) -> list[Path]:
        short = replace(self, relation=f"(SELECT * FROM {self.relation} LIMIT 1)")
        return write(short, *arguments)  # type: ignore[arg-type]

    before = built_mesh.pins()
    built_mesh.put_people(["Somebody", "Nobody"])
    monkeypatch.setattr(Stager, "write", half)
    with pytest.raises(BuildError, match="the candidate reads differently than it was written"):
        built_mesh.build(SHOP)
    assert built_mesh.pins() == before


def test_published_columns_hold_values(built_mesh: TinyMesh) -> None:
    for port in built_mesh.mesh.ports.values():
        counted = ", ".join(f"count({column.name})" for column in port.contract.columns)
        assert all(built_mesh.sql(f"select {counted} from mesh.{port.key}")[0]), port.key


def test_rule_that_cannot_be_run_refuses(built_mesh: TinyMesh) -> None:
    before = built_mesh.pins()
    built_mesh.edit(LINES_CONTRACT_FILE, ("o.amount is distinct", "o.amuont is distinct"))
    built_mesh.put_lines(2, lines_of(2, 2.0))
    with pytest.raises(AuditError, match=r"shop\.lines breaks reconciles_with_orders.*amuont"):
        built_mesh.build(SHOP)
    assert built_mesh.pins() == before


def test_first_build_that_is_refused_publishes_nothing(tiny_mesh: TinyMesh) -> None:
    tiny_mesh.put_lines(2, NEGATIVE)
    with pytest.raises(AuditError):
        tiny_mesh.build(SHOP)
    assert tiny_mesh.pins() == {}
    with pytest.raises(BuildError, match=r"needs shop\.\w+, which was never published") as skipped:
        tiny_mesh.build("insight/weekly")
    assert (skipped.value.faults[0].command or "").startswith("mesh build shop.")


def test_scratch_file_is_left_for_looking_into(built_mesh: TinyMesh) -> None:
    built_mesh.put_lines(2, NEGATIVE)
    with pytest.raises(AuditError):
        built_mesh.build(SHOP)
    file = built_mesh.settings.scratch_of("shop", "orders") / "scratch.duckdb"
    with duckdb.connect(str(file), read_only=True) as con:
        assert ("orders",) in con.execute("SELECT table_name FROM information_schema.tables").fetchall()


def test_port_that_stays_must_still_agree_with_the_one_that_moves(built_mesh: TinyMesh) -> None:
    """Orders alone is built anew, and no longer what lines says of it: the product is one, so it is refused."""
    before = built_mesh.pins()
    built_mesh.edit(ORDERS_SQL, ("cast(sum(amount) as decimal(12,2))", "cast(2 * sum(amount) as decimal(12,2))"))
    with pytest.raises(AuditError, match=r"shop\.lines breaks reconciles_with_orders"):
        built_mesh.build("shop")
    assert built_mesh.pins() == before
    with built_mesh.database.read() as connection:
        verdicts = {port: audit["verdict"] for port, audit in last_audits(connection).items()}
    assert set(verdicts.values()) == {"passed"}


@pytest.mark.parametrize(
    ("type_", "value"), [("date", "date '12000-01-01'"), ("timestamp", "timestamp 'infinity'"),
                         ("date", "date '0044-03-15 (BC)'")],
)  # fmt: skip
def test_dates_beyond_all_calendars_are_refused_with_their_column(tiny_mesh: TinyMesh, type_: str, value: str) -> None:
    column = f"      - name: since\n        logicalType: {type_}\n        physicalType: {type_}\n"
    tiny_mesh.write(CUSTOMERS_CONTRACT, (tiny_mesh.root / CUSTOMERS_CONTRACT).read_text().rstrip() + "\n" + column)
    tiny_mesh.edit(CUSTOMERS_SQL, (", name from", f", name, {value} as since from"))
    with pytest.raises(BuildError, match=r"shop\.customers\.since holds a date outside the years 1 to 9999"):
        tiny_mesh.build(SHOP)
    assert tiny_mesh.pins() == {}
