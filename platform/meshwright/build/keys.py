"""Build keys: sha256 of what decides the content of a port, or of one partition of it.

Code, contract, inputs and parameters; never the commit, nor lock files. The parts are kept beside the key,
so that a plan can say what changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from meshwright.spec.model import Contract


@dataclass(frozen=True)
class KeyParts:
    """What went into a key: name to digest."""

    code: Mapping[str, str]
    contract: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """The build key."""
        return digest_of(asdict(self))

    @property
    def code_hash(self) -> str:
        """One sha256 for all code."""
        return digest_of(self.code)

    def short(self) -> dict[str, Any]:
        """For the records: digests cut to twelve characters, enough to tell what moved."""
        cut = {part: {k: v[:12] for k, v in getattr(self, part).items()} for part in ("code", "inputs", "parameters")}
        return cut | {"contract": self.contract[:12]}

    def changed(self, before: Mapping[str, Any]) -> str:
        """What is different from the recorded parts, in plain words."""
        now = self.short()
        said = []
        for part, what in (("code", "code of"), ("inputs", "input"), ("parameters", "parameter")):
            old, new = before.get(part, {}), now[part]
            moved = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
            if moved:
                said.append(f"{what} {', '.join(moved[:3])}{' …' if len(moved) > 3 else ''} changed")
        if before.get("contract") != now["contract"]:
            said.append("contract changed")
        return "; ".join(said) or "recorded differently"


def contract_part(contract: Contract) -> str:
    """Names, types and partitioning; a description or a rule changes nothing here."""
    columns = sorted((c.name, c.type, c.element_id or "") for c in contract.columns)
    partition = (contract.partition.column, contract.partition.transform) if contract.partition else None
    return digest_of([columns, partition])


def digest_of(value: object) -> str:
    """sha256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
