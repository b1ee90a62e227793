"""What the steps of one process share: the mesh, its catalog, and who listens to progress."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from meshwright.build.classified import guarded_by
from meshwright.build.context import Run, head_commit
from meshwright.build.dbt.graph import Graph
from meshwright.build.dbt.manifests import graph_of
from meshwright.build.product import ProductResult
from meshwright.build.sources import Source, sources_of
from meshwright.build.state import State
from meshwright.catalog.database import Database
from meshwright.config import PRODUCTION, Settings
from meshwright.errors import MeshError
from meshwright.spec.model import Mesh, Product


class Listener:
    """Hears of progress; this one ignores it."""

    def waiting(self, name: str) -> None:
        """A landing (``<domain>/landing/<source>``) or a product waits for somebody else who is at it."""

    def landing(self, source: Source) -> None:
        """A source is about to be landed."""

    def landed(self, source: Source, rows: int, seconds: float) -> None:
        """A source has landed."""

    def building(self, product: Product) -> None:
        """A product is about to be built."""

    def built(self, result: ProductResult) -> None:
        """A product was built, or found to be current."""

    def failed(self, name: str, error: MeshError) -> None:
        """A landing (``<domain>/landing/<source>``) or a product ended with an error."""


@dataclass
class Session:
    """One mesh in one process.

    ``start`` and ``building`` are as in the build package's Run, ``following`` as in its Planner.
    """

    settings: Settings
    mesh: Mesh
    start: State | None = None
    building: frozenset[str] = frozenset()
    listener: Listener = field(default_factory=Listener)
    environment: str = PRODUCTION
    following: Collection[str] = ()
    _graphs: dict[str, Graph] = field(default_factory=dict)
    _sources: dict[str, Mapping[str, Source]] = field(default_factory=dict)

    @cached_property
    def database(self) -> Database:
        """The catalog database."""
        return Database(self.settings)

    @cached_property
    def commit(self) -> str | None:
        """The commit that is checked out."""
        return head_commit(self.settings.root)

    def graph(self, domain: str) -> Graph:
        """The models of a domain; a code location needs its own alone."""
        if domain not in self._graphs:
            self._graphs[domain] = graph_of(self.settings, self.mesh, self.mesh.domains[domain])
        return self._graphs[domain]

    def follows(self, domain: str) -> bool:
        """Whether what is new at the sources of a domain is landed."""
        return self.environment == PRODUCTION or domain in self.following

    @cached_property
    def guarded(self) -> Mesh:
        """The mesh with every column classified that is so where it is published."""
        return guarded_by(self.database, self.mesh)

    def sources(self, domain: str) -> Mapping[str, Source]:
        """The ingests of a domain by name."""
        if domain not in self._sources:
            self._sources[domain] = sources_of(self.guarded, self.guarded.domains[domain])
        return self._sources[domain]

    def run(self, run_id: str, say: Callable[[str], None]) -> Run:
        """The context of the build package for one Dagster run; candidates are named by its first part."""
        return Run(
            id=short_run_id(run_id),
            settings=self.settings,
            mesh=self.mesh,
            database=self.database,
            start=self.start,
            building=self.building,
            say=say,
            commit=self.commit,
            environment=self.environment,
        )


def short_run_id(run_id: str) -> str:
    """The part of a Dagster run id by which people name it."""
    return run_id.split("-", maxsplit=1)[0]
