from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.errors import SpecError
from meshwright.spec import Contract, Input, Mapping_, Port, Product, Reference, Where, in_order
from meshwright.spec.graph import upstream


def product(name: str, *reads: str, refers: str | None = None) -> Product:
    """``domain/name`` with one port ``domain.name``."""
    file = Path(f"domains/{name}/product.yaml")
    where = Where(file, 1, 1, "")
    references = (Reference(("x",), f"d.{refers}", ("x",), Where(file, 9, 1, "to")),) if refers else ()
    contract = Contract("id", "1", "active", where, (), references=references)
    inputs = tuple(
        Input(f"d.{r}", Mapping_.ALL, Where(file, 5 + i, 11, f"inputPorts[{i}].name")) for i, r in enumerate(reads)
    )
    return Product("d", name, where, (Port("d", name, name, contract, where),), inputs)


def names(products: tuple[Product, ...]) -> list[str]:
    return [p.name for p in products]


def test_producers_come_first_and_the_rest_stays() -> None:
    given = [product("z"), product("b", "c"), product("a"), product("c", "z"), product("e", "b", "c"), product("d")]
    assert names(in_order(given)) == ["z", "a", "c", "b", "e", "d"]
    assert names(in_order([product("b"), product("a")])) == ["b", "a"]
    assert in_order([]) == ()


def test_references_count_as_edges_but_not_inside_a_product() -> None:
    assert names(in_order([product("a", refers="b"), product("b")])) == ["b", "a"]
    assert names(in_order([product("a", refers="a")])) == ["a"]


def test_ports_that_nobody_publishes_do_not_matter() -> None:
    assert names(in_order([product("a", "nobody")])) == ["a"]


@pytest.mark.parametrize(
    ("products", "cycle"),
    [
        ([product("a", "b"), product("b", "a")], "d/a -> d/b -> d/a"),
        ([product("x"), product("b", "c"), product("c", "a"), product("a", "b")], "d/b -> d/c -> d/a -> d/b"),
        ([product("a", "b"), product("b", refers="a")], "d/a -> d/b -> d/a"),
        ([product("late", "a"), product("a", "b"), product("b", "a")], "d/a -> d/b -> d/a"),
    ],
)
def test_a_cycle_is_named_at_the_input_that_closes_it(products: list[Product], cycle: str) -> None:
    with pytest.raises(SpecError) as caught:
        in_order(products)
    (fault,) = caught.value.faults
    assert cycle in fault.reason
    first = cycle.split(" -> ", maxsplit=1)[0].removeprefix("d/")
    assert fault.file == Path(f"domains/{first}/product.yaml")
    assert fault.key == "inputPorts[0].name"


def test_each_knot_is_named_once() -> None:
    two = [product("a", "b"), product("b", "a"), product("x", "y"), product("y", "x"), product("z", "x", "a")]
    with pytest.raises(SpecError) as caught:
        in_order(two)
    assert [f.reason.rpartition(": ")[2] for f in caught.value.faults] == ["d/a -> d/b -> d/a", "d/x -> d/y -> d/x"]


def test_a_product_that_reads_itself() -> None:
    with pytest.raises(SpecError, match="d/a reads itself"):
        in_order([product("a", "a")])


def test_a_long_chain_needs_no_recursion() -> None:
    chain = [product(f"p{i}", *([f"p{i + 1}"] if i < 2_999 else [])) for i in range(3_000)]
    assert names(in_order(chain))[0] == "p2999"
    assert len(upstream(chain, ["d/p0"])) == 3_000


def test_upstream_is_closed() -> None:
    given = [product("a"), product("b", "a"), product("c", "b"), product("other")]
    assert upstream(given, ["d/c"]) == {"d/a", "d/b", "d/c"}
    assert upstream(given, []) == frozenset()
