"""Contracts from a base and a patch: mappings are merged key by key, ``null`` takes a key away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from meshwright.spec import Contract, parse_contract

HERE = Path(__file__).parent
BASE: Mapping[str, Any] = yaml.safe_load((HERE / "base.yaml").read_text(encoding="utf-8"))
_NAMED = {"slaProperties": "property", "roles": "role", "servers": "server"}


def merged(base: Any, patch: Any) -> Any:
    """``base`` with ``patch`` laid over it."""
    if not isinstance(patch, Mapping):
        return patch
    base = base if isinstance(base, Mapping) else {}
    keys = [*patch, *(k for k in base if k not in patch)] if patch.get("~first") else [*base, *patch]
    found = {}
    for key in dict.fromkeys(keys):
        value = merged(base.get(key), patch[key]) if key in patch else base[key]
        if value is not None and key != "~first":
            found[key] = value
    return found


def contract(*patches: Mapping[str, Any] | None, file: str = "orders.contract.yaml") -> Contract:
    """The base with patches, read as a contract file is."""
    return parse_contract(text(*patches), Path(file))


def text(*patches: Mapping[str, Any] | None) -> str:
    """The base with patches as YAML."""
    facts: Any = BASE
    for patch in patches:
        facts = merged(facts, patch or {})
    return yaml.safe_dump(document(facts), sort_keys=False, width=200)


def document(facts: Mapping[str, Any]) -> dict[str, Any]:
    """As ODCS writes it."""
    named = {k: _listed(v, _NAMED[k]) if isinstance(v, Mapping) else v for k, v in facts.items() if k in _NAMED}
    return {**facts, **named, "schema": [_owner(facts["schema"])]}


def _owner(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A table, a column or what is nested in one."""
    found = {k: v for k, v in facts.items() if k != "columns"}
    if "columns" in facts:
        found["properties"] = [_owner({"name": name, **column}) for name, column in facts["columns"].items()]
    if isinstance(facts.get("items"), Mapping):
        found["items"] = _owner(facts["items"])
    if isinstance(facts.get("map"), Mapping):
        found["map"] = {end: _owner(inner) for end, inner in facts["map"].items()}
    if isinstance(facts.get("customProperties"), Mapping):
        found["customProperties"] = [{"property": k, "value": v} for k, v in facts["customProperties"].items()]
    if isinstance(facts.get("quality"), Mapping):
        found["quality"] = _listed(facts["quality"], "id")
    return found


def _listed(named: Mapping[str, Any], key: str) -> list[Any]:
    return [{key: name, **facts} for name, facts in named.items()]


def column(name: str, **facts: Any) -> dict[str, Any]:
    """A patch of one column."""
    return {"schema": {"columns": {name: facts}}}
