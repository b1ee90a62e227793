"""What a change of a contract or a product asks of impact: which columns of which ports it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from meshwright.check.github import seen_from
from meshwright.check.impact.cells import within
from meshwright.check.impact.model import Hit, Target
from meshwright.check.impact.walk import hits
from meshwright.check.impact.world import before
from meshwright.check.subject import Subject
from meshwright.spec.compatibility import Change, ProductJudgement, Verdict, compare_product
from meshwright.spec.compatibility.columns import matched
from meshwright.spec.compatibility.product import PORT_REMOVED
from meshwright.spec.model import Column, Contract, Product, Where

_ENDS = frozenset({"output-port-removed", "output-port-renamed", "port-renamed", "retired", "product-retired"})
_DOES = {
    "rows": "has other rows by {}", "names": "names {}", "may use": "may use all of {}", "filters": "filters by {}",
    "joins": "joins by {}", "groups": "groups by {}", "sorts": "sorts by {}",
}  # fmt: skip


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

    @property
    def is_end(self) -> bool:
        """Whether the port is gone, and not only changed."""
        return self.change.rule in _ENDS

    def listed(self) -> str:
        """Whom it hits, in words: those who read it themselves, then those behind them."""
        direct = [_words(hit) for hit in self.hits if hit.direct]
        behind = [_words(hit) for hit in self.hits if not hit.direct]
        return ". Behind them: ".join("; ".join(told) for told in (direct, behind) if told)

    def as_json(self, root: Path) -> dict[str, Any]:
        """For ``--format json``; files as seen from the mesh's folder ``root``."""
        return {
            "change": {**self.change.as_json(), "file": seen_from(root, self.change.where.file)},
            "port": self.target.port,
            "column": self.target.column,
            "used": self.used,
            "hits": [hit.as_json(root) for hit in self.hits],
        }


def _words(hit: Hit) -> str:
    """``insight/weekly (Insight), which reads it in weekly_sales at models/…:3``."""
    what = hit.port if hit.column is None else f"{hit.port}.{hit.column}"
    it = "it" if hit.direct else what
    does = " and ".join(", ".join(hit.how).rsplit(", ", 1))
    why = f" ({hit.reason})" if hit.reason else ""
    return f"{hit.consumer.called}: {_DOES.get(does, f'{does} {{}}').format(it)} at {hit.place}{why}"


def impacts(subject: Subject) -> tuple[Impact, ...]:
    """Every breaking change of the selected and the removed products, and whom it hits.

    Nothing of the consumers is read where nothing breaks. Products that the change removes read nothing any more.
    """
    asked: list[tuple[Change, Target]] = []
    for key in (*subject.selected, *subject.removed):
        old, new = subject.earlier(key), _as_it_is(subject, key)
        if old is not None and new is not None:
            asked += targets(compare_product(old, new, date.today()), old, new)
        elif old is not None and key in subject.removed:
            asked += _gone(old, subject)
    if not asked:
        return ()
    found = hits(before(subject, _owners(subject, asked)), [target for _, target in asked])
    there = {t: tuple(hit for hit in told if hit.consumer.name not in subject.removed) for t, told in found.items()}
    return tuple(Impact(_at_home(change, subject), target, there[target]) for change, target in asked)


def _owners(subject: Subject, asked: Iterable[tuple[Change, Target]]) -> set[str]:
    """The products that publish what is asked about, now and in the base."""
    owners = {target.owner for _, target in asked}
    pairs = [{move.came_from, move.to} for move in subject.moves]
    return owners.union(*(pair for pair in pairs if not owners.isdisjoint(pair)))


def _at_home(change: Change, subject: Subject) -> Change:
    """What is gone was written in the base, and is told of at the file that it is gone from."""
    if subject.prior is None or not change.where.file.is_relative_to(subject.prior.mesh.root):
        return change
    file = subject.root / change.where.file.relative_to(subject.prior.mesh.root)
    return replace(change, where=Where(file, 1, 1, change.where.key))


def _as_it_is(subject: Subject, key: str) -> Product | None:
    """A product that is sound by itself; None where it cannot be read, which is for the stage spec to say."""
    return next((product for product in subject.readable if product.key == key), None)


def _gone(old: Product, subject: Subject) -> Iterator[tuple[Change, Target]]:
    """All ports of a product that is there no more."""
    where = replace(old.where, file=subject.root / "domains" / old.key / "product.yaml")
    for port in old.ports:
        reason = f"output port {port.key} is gone together with {old.key}"
        yield PORT_REMOVED.at(f"outputPorts.{port.name}", where, reason), Target(port.key, None, old.key)


def targets(judged: ProductJudgement, old: Product, new: Product | None) -> Iterator[tuple[Change, Target]]:
    """Every breaking change with each of what it is about: columns of the old contracts."""
    before = {port.name: port for port in old.ports}
    after = {port.name: port for port in new.ports} if new else {}
    for change in judged.changes:
        if change.verdict is Verdict.MAJOR:
            yield from ((change, Target(f"{old.domain}.{name}", None, old.key)) for name in _ports(change, before))
    for name, judgement in judged.ports.items():
        for change in judgement.breaking:
            for column in columns_of(change, before[name].contract, after[name].contract):
                yield change, Target(before[name].key, column, old.key)


def _fields(old: Column, new: Column, way: Sequence[str]) -> list[str]:
    """The fields on the way of a change, as the old contract names them; what is in a list or a map is all of it."""
    if way[:1] != ["fields"] or not old.type.startswith("struct"):
        return []
    name, *on = way[1:]
    found = matched(old.members, new.members)
    if not on and name in [column.name for column in found.gone]:
        return [name]
    return next(([o.name, *_fields(o, n, on)] for o, n in found.pairs if n.name == name), [])


def _ports(change: Change, before: dict[str, Any]) -> Sequence[str]:
    """The ports that a change of the product itself is about: one, or all of them."""
    name = change.path.removeprefix("outputPorts.")
    return [name] if name != change.path else list(before)


def columns_of(change: Change, old: Contract, new: Contract) -> Sequence[str | None]:
    """The columns, or fields of them, as the old contract names them, that a change is about; None for the port."""
    kind, _, rest = change.path.partition(".")
    if kind == "columns":
        name, *way = rest.split(".")
        if change.rule == "column-removed" and not way and old.column(name):
            return [name]
        pairs = {n.name: (o, n) for o, n in matched(old.columns, new.columns).pairs}
        return [within(pairs[name][0].name, _fields(*pairs[name], way)) if name in pairs else name]
    if kind == "primaryKey" and old.primary_key:
        return old.primary_key
    if kind == "relationships":
        found = [r for r in old.references if rest in (r.id, "_".join(r.columns))]
        return found[0].columns if found else [None]
    return [None]
