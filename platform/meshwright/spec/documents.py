"""What the loading of domains, products and contracts has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from meshwright.errors import Fault, SpecError, shown
from meshwright.spec.model import Where
from meshwright.spec.node import At, Node, Steps, dotted
from meshwright.spec.schema import Problem, Schema
from meshwright.spec.words import edit, listed, nearest
from meshwright.spec.yaml_reader import parse_yaml, read_yaml

MAX_FAULTS = 50
"""Faults of one file that are told; a file with more is another kind of file."""
Report = Callable[[Fault], None]


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read and judged by its standard. ``version`` is the standard's."""

    root: At
    version: str


def checked(
    file: Path,
    kind: str,
    versions: Sequence[str],
    schema_of: Callable[[str], Schema],
    report: Report,
    text: bytes | None = None,
) -> Document | None:
    """``file``, or ``text`` in its place, judged by the schema of the version it names.

    None where it cannot be read or names none.
    """
    try:
        node, faults = read_yaml(file) if text is None else parse_yaml(text, file)
    except SpecError as e:
        for fault in e.faults:
            report(fault)
        return None
    for fault in faults:
        report(fault)
    root = At(file, node)
    written = root.get("apiVersion")
    if written is None:
        report(_missing(root, "apiVersion", versions[-1]))
        return None
    version = written.node.value
    if not isinstance(version, str) or version not in versions:
        near = nearest(written.node.text, versions)
        report(
            written.fault(f"apiVersion {written.node.text[:40]!r} is not one of {listed(versions)}", suggestion=near)
        )
        return None
    if root.string("kind") != kind and (other := root.get("kind")):
        report(other.fault(f"this file is a {kind}, not a {other.node.text[:40]!r}", suggestion=kind))
        return None
    for problem in _readable(schema_of(version).problems(node), node):
        steps = problem.steps + (problem.missing if len(problem.missing) == 1 else ())
        where = Where(file, problem.line, problem.column, dotted(steps))
        report(where.fault(problem.reason, suggestion=problem.suggestion))
    return Document(root, version)


def _missing(root: At, key: str, example: str) -> Fault:
    return replace(root.fault(f"missing key {key!r}"), key=key, suggestion=f"{key}: {example}")


def _readable(problems: Iterable[Problem], root: Node) -> list[Problem]:
    """Without a logical type ODCS judges its options by every type at once: say that once."""
    kept: dict[Problem, None] = {}
    for problem in problems:
        options = _untyped_options(problem.steps, root)
        kept[options or problem] = None
    return list(kept)


def _untyped_options(steps: Steps, root: Node) -> Problem | None:
    if "logicalTypeOptions" not in steps:
        return None
    owner = steps[: steps.index("logicalTypeOptions")]
    place = (*owner, "logicalTypeOptions")
    column, options = root.inner(owner), root.inner(place)
    if column is None or options is None or not isinstance(column.value, dict) or "logicalType" in column.value:
        return None
    return Problem("logicalTypeOptions need a logicalType beside them", options.line, options.column, place)


def raise_all(faults: Iterable[Fault]) -> None:
    """SpecError with what :func:`in_file_order` makes of the faults; nothing where there are none."""
    if told := in_file_order(faults):
        raise SpecError(*told)


def in_file_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Every fault once, in the order of files and lines, with the command that opens its file."""
    ordered = sorted(dict.fromkeys(faults), key=lambda f: (str(f.file or ""), f.line or 0, f.column or 0))
    told = []
    for _, group in groupby(ordered, key=lambda f: f.file):
        mine = list(group)
        told += [_finished(fault) for fault in mine[:MAX_FAULTS]]
        if len(mine) > MAX_FAULTS:
            told.append(_finished(replace(mine[MAX_FAULTS], reason=f"and {len(mine) - MAX_FAULTS} faults more")))
    return tuple(told)


def _finished(fault: Fault) -> Fault:
    """With the file as seen from here, and with the command that opens it."""
    if fault.file is None:
        return fault
    command = fault.command or edit(fault.file, fault.line)
    return replace(fault, file=shown(fault.file), key=fault.key or None, command=command)
