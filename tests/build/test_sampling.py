"""Builds on a part of the data: the same rows every time, joins that hold, and nothing that could be taken for all."""

from __future__ import annotations

import pytest

from meshwright.build.sampling import WHOLE_BELOW, Sample
from meshwright.catalog import environments
from meshwright.errors import AuditError, InputError, RefusedError
from support import tiny
from support.production import fingerprint
from support.tiny import TinyMesh

COUNT = "select count(*) from mesh.shop.lines"
ORDERS = 12_000
SHOPS = {"shop.lines", "shop.orders"}
AT_LEAST = """\
      - id: all_orders
        metric: rowCount
        mustBeGreaterThan: 20000
      - id: no_line_twice
        metric: duplicateValues
        arguments: {properties: [order_id, line_no]}
        mustBe: 0
      - id: few_share_a_week
        metric: duplicateValues
        arguments: {properties: [week]}
        mustBeLessThan: 99
        unit: percent
        severity: error
"""


@pytest.fixture
def large(tiny_mesh: TinyMesh) -> TinyMesh:
    """Published, with 24,000 lines of 12,000 orders in two weeks, and six customers."""
    for week in (1, 2):
        orders = range(week * 10_000, week * 10_000 + ORDERS // 2)
        lines = ((order, line, order % 6 + 1, week, order % 97 + line / 4) for order in orders for line in (1, 2))
        tiny_mesh.put_lines(week, lines)
    tiny_mesh.put_lines(3, [])
    tiny_mesh.build()
    assert tiny_mesh.sql(COUNT) == [(2 * ORDERS,)]
    return tiny_mesh


def sampled(mesh: TinyMesh, name: str, sample: str) -> str:
    environments.create(mesh.settings, mesh.database, name, "somebody", sample)
    mesh.build_in(name)
    return name


@pytest.mark.parametrize(
    ("text", "told"),
    [("10%", "10%"), (" 10.50 % ", "10.5%"), ("0.01%", "0.01%"), ("5%:customer_id", "5%:customer_id"), ("90%", "90%")],
)
def test_samples_are_told_as_they_are_written(text: str, told: str) -> None:
    assert str(Sample.parse(text)) == told
    assert Sample.parse(told) == Sample.parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "10", "0%", "100%", "-5%", "ten", "1e1%", "0.00001%", "5%:", "5%:a b", '5%:"x"', "5%:A", "5%;drop", "\u0665%"],
)
def test_what_is_no_sample_is_told(text: str) -> None:
    with pytest.raises(InputError, match="is no sample: a share below 100 %"):
        Sample.parse(text)


def test_the_same_rows_every_time(large: TinyMesh) -> None:
    before = fingerprint(large)
    states = [large.state(sampled(large, name, "10%")) for name in ("one", "two")]
    assert states[0].own.keys() == {*SHOPS, "insight.weekly_sales"}
    one, two = ({port: state.digest(port) for port in state.own} for state in states)
    assert one == two
    ((rows,),) = large.sql(COUNT, "one")
    assert 0.07 * 2 * ORDERS < rows < 0.13 * 2 * ORDERS
    assert all(large.plan(product, environment="one").is_noop for product in large.mesh.products)
    assert fingerprint(large) == before


def test_small_inputs_and_what_was_made_here_are_read_whole(large: TinyMesh) -> None:
    sampled(large, "e", "20%")
    assert large.sql("select count(*) from mesh.shop.customers", "e") == [(6,)]
    assert "shop.customers" not in large.state("e").own, "a table of the same rows is production's"
    sums = [large.sql(f"select sum(amount) from mesh.{name}", "e") for name in ("shop.orders", "insight.weekly_sales")]
    assert sums[0] == sums[1], "orders of the environment were sampled again"


def test_chosen_by_a_column_nothing_of_its_values_is_lost(large: TinyMesh) -> None:
    """Each order that is there has both of its lines; by chance alone, one in ten thousand would."""
    sampled(large, "e", "1%:order_id")
    ((orders, lines),) = large.sql("select count(distinct order_id), count(*) from mesh.shop.lines", "e")
    assert 0 < orders < 0.03 * ORDERS
    assert lines == 2 * orders
    ports = large.state("e").pins
    whole, part = (pins["shop.orders"] for pins in (large.pins(), ports))
    both = f"(from iceberg_scan('{part}') except from iceberg_scan('{whole}'))"
    assert large.sql(f"select count(*) from {both.replace('file://', '')}") == [(0,)]


def test_published_ports_are_sampled_as_landings_are(large: TinyMesh) -> None:
    """A reader that is built alone reads production's orders: by their key, by a column of theirs, or whole."""
    large.edit(tiny.WEEKLY_SQL, ("sum(amount)", "count(*)"))
    counts = {}
    for name, sample in (("key", "10%"), ("customer", "50%:customer_id"), ("lacking", "10%:name")):
        environments.create(large.settings, large.database, name, "somebody", sample)
        large.build_in(name, "insight")
        weekly = "select customer_id, sum(amount) from mesh.insight.weekly_sales group by all"
        counts[name] = {customer: int(count) for customer, count in large.sql(weekly, name)}
    assert 0.07 * ORDERS < sum(counts["key"].values()) < 0.13 * ORDERS
    assert set(counts["customer"].values()) == {ORDERS / 6}
    assert 0 < len(counts["customer"]) < 6
    assert sum(counts["lacking"].values()) == ORDERS >= WHOLE_BELOW


def test_rules_about_all_rows_only_warn(large: TinyMesh) -> None:
    large.edit(tiny.LINES_CONTRACT_FILE, ("    quality:\n", f"    quality:\n{AT_LEAST}"))
    large.build()
    environments.create(large.settings, large.database, "e", "somebody", "10%")
    result = large.build_in("e")["shop/orders"].ports["lines"]
    verdicts = {v.rule.id: (v.passed, v.rule.severity) for v in result.verdicts}
    assert verdicts["all_orders"] == (False, "warning")
    assert verdicts["no_line_twice"] == (True, "error")
    assert verdicts["few_share_a_week"][1] == "warning"
    assert verdicts["primary_key"] == verdicts["week.required"] == (True, "error")
    large.edit(tiny.STG_LINES, ("cast(customer_id as bigint)", "nullif(cast(customer_id as bigint), 3)"))
    with pytest.raises(AuditError, match=r"customer_id\.required"):
        large.build_in("e", "shop")


def test_a_sample_is_never_productions(large: TinyMesh) -> None:
    sampled(large, "part", "10%")
    before = fingerprint(large)
    with pytest.raises(RefusedError, match="built on a sample of 10%, which nobody may read for the whole"):
        large.promote("part")
    large.env("full")
    large.build_in("full")
    assert large.state("full").own == {}
    assert fingerprint(large) == before
