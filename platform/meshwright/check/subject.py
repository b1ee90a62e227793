"""What a check looks at: the selected products in their mesh, and what they are compared with."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.check.model import StageResult
from meshwright.check.moves import Move, moved
from meshwright.config import Settings
from meshwright.disk import write_whole
from meshwright.errors import BuildError, Fault, MeshError
from meshwright.spec.index import Index
from meshwright.spec.load import Sound, load_sound
from meshwright.spec.model import Mesh, Product

if TYPE_CHECKING:
    from meshwright.build.dbt.graph import Graph
    from meshwright.build.sampling import Sample
    from meshwright.build.sources import Source
    from meshwright.check.git import Repository
    from meshwright.check.published import Published
    from meshwright.check.trial import Trial

_WORD = re.compile(rb"[a-z][a-z0-9_]*")


def _nothing(_: str) -> None: ...


@dataclass(frozen=True)
class Base:
    """The commit that the mesh is compared with.

    ``name`` says in words what it is. ``changed`` are the files that differ from it now, seen from the mesh.
    """

    repository: Repository
    commit: str
    name: str
    changed: tuple[str, ...]

    def read(self, path: str) -> bytes | None:
        """A file of the mesh as it was; None where there was none."""
        return self.repository.read(self.commit, path)

    def unpack(self, domains: Iterable[str], into: Path) -> None:
        """Write the YAML of some domains as it was, and of every domain that its text names, however far."""
        (into / "domains").mkdir()
        known = {path.split("/")[1] for path in self.repository.listed(self.commit, ["domains"])}
        done: set[str] = set()
        while todo := set(domains) & known - done:
            named: set[str] = set()
            folders = [f"domains/{name}" for name in sorted(todo)]
            for path, content in self.repository.files(self.commit, folders, _is_yaml):
                named.update(word.decode() for word in _WORD.findall(content))
                (into / path).parent.mkdir(parents=True, exist_ok=True)
                (into / path).write_bytes(content)
            done |= todo
            domains = named


@dataclass
class Subject:
    """One check. ``selected`` are the products asked for, those that cannot be read too; ``removed`` are gone.

    ``following`` are the domains whose data the change brings along: a trial lands them, as production will.
    ``results`` are those of the stages that ran before. ``report`` is the folder in which a stage may leave files for
    people (:meth:`leave`); None where nobody wants them. ``sample`` is the part of the data to build on.
    Whatever costs something is made when it is asked for, once.
    """

    settings: Settings
    place: Index
    selected: tuple[str, ...]
    base: Base | None = None
    removed: tuple[str, ...] = ()
    say: Callable[[str], None] = _nothing
    results: dict[str, StageResult] = field(default_factory=dict)
    report: Path | None = None
    sample: Sample | None = None
    following: frozenset[str] = frozenset()
    _graphs: dict[str, Graph | MeshError] = field(default_factory=dict)
    _sources: dict[str, Mapping[str, Source]] = field(default_factory=dict)
    _folders: list[tempfile.TemporaryDirectory[str]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The mesh's folder."""
        return self.place.root

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """The domains of the selected products."""
        return tuple(dict.fromkeys(key.partition("/")[0] for key in self.selected))

    @cached_property
    def sound(self) -> Sound:
        """What could be read: the selected products, the others of their domains, and all that they rest on.

        dbt reads the project of a domain whole, so its products belong together here.
        """
        if len(self.selected) == len(self.place.products):
            return load_sound(self.root)
        return load_sound(self.root, [key for name in self.domains for key in self.place.of_domain(name)])

    @property
    def mesh(self) -> Mesh:
        """The sound part of it; :attr:`whole` has all products of the repository."""
        return self.sound.mesh

    @cached_property
    def products(self) -> tuple[Product, ...]:
        """The selected products that are sound and rest on sound ones, producers first."""
        return tuple(product for key, product in self.mesh.products.items() if key in self.selected)

    @cached_property
    def readable(self) -> tuple[Product, ...]:
        """:attr:`products`, and those that are sound by themselves but rest on a broken one."""
        alone = (product for key, (product, _) in self.sound.stranded.items() if key in self.selected)
        return (*self.products, *alone)

    @cached_property
    def whole(self) -> Sound:
        """The whole mesh, as far as it is sound; consumers of the selected products too. Costs reading all of it."""
        return self.sound if len(self.selected) == len(self.place.products) else load_sound(self.root)

    @cached_property
    def prior(self) -> Sound | None:
        """The selected and the removed products as the base has them, with what they rested on.

        None where there is no base. Products that the base does not have are absent.
        """
        return self._unpacked((*self.selected, *self.removed))

    def _unpacked(self, keys: Sequence[str]) -> Sound | None:
        if self.base is None:
            return None
        folder = tempfile.TemporaryDirectory(prefix="mesh-base-")
        self._folders.append(folder)
        root = Path(folder.name)
        self.base.unpack({key.partition("/")[0] for key in keys}, root)
        return load_sound(root, keys)

    def before(self, keys: Collection[str]) -> Iterator[Product]:
        """Those products of ``keys`` whose ``product.yaml`` the change differs in or removes, as the base has them."""
        changed = self.base.changed if self.base else ()
        wanted = [key for key in keys if f"domains/{key}/product.yaml" in changed]
        mine = {*self.selected, *self.removed}
        others = [key for key in wanted if key not in mine]
        elsewhere = self._unpacked(others) if others else None
        for key in wanted:
            if found := _in(self.prior if key in mine else elsewhere, key):
                yield found

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """The ports that other products of their domain publish than in the base."""
        before = filter(None, map(self._as_it_was, (*self.selected, *self.removed)))
        return moved(before, self.readable)

    def earlier(self, key: str) -> Product | None:
        """A selected or removed product as the base has it, but each port with the product that has it now.

        None where it is new, and so are its ports.
        """
        old = self._as_it_was(key)
        gone = {move.port.key for move in self.moves if move.came_from == key}
        kept = [port for port in old.ports if port.key not in gone] if old else []
        came = [move.port for move in self.moves if move.to == key]
        like = old or next((product for product in self.readable if came and product.key == key), None)
        return replace(like, ports=(*kept, *came)) if like else None

    def _as_it_was(self, key: str) -> Product | None:
        """A product as the base has it; one that rested on a broken one too."""
        return _in(self.prior, key)

    @cached_property
    def published(self) -> Published:
        """What readers have now, and by which contracts."""
        from meshwright.check.published import Published

        return Published.read(self.settings)

    @cached_property
    def trial(self) -> Trial:
        """The build of what changed and its readers in an environment of its own, which :meth:`close` takes away."""
        from meshwright.check.trial import build

        return build(
            self.settings, self.whole.mesh, self.selected, self.say, following=self.following, sample=self.sample
        )

    @property
    def built(self) -> Trial:
        """:attr:`trial`, where all of it could be built; its errors where not, whoever asks for it first."""
        if errors := self.trial.heard.errors:
            raise BuildError(*(fault for error in errors.values() for fault in error.faults))
        return self.trial

    def graph(self, domain: str) -> Graph:
        """The dbt models of a domain, read by dbt once for each state of its files."""
        from meshwright.build.dbt.manifests import read_graph

        if domain not in self._graphs:
            try:
                self._graphs[domain] = read_graph(
                    self.settings, self.mesh, self.mesh.domains[domain], lambda d: self.say(f"dbt reads {d}")
                )
            except MeshError as error:
                self._graphs[domain] = error
        found = self._graphs[domain]
        if isinstance(found, MeshError):
            raise found
        return found

    def sources(self, domain: str) -> Mapping[str, Source]:
        """The ingests of a domain by name. BuildError where a module cannot be imported."""
        from meshwright.build.sources import sources_of

        if domain not in self._sources:
            self._sources[domain] = sources_of(self.mesh, self.mesh.domains[domain])
        return self._sources[domain]

    def product_of(self, fault: Fault) -> str | None:
        """The product (``<domain>/<product>``) in whose folders a fault lies; None where that is no one's."""
        return self.place.owner_of(Path.cwd() / fault.file)[1] if fault.file else None

    def concerns(self, fault: Fault) -> bool:
        """Whether a fault lies in no product that was not selected."""
        product = self.product_of(fault)
        return product is None or product in self.selected

    def leave(self, name: str, content: str | bytes) -> None:
        """Put a page into the report where there is one; one that cannot be written is told and changes no verdict."""
        if self.report is None:
            return
        try:
            write_whole(self.report / name, content)
        except OSError as error:
            self.say(f"warning: {self.report / name} cannot be written: {error.strerror or error}")

    def close(self) -> None:
        """Remove what was made to compare with, and what was built."""
        if "trial" in self.__dict__:
            self.trial.close(self.settings)
        while self._folders:
            self._folders.pop().cleanup()


def _in(sound: Sound | None, key: str) -> Product | None:
    """A product that is sound by itself."""
    if sound is None:
        return None
    stranded = sound.stranded.get(key)
    return sound.mesh.products.get(key) or (stranded[0] if stranded else None)


def _is_yaml(path: str) -> bool:
    return path.endswith(".yaml")
