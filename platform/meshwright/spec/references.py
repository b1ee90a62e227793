"""ODCS relationships: from YAML to :class:`Reference`.

Written as ``<domain>.<port>.<column>``, as ``<port>.<column>`` within the domain, or in ODCS's fully
qualified notation, ``<file>#/schema/<port>/properties/<column>``, file and leading slash optional. The last
one names elements by id; a name will do.
"""

from __future__ import annotations

import math
import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from meshwright.errors import Fault
from meshwright.spec.model import Reference, Severity
from meshwright.spec.node import At
from meshwright.spec.quality import severity

Report = Callable[[Fault], None]
_SUFFIX = ".contract.yaml"


@dataclass(frozen=True, slots=True)
class Home:
    """Where a contract stands: names are resolved from here. ``domain`` and ``port`` are its own, ``id`` is
    that of its schema object.
    """

    domain: str
    port: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    port: str
    column: str


def of_property(owner: At, column: str, home: Home, report: Report) -> list[Reference]:
    """The ``relationships`` of one column."""
    found = []
    for item in owner.items("relationships"):
        targets = _targets(item, "to", home, report)
        if len(targets) > 1:
            report(item.at("to").fault("a column refers to one column; write a composite key under the table"))
        elif targets and (reference := _reference(item, (column,), targets, report)):
            found.append(reference)
    return found


def of_table(owner: At, home: Home, report: Report) -> list[Reference]:
    """The ``relationships`` of the schema object, with ``from`` and ``to``."""
    found = []
    for item in owner.items("relationships"):
        sources, targets = _targets(item, "from", home, report), _targets(item, "to", home, report)
        if not sources or not targets:
            continue
        own = f"{home.domain}.{home.port}"
        if foreign := [s for s in sources if s.port != own]:
            reason = f"`from` names columns of this port, {own}, not of {foreign[0].port}"
            report(item.at("from").fault(reason, suggestion=f"{home.port}.{foreign[0].column}"))
        elif len(sources) != len(targets):
            report(item.at("to").fault(f"{len(sources)} columns cannot refer to {len(targets)}"))
        elif reference := _reference(item, tuple(s.column for s in sources), targets, report):
            found.append(reference)
    return found


def _reference(item: At, columns: tuple[str, ...], targets: list[_Target], report: Report) -> Reference | None:
    ports = sorted({t.port for t in targets})
    if len(ports) > 1:
        report(item.at("to").fault(f"one reference leads to one port, not to {' and '.join(ports)}"))
        return None
    custom = item.custom()
    texts = {name: at.node.value for name, at in custom.items() if isinstance(at.node.value, str)}
    return Reference(
        columns=columns,
        port=ports[0],
        to_columns=tuple(t.column for t in targets),
        where=item.at("to").where,
        id=item.string("id") or texts.get("id"),
        severity=_severity(custom.get("severity"), report),
        tolerance=_tolerance(custom.get("maxOrphansPercent"), report),
        description=texts.get("description"),
    )


def _severity(at: At | None, report: Report) -> Severity:
    value = at.node.value if at else None
    if at and not isinstance(value, str):
        report(at.fault("severity is a word: error or warning", suggestion="warning"))
    return severity(value if isinstance(value, str) else None)


def _tolerance(at: At | None, report: Report) -> float:
    if at is None:
        return 0.0
    value = at.node.value
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 100 or math.isnan(value):
        report(at.fault(f"maxOrphansPercent is a number from 0 to 100, got {at.node.text[:40] or 'a collection'}"))
        return 0.0
    return float(value)


def _targets(item: At, key: str, home: Home, report: Report) -> list[_Target]:
    found = []
    for at in (*item.items(key), *filter(None, [item.get(key)])):
        text = at.node.value
        if not isinstance(text, str):
            continue
        target = _qualified(text, home) if "/" in text or "#" in text else _shorthand(text, home)
        if target is None:
            # What is neither is refused by the standard's schema.
            if "." in text or "/" in text:
                report(at.fault(f"{text[:80]!r} leads to no column: write <domain>.<port>.<column>"))
            return []
        found.append(target)
    return found


def _shorthand(text: str, home: Home) -> _Target | None:
    parts = text.split(".")
    if len(parts) == 2:
        return _Target(f"{home.domain}.{parts[0]}", parts[1])
    return _Target(f"{parts[0]}.{parts[1]}", parts[2]) if len(parts) == 3 else None


def _qualified(text: str, home: Home) -> _Target | None:
    file, _, path = text.rpartition("#")
    steps = path.strip("/").split("/")
    if len(steps) != 4 or steps[0] != "schema" or steps[2] != "properties":
        return None
    if not file:
        own = steps[1] in (home.port, home.id)
        return _Target(f"{home.domain}.{home.port if own else steps[1]}", steps[3])
    folders = posixpath.normpath(posixpath.join(f"{home.domain}/product", file)).split("/")
    if not file.endswith(_SUFFIX) or "://" in file or len(folders) < 3 or folders[-3] == "..":
        return None
    return _Target(f"{folders[-3]}.{folders[-1].removesuffix(_SUFFIX)}", steps[3])
