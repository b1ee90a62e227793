"""Asset and check specs from products, contracts and dbt graphs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import dagster as dg

from meshwright.build.dbt.graph import Graph, Model
from meshwright.build.sources import Source
from meshwright.quality.model import Rule
from meshwright.quality.rules import rules_of
from meshwright.spec.model import Contract, Domain, Partition, Port, Product

LAYER = "meshwright/layer"


def port_key(name: str) -> dg.AssetKey:
    """``<domain>.<port>`` as Dagster names it."""
    return dg.AssetKey(name.split("."))


def landing_key(domain: str, source: str) -> dg.AssetKey:
    """The asset of a source."""
    return dg.AssetKey([domain, "landing", source])


def model_key(product: Product, model: str) -> dg.AssetKey:
    """The asset of a model: the port of its name, or an inner model of the product."""
    if any(port.name == model for port in product.ports):
        return dg.AssetKey([product.domain, model])
    return dg.AssetKey([product.domain, product.name, model])


def landing_spec(domain: Domain, source: Source) -> dg.AssetSpec:
    """A source as an asset."""
    return dg.AssetSpec(
        landing_key(domain.name, source.name),
        description=source.ingest.description,
        group_name=f"{domain.name}__landing",
        owners=_owners(domain),
        kinds={"python"},
        tags={LAYER: "landing", **source.ingest.tags},
        metadata=_code(source.file, source.line),
    )


def product_specs(domain: Domain, product: Product, graph: Graph, root: Path) -> list[dg.AssetSpec]:
    """The inner models and the ports of a product."""
    ports = {port.name: port for port in product.ports}
    wanted = graph.ancestors([port.name for port in product.ports])
    return [_model_spec(domain, product, graph.models[name], ports.get(name), root) for name in wanted]


def check_specs(product: Product, graph: Graph) -> list[dg.AssetCheckSpec]:
    """The rules of the ports' contracts and the dbt tests of all models."""
    specs = [
        dg.AssetCheckSpec(
            check_name(rule),
            asset=port_key(port.key),
            description=rule.description,
            metadata={"severity": rule.severity},
        )
        for port in product.ports
        for rule in rules_of(port)
    ]
    return [*specs, *_test_specs(product, graph)]


def check_name(rule: Rule) -> str:
    """A rule's id in the characters that Dagster allows."""
    return plain(rule.id)


def plain(text: str) -> str:
    """Letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


def tests_of(product: Product, graph: Graph) -> Iterator[tuple[Model, str]]:
    """The dbt tests of a product's models."""
    for name in graph.ancestors([port.name for port in product.ports]):
        for test in graph.models[name].tests:
            yield graph.models[name], test


def partitions_def(partition: Partition | None) -> dg.DynamicPartitionsDefinition | None:
    """Ports that are partitioned by a column of one name share its partitions."""
    return None if partition is None else dg.DynamicPartitionsDefinition(name=partition.column)


def _test_specs(product: Product, graph: Graph) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(plain(test), asset=model_key(product, model.name), description="A dbt test.")
        for model, test in tests_of(product, graph)
    ]


def _model_spec(domain: Domain, product: Product, model: Model, port: Port | None, root: Path) -> dg.AssetSpec:
    file = root / "dbt_projects" / domain.name / model.file
    siblings = {p.key for p in product.ports}
    judged_by = {r for rule in rules_of(port) for r in rule.reads} - siblings if port else set()
    parents = [model_key(product, name) for name in model.models] + [port_key(name) for name in sorted(judged_by)]
    inner = dg.AssetSpec(
        model_key(product, model.name),
        deps=[*parents, *(_source_key(domain.name, name) for name in model.sources)],
        description=model.description or None,
        skippable=port is None,
        group_name=f"{product.domain}__{product.name}",
        owners=_owners(domain),
        code_version=model.code[:12],
        kinds={"dbt", "duckdb"},
        tags={LAYER: "inner"},
        metadata=_code(file, 1),
    )
    if port is None:
        return inner
    contract = port.contract
    promise = {"dagster/column_schema": _columns(contract), "contract": f"{contract.id} {contract.version}"}
    return inner.replace_attributes(
        description=_described(port),
        kinds={"dbt", "iceberg"},
        tags={LAYER: "port", **{_tag(tag): "" for tag in contract.tags}},
        metadata={**inner.metadata, **promise},
        partitions_def=partitions_def(contract.partition),
    )


def _source_key(domain: str, source: str) -> dg.AssetKey:
    return landing_key(domain, source.removeprefix("landing/")) if source.startswith("landing/") else port_key(source)


def _described(port: Port) -> str:
    contract = port.contract
    parts = [contract.description, contract.purpose, contract.limitations and f"**Limits.** {contract.limitations}"]
    key = ", ".join(contract.primary_key)
    parts.append(f'Key: `{key}`. Query it: `mesh query "select * from mesh.{port.key} limit 10"`')
    return "\n\n".join(dict.fromkeys(part for part in parts if part))


def _columns(contract: Contract) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                c.name, c.type, c.description or None,
                constraints=dg.TableColumnConstraints(nullable=not c.required, unique=c.unique),
                tags={"classification": c.classification} if c.classification else None,
            )
            for c in contract.columns
        ]
    )  # fmt: skip


def _owners(domain: Domain) -> list[str]:
    """The first that Dagster takes: it knows fewer addresses than there are, and one that it refuses stops all."""
    team = re.sub(r"[^A-Za-z0-9_-]+", "-", domain.owner).strip("-").lower()
    return [next(owner for owner in (domain.contact or "", f"team:{team}", f"team:{domain.name}") if _is_owner(owner))]


@cache
def _is_owner(owner: str) -> bool:
    try:
        dg.AssetSpec("any", owners=[owner])
    except dg.DagsterInvalidDefinitionError:
        return False
    return True


def _tag(tag: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", tag)[:63]


def _code(file: Path, line: int) -> dict[str, dg.MetadataValue]:
    return {"code": dg.MetadataValue.path(f"{file}:{line}")}
