"""Expectations of Great Expectations, as a quality item of ODCS writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meshwright.errors import SpecError
from meshwright.spec.yaml_reader import parse_yaml

BESIDE = frozenset({"meta", "notes", "severity"})
"""Keys of an implementation that are no arguments."""


def is_engine(name: str | None) -> bool:
    """Whether an ``engine`` is Great Expectations, however it is spelled."""
    return re.sub(r"[^a-z]", "", (name or "").lower()) == "greatexpectations"


def read(implementation: object) -> tuple[str, dict[str, Any]]:
    """Type and arguments in Great Expectations' own spelling, from a mapping or its text in YAML or JSON.

    ValueError, in words that complete "cannot be checked", where it is none.
    """
    rest = dict(mapping_of(implementation))
    types = [rest.pop(key, None) for key in ("type", "expectation_type", "expectationType")]
    type_ = next((str(t) for t in types if t), "")
    if not type_:
        raise ValueError("the implementation names no type of expectation")
    kwargs = rest.get("kwargs", {k: v for k, v in rest.items() if k not in BESIDE})
    if not isinstance(kwargs, Mapping):
        raise ValueError("the kwargs of the implementation are no mapping")
    return _snake(type_), {_argument(str(key)): value for key, value in kwargs.items()}


def mapping_of(implementation: object) -> Mapping[Any, Any]:
    """An implementation as it is written, also in a text; ValueError where it is no mapping."""
    found = _parsed(implementation) if isinstance(implementation, str) else implementation
    if not isinstance(found, Mapping):
        raise ValueError("the implementation is no mapping with a type and kwargs")
    return found


def _parsed(text: str) -> object:
    try:
        return parse_yaml(text.encode("utf-8", "replace"), Path("implementation"))[0].plain()
    except SpecError as error:
        raise ValueError(f"the implementation cannot be read as YAML: {error.faults[0].reason}") from None


def _argument(name: str) -> str:
    """``minValue`` as ODCS's examples write it, ``min_value`` as Great Expectations does; ``column_A`` stays."""
    if name in ("columnA", "columnB"):
        return f"column_{name[-1]}"
    return name if "_" in name else _snake(name)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
