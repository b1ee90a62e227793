"""What domains, products, ports and columns may be called."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from meshwright.spec.words import snake

MAX_LENGTH = 63
RESERVED = frozenset(
    [
        "domains",  # by which the folder of a mesh is found
        "landing",
        "mesh",
        "mesh_work",
        "main",
        "information_schema",
        "pg_catalog",
        "default",
        "temp",
        "system",
        "memory",
        "sqlite_master",
        "dbt",
        "dbt_duckdb",
    ]
)
"""Names that engines or the platform use for catalogs, schemas and folders of their own."""
YAML_WORDS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
"""Names that readers of YAML 1.1 or 1.2 take for a boolean or for nothing, where nobody quoted them."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Kind = Literal["domain", "product", "port", "column", "environment"]


def name_fault(name: str, kind: Kind) -> tuple[str, str | None] | None:
    """Why ``name`` cannot name a ``kind``, and the nearest name that can; None where it can."""
    foreign = next((c for c in name if not c.isascii()), None)
    if foreign is not None:
        label = unicodedata.name(foreign, "unnamed")
        reason = f"{kind} name {name[:80]!r} holds {foreign!r} (U+{ord(foreign):04X}, {label}): ASCII only"
        return reason, snake(name)
    if not _NAME.fullmatch(name):
        reason = f"{kind} name {name[:80]!r} must be lower-case letters, digits and '_', a letter first"
        return reason, snake(name)
    if "__" in name:
        return f"{kind} name {name[:80]!r} holds '__', which separates names in the catalog", snake(name)
    if len(name) > MAX_LENGTH:
        return f"{kind} name of {len(name)} characters is longer than {MAX_LENGTH}", name[:MAX_LENGTH].rstrip("_")
    why = _why_not(name, kind)
    return (f"{kind} name {name!r} is {why}", f"{name}_data") if why else None


def _why_not(name: str, kind: Kind) -> str | None:
    if kind != "column" and name in RESERVED:
        return "reserved for the platform or an engine"
    if kind in ("domain", "product", "port") and name in YAML_WORDS:
        return "read as a boolean or as nothing by readers of YAML"
    return None
