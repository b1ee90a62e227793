"""``mesh show``: a port in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from support import tiny
from support.commands import Outcome, replaced, shell
from support.tiny import TinyMesh

Run = Callable[..., Outcome]


def test_what_it_is_whose_it_is_and_how_to_query_it(run: Run, story: TinyMesh) -> None:
    outcome = run(story.root, "show", "shop.orders")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("shop.orders · Orders\n  One row for each order.\n")
    facts = {line[2:14].strip(): line[14:] for line in outcome.out.splitlines() if line.startswith("  ")}
    assert facts["owner"] == "Shop data <shop-data@example.com>"
    assert facts["key"] == "order_id"
    assert facts["product"] == "shop/orders, together with shop.lines, shop.customers"
    assert facts["partitions"] == "week, 3 of them: 1 to 3"
    assert facts["read by"] == "insight/weekly"
    assert facts["published"].startswith("snapshot ")
    assert "24 rows" in facts["published"]


def test_the_query_that_it_names_works_when_pasted(run: Run, story: TinyMesh) -> None:
    outcome = run(story.root, "show", "shop.orders")
    line = next(line for line in outcome.out.splitlines() if line.startswith("  mesh query"))
    assert line == '  mesh query "select * from mesh.shop.orders where week = 3 limit 10"'
    pasted = shell(story.root, line)
    assert pasted.returncode == 0
    assert pasted.stdout.startswith("order_id")


def test_columns_with_type_key_null_and_class(run: Run, story: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = run(story.root, "show", "shop.customers").out
    assert "customer_id  long · key 1\n" in narrow
    assert "name         string · may be NULL · restricted\n" in narrow
    monkeypatch.setenv("COLUMNS", "120")
    wide = [line.split() for line in run(story.root, "show", "shop.customers").out.splitlines()]
    assert ["name", "type", "null", "key", "class", "what", "it", "is"] in wide
    assert ["name", "string", "yes", "restricted"] in wide


def test_rules_in_plain_words_with_their_last_result(run: Run, story: TinyMesh) -> None:
    words = " ".join(run(story.root, "show", "shop.orders").out.split())
    assert "columns passed exactly the columns and types above; 4 of them never NULL" in words
    assert "primary_key passed order_id identifies a row" in words
    assert "amount.minimum passed amount >= 0" in words
    weekly = json.loads(run(story.root, "show", "insight.weekly_sales", "--format", "json").out)
    reference = next(rule for rule in weekly["rules"] if rule["kind"] == "reference")
    assert (reference["severity"], reference["passed"]) == ("warning", True)
    assert weekly["inputs"] == ["shop.orders (the same partition)"]


def test_a_rule_that_was_never_checked_has_no_result(run: Run, story: TinyMesh) -> None:
    rule = "quality:\n      - {id: not_too_many, metric: rowCount, mustBeLessThan: 1000, severity: warning}\n"
    with replaced(story.root / tiny.ORDERS_CONTRACT, "quality:\n", rule):
        found = json.loads(run(story.root, "show", "shop.orders", "--format", "json").out)
    results = {rule["id"]: rule["passed"] for rule in found["rules"]}
    assert results["not_too_many"] is None
    assert results["has_rows"] is True


def test_a_port_that_is_not_built_yet_says_so(run: Run, tiny_mesh: TinyMesh) -> None:
    outcome = run(tiny_mesh.root, "show", "shop.orders")
    assert outcome.code == 0
    assert "published   not yet" in outcome.out
    assert outcome.err == "\nnot built yet; next: mesh build shop.orders\n"


@pytest.mark.parametrize(
    ("name", "near"), [("shop.order", "shop.orders"), ("orders", "shop.orders"), ("insight.orders", "shop.orders")]
)
def test_an_unknown_port_names_the_nearest(run: Run, story: TinyMesh, name: str, near: str) -> None:
    outcome = run(story.root, "show", name)
    assert outcome.code == 2
    assert outcome.out == ""
    assert f"there is no port {name!r}" in outcome.err
    assert f"did you mean {near!r}?" in outcome.err


def test_sql_spelling_is_understood(run: Run, story: TinyMesh) -> None:
    spelt = [run(story.root, "show", name).out.splitlines() for name in ("mesh.shop.orders", "shop.orders")]
    # Ages move between the two.
    told = [[line for line in lines if " ago" not in line] for lines in spelt]
    assert told[0] == told[1]


def test_characters_that_a_terminal_obeys_are_spelt_out(run: Run, story: TinyMesh) -> None:
    with replaced(story.root / tiny.ORDERS_CONTRACT, "purpose: One row for each order.", 'purpose: "a\\u202ered"'):
        outcome = run(story.root, "show", "shop.orders")
    assert "\u202e" not in outcome.out
    assert "a\\u202ered" in outcome.out


@pytest.mark.parametrize(("name", "kind"), [("shop", "domain"), ("shop/orders", "product")])
def test_a_domain_or_a_product_is_told_apart_and_its_ports_are_named(
    run: Run, story: TinyMesh, name: str, kind: str
) -> None:
    outcome = run(story.root, "show", name)
    assert outcome.code == 2
    assert f"{name}: is a {kind}, no port; its ports are shop.lines, shop.orders, shop.customers" in outcome.err
    assert "next: mesh show shop.lines" in outcome.err
