"""Who uses what: statements that read ports, and whom a change of a column hits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from meshwright.check.github import seen_from
from meshwright.check.impact.lineage import Lineage
from meshwright.config import Settings
from meshwright.errors import Fault
from meshwright.spec.model import Mesh

if TYPE_CHECKING:
    from meshwright.build.dbt.graph import Graph

Kind = Literal["product", "rule", "test", "expectation"]


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who reads: a product (``<domain>/<product>``) by its models, by the rules of its contracts, by the data
    tests of its dbt project, or by what it expects. ``contact`` is where its owner is reached.
    """

    name: str
    kind: Kind
    owner: str
    contact: str | None = None

    @property
    def called(self) -> str:
        """Its name and whom to ask."""
        contact = f" <{self.contact}>" if self.contact else ""
        what = {"product": "", "rule": "rules of ", "test": "tests of ", "expectation": "expectations of "}[self.kind]
        return f"{what}{self.name} ({self.owner}{contact})"


@dataclass(frozen=True, slots=True)
class Statement:
    """One text that reads ports, or what other statements make.

    ``makes`` is the port (``<domain>.<port>``) or an inner name that others read it by, ``name`` what people call it.
    The tables of ``lineage`` are such names.
    """

    makes: str
    name: str
    consumer: Consumer
    lineage: Lineage
    file: Path
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What changes: a column of a port or a field in it, or (None) the port as such.

    ``owner`` is the product that publishes it.
    """

    port: str
    column: str | None
    owner: str

    @property
    def name(self) -> str:
        """``<domain>.<port>.<column>``."""
        return self.port if self.column is None else f"{self.port}.{self.column}"


@dataclass(frozen=True, slots=True)
class Hit:
    """One consumer that a change reaches.

    ``port`` and ``column`` are what it reads itself, ``via`` the columns of ports from what changes up to that.
    ``how`` are the words for what it does with it: ``reads``, ``filters``, ``joins``, ``groups``, ``sorts``,
    ``names`` (and nothing comes of it), ``rows`` (it has other rows), ``checks``, ``expects``, ``may use`` (nobody
    can tell, for a ``reason``). ``columns`` are those of its own ports whose values depend on it.
    """

    consumer: Consumer
    port: str
    column: str | None
    how: tuple[str, ...]
    via: tuple[str, ...]
    models: tuple[str, ...]
    columns: tuple[str, ...]
    file: Path
    line: int | None = None
    reason: str = ""

    @property
    def direct(self) -> bool:
        """Whether it reads what changes itself."""
        return len(self.via) == 1

    @property
    def place(self) -> str:
        """File and line of the first text that uses it."""
        return Fault("", self.file, self.line).place

    def as_json(self, root: Path) -> dict[str, Any]:
        """For ``--format json``; its file as seen from the mesh's folder ``root``."""
        return {
            "consumer": self.consumer.name,
            "kind": self.consumer.kind,
            "owner": self.consumer.owner,
            "contact": self.consumer.contact,
            "port": self.port,
            "column": self.column,
            "direct": self.direct,
            "how": list(self.how),
            "via": list(self.via),
            "models": list(self.models),
            "columns": list(self.columns),
            "file": seen_from(root, self.file),
            "line": self.line,
            "reason": self.reason or None,
        }


@dataclass
class World:
    """The mesh that is asked about: everybody's files as they are, producers as consumers know them.

    ``graph`` gives the dbt models of a domain, ``unread`` are products whose files cannot be read, with the reason.
    """

    settings: Settings
    mesh: Mesh
    graph: Callable[[str], Graph]
    unread: Mapping[str, str] = field(default_factory=dict)

    def consumer(self, product: str, kind: Kind = "product") -> Consumer:
        """A product as a consumer."""
        domain = self.mesh.domains.get(product.partition("/")[0])
        return Consumer(product, kind, domain.owner if domain else "nobody known", domain.contact if domain else None)


class Reader(Protocol):
    """One kind of consumers. Saved queries, dashboards or features of models join by another one."""

    def statements(self, world: World, ports: Collection[str]) -> Iterable[Statement]:
        """The statements that read one of ``ports``, or what another of these statements makes."""
