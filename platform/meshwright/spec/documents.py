"""What the loading of domains, products and contracts has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from meshwright.errors import Fault, SpecError
from meshwright.spec.model import Where
from meshwright.spec.node import At, Steps, dotted
from meshwright.spec.schema import Problem, Schema
from meshwright.spec.words import edit, listed, nearest, shown
from meshwright.spec.yaml_reader import read_yaml

Report = Callable[[Fault], None]


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read and judged by its standard. ``version`` is the standard's."""

    root: At
    version: str


def checked(
    file: Path, kind: str, versions: Sequence[str], schema_of: Callable[[str], Schema], report: Report
) -> Document | None:
    """``file`` judged by the schema of the version it names; None where it cannot be read or names none."""
    try:
        node, faults = read_yaml(file)
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
    for problem in _readable(schema_of(version).problems(node), root):
        where = Where(file, problem.line, problem.column, dotted(problem.steps))
        report(where.fault(problem.reason, suggestion=problem.suggestion))
    return Document(root, version)


def _missing(root: At, key: str, example: str) -> Fault:
    return replace(root.fault(f"missing key {key!r}"), key=key, suggestion=f"{key}: {example}")


def _readable(problems: Iterable[Problem], root: At) -> list[Problem]:
    """Without a logical type ODCS judges its options by every type at once: say that once."""
    found: dict[Steps, Problem] = {}
    kept = []
    for problem in problems:
        if "logicalTypeOptions" not in problem.steps:
            kept.append(problem)
            continue
        steps = problem.steps[: problem.steps.index("logicalTypeOptions")]
        node = root.node
        for step in steps:
            value = node.value
            node = value[step] if isinstance(value, dict) and isinstance(step, str) else value[step]  # type: ignore[index, call-overload]
        if isinstance(node.value, dict) and "logicalType" not in node.value:
            options = node.value["logicalTypeOptions"]
            place = (*steps, "logicalTypeOptions")
            found[place] = Problem(
                "logicalTypeOptions need a logicalType beside them", options.line, options.column, place
            )
        else:
            kept.append(problem)
    return sorted([*kept, *found.values()], key=lambda p: (p.line, p.column))


def raise_all(faults: Iterable[Fault]) -> None:
    """SpecError with every fault once, in the order of files and lines; nothing where there are none."""
    unique = dict.fromkeys(faults)
    if unique:
        ordered = sorted(unique, key=lambda f: (str(f.file or ""), f.line or 0, f.column or 0))
        raise SpecError(*(_finished(fault) for fault in ordered))


def _finished(fault: Fault) -> Fault:
    """With the file as seen from here, and with the command that opens it."""
    if fault.file is None:
        return fault
    command = fault.command or (edit(fault.file, fault.line) if fault.file.is_file() else None)
    return replace(fault, file=shown(fault.file), command=command)
