"""What is built, and why: keys, early cut-off, partitions, and what is left as it is."""

from __future__ import annotations

import pytest

from meshwright.build.plan import Planner
from meshwright.build.state import State
from meshwright.catalog.records import last_audits, rule_results
from meshwright.errors import BuildError, InputError
from support.tiny import (
    CUSTOMERS_CONTRACT,
    CUSTOMERS_SQL,
    INGEST_PY,
    LINES_SQL,
    ORDERS_CONTRACT,
    ORDERS_SQL,
    STG_LINES,
    WEEKLY_CONTRACT,
    WEEKLY_SQL,
    TinyMesh,
    lines_of,
)

SHOP, INSIGHT = "shop/orders", "insight/weekly"


def due(mesh: TinyMesh, product: str = SHOP) -> dict[str, tuple[str, ...]]:
    """Port to the partitions that a plan would build."""
    return {p.port.name: p.built for p in mesh.plan(product).ports if p.is_due}


def reasons(mesh: TinyMesh, product: str = SHOP) -> set[str]:
    return {part.reason for p in mesh.plan(product).ports for part in p.due if part.reason}


def changed(mesh: TinyMesh, *selectors: str) -> dict[str, tuple[str, ...]]:
    """Port to the partitions that a build really changed."""
    results = mesh.build(*selectors)
    return {n: tuple(sorted(p.partitions)) for r in results.values() for n, p in r.ports.items() if p.partitions}


def test_before_anything_landed(tiny_mesh: TinyMesh) -> None:
    plan = tiny_mesh.plan(SHOP)
    assert [(lp.source.name, lp.reason) for lp in plan.landings] == [
        ("lines", "never landed"),
        ("people", "never landed"),
    ]
    assert plan.missing == ("landing/lines", "landing/people")
    assert not plan.is_noop


def test_planning_writes_no_catalog(tiny_mesh: TinyMesh) -> None:
    tiny_mesh.plan(SHOP)
    assert not tiny_mesh.database.exists


def test_first_build_takes_everything(tiny_mesh: TinyMesh) -> None:
    tiny_mesh.land(SHOP)
    assert due(tiny_mesh) == {"lines": ("1", "2", "3"), "orders": ("1", "2", "3"), "customers": ("",)}
    assert reasons(tiny_mesh) == {"never built"}


def test_nothing_changed(built_mesh: TinyMesh) -> None:
    assert built_mesh.plan(SHOP).is_noop
    assert built_mesh.plan(INSIGHT).is_noop
    before = built_mesh.pins()
    assert {r.verdict for r in built_mesh.build().values()} == {"unchanged"}
    assert built_mesh.pins() == before
    assert "bound" not in built_mesh.steps


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (ORDERS_CONTRACT, "description: One row for each order.", "description: An order a row."),
        ("domains/shop/domain.yaml", "Shop data", "Till data"),
        (CUSTOMERS_CONTRACT, "version: 1.0.0", "version: 1.0.1"),
    ],
)
def test_words_change_nothing(built_mesh: TinyMesh, file: str, old: str, new: str) -> None:
    built_mesh.edit(file, (old, new))
    assert built_mesh.plan(SHOP).is_noop


def test_changed_model_names_itself(built_mesh: TinyMesh) -> None:
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "upper(name) as name from"))
    assert due(built_mesh) == {"customers": ("",)}
    assert reasons(built_mesh) == {"code of customers changed"}
    assert changed(built_mesh) == {"customers": ("",)}
    assert ("PERSON 1",) in built_mesh.sql("select name from mesh.shop.customers")


def test_changed_inner_model_reaches_the_ports_on_it(built_mesh: TinyMesh) -> None:
    built_mesh.edit(STG_LINES, ("cast(line_no as bigint)", "cast(line_no + 0 as bigint)"))
    assert due(built_mesh) == {"lines": ("1", "2", "3"), "orders": ("1", "2", "3")}
    assert reasons(built_mesh) == {"code of stg_lines changed"}


def test_same_content_is_no_snapshot_and_ends_there(built_mesh: TinyMesh) -> None:
    """Early cut-off: the model was rewritten, its rows were not."""
    before = built_mesh.pins()
    built_mesh.edit(ORDERS_SQL, ("group by order_id", "group by 1"))
    results = built_mesh.build()
    assert results[SHOP].ports["orders"].verdict == "unchanged"
    assert results[INSIGHT].plan.is_noop
    assert built_mesh.pins() == before
    assert built_mesh.plan(SHOP).is_noop


def test_changed_content_reaches_consumers_and_no_other(built_mesh: TinyMesh) -> None:
    before = built_mesh.pins()
    built_mesh.edit(LINES_SQL, (", amount from", ", cast(amount * 2 as decimal(12,2)) as amount from"))
    assert set(changed(built_mesh)) == {"lines", "orders", "weekly_sales"}
    assert built_mesh.pins()["shop.customers"] == before["shop.customers"]
    assert built_mesh.sql("select sum(amount) from mesh.shop.lines") == built_mesh.sql(
        "select sum(amount) from mesh.insight.weekly_sales"
    )


def test_late_rows_rebuild_their_partition_alone(built_mesh: TinyMesh) -> None:
    built_mesh.put_lines(2, [*lines_of(2), (299, 1, 1, 2, 7.5)])
    assert built_mesh.land(SHOP) == ["lines"]
    assert due(built_mesh) == {"lines": ("2",), "orders": ("2",)}
    assert reasons(built_mesh) == {"input landing/lines changed"}
    assert changed(built_mesh) == {"lines": ("2",), "orders": ("2",), "weekly_sales": ("2",)}
    assert built_mesh.sql("select count(*) from mesh.shop.orders where week = 2") == [(9,)]


def test_only_what_is_built_is_read(built_mesh: TinyMesh) -> None:
    """The views over inputs carry the filter of the built partitions."""
    built_mesh.put_lines(2, lines_of(2, 3.0))
    built_mesh.build()
    views = built_mesh.settings.scratch_of("insight", "weekly") / "views.json"
    assert "CAST('2' AS INTEGER)" in views.read_text()


def test_new_partition(built_mesh: TinyMesh) -> None:
    built_mesh.put_lines(4, lines_of(4))
    assert changed(built_mesh) == {"lines": ("4",), "orders": ("4",), "weekly_sales": ("4",)}


def test_partition_that_lost_its_source(built_mesh: TinyMesh) -> None:
    (built_mesh.root / "data" / "lines" / "week-03.parquet").unlink()
    built_mesh.land(SHOP)
    plan = {p.port.name: p for p in built_mesh.plan(SHOP).ports}
    assert plan["lines"].gone == ("3",)
    assert plan["lines"].reason == "1 partitions lost their input"
    built_mesh.build()
    for port in ("shop.lines", "shop.orders", "insight.weekly_sales"):
        assert built_mesh.sql(f"select max(week) from mesh.{port}") == [(2,)]
    assert built_mesh.plan(SHOP).is_noop
    assert built_mesh.plan(INSIGHT).is_noop


def test_asked_for_one_partition(built_mesh: TinyMesh) -> None:
    for week in (1, 2):
        built_mesh.put_lines(week, lines_of(week, 2.0))
    built_mesh.land(SHOP)
    result = built_mesh.build(SHOP, partitions=["2"])[SHOP]
    built = {n: tuple(p.partitions) for n, p in result.ports.items() if p.partitions}
    assert built == {"lines": ("2",), "orders": ("2",)}
    assert due(built_mesh) == {"lines": ("1",), "orders": ("1",)}


def test_partition_that_nothing_ever_held(built_mesh: TinyMesh) -> None:
    with pytest.raises(InputError, match=r"shop/orders has no partition '54'; it has 1 to 3 \(3 partitions\)"):
        built_mesh.build(SHOP, partitions=["54"])


def test_force(built_mesh: TinyMesh) -> None:
    plan = built_mesh.plan(SHOP, force=True)
    assert {part.reason for p in plan.ports for part in p.due} == {"forced"}
    assert {lp.reason for lp in plan.landings} == {"forced"}
    before = built_mesh.pins()
    assert built_mesh.build(force=True)[SHOP].verdict == "unchanged"
    assert built_mesh.pins() == before


def test_whole_because_nothing_is_read_by_partition(built_mesh: TinyMesh) -> None:
    built_mesh.edit("domains/insight/weekly/product.yaml", ("value: same", "value: all"))
    built_mesh.put_lines(2, lines_of(2, 2.0))
    built_mesh.build(SHOP)
    plan = built_mesh.plan(INSIGHT)
    assert plan.whole == "weekly_sales reads no input partition by partition"
    assert plan.partitions is None
    assert changed(built_mesh) == {"weekly_sales": ("2",)}


def test_whole_because_a_sibling_reads_it_whole(built_mesh: TinyMesh) -> None:
    built_mesh.write(
        CUSTOMERS_SQL,
        "select p.customer_id, p.name from (select cast(customer_id as bigint) as customer_id, name\n"
        "from {{ source('landing', 'people') }}) p\n"
        "where p.customer_id in (select customer_id from {{ ref('lines') }})\n",
    )
    built_mesh.put_lines(2, lines_of(2, 2.0))
    built_mesh.land(SHOP)
    plan = built_mesh.plan(SHOP)
    assert plan.whole == "customers has no partitions and reads landing/lines whole"
    built_mesh.build()
    assert built_mesh.sql("select count(*) from mesh.shop.customers") == [(6,)]


def test_row_outside_the_built_partition_is_refused_by_name(built_mesh: TinyMesh) -> None:
    built_mesh.edit(WEEKLY_SQL, ("select week,", "select cast(week + 1 as int) as week,"))
    built_mesh.put_lines(2, lines_of(2, 2.0))
    before = built_mesh.pins()["insight.weekly_sales"]
    built_mesh.build(SHOP)
    with pytest.raises(BuildError, match=r"rows of partition 3, but only 2 was to be built") as refused:
        built_mesh.build(INSIGHT, partitions=["2"])
    assert "`all`" in str(refused.value)
    assert built_mesh.pins()["insight.weekly_sales"] == before


def test_changed_rule_audits_again_without_building(built_mesh: TinyMesh) -> None:
    before = built_mesh.pins()
    built_mesh.edit(ORDERS_CONTRACT, ("minimum: 0", "minimum: 0.25"))
    plan = {p.port.name: p for p in built_mesh.plan(SHOP).ports}
    assert (plan["orders"].is_due, plan["orders"].audit_due) == (False, True)
    result = built_mesh.build(SHOP)[SHOP]
    assert {n: p.verdict for n, p in result.ports.items()} == {
        "lines": "unchanged", "orders": "audited", "customers": "unchanged"
    }  # fmt: skip
    assert "built" not in built_mesh.steps
    assert built_mesh.pins() == before
    assert built_mesh.plan(SHOP).is_noop


def test_failing_audit_of_what_is_published_keeps_the_pointer(built_mesh: TinyMesh) -> None:
    before = built_mesh.pins()
    built_mesh.edit(ORDERS_CONTRACT, ("minimum: 0", "minimum: 5"))
    result = built_mesh.build(SHOP)[SHOP]
    assert [fault.reason.split(":")[0] for fault in result.failing] == ["shop.orders breaks amount.minimum"]
    assert built_mesh.pins() == before
    with built_mesh.database.read() as connection:
        audit = last_audits(connection)["shop.orders"]
        failed = [r for r in rule_results(connection, audit["seq"]) if not r["passed"]]
    assert audit["verdict"] == "refused"
    assert failed[0]["failed_rows"] > 0


def test_changed_ingest_lands_again(built_mesh: TinyMesh) -> None:
    built_mesh.edit(INGEST_PY, ('"""Order lines, one file a week."""', '"""Lines."""'))
    reasons = {lp.source.name: lp.reason for lp in built_mesh.plan(SHOP).landings}
    assert reasons == {"lines": "code of its ingest changed", "people": "code of its ingest changed"}
    built_mesh.land(SHOP)
    assert built_mesh.plan(SHOP).is_noop


def test_touched_source_with_equal_bytes_builds_nothing(built_mesh: TinyMesh) -> None:
    file = built_mesh.root / "data" / "people.csv"
    text = file.read_text()
    file.write_text(text)
    assert built_mesh.land(SHOP) == ["people"]
    assert built_mesh.plan(SHOP).is_noop


def test_consumer_is_planned_after_its_producer(built_mesh: TinyMesh) -> None:
    built_mesh.put_people(["Only one"])
    mesh = built_mesh.mesh
    plans = Planner(built_mesh.settings, mesh, State.of(built_mesh.database)).plan_all(list(mesh))
    assert [(p.product.key, p.after, p.is_noop) for p in plans] == [(SHOP, (), False), (INSIGHT, (SHOP,), False)]


def test_new_column_builds_every_partition(built_mesh: TinyMesh) -> None:
    built_mesh.edit(
        WEEKLY_CONTRACT,
        ("      - name: amount", "      - name: order_count\n        logicalType: integer\n      - name: amount"),
    )
    built_mesh.edit(WEEKLY_SQL, ("customer_id, cast", "customer_id, count(*) as order_count, cast"))
    assert changed(built_mesh) == {"weekly_sales": ("1", "2", "3")}
    assert built_mesh.sql("select sum(order_count) from mesh.insight.weekly_sales") == [(24,)]


def test_renamed_column_is_published_although_no_value_moved(built_mesh: TinyMesh) -> None:
    built_mesh.edit(CUSTOMERS_CONTRACT, ("- name: name", "- name: nickname"))
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "name as nickname from"))
    assert changed(built_mesh) == {"customers": ("",)}
    assert built_mesh.sql("select nickname from mesh.shop.customers order by 1")[0] == ("Person 1",)


def test_widened_column_is_published_although_no_value_moved(built_mesh: TinyMesh) -> None:
    built_mesh.edit(WEEKLY_CONTRACT, ("physicalType: decimal(18,2)", "physicalType: decimal(20,2)"))
    built_mesh.edit(WEEKLY_SQL, ("decimal(18,2)", "decimal(20,2)"))
    assert changed(built_mesh) == {"weekly_sales": ("1", "2", "3")}
    assert built_mesh.sql("select distinct typeof(amount) from mesh.insight.weekly_sales") == [("DECIMAL(20,2)",)]


def test_renamed_column_of_a_port_without_rows(built_mesh: TinyMesh) -> None:
    built_mesh.edit(
        CUSTOMERS_SQL, ("{{ source('landing', 'people') }}", "{{ source('landing', 'people') }} where false")
    )
    built_mesh.edit(ORDERS_CONTRACT, ("        relationships:\n          - to: shop.customers.customer_id\n", ""))
    built_mesh.build(SHOP)
    built_mesh.edit(CUSTOMERS_CONTRACT, ("- name: name", "- name: nickname"))
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "name as nickname from"))
    built_mesh.build(SHOP)
    assert built_mesh.sql("select nickname from mesh.shop.customers") == []


@pytest.mark.parametrize(("old", "new"), [("        partitioned: true\n", ""), ("name: week\n", "name: wk\n")])
def test_new_partitioning_builds_everything_once(built_mesh: TinyMesh, old: str, new: str) -> None:
    built_mesh.edit(WEEKLY_CONTRACT, (old, new))
    if new:
        built_mesh.edit(WEEKLY_SQL, ("select week,", "select cast(week as int) as wk,"))
    before = built_mesh.sql("select count(*), sum(amount) from mesh.insight.weekly_sales")
    built_mesh.build()
    assert built_mesh.sql("select count(*), sum(amount) from mesh.insight.weekly_sales") == before
    assert built_mesh.plan(INSIGHT).is_noop
    built_mesh.put_lines(2, lines_of(2, 2.0))
    built_mesh.build()
    assert built_mesh.sql("select sum(amount) from mesh.insight.weekly_sales") == built_mesh.sql(
        "select sum(amount) from mesh.shop.orders"
    )
    assert built_mesh.plan(INSIGHT).is_noop


def test_new_column_in_one_partition_only_is_refused(built_mesh: TinyMesh) -> None:
    built_mesh.edit(
        WEEKLY_CONTRACT,
        ("      - name: amount", "      - name: order_count\n        logicalType: integer\n      - name: amount"),
    )
    built_mesh.edit(WEEKLY_SQL, ("customer_id, cast", "customer_id, count(*) as order_count, cast"))
    before = built_mesh.pins()
    with pytest.raises(BuildError, match=r"all partitions must be built; 2 would be left out"):
        built_mesh.build(INSIGHT, partitions=["2"])
    assert built_mesh.pins() == before
