"""dbt's data tests as consumers: those of a domain's project that look at ports of other products."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from meshwright.build.dbt.graph import DataTest, Graph
from meshwright.check.impact.lineage import checking, lineage, unknown
from meshwright.check.impact.model import Statement, World
from meshwright.errors import MeshError
from meshwright.spec.model import Domain


class DataTests:
    """Products in whose builds a test reads ports by ``source('…')``, in SQL of its own or in a YAML file."""

    def statements(self, world: World, ports: Collection[str]) -> Iterable[Statement]:
        """A statement for each test of a port and each product that runs it.

        A project that dbt cannot read has none: its models say already that they may use everything.
        """
        for domain in world.mesh.domains.values():
            inputs = {input_.port for product in domain.products.values() for input_ in product.inputs}
            if inputs.intersection(ports) and (graph := _graph(world, domain)):
                for test in graph.data_tests:
                    if set(ports).intersection(test.sources):
                        yield from _of_test(world, domain, graph, test)


def _graph(world: World, domain: Domain) -> Graph | None:
    with suppress(MeshError):
        return world.graph(domain.name)
    return None


def _of_test(world: World, domain: Domain, graph: Graph, test: DataTest) -> Iterator[Statement]:
    known = world.mesh.ports
    schema = {
        f"mesh.{key}": tuple(c.name for c in known[key].contract.columns) if key in known else None
        for key in test.sources
        if not key.startswith("landing/")
    }
    found = lineage(test.compiled, schema) if test.compiled else unknown(schema, "dbt did not compile it")
    file = world.mesh.root / "dbt_projects" / domain.name / test.file
    for product in _running(domain, graph, test):
        yield Statement(f"{product}#{test.name}", test.name, world.consumer(product, "test"), checking(found), file)


def _running(domain: Domain, graph: Graph, test: DataTest) -> list[str]:
    """The products whose builds run it, since they have all that it reads; where none does, those with some of it."""
    needs = {name for name in (*test.sources, *test.models) if not _is_of_all(graph, name)}
    has = {
        product.key: {i.port for i in product.inputs} | {m.name for m in graph.by_product.get(product.name, ())}
        for product in domain.products.values()
    }
    return [key for key, mine in has.items() if needs <= mine] or [key for key, mine in has.items() if needs & mine]


def _is_of_all(graph: Graph, name: str) -> bool:
    """Landed data and seeds, which every product of the domain may read."""
    return name.startswith("landing/") or (name in graph.models and graph.models[name].materialized == "seed")
