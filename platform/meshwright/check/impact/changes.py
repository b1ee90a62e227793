"""What a change of a contract or a product asks of impact: which columns of which ports it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.check.impact.model import Hit, Target
from meshwright.spec.compatibility import Change, ProductJudgement
from meshwright.spec.compatibility.columns import matched
from meshwright.spec.model import Contract, Product


@dataclass(frozen=True, slots=True)
class Impact:
    """A change and whom it hits; ``target`` is what it is about."""

    change: Change
    target: Target
    hits: tuple[Hit, ...]

    @property
    def used(self) -> bool:
        """Whether anybody is hit; else it breaks a promise by the letter and nobody in fact."""
        return bool(self.hits)

    def as_json(self) -> dict[str, Any]:
        """For ``--format json``."""
        return {
            "change": self.change.as_json(),
            "port": self.target.port,
            "column": self.target.column,
            "used": self.used,
            "hits": [hit.as_json() for hit in self.hits],
        }


def targets(judged: ProductJudgement, old: Product, new: Product | None) -> Iterator[tuple[Change, Target]]:
    """Every breaking change with each of what it is about: columns of the old contracts."""
    before = {port.name: port for port in old.ports}
    after = {port.name: port for port in new.ports} if new else {}
    for change in judged.breaking:
        if change in judged.changes:
            yield from ((change, Target(f"{old.domain}.{name}", None, old.key)) for name in _ports(change, before))
    for name, judgement in judged.ports.items():
        for change in judgement.breaking:
            for column in columns_of(change, before[name].contract, after[name].contract):
                yield change, Target(before[name].key, column, old.key)


def _ports(change: Change, before: dict[str, Any]) -> Sequence[str]:
    """The ports that a change of the product itself is about: one, or all of them."""
    name = change.path.removeprefix("outputPorts.")
    return [name] if name != change.path else list(before)


def columns_of(change: Change, old: Contract, new: Contract) -> Sequence[str | None]:
    """The columns, as the old contract names them, that a change is about; None for the port as such."""
    kind, _, rest = change.path.partition(".")
    if kind == "columns":
        names = {n.name: o.name for o, n in matched(old.columns, new.columns).pairs}
        name = rest.partition(".")[0]
        return [name if change.rule == "column-removed" and old.column(name) else names.get(name, name)]
    if kind == "primaryKey" and old.primary_key:
        return old.primary_key
    if kind == "relationships":
        found = [r for r in old.references if rest in (r.id, "_".join(r.columns))]
        return found[0].columns if found else [None]
    return [None]
