"""``workspace.yaml``: in which Dagster finds the domains, a code location each."""

from __future__ import annotations

from pathlib import Path

from meshwright.errors import Fault, SpecError
from meshwright.spec.documents import in_file_order, raise_all
from meshwright.spec.index import WORKSPACE
from meshwright.spec.node import At
from meshwright.spec.yaml_reader import parse_yaml, read_yaml

LIST = "load_from"


def code_locations(root: Path) -> frozenset[str]:
    """The domains that ``workspace.yaml`` names; none where there is no such file. SpecError where it says nothing."""
    file = root / WORKSPACE
    if not (file.exists() or file.is_symlink()):
        return frozenset()
    return frozenset(name for entry in entries(file) for name in _attributes(entry))


def entries(file: Path, content: bytes | None = None) -> tuple[At, ...]:
    """What stands in the list of code locations of ``file``, or of ``content`` in its place.

    SpecError, with all that is wrong, where it cannot be read as YAML or holds no such list.
    """
    try:
        node, faults = read_yaml(file) if content is None else parse_yaml(content, file)
    except SpecError as error:
        raise SpecError(*in_file_order(error.faults)) from error
    found = At(file, node).get(LIST)
    if found is None:
        faults.append(Fault(f"has no list {LIST!r} of code locations", file, 1, key=LIST))
    elif found.node.value is not None and not isinstance(found.node.value, list):
        faults.append(found.fault("is no list of code locations"))
    members = tuple(At(file, node).items(LIST))
    faults += [entry.fault("is no code location") for entry in members if not isinstance(entry.node.value, dict)]
    raise_all(faults)
    return members


def place_of_list(file: Path, content: bytes) -> int | None:
    """The line on which the list of code locations begins."""
    node, _ = parse_yaml(content, file)
    return node.keys.get(LIST, (None, None))[0]


def _attributes(entry: At) -> list[str]:
    kinds = entry.node.value if isinstance(entry.node.value, dict) else {}
    return [name for kind in kinds if (inner := entry.get(kind)) and (name := inner.string("attribute"))]
