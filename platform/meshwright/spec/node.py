"""YAML values that know where they were written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from meshwright.errors import Fault
from meshwright.spec.model import Where

Scalar: TypeAlias = str | int | float | bool | None
Steps: TypeAlias = tuple[str | int, ...]


@dataclass(slots=True, eq=False)
class Node:
    """One YAML value; ``line`` and ``column`` count from 1.

    ``value`` is a scalar, a list of nodes or a dict of nodes by key. ``text`` is a scalar as written,
    ``keys`` the place of each key of a mapping.
    """

    value: Scalar | list[Node] | dict[str, Node]
    line: int
    column: int
    text: str = ""
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)

    def plain(self) -> Any:
        """The value without places, as JSON would hold it."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def inner(self, steps: Steps) -> Node | None:
        """The node that ``steps`` lead to."""
        here: Node | None = self
        for step in steps:
            value = here.value if here else None
            if isinstance(value, dict) and isinstance(step, str):
                here = value.get(step)
            elif isinstance(value, list) and isinstance(step, int):
                here = value[step] if step < len(value) else None
            else:
                return None
        return here


def dotted(steps: Steps) -> str:
    """``("schema", 0, "name")`` as ``schema[0].name``."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


@dataclass(slots=True, frozen=True)
class At:
    """A node, the way to it and the file it is in.

    Its readers never raise: a value that is missing or has another type reads as the default, since
    the check against the standard's schema has reported it.
    """

    file: Path
    node: Node
    steps: Steps = ()

    @property
    def where(self) -> Where:
        """Its place."""
        return Where(self.file, self.node.line, self.node.column, dotted(self.steps))

    def fault(self, reason: str, *, suggestion: str | None = None, command: str | None = None) -> Fault:
        """A fault at its place."""
        return self.where.fault(reason, suggestion=suggestion, command=command)

    def get(self, key: str) -> At | None:
        """The value under ``key`` of a mapping."""
        found = self.node.value.get(key) if isinstance(self.node.value, dict) else None
        return None if found is None else At(self.file, found, (*self.steps, key))

    def at(self, *keys: str) -> At:
        """The innermost of ``keys`` that is there, for the place of a fault."""
        here = self
        for key in keys:
            here = here.get(key) or here
        return here

    def members(self) -> Iterator[At]:
        """The members of a list."""
        if isinstance(self.node.value, list):
            for i, node in enumerate(self.node.value):
                yield At(self.file, node, (*self.steps, i))

    def items(self, key: str) -> Iterator[At]:
        """The members of the list under ``key``."""
        found = self.get(key)
        yield from found.members() if found else ()

    def string(self, key: str) -> str | None:
        """The text under ``key``."""
        found = self.get(key)
        return found.node.value if found and isinstance(found.node.value, str) else None

    def strings(self, key: str) -> tuple[str, ...]:
        """The texts in the list under ``key``; a text alone is a list of one."""
        alone = self.string(key)
        members = [] if alone is None else [alone]
        return tuple(members or [m.node.value for m in self.items(key) if isinstance(m.node.value, str)])

    def flag(self, key: str) -> bool:
        """Whether ``key`` says true."""
        found = self.get(key)
        return found is not None and found.node.value is True

    def integer(self, key: str) -> int | None:
        """The whole number under ``key``."""
        found = self.get(key)
        value = found.node.value if found else None
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def plain(self, key: str) -> Any:
        """The value under ``key`` without places; None where there is none."""
        found = self.get(key)
        return found.node.plain() if found else None

    def rest(self, known: Collection[str]) -> dict[str, Any]:
        """What stands under keys other than ``known``, without places."""
        value = self.node.value
        return {k: v.plain() for k, v in value.items() if k not in known} if isinstance(value, dict) else {}

    def custom(self) -> dict[str, At]:
        """The ``customProperties`` by name."""
        found = {}
        for item in self.items("customProperties"):
            name, value = item.string("property"), item.get("value")
            if name is not None and value is not None:
                found[name] = value
        return found

    def custom_places(self) -> dict[str, Where]:
        """The places of the ``customProperties``, and of the members of those that are lists, as ``name[0]``."""
        found = {}
        for name, value in self.custom().items():
            found[name] = value.where
            found |= {f"{name}[{i}]": member.where for i, member in enumerate(value.members())}
        return found

    def custom_plain(self) -> dict[str, Any]:
        """The ``customProperties`` by name, without places."""
        return {name: value.node.plain() for name, value in self.custom().items()}
