"""What lies where under ``domains/``, by the names of folders and files alone: nothing is read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from meshwright.errors import Fault, InputError, SpecError
from meshwright.spec.contract import SUFFIX, port_of
from meshwright.spec.product import PRODUCT_FILE
from meshwright.spec.words import nearest

DOMAINS = "domains"
WORKSPACE = "workspace.yaml"
"""The file in which Dagster finds the domains."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder and the names of its files."""

    path: Path
    files: tuple[str, ...]

    @property
    def key(self) -> str:
        """``<domain>/<product>`` of a product's folder."""
        return f"{self.path.parent.name}/{self.path.name}"


@dataclass(frozen=True)
class Index:
    """The folders of a mesh: each domain with its products. ``root`` holds ``domains/``."""

    root: Path
    domains: Mapping[str, tuple[Folder, tuple[Folder, ...]]]

    @cached_property
    def products(self) -> Mapping[str, Folder]:
        """Folders that hold specs, by ``<domain>/<product>``."""
        return {f.key: f for _, products in self.domains.values() for f in products}

    @cached_property
    def ports(self) -> Mapping[str, str]:
        """Of each port that has a contract file the product in whose folder it lies."""
        found: dict[str, str] = {}
        for key, folder in self.products.items():
            for name in folder.files:
                if name.endswith(SUFFIX):
                    found.setdefault(f"{key.partition('/')[0]}.{port_of(Path(name))}", key)
        return found

    @cached_property
    def ports_of(self) -> Mapping[str, tuple[str, ...]]:
        """The ports of each product that have a contract file, by ``<domain>/<product>``."""
        return {key: tuple(port for port, owner in self.ports.items() if owner == key) for key in self.products}

    def of_domain(self, domain: str) -> tuple[str, ...]:
        """The products of a domain; none where there is no such domain."""
        return tuple(folder.key for folder in self.domains[domain][1]) if domain in self.domains else ()

    def named(self, selectors: Sequence[str]) -> tuple[str, ...]:
        """The products that domains, products or ports name, by key and each once.

        InputError naming every selector that is none, with the nearest that is.
        """
        found: dict[str, None] = {}
        faults = []
        for selector in selectors:
            keys = [selector] if selector in self.products else self.of_domain(selector)
            keys = [self.ports[selector]] if selector in self.ports else keys
            found |= dict.fromkeys(keys)
            if not keys:
                faults.append(unknown_selector(selector, self.domains, self.products, self.ports))
        if faults:
            raise InputError(*faults)
        return tuple(key for key in self.products if key in found)

    def owner_of(self, file: Path) -> tuple[str | None, str | None]:
        """The domain and the product (``<domain>/<product>``) whose ``file`` it is, as far as its path tells.

        ``file`` is absolute or counts from ``root``. A file of a domain alone has no product.
        """
        try:
            parts = (file.relative_to(self.root) if file.is_absolute() else file).parts
        except ValueError:
            return None, None
        domain, product = _owner(parts)
        if domain is None:
            return None, None
        key = f"{domain}/{product}"
        # A product that is gone owned its files too; what git ignores may keep its folder.
        there = product is not None and (self.root / DOMAINS / domain / product).exists()
        gone = product is not None and parts[0] == DOMAINS and (not there or is_spec(parts[-1]))
        return domain, key if key in self.products or gone else None


def _owner(parts: Sequence[str]) -> tuple[str | None, str | None]:
    match parts:
        case (("domains" | "dbt_projects" | "tests"), domain):
            return domain, None
        case ("dbt_projects", domain, "models", product, _, *_):
            return domain, product
        case ("domains", domain, product, _, *_):
            return domain, product
        case (("domains" | "dbt_projects" | "tests"), domain, *_):
            return domain, None
    return None, None


def index(root: Path) -> Index:
    """The folders under ``root``. SpecError where it holds no ``domains/`` or one cannot be listed."""
    root = root.absolute()
    folder = root / DOMAINS
    if not folder.is_dir():
        raise SpecError(Fault(f"there is no mesh here: {root} has no folder {DOMAINS!r}", key=DOMAINS))
    try:
        domains = [
            (Folder(path, files(path)), [Folder(p, files(p)) for p in folders(path)]) for path in folders(folder)
        ]
    except OSError as e:
        raise SpecError(Fault(f"cannot be read: {e.strerror or e}", Path(e.filename or folder))) from e
    return Index(
        root, {d.path.name: (d, tuple(p for p in inner if any(map(is_spec, p.files)))) for d, inner in domains}
    )


def is_spec(name: str) -> bool:
    """Whether a file of that name makes its folder a product."""
    return name.endswith((SUFFIX, SUFFIX.replace(".yaml", ".yml"))) or name in (PRODUCT_FILE, "product.yml")


def folders(folder: Path) -> list[Path]:
    """The folders in ``folder`` by name, without hidden and private ones."""
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if _is_folder(e) and not e.name.startswith((".", "_")))
    return [folder / name for name in names]


def files(folder: Path) -> tuple[str, ...]:
    """The names of what is no folder in ``folder``."""
    with os.scandir(folder) as entries:
        return tuple(sorted(e.name for e in entries if not _is_folder(e)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A link that leads back to itself is none; whoever reads it will say so."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def unknown_selector(selector: str, domains: Iterable[str], products: Iterable[str], ports: Iterable[str]) -> Fault:
    """The fault of a selector that names nothing, with the nearest that does."""
    plus, name = ("+", selector[1:]) if selector.startswith("+") else ("", selector)
    if name in domains:
        return Fault(f"domain {name!r} has no products yet", key=selector)
    products, ports = list(products), list(ports)
    tails = {key.partition(sep)[2]: key for keys, sep in ((products, "/"), (ports, ".")) for key in keys}
    near = tails.get(name) or nearest(name, [*domains, *products, *ports])
    reason = f"there is no domain, product or port {name[:80]!r}"
    return Fault(reason, key=selector, suggestion=plus + near if near else None, command="mesh status")
