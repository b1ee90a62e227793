"""Manifests by content hash: dbt parses a project once for each state of its files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from meshwright.build.dbt import generate, runner
from meshwright.build.dbt.graph import Graph, distil
from meshwright.build.dbt.missing import missing_target
from meshwright.build.sources import sources_of
from meshwright.catalog.locks import parse_lock, product_lock
from meshwright.config import Settings
from meshwright.disk import write_whole
from meshwright.errors import BuildError, Fault, SpecError
from meshwright.spec.model import Domain, Mesh
from meshwright.spec.words import nearest

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


def graph_of(settings: Settings, mesh: Mesh, domain: Domain, on_parse: Callable[[str], None] = lambda _: None) -> Graph:
    """The models of a domain; dbt is loaded only where the project changed since the last time.

    ``on_parse`` is told the domain before dbt parses it, which takes a second or two.

    SpecError for models that no build may run: ``incremental``, snapshots, a ``ref`` across products, a port
    without a model, a source that nobody offers. BuildError where dbt cannot parse.
    """
    graph = read_graph(settings, mesh, domain, on_parse)
    if faults := graph_faults(mesh, domain, graph):
        raise SpecError(*faults)
    return graph


def read_graph(
    settings: Settings, mesh: Mesh, domain: Domain, on_parse: Callable[[str], None] = lambda _: None
) -> Graph:
    """As :func:`graph_of`, but models that no build may run are in it: :func:`graph_faults` tells of them."""
    project = generate.project_dir(mesh, domain.name)
    if not (project / "dbt_project.yml").is_file():
        _refuse_missing(domain, project)
        return Graph(domain.name, "", {})
    sources = sources_of(mesh, domain)
    generate.refresh(settings, mesh, domain, sources)
    content = generate.project_hash(project)
    file = settings.manifests / f"{domain.name}-{content}.json"
    graph = Graph.load(file)
    if graph is None:
        on_parse(domain.name)
        with product_lock(settings, parse_lock(domain.name)):
            try:
                graph = Graph.load(file) or _prebuilt(settings, project, domain, content, file)
            except BuildError as error:
                if fault := missing_target(str(error), project, mesh, domain, sources):
                    raise SpecError(fault) from error
                raise
    return graph


def graph_faults(mesh: Mesh, domain: Domain, graph: Graph) -> tuple[Fault, ...]:
    """What is wrong with the models of a domain: kept state, refs across products, ports without a model, undeclared
    inputs. Models of products that are left out are not looked at.
    """
    if not graph.hash:
        return ()
    project = generate.project_dir(mesh, domain.name)
    return (*_misplaced(domain, project, graph), *_portless(domain, graph))


def manifest_of(settings: Settings, graph: Graph) -> Manifest:
    """dbt's own manifest of a prebuilt graph."""
    return _decoded(settings.manifests / f"{graph.domain}-{graph.hash}.msgpack")


@lru_cache(maxsize=8)
def _decoded(packed: Path) -> Manifest:
    """dbt takes one manifest for many runs; the name of the file tells its content."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    return Manifest.from_msgpack(packed.read_bytes(), decoder=extended_mashumuro_decoder)


def _prebuilt(settings: Settings, project: Path, domain: Domain, content: str, file: Path) -> Graph:
    from dbt.parser.manifest import extended_mashumaro_encoder

    home = settings.scratch / "parse" / domain.name
    home.mkdir(parents=True, exist_ok=True)
    (home / "views.json").write_text("[]", encoding="utf-8")
    profile = generate.profile(
        settings, home / f"{generate.SCRATCH_DATABASE}.duckdb", {"views": str(home / "views.json")}
    )
    (home / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    manifest = _parsed(project, home)
    graph = distil(domain.name, content, manifest)
    write_whole(file.with_suffix(".msgpack"), manifest.to_msgpack(extended_mashumaro_encoder))
    graph.dump(file)
    _forget_older(settings.manifests, domain.name, keep=file.stem)
    return graph


def _parsed(project: Path, home: Path) -> Manifest:
    """The project as dbt reads it. What dbt remembers of the last time, in ``home``, spares it all but what changed.

    Whether or not that is to blame, a project that cannot be parsed is read once more without it.
    """
    remembered = home / "target" / "partial_parse.msgpack"
    try:
        if remembered.is_file():
            with contextlib.suppress(BuildError):
                return runner.parse(project, home, home / "target")
            remembered.unlink()
        return runner.parse(project, home, home / "target")
    finally:
        (home / f"{generate.SCRATCH_DATABASE}.duckdb").unlink(missing_ok=True)


def _forget_older(folder: Path, domain: str, keep: str, most: int = 8) -> None:
    """Leave the newest few, so that switching branches stays cheap."""
    found = sorted(folder.glob(f"{domain}-*.json"), key=lambda f: f.stat().st_mtime, reverse=True)
    for file in found[most:]:
        if file.stem != keep:
            file.unlink(missing_ok=True)
            file.with_suffix(".msgpack").unlink(missing_ok=True)


def _refuse_missing(domain: Domain, project: Path) -> None:
    for product in domain.products.values():
        if product.ports:
            raise SpecError(
                product.where.fault(
                    f"{product.key} has ports, but there is no dbt project {project}",
                    command=f"write {project / 'dbt_project.yml'}",
                )
            )


def _misplaced(domain: Domain, project: Path, graph: Graph) -> Iterable[Fault]:
    products = sorted(domain.products)
    for model in graph.models.values():
        if model.product in domain.left_out:
            continue
        file = project / model.file
        if model.materialized in ("incremental", "snapshot"):
            yield Fault(
                f"{model.materialized} keeps state between builds, and a build keeps none", file, key=model.name,
                suggestion="table", command="partition the port instead: `partitioned: true` in its contract",
            )  # fmt: skip
            continue
        if model.product not in products and model.materialized != "seed":
            yield Fault(
                f"lies in no product's folder; models belong to models/<product>/ of {', '.join(products)}", file,
                key=model.name, suggestion=nearest(model.product, products),
            )  # fmt: skip
        for parent in model.models:
            other = graph.models[parent]
            if other.product != model.product and other.materialized != "seed":
                yield Fault(
                    f"refers to {parent} of product {other.product}; products read each other's published ports only",
                    file, key=model.name, suggestion=f"source('{domain.name}', '{parent}')",
                )  # fmt: skip


def _portless(domain: Domain, graph: Graph) -> Iterable[Fault]:
    for product in domain.products.values():
        inputs = {i.port for i in product.inputs}
        for port in product.ports:
            if port.name not in graph.models:
                near = nearest(port.name, (m.name for m in graph.by_product.get(product.name, ())))
                yield port.where.fault(
                    f"port {port.key} has no dbt model of its name", suggestion=near,
                    command=f"write dbt_projects/{domain.name}/models/{product.name}/ports/{port.name}.sql",
                )  # fmt: skip
                continue
            for read in sorted(graph.reads(port.name)):
                if not read.startswith("landing/") and read not in inputs:
                    yield product.where.fault(
                        f"model {port.name} reads {read}, which is no input port of {product.key}",
                        command=f"add {read} to inputPorts",
                    )
