"""``workspace.yaml``: one code location a domain."""

from __future__ import annotations

from pathlib import Path

import yaml

from meshwright.errors import Fault, InputError

FILE = "workspace.yaml"
_HEADER = "# One code location a domain. `mesh up` and `dagster dev -w workspace.yaml` start them all.\nload_from:\n"


def location(domain: str) -> str:
    """The line that starts the code location of a domain."""
    where = f"module_name: meshwright.orchestration.locations, attribute: {domain}, location_name: {domain}"
    return f"  - python_module: {{{where}}}\n"


def with_domain(root: Path, domain: str) -> bytes:
    """The file with a code location for ``domain``; all else as it stands.

    InputError where it cannot be read, or does not end with the list of code locations.
    """
    file = root / FILE
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else _HEADER
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Fault(f"cannot be read: {error}", file)) from error
    ended = text if text.endswith("\n") or not text else text + "\n"
    extended = f"{ended}{location(domain)}"
    before, after = _locations(file, ended), _locations(file, extended)
    if len(after) != len(before) + 1:
        raise InputError(Fault("does not end with its list `load_from`, so that no line can be added", file))
    return extended.encode()


def _locations(file: Path, text: str) -> list[object]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        raise InputError(Fault("is no valid YAML", file, place.line + 1 if place else None)) from error
    locations = (found or {}).get("load_from") if isinstance(found, dict) else None
    return list(locations or [])
