"""What readers of a port that comes to its end are told: until when it is there, and what takes its place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from meshwright.errors import SpecError
from meshwright.spec.contract import SUFFIX, load_contract
from meshwright.spec.model import Contract, Mesh, Product, Where

REPLACED_BY = "replacedBy"
"""The customProperty of a contract that names the port to read instead."""
RETIRED_ON = "retiredOn"
RETIRED = "retired"
"""The folder of a product in which the contracts of retired ports are kept."""


@dataclass(frozen=True, slots=True)
class Notice:
    """``until`` is the day of its end, ``use`` the port to read instead, as far as they are said."""

    port: str
    status: str
    until: str | None
    use: str | None

    def __str__(self) -> str:
        if self.status == "retired":
            when = f" was retired on {self.until}" if self.until else " is retired"
        else:
            when = f" is deprecated and ends on {self.until}" if self.until else " is deprecated"
        return self.port + when + (f"; use {self.use}" if self.use else "")


def notice_of(port: str, contract: Contract) -> Notice | None:
    """The notice of a port (``<domain>.<port>``); None for one that lives."""
    from meshwright.spec.compatibility.lifecycle import end_dates

    status = contract.status.strip().lower()
    if status not in ("deprecated", "retired"):
        return None
    use = contract.custom.get(REPLACED_BY)
    retired = contract.custom.get(RETIRED_ON) if status == "retired" else None
    dates = sorted(str(level.value) for level in end_dates(contract).values())
    until = str(retired) if retired else next(iter(dates), None)
    return Notice(port, status, until, use if isinstance(use, str) else None)


def notices_for(mesh: Mesh, product: Product) -> Iterator[tuple[Notice, Where]]:
    """Of the ports that a product reads, by input ports or rules, with the place that says so; each once."""
    from meshwright.spec.graph import reads_of

    seen: set[str] = set()
    own = {port.key for port in product.ports}
    for key, where in reads_of(product):
        if key in seen or key in own or key not in mesh.ports:
            continue
        seen.add(key)
        if notice := notice_of(key, mesh.ports[key].contract):
            yield notice, where


def notices(root: Path, ports: Iterable[str]) -> list[Notice]:
    """Of those of ``ports`` that have one; only their own contracts are read, and only as far as they can be."""
    return [notice for port in ports for notice in _read(root, port, f"*/{port.partition('.')[2]}{SUFFIX}")]


def retired(root: Path, ports: Iterable[str]) -> list[Notice]:
    """Of those of ``ports`` that are no more."""
    return [n for port in ports for n in _read(root, port, f"*/{RETIRED}/{port.partition('.')[2]}{SUFFIX}")]


def _read(root: Path, port: str, pattern: str) -> Iterator[Notice]:
    domain = port.partition(".")[0]
    for file in sorted((root / "domains" / domain).glob(pattern)):
        # Most ports live, and are not worth more than a look at their text.
        if any(word in file.read_bytes().lower() for word in (b"deprecated", b"retired")):
            with contextlib.suppress(SpecError):
                if notice := notice_of(port, load_contract(file)):
                    yield notice
