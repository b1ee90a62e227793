"""Two contracts of one port, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.spec.compatibility import (
    acceptance,
    access,
    columns,
    descriptive,
    keys,
    lifecycle,
    pairing,
    quality,
    references,
    service_levels,
    types,
    version,
)
from meshwright.spec.compatibility.columns import Pair, matched, nested, top
from meshwright.spec.compatibility.model import Change, Judgement, Verdict, highest, ordered
from meshwright.spec.compatibility.rules import Family
from meshwright.spec.model import Contract

FAMILIES: tuple[Family, ...] = (
    columns.FAMILY,
    types.FAMILY,
    keys.FAMILY,
    acceptance.FAMILY,
    quality.FAMILY,
    service_levels.FAMILY,
    access.FAMILY,
    lifecycle.FAMILY,
    descriptive.FAMILY,
    version.FAMILY,
)
"""All rules about a contract, in the order of the page."""


def compare(old: Contract, new: Contract) -> Judgement:
    """What becomes of those who rely on ``old`` when ``new`` takes its place.

    Both are read alike, from a mesh or alone: only a mesh resolves the element ids in references to names.
    """
    changes = list(_changes(old, new))
    steps = list(version.changed(old.version, new.version, new.at("version")))
    verdict = highest(c.verdict for c in changes if c.verdict is not Verdict.REFUSED)
    judged = version.judge(old.version, new.version, verdict, steps[0].reason if steps else None)
    return Judgement(ordered([*changes, *steps]), judged)


def _changes(old: Contract, new: Contract) -> Iterator[Change]:
    pairs = [top(o, n) for o, n in matched(old.columns, new.columns).pairs]
    names = {pair.old.name: pair.new.name for pair in pairs}
    yield from lifecycle.identified(old, new)
    yield from lifecycle.status(old, new)
    yield from lifecycle.ends(old, new)
    yield from columns.came_and_went(old.columns, new.columns, new.at("schema"))
    yield from keys.primary(old, new, names)
    for pair in pairs:
        yield from _of_column(pair, old, new)
    items = pairing.sorted_out(old.quality, new.quality, of_column=False)
    yield from quality.judged(items, "", None, new.at("schema"))
    yield from descriptive.of_items(items, "")
    yield from references.judged(old.references, new.references, names, new.at("schema"))
    yield from service_levels.judged(old, new)
    yield from access.roles(old.roles, new.roles, new)
    yield from access.servers(old.servers, new.servers, new)
    yield from descriptive.of_contract(old, new, names)


def _of_column(pair: Pair, old: Contract, new: Contract) -> Iterator[Change]:
    """One column and all that is nested in it."""
    for rule in (
        columns.renamed,
        types.typed,
        columns.nullable,
        types.united,
        types.formatted,
        types.zoned,
        access.classified,
    ):
        yield from rule(pair)
    yield from keys.unique(pair, old, new)
    items = pairing.sorted_out(pair.old.quality, pair.new.quality, of_column=True)
    yield from acceptance.judged(pair, items.strict)
    yield from quality.judged(items, pair.path, pair.name, pair.new.where)
    yield from descriptive.of_items(items, pair.path)
    yield from descriptive.of_column(pair, items)
    yield from columns.fields(pair)
    for inner in nested(pair):
        yield from _of_column(inner, old, new)
