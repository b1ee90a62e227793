"""From the files that differ to the products that they belong to, and to those that rest on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from meshwright.check.subject import Base
from meshwright.errors import SpecError
from meshwright.spec.index import DOMAINS, WORKSPACE, Index
from meshwright.spec.workspace import code_locations

Say = Callable[[str], None]
EVERYTHING = ("policies/", "pyproject.toml")
"""Files that every product depends on."""
_NO_DATA = frozenset({".py", ".yaml", ".yml", ".sql", ".md"})
"""What else lies in a folder of ``domains/`` is data, for all that anybody can tell."""


@dataclass(frozen=True)
class Touched:
    """Products that a change touches, those that it takes away, and domains whose data it brings along."""

    products: tuple[str, ...]
    gone: tuple[str, ...]
    following: frozenset[str]


def touched(place: Index, base: Base, say: Say) -> Touched:
    """What the files that differ from the base belong to, and who reads them besides."""
    found: set[str] = set()
    gone: dict[str, None] = {}
    following = frozenset(_with_data(place, base.changed))
    for path in base.changed:
        domain, product = place.owner_of(Path(path))
        if path.startswith(EVERYTHING):
            say(f"{path} changed, on which every product depends")
            found |= place.products.keys()
        elif product is not None and product not in place.products:
            gone[product] = None
        elif product is not None:
            found.add(product)
        elif domain is not None:
            found |= set(place.of_domain(domain))
    for domain in {*following, *_importing(place, base), *_sharing(place, base), *_left_out(place, base)}:
        found |= set(place.of_domain(domain))
    return Touched(tuple(key for key in place.products if key in found), tuple(gone), following)


def _with_data(place: Index, changed: Iterable[str]) -> Iterator[str]:
    """The domains in whose folders data differ; what one ingest lands, any product of its domain may read."""
    for path in map(PurePosixPath, changed):
        is_submodule = len(path.parts) == 2 and (place.root / path).is_dir()
        is_data = len(path.parts) > 2 and path.suffix.lower() not in _NO_DATA and not path.name.startswith(".")
        if path.parts[0] == DOMAINS and (is_submodule or is_data):
            yield path.parts[1]


def _importing(place: Index, base: Base) -> Iterator[str]:
    """The domains whose modules differ, or import one that does."""
    from meshwright.build.sources import resting_on

    modules = [place.root / path for path in base.changed if path.startswith(f"{DOMAINS}/") and path.endswith(".py")]
    for module in resting_on(place.root, modules) if modules else ():
        yield module.relative_to(place.root).parts[1]


def _sharing(place: Index, base: Base) -> Iterator[str]:
    """The domains whose dbt projects read a folder elsewhere in which something differs."""
    from meshwright.build.dbt.files import shared

    home = place.root.resolve()
    read = {domain: shared(home / "dbt_projects" / domain) for domain in place.domains}
    folders = {folder for folders in read.values() for folder in folders}
    outside = {folder for folder in folders if not folder.is_relative_to(home)}
    differing = [*(home / path for path in base.changed), *base.repository.differing(base.commit, outside)]
    moved = {folder for folder in folders if any(file.is_relative_to(folder) for file in differing)}
    yield from (domain for domain, folders in read.items() if not moved.isdisjoint(folders))


def _left_out(place: Index, base: Base) -> Iterator[str]:
    """The domains that Dagster would not show any more."""
    if WORKSPACE in base.changed:
        yield from place.domains.keys() - _shown(place.root)


def _shown(root: Path) -> frozenset[str]:
    """None where the workspace cannot be read, which the stage spec tells."""
    with suppress(SpecError):
        return code_locations(root)
    return frozenset()
