"""Policies from files: those of the pack, changed and added to by those of the mesh."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from meshwright.check.model import Severity
from meshwright.check.policy.fields import VARIABLES, Target, Values, fields_of, usual
from meshwright.errors import Fault, SpecError
from meshwright.spec.documents import Report, checked, in_file_order
from meshwright.spec.model import Where
from meshwright.spec.node import At
from meshwright.spec.schema import Schema
from meshwright.spec.words import listed, nearest

PACK = Path(__file__).parent / "pack"
FOLDER = "policies"
BUILT_IN = "built in"
_WHOLE = ("severity", "for", "condition", "message", "remedy", "examples")
"""What a policy of one's own has to say."""


@dataclass(frozen=True, slots=True)
class Example:
    """Values by variable, whole, and whether the condition must hold for them."""

    values: Values
    passes: bool
    where: Where


@dataclass(frozen=True)
class Policy:
    """One rule. ``condition`` is CEL; ``place`` is where it is written. ``source`` is a file or ``built in``."""

    id: str
    severity: Severity
    target: Target
    condition: str
    place: At
    message: str
    remedy: str
    where: Where
    source: str
    description: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Policies:
    """All policies of a mesh by id, those that are switched off too, and what is wrong with their files."""

    by_id: Mapping[str, Policy]
    faults: tuple[Fault, ...] = ()


def policies_of(root: Path) -> Policies:
    """The policies of the mesh in ``root``; one with a fault is left out, and the fault told."""
    faults: list[Fault] = []
    found = dict(pack())
    seen: dict[str, At] = {}
    for file in _files(root / FOLDER, faults.append):
        for item, is_sound in _rules(file, faults.append):
            name = item.string("id")
            if name is None:
                continue
            if not is_sound:
                found.pop(name, None)
            elif name in seen:
                first = seen[name].where
                faults.append(item.at("id").fault(f"policy {name!r} stands in {first.file.name}:{first.line} too"))
            else:
                seen[name] = item
                mine: list[Fault] = []
                made = _policy(item, found.pop(name, None), str(file.relative_to(root)), mine.append)
                faults += mine
                found |= {name: made} if made and not mine else {}
    return Policies(dict(sorted(found.items())), in_file_order(faults))


@cache
def pack() -> Mapping[str, Policy]:
    """The policies that every mesh begins with."""
    faults: list[Fault] = []
    found = {}
    for file in _files(PACK, faults.append):
        for item, _ in _rules(file, faults.append):
            policy = _policy(item, None, BUILT_IN, faults.append)
            if policy is not None:
                found[policy.id] = policy
    if faults:
        raise SpecError(*faults)
    return found


@cache
def schema(version: str = "meshwright/v1") -> Schema:
    """The published schema of files in ``policies/``."""
    del version
    document = json.loads((Path(__file__).parent / "policies.schema.json").read_text(encoding="utf-8"))
    document["$defs"]["rule"]["properties"]["id"]["x-reason"] = "must be lower-case letters, digits and single '_'"
    return Schema(document)


def _files(folder: Path, report: Report) -> list[Path]:
    if not folder.is_dir():
        return []
    for file in folder.glob("*.yml"):
        report(Fault(f"rename {file.name!r} to {file.stem}.yaml", file, suggestion=f"{file.stem}.yaml"))
    return sorted(file for file in folder.glob("*.yaml") if not file.name.startswith("."))


def _rules(file: Path, report: Report) -> Iterator[tuple[At, bool]]:
    """The rules of a file, and whether the schema has nothing against each."""
    faults: list[Fault] = []
    document = checked(file, "Policies", ("meshwright/v1",), schema, faults.append)
    for fault in faults:
        report(fault)
    for item in document.root.items("rules") if document is not None else ():
        key = item.where.key
        yield item, not any(f"{fault.key}.".startswith((f"{key}.", f"{key}[")) for fault in faults)


def _policy(item: At, known: Policy | None, source: str, report: Report) -> Policy | None:
    """The policy that is written at ``item``: what it does not say is as in ``known``."""
    missing = [key for key in _WHOLE if item.get(key) is None]
    if known is None and missing and not (item.get("enabled") and len(missing) == len(_WHOLE)):
        report(item.fault(f"policy {item.string('id')!r} says nothing of {listed(missing)}"))
        return None
    if known is None and missing:
        near = nearest(item.string("id") or "", pack())
        report(item.at("id").fault("there is no built-in policy of that id to change", suggestion=near))
        return None
    made = _made(item, known, source)
    if known is not None:
        _same_params(item, known, report)
        if made.condition != known.condition and item.get("examples") is None:
            report(item.at("condition").fault("another condition needs examples of its own"))
    elif {example.passes for example in _examples(item, made, lambda _: None)} != {True, False}:
        report(item.at("examples").fault("examples need at least one under `pass` and one under `fail`"))
    return replace(made, examples=tuple(_examples(item, made, report)))


def _made(item: At, known: Policy | None, source: str) -> Policy:
    def text(key: str, before: str) -> str:
        return item.string(key) or before

    condition = item.get("condition")
    enabled = item.get("enabled")
    return Policy(
        id=item.string("id") or "",
        severity=cast("Severity", text("severity", known.severity if known else "error")),
        target=cast("Target", text("for", known.target if known else "product")),
        condition=text("condition", known.condition if known else ""),
        place=condition or (known.place if known else item),
        message=text("message", known.message if known else ""),
        remedy=text("remedy", known.remedy if known else ""),
        where=item.at("id").where,
        source=source,
        description=text("description", known.description if known else ""),
        params={**(known.params if known else {}), **(item.plain("params") or {})},
        enabled=enabled is None or enabled.node.value is not False,
    )


def _same_params(item: At, known: Policy, report: Report) -> None:
    written = item.get("params")
    for key, value in (item.plain("params") or {}).items():
        place = written.at(key) if written else item
        if item.get("condition") is not None:
            continue
        if key not in known.params:
            report(place.fault(f"{known.id} has no parameter {key!r}: {listed(known.params)}",
                               suggestion=nearest(key, known.params)))  # fmt: skip
        elif not _alike(value, known.params[key]):
            report(place.fault(f"expected a value like {known.params[key]!r}, got {value!r}"))


def _alike(value: object, other: object) -> bool:
    numbers = isinstance(value, int | float) and isinstance(other, int | float)
    return (numbers and isinstance(value, bool) == isinstance(other, bool)) or type(value) is type(other)


def _examples(item: At, policy: Policy, report: Report) -> Iterator[Example]:
    written = item.get("examples")
    for key, passes in (("pass", True), ("fail", False)):
        for example in written.items(key) if written else ():
            values = {name: usual(name, policy.target) for name in VARIABLES[policy.target]}
            _overlay(example, values, policy.target, report)
            yield Example(values, passes, example.where)


def _overlay(example: At, values: Values, target: Target, report: Report) -> None:
    """Put what an example says over usual values; what there is no field for is reported."""
    for name, at in _members(example):
        if name not in values:
            report(at.fault(f"a policy for {target}s sees no {name!r}: {listed(values)}",
                            suggestion=nearest(name, values)))  # fmt: skip
            continue
        values[name] = _thing(at, name, values[name], target, report)


def _thing(at: At, thing: str, before: Values, target: Target, report: Report) -> Values:
    known = fields_of(thing, target)
    found = dict(before)
    if not isinstance(at.node.value, dict):
        report(at.fault(f"expected fields of a {thing}"))
    for key, value in _members(at):
        if key not in known:
            report(value.fault(f"a {thing} has no field {key!r}: {listed(known)}", suggestion=nearest(key, known)))
            continue
        inner = known[key].of
        found[key] = value.node.plain()
        if inner and isinstance(value.node.value, list):
            members = list(at.items(key))
            found[key] = [_thing(member, inner, usual(inner, target), target, report) for member in members]
    return found


def _members(at: At) -> Iterable[tuple[str, At]]:
    keys = at.node.value if isinstance(at.node.value, dict) else {}
    return [(key, inner) for key in keys if (inner := at.get(key)) is not None]
