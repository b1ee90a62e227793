"""Products as consumers: the lineage of their compiled dbt models, kept between two runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from meshwright.build.dbt.graph import Graph, Model
from meshwright.check.impact.cells import Schema
from meshwright.check.impact.kept import Kept
from meshwright.check.impact.lineage import Lineage, lineage, unknown
from meshwright.check.impact.model import Statement, World
from meshwright.errors import MeshError
from meshwright.spec.model import Domain, Product


class Models:
    """Products that read ports by their dbt models."""

    def statements(self, world: World, ports: Collection[str]) -> Iterable[Statement]:
        """Those of the products that read or make ``ports``; of others neither dbt nor SQL is looked at."""
        for domain in world.mesh.domains.values():
            if mine := [product for product in domain.products.values() if _touches(product, ports)]:
                yield from _of_domain(world, domain, mine)
        for key, reason in world.unread.items():
            yield from _of_unread(world, key, reason, ports)


def _of_domain(world: World, domain: Domain, products: Iterable[Product]) -> Iterator[Statement]:
    try:
        graph = world.graph(domain.name)
    except MeshError as error:
        for product in products:
            yield from _untold(world, product, f"dbt cannot read it: {error.faults[0].reason[:120]}")
        return
    kept = Kept.of(world.settings, domain.name)
    for product in products:
        yield from _OfProduct(world, domain, product, graph, kept).statements()
    kept.save()


def _untold(world: World, product: Product, reason: str) -> Iterator[Statement]:
    """A product whose models nobody can read uses all of its inputs in all of its ports."""
    reads = [input_.port for input_ in product.inputs]
    if reads:
        for port in product.ports:
            yield Statement(
                port.key, port.name, world.consumer(product.key), unknown(reads, reason), product.where.file
            )


def _of_unread(world: World, key: str, reason: str, ports: Collection[str]) -> Iterator[Statement]:
    """A product whose files cannot be read uses the ports that they name."""
    folder = world.mesh.root / "domains" / key
    files = [file for file in sorted(folder.glob("*.yaml")) if file.is_file()]
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    named = [port for port in ports if any(port in text for text in texts)]
    if named:
        lineage_ = unknown(named, f"its files cannot be read: {reason[:120]}")
        yield Statement(f"{key}/*", key, world.consumer(key), lineage_, folder / "product.yaml")


def _touches(product: Product, ports: Collection[str]) -> bool:
    return any(i.port in ports for i in product.inputs) or any(port.key in ports for port in product.ports)


class _OfProduct:
    """The models of one product that its ports rest on, producers first."""

    def __init__(self, world: World, domain: Domain, product: Product, graph: Graph, kept: Kept) -> None:
        self.world, self.domain, self.product, self.graph, self.kept = world, domain, product, graph, kept
        self.ports = {port.name for port in product.ports}
        self.project = world.mesh.root / "dbt_projects" / domain.name
        self.columns: dict[str, tuple[str, ...] | None] = {}

    def statements(self) -> Iterator[Statement]:
        """One for each model, of sources too: what they read is told apart later."""
        consumer = self.world.consumer(self.product.key)
        for name in self.graph.ancestors([name for name in sorted(self.ports) if name in self.graph.models]):
            model = self.graph.models[name]
            found = self._lineage(model)
            self.columns[self._node(name)] = found.columns or self._promised(name)
            yield Statement(self._node(name), name, consumer, found, self.project / model.file)

    def _promised(self, model: str) -> tuple[str, ...] | None:
        port = self.world.mesh.ports.get(self._node(model))
        return tuple(column.name for column in port.contract.columns) if port else None

    def _node(self, model: str) -> str:
        return f"{self.domain.name}.{model}" if model in self.ports else f"{self.product.key}/{model}"

    def _lineage(self, model: Model) -> Lineage:
        schema, names = self._schema(model)
        if not model.compiled:
            return unknown(names.values(), "dbt did not compile it") if names else Lineage(frozenset())
        content = json.dumps([model.compiled, sorted(schema.items())])
        key = hashlib.sha256(content.encode()).hexdigest()
        found = self.kept.get(key) or self.kept.put(key, lineage(model.compiled, schema))
        return _renamed(self._with_aliases(model, found, names), names)

    def _schema(self, model: Model) -> tuple[Schema, Mapping[str, str]]:
        """The columns of what a model reads, and the names by which statements know these tables."""
        schema: dict[str, tuple[str, ...] | None] = {}
        names: dict[str, str] = {}
        for source in model.sources:
            landing = source.startswith("landing/")
            table = f"mesh.landing.{source.removeprefix('landing/')}" if landing else f"mesh.{source}"
            names[table] = f"{self.domain.name}/{source}" if landing else source
            port = None if landing else self.world.mesh.ports.get(source)
            schema[table] = tuple(column.name for column in port.contract.columns) if port else None
        for parent in model.models:
            table = f"scratch.main.{parent}"
            names[table] = self._node(parent)
            schema[table] = self.columns.get(self._node(parent))
        return schema, names

    def _with_aliases(self, model: Model, found: Lineage, names: Mapping[str, str]) -> Lineage:
        """A model that dbt gave another name, or another schema, stands in the SQL under that: it may be used whole."""
        missing = [f"scratch.main.{m}" for m in model.models if f"scratch.main.{m}" not in found.tables]
        lost = [t for t in missing if not _is_inlined(self.graph.models[t.rpartition(".")[2]])]
        return unknown(names, "a model stands in its SQL under another name") if lost and not found.opaque else found


def _is_inlined(model: Model) -> bool:
    return model.materialized == "ephemeral"


def _renamed(found: Lineage, names: Mapping[str, str]) -> Lineage:
    """The lineage with the names of statements in the place of those in the SQL."""
    return replace(
        found,
        tables=frozenset(names[t] for t in found.tables),
        outputs={c: frozenset((names[t], n) for t, n in cells) for c, cells in found.outputs.items()},
        uses={(names[t], n): how for (t, n), how in found.uses.items()},
        named=frozenset((names[t], n) for t, n in found.named),
        open=frozenset(names[t] for t in found.open),
    )
