"""The part of a dbt manifest that plans and keys need, small enough to load at every command.

Models belong to the product in whose folder they lie: ``models/<product>/``. A port's model has its name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from meshwright.disk import write_whole

FORMAT = 3
"""Raised whenever what is kept here changes, so that older files are made anew."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model or seed. ```code`` is the sha256 of its compiled SQL; ``file`` is relative to the project."""

    name: str
    unique_id: str
    product: str
    file: str
    materialized: str
    code: str
    compiled: str
    description: str
    models: tuple[str, ...]
    sources: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataTest:
    """One test that reads sources: an SQL file of its own or an entry of a YAML file; names as of :class:`Model`."""

    name: str
    file: str
    compiled: str
    models: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """The models of one domain by name, and the data tests that read sources beside them."""

    domain: str
    hash: str
    models: Mapping[str, Model]
    data_tests: tuple[DataTest, ...] = ()

    def ancestors(self, names: tuple[str, ...] | list[str]) -> tuple[str, ...]:
        """``names`` and every model that they rest on, producers first."""
        seen: dict[str, None] = {}

        def visit(name: str) -> None:
            if name not in seen:
                for parent in self.models[name].models:
                    visit(parent)
                seen[name] = None

        for name in names:
            visit(name)
        return tuple(seen)

    def reads(self, name: str) -> frozenset[str]:
        """The sources (``landing/<source>`` or ``<domain>.<port>``) that a model rests on, however far."""
        return frozenset(s for model in self.ancestors([name]) for s in self.models[model].sources)

    def code(self, name: str) -> dict[str, str]:
        """Model to sha256, for a model and all that it rests on."""
        return {model: self.models[model].code for model in sorted(self.ancestors([name]))}

    @cached_property
    def by_product(self) -> Mapping[str, tuple[Model, ...]]:
        """Product folder to its models."""
        found: dict[str, tuple[Model, ...]] = {}
        for model in self.models.values():
            found[model.product] = (*found.get(model.product, ()), model)
        return found

    def dump(self, file: Path) -> None:
        """Write it whole or not at all."""
        models = [asdict(m) for m in self.models.values()]
        tests = [asdict(test) for test in self.data_tests]
        content = {
            "format": FORMAT, "domain": self.domain, "hash": self.hash, "models": models, "data_tests": tests,
        }  # fmt: skip
        write_whole(file, json.dumps(content))

    @classmethod
    def load(cls, file: Path) -> Graph | None:
        """What :meth:`dump` wrote; None where it is absent, of another format or damaged."""
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                return None
            models = [Model(**_restored(m)) for m in content["models"]]
            tests = tuple(DataTest(**_restored(t)) for t in content["data_tests"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return cls(content["domain"], content["hash"], {m.name: m for m in models}, tests)


def _restored(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def distil(domain: str, project_hash: str, manifest: Any) -> Graph:
    """The graph of a compiled dbt ``Manifest``."""
    tests: dict[str, list[str]] = {}
    for node in (*_nodes(manifest, "test"), *getattr(manifest, "unit_tests", {}).values()):
        parent = next((p for p in node.depends_on.nodes if p.startswith("model.")), "")
        tests.setdefault(parent, []).append(node.name)
    models = [_model(manifest, node, tests) for node in _nodes(manifest, "model", "seed", "snapshot")]
    by_name = {m.name: m for m in sorted(models, key=lambda m: m.name)}
    return Graph(domain, project_hash, by_name, tuple(_data_tests(manifest)))


def _data_tests(manifest: Any) -> Iterator[DataTest]:
    for node in sorted(_nodes(manifest, "test"), key=lambda node: node.unique_id):
        if sources := _sources(manifest, node.depends_on.nodes):
            yield DataTest(
                name=node.name,
                file=node.original_file_path,
                compiled=node.compiled_code or "",
                models=_models(manifest, node.depends_on.nodes),
                sources=sources,
            )


def _nodes(manifest: Any, *kinds: str) -> Iterator[Any]:
    return (node for node in manifest.nodes.values() if str(node.resource_type) in kinds)


def _model(manifest: Any, node: Any, tests: Mapping[str, list[str]]) -> Model:
    parents = [] if str(node.resource_type) == "seed" else node.depends_on.nodes
    return Model(
        name=node.name,
        unique_id=node.unique_id,
        product=node.fqn[1] if len(node.fqn) > 2 else "",
        file=node.original_file_path,
        materialized=node.config.materialized,
        code=_code(node),
        compiled=getattr(node, "compiled_code", None) or "",
        description=node.description,
        models=_models(manifest, parents),
        sources=_sources(manifest, parents),
        tests=tuple(sorted(tests.get(node.unique_id, ()))),
    )


def _models(manifest: Any, parents: Sequence[str]) -> tuple[str, ...]:
    return tuple(manifest.nodes[p].name for p in parents if p in manifest.nodes)


def _sources(manifest: Any, parents: Sequence[str]) -> tuple[str, ...]:
    return tuple(_source(manifest.sources[p]) for p in parents if p in manifest.sources)


def _source(source: Any) -> str:
    return f"landing/{source.name}" if source.source_name == "landing" else f"{source.source_name}.{source.name}"


def _code(node: Any) -> str:
    """Its compiled SQL, in which macros and vars are resolved, and its configuration; a seed's rows."""
    config = {k: v for k, v in node.config.to_dict().items() if k not in ("meta", "docs", "tags", "group")}
    text = getattr(node, "compiled_code", None) or node.checksum.checksum
    return hashlib.sha256(json.dumps([text, config], sort_keys=True, default=str).encode()).hexdigest()
