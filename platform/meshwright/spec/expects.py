"""What consumers expect of ports of others: ``domains/<domain>/<product>/expects/<domain>.<port>.contract.yaml``.

An expectation is an ODCS contract of the port that holds only what the product relies on. It is judged by the checks of
both sides, and by nothing else: no build waits for one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from meshwright.errors import Fault
from meshwright.spec.contract import SUFFIX, port_of, read_contract
from meshwright.spec.index import Index
from meshwright.spec.model import Column, Contract, Port
from meshwright.spec.words import listed, nearest

EXPECTS = "expects"
Report = Callable[[Fault], None]


@dataclass(frozen=True, slots=True)
class Expected:
    """A file by its name alone: which product (``consumer``) expects something of which port (``<domain>.<port>``)."""

    consumer: str
    port: str
    file: Path

    def read(self, report: Report) -> Contract | None:
        """Its contract; what is wrong with the file goes to ``report``."""
        domain, _, port = self.port.partition(".")
        read = read_contract(self.file, domain, port, report)
        return read[1] if read else None


def expected(place: Index, consumers: Collection[str] | None = None) -> Iterator[Expected]:
    """The expectations of some products, or of all; no file is read."""
    for key, folder in place.products.items():
        if consumers is None or key in consumers:
            for file in sorted((folder.path / EXPECTS).glob(f"*{SUFFIX}")):
                yield Expected(key, port_of(file), file)


def misplaced(of: Expected, ports: Mapping[str, Port], promised: Collection[str]) -> Fault | None:
    """What is wrong with the name of an expectation: nobody publishes such a port, or its own product does."""
    domain, product = of.consumer.split("/")
    found = ports.get(of.port)
    if found is not None and (found.domain, found.product) == (domain, product):
        return Fault(f"{of.port} is a port of {of.consumer} itself: what it promises stands in its contract", of.file)
    if of.port in promised:
        return None
    near = nearest(of.port, promised)
    reason = f"no product publishes a port {of.port[:80]!r}: an expectation is called <domain>.<port>{SUFFIX}"
    return Fault(reason, of.file, suggestion=near and f"{near}{SUFFIX}")


def unknown_columns(wanted: Contract, offered: Contract) -> Iterator[tuple[Column, Fault]]:
    """The columns that an expectation names and the contract has not."""
    known = [column.name for column in offered.columns]
    for column in wanted.columns:
        if column.name not in known and not _is_renamed(column, offered):
            reason = f"{wanted.table} has no column {column.name[:80]!r}: {listed(known)}"
            yield column, column.at("name").fault(reason, suggestion=nearest(column.name, known))


def _is_renamed(column: Column, offered: Contract) -> bool:
    return column.element_id is not None and any(c.element_id == column.element_id for c in offered.columns)
