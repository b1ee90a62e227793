"""A code location more in ``workspace.yaml``."""

from __future__ import annotations

from pathlib import Path

from meshwright.errors import Fault, InputError, MeshError
from meshwright.spec.index import WORKSPACE
from meshwright.spec.workspace import LIST, entries, place_of_list

_HEADER = b"# One code location a domain. `mesh up` and `dagster dev -w workspace.yaml` start them all.\nload_from:\n"


def location(domain: str) -> str:
    """The line that starts the code location of a domain."""
    where = f"module_name: meshwright.orchestration.locations, attribute: {domain}, location_name: {domain}"
    return f"  - python_module: {{{where}}}"


def with_domain(root: Path, domain: str) -> bytes:
    """The file with a code location for ``domain``; all else as it stands, its line ends too.

    SpecError where it cannot be read, InputError where it does not end with the list of code locations.
    """
    file = root / WORKSPACE
    there = file.exists() or file.is_symlink()
    before = len(entries(file) if there else entries(file, _HEADER))
    content = file.read_bytes() if there else _HEADER
    end = b"\r\n" if b"\r\n" in content else b"\n"
    ended = content if content.endswith(b"\n") else content + end
    extended = ended + location(domain).encode() + end
    try:
        after = len(entries(file, extended))
    except MeshError:
        after = before
    if after != before + 1:
        reason = f"does not end with its list {LIST!r}, one line for each, so that no line can be added"
        raise InputError(
            Fault(reason, file, place_of_list(file, content), key=LIST, suggestion=location(domain).strip())
        )
    return extended
