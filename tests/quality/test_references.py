"""References to other ports."""

from __future__ import annotations

import pytest

from quality.making import Bench, column, port, reference


def prepared(bench: Bench) -> None:
    bench.table("SELECT i AS id, CASE WHEN i < 9 THEN i END AS c FROM range(10) r(i)")
    bench.table("SELECT i AS key, i % 2 AS half FROM range(6) r(i) UNION ALL SELECT 1, 1", "shop.things")


@pytest.mark.parametrize(("tolerance", "passed"), [(0.0, False), (29.9, False), (30.0, True)])
def test_orphans(bench: Bench, tolerance: float, passed: bool) -> None:
    prepared(bench)
    to = reference("c", "shop.things", "key", tolerance=tolerance, id="known")
    found = bench.audit(port(column("id", primary_key_position=1), column("c"), references=(to,)))["known"]
    assert (found.passed, found.failed_rows, found.checked_rows) == (passed, 3, 10)
    allowed = "at most 0 allowed" if not tolerance else f"at most {tolerance:g} % allowed"
    assert found.message == f"3 of 10 rows (30 %) have a c that shop.things does not know; {allowed}"
    assert sorted(s["c"] for s in found.samples) == ([] if passed else [6, 7, 8])  # type: ignore[type-var]


def test_a_reference_of_two_columns(bench: Bench) -> None:
    prepared(bench)
    bench.table("SELECT * FROM (VALUES (1, 1, 1), (2, 2, 1), (3, NULL, 0)) t(id, a, b)")
    to = reference("a b", "shop.things", "key half", id="known")
    found = bench.audit(port(column("id", primary_key_position=1), column("a"), column("b"), references=(to,)))
    assert found["known"].samples == ({"id": 2, "a": 2, "b": 1},)


def test_a_port_may_refer_to_itself(bench: Bench) -> None:
    bench.con.execute("CREATE TABLE candidate AS SELECT * FROM (VALUES (1, NULL), (2, 1), (3, 9)) t(id, parent)")
    bench.table("SELECT 9 AS id, NULL::INTEGER AS parent")
    asked = port(column("id", "int"), column("parent", "int"), references=(reference("parent", "sales.lines", "id"),))
    from meshwright.quality import audit

    found = {v.rule.id: v for v in audit(bench.con, asked, table="candidate")}
    assert found["parent.references.sales.lines"].failed_rows == 1


def test_references_look_at_kept_rows_too(bench: Bench) -> None:
    prepared(bench)
    to = reference("c", "shop.things", "key", id="known")
    found = bench.audit(port(column("id"), column("c"), references=(to,)), built="id = 1")["known"]
    assert (found.failed_rows, found.checked_rows) == (3, 10)


def test_a_port_or_column_that_is_not_there(bench: Bench) -> None:
    prepared(bench)
    tos = (reference("c", "shop.nothings", "key", id="port"), reference("c", "shop.things", "kay", id="column"))
    found = bench.audit(port(column("id"), column("c"), references=tos))
    assert found["port"].message.startswith("cannot be checked: Catalog Error: Table with name nothings")
    assert found["column"].message.startswith("cannot be checked: Binder Error")
    assert "kay" in found["column"].message
