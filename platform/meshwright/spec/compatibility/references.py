"""References to other ports, judged as quality rules are."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

from meshwright.spec.compatibility.model import Change
from meshwright.spec.compatibility.quality import ADDED, CHANGED, LOOSENED, LOWERED, RAISED, REMOVED, TIGHTENED
from meshwright.spec.compatibility.rules import turned
from meshwright.spec.compatibility.verify import Refers
from meshwright.spec.model import Reference, Where


def judged(
    old: Sequence[Reference], new: Sequence[Reference], names: Mapping[str, str], home: Where
) -> Iterator[Change]:
    """References to other ports; ``names`` are the new names of old columns, ``home`` is where the table stands."""
    olds, news = {_reference(r, names): r for r in old}, {_reference(r, {}): r for r in new}
    for key, reference in olds.items():
        if key not in news:
            yield REMOVED.at(f"relationships.{_shown(reference)}", home, f"the reference {_leads(reference)} is gone")
    for key, reference in news.items():
        path, before = f"relationships.{_shown(reference)}", olds.get(key)
        verify = Refers(reference.columns, reference.port, reference.to_columns, reference.tolerance)
        if before is None:
            yield ADDED.at(path, reference.where, f"the reference {_leads(reference)} is new", verify)
        else:
            yield from _of_references(before, reference, path, verify, names)


def _reference(reference: Reference, names: Mapping[str, str]) -> Hashable:
    return reference.id or (tuple(names.get(c, c) for c in reference.columns), reference.port, reference.to_columns)


def _shown(reference: Reference) -> str:
    return reference.id or "_".join(reference.columns)


def _leads(reference: Reference) -> str:
    return f"{', '.join(reference.columns)} → {reference.port}.{', '.join(reference.to_columns)}"


def _of_references(
    old: Reference, new: Reference, path: str, verify: Refers, names: Mapping[str, str]
) -> Iterator[Change]:
    if (tuple(names.get(c, c) for c in old.columns), old.port, old.to_columns) != (
        new.columns,
        new.port,
        new.to_columns,
    ):
        yield CHANGED.at(path, new.where, f"the reference was {_leads(old)} and is now {_leads(new)}")
    if old.severity != new.severity:
        rule = LOWERED if new.severity == "warning" else RAISED
        reason = turned(f"the severity of the reference {_leads(new)}", old.severity, new.severity)
        yield rule.at(path, new.where, reason, verify if rule.verified else None)
    if old.tolerance != new.tolerance:
        rule = LOOSENED if new.tolerance > old.tolerance else TIGHTENED
        reason = turned(f"the share of orphans allowed in {_leads(new)}", old.tolerance, new.tolerance)
        yield rule.at(path, new.where, reason, verify if rule.verified else None)
