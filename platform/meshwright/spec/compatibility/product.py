"""A product as a whole: which ports it offers, and what becomes of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from meshwright.spec.compatibility import lifecycle, version
from meshwright.spec.compatibility.compare import compare
from meshwright.spec.compatibility.model import Change, Judgement, Verdict, VersionJudgement, highest, ordered
from meshwright.spec.compatibility.rules import Family, Rule, turned
from meshwright.spec.compatibility.verify import Published
from meshwright.spec.model import Port, Product

PORT_ADDED = Rule(
    "output-port-added",
    "output port added",
    Verdict.MINOR,
    "nobody reads it yet; it must be built and pass",
    verified=True,
)
PORT_REMOVED = Rule("output-port-removed", "output port removed", Verdict.MAJOR, "a query that names it fails")
PORT_RENAMED = Rule(
    "output-port-renamed",
    "output port renamed (same contract `id`)",
    Verdict.MAJOR,
    "a query that names the old one fails",
)
ID = Rule("product-id-changed", "product `id` changed", Verdict.MAJOR, "who refers to the old one finds nothing")
RETIRED = Rule(
    "product-retired", "product's status to retired", Verdict.MAJOR, "none of its ports is served any longer"
)
INPUTS = Rule("inputs-changed", "input ports changed", Verdict.PATCH, "where the rows come from is not promised")
DESCRIBED = Rule(
    "product-described",
    "product's status otherwise, description, tags or customProperties",
    Verdict.PATCH,
    "the data are the same",
)
FAMILY = Family(
    "Products",
    "Each port is judged by its contract. A breaking change passes only as a new output port beside the old one, with "
    "the old one deprecated; the removal of a port passes once all of its end dates are reached. In `mesh check` a "
    "port that another product of its domain publishes, under a contract of the same `id`, has not gone, and "
    "an end date is held against the day of the check.",
    (PORT_ADDED, PORT_REMOVED, PORT_RENAMED, lifecycle.PAST, ID, RETIRED, INPUTS, DESCRIBED),
)


@dataclass(frozen=True, slots=True)
class ProductJudgement:
    """``changes`` are those of the product itself, ``ports`` the judgements of the ports on both sides, by name.

    ``version`` is told for the changes of the product itself; whether to insist on it is up to the caller.
    ``ended`` are the removed ports whose time was up.
    """

    changes: tuple[Change, ...]
    ports: Mapping[str, Judgement]
    version: VersionJudgement
    ended: frozenset[str] = frozenset()

    @property
    def verdict(self) -> Verdict:
        """The highest of all."""
        return highest([*(c.verdict for c in self.changes), *(j.verdict for j in self.ports.values())])

    @property
    def breaking(self) -> tuple[Change, ...]:
        """Every change that may not pass as it is."""
        own = [
            c
            for c in self.changes
            if c.verdict is Verdict.MAJOR and c.path.removeprefix("outputPorts.") not in self.ended
        ]
        return (*own, *(change for judged in self.ports.values() for change in judged.breaking))

    @property
    def refused(self) -> bool:
        """Whether a change is refused, or the version of a contract does not tell of its changes."""
        return any(c.verdict is Verdict.REFUSED for c in self.changes) or any(j.refused for j in self.ports.values())

    def as_json(self) -> dict[str, Any]:
        """For ``--format json``."""
        return {
            "verdict": self.verdict.value,
            "version": self.version.as_json(),
            "changes": [change.as_json() for change in self.changes],
            "ports": {name: judged.as_json() for name, judged in self.ports.items()},
        }


def compare_product(old: Product | None, new: Product, today: date | None = None) -> ProductJudgement:
    """What becomes of those who read ``old`` when ``new`` takes its place; everything is new where there is no old one.

    ``today`` says whose end dates are reached; without it no removal of a port passes.
    """
    before = {port.name: port for port in old.ports} if old else {}
    after = {port.name: port for port in new.ports}
    changes = list(_changes(old, before, new, after))
    steps = list(version.changed(old.version, new.version, new.where)) if old else []
    judged = version.judge(
        old.version if old else new.version,
        new.version,
        highest(c.verdict for c in changes) if old else Verdict.NONE,
        steps[0].reason if steps else None,
    )
    ports = {name: compare(before[name].contract, port.contract) for name, port in after.items() if name in before}
    gone = before.keys() - after.keys()
    ended = {name for name in gone if today and lifecycle.ended(before[name].contract, today)}
    return ProductJudgement(ordered(changes), ports, judged, frozenset(ended))


def _changes(
    old: Product | None, before: Mapping[str, Port], new: Product, after: Mapping[str, Port]
) -> Iterator[Change]:
    ids = {port.contract.id: port for name, port in after.items() if name not in before}
    for name, port in before.items():
        twin = ids.get(port.contract.id)
        if name not in after and twin:
            reason = f"output port {port.key} is now called {twin.key}: their contract is {port.contract.id!r}"
            yield PORT_RENAMED.at(f"outputPorts.{name}", twin.where, reason)
        elif name not in after:
            yield PORT_REMOVED.at(f"outputPorts.{name}", new.where, f"output port {port.key} is gone; {way_out(name)}")
    for name, port in after.items():
        if name not in before:
            yield PORT_ADDED.at(
                f"outputPorts.{name}", port.where, f"output port {port.key} is new", Published(port.key)
            )
    if old:
        yield from _about(old, new)


def _about(old: Product, new: Product) -> Iterator[Change]:
    if old.id != new.id:
        yield ID.at("id", new.where, turned("the product's id", old.id, new.id))
    if old.status != new.status:
        rule = RETIRED if new.status.strip().lower() == "retired" else DESCRIBED
        yield rule.at("status", new.where, turned("the product's status", old.status, new.status))
    reads = [{(i.port, i.mapping.value) for i in product.inputs} for product in (old, new)]
    if reads[0] != reads[1]:
        ports = [sorted(port for port, _ in read) for read in reads]
        yield INPUTS.at("inputPorts", new.where, turned("what it reads", *ports))
    for key in ("description", "tags", "custom"):
        if getattr(old, key) != getattr(new, key):
            yield DESCRIBED.at(key, new.where, turned(f"the product's {key}", getattr(old, key), getattr(new, key)))


def successor(port: str) -> str:
    """The name of the port that comes beside it: ``orders_v2`` after ``orders``, ``orders_v3`` after that."""
    found = re.fullmatch(r"(.+)_v(\d{1,6})", port)
    return f"{found[1]}_v{int(found[2]) + 1}" if found else f"{port}_v2"


def way_out(port: str) -> str:
    """How a breaking change of ``port`` may pass."""
    new = successor(port)
    return f"publish a new output port {new} beside {port}, and mark {port} deprecated with an end date"
