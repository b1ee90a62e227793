"""The mesh that impact is asked of: as its files are now, or with some products as the base of a check has them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from meshwright.build.dbt.graph import Graph
from meshwright.check.impact.model import World
from meshwright.check.subject import Base, Subject
from meshwright.config import Settings
from meshwright.spec.index import index
from meshwright.spec.load import Sound, load_sound
from meshwright.spec.model import Domain, Mesh, Where

Say = Callable[[str], None]


def now(settings: Settings, sound: Sound, say: Say) -> World:
    """The mesh as it is."""
    return _world(settings, sound.mesh, _unread(sound), say)


def before(subject: Subject, changed: Collection[str]) -> World:
    """Everybody's files as they are now, but the products ``changed`` as the base has them.

    So consumers are read by the contracts that they were written for, and by the names of ports that may be gone.
    """
    if subject.base is None:
        return now(subject.settings, subject.whole, subject.say)
    with tempfile.TemporaryDirectory(prefix="mesh-world-") as name:
        lay_out(subject.root, Path(name), _as_they_were(subject.base, changed))
        _with_domains(Path(name), subject.base, changed)
        sound = load_sound(Path(name))
        mesh = _at_home(sound.mesh, subject.root)
    return _world(subject.settings, mesh, _unread(sound), subject.say)


def _unread(sound: Sound) -> Mapping[str, str]:
    """Products that nobody can read, and those that rest on them."""
    found = {key: faults[0].reason for key, faults in sound.broken.items()}
    return found | {key: f"it rests on {cause}, which is broken" for key, (_, cause) in sound.stranded.items()}


def _world(settings: Settings, mesh: Mesh, unread: Mapping[str, str], say: Say) -> World:
    from meshwright.build.dbt.manifests import read_graph

    graphs: dict[str, Graph] = {}

    def graph(domain: str) -> Graph:
        if domain not in graphs:
            found = mesh.domains[domain]
            graphs[domain] = read_graph(settings, mesh, found, lambda d: say(f"dbt reads {d}"))
        return graphs[domain]

    return World(settings, mesh, graph, unread)


def lay_out(root: Path, folder: Path, instead: Mapping[str, Mapping[str, bytes]]) -> None:
    """The specs of the mesh in a folder: links to what is there, and other files of some products.

    ``instead`` holds for each of those its files, by path as seen from the mesh.
    """
    for name, (domain, products) in index(root).domains.items():
        (folder / "domains" / name).mkdir(parents=True)
        for file in domain.files:
            (folder / "domains" / name / file).symlink_to(domain.path / file)
        for product in products:
            if product.key not in instead:
                (folder / "domains" / product.key).symlink_to(product.path)
    for files in instead.values():
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)


def _as_they_were(base: Base, changed: Collection[str]) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {key: {} for key in changed}
    paths = [f"domains/{key}" for key in changed]
    for path, content in base.repository.files(base.commit, paths, lambda p: p.endswith(".yaml")) if paths else ():
        found["/".join(path.split("/")[1:3])][path] = content
    return found


def _with_domains(folder: Path, base: Base, changed: Collection[str]) -> None:
    """The files of domains that are gone together with their products."""
    for domain in {key.partition("/")[0] for key in changed}:
        file = f"domains/{domain}/domain.yaml"
        content = base.read(file)
        if not (folder / file).exists() and content is not None:
            (folder / file).write_bytes(content)


def _at_home(mesh: Mesh, root: Path) -> Mesh:
    """The mesh with its domains and products where people have them."""
    return Mesh(root, {name: _domain_at_home(domain, mesh.root, root) for name, domain in mesh.domains.items()})


def _domain_at_home(domain: Domain, there: Path, root: Path) -> Domain:
    def home(where: Where) -> Where:
        return replace(where, file=root / where.file.relative_to(there))

    products = {
        key: replace(
            product,
            where=home(product.where),
            ports=tuple(
                replace(port, where=home(port.where), contract=replace(port.contract, where=home(port.contract.where)))
                for port in product.ports
            ),
        )
        for key, product in domain.products.items()
    }
    return replace(domain, where=home(domain.where), products=products)
