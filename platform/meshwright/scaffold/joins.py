"""The first model of an aggregate product: its inputs joined on the keys that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Fault, InputError
from meshwright.scaffold.columns import ProposedColumn, identifier, taken_over
from meshwright.spec.model import Port
from meshwright.spec.names import name_fault
from meshwright.spec.types import comparable
from meshwright.spec.words import listed, nearest


@dataclass(frozen=True, slots=True)
class Joined:
    """A port beside the first one. ``single``: it has at most one row for a value of ``keys``."""

    port: Port
    alias: str
    keys: tuple[str, ...]
    single: bool


def answer(port: Port, alias: str = "", keys: Sequence[str] = (), *, single: bool = True) -> dict[str, Any]:
    """An input as templates take it."""
    return {
        "domain": port.domain,
        "port": port.name,
        "version": port.contract.version,
        "contract": port.contract.id,
        "alias": alias,
        "keys": [identifier(key) for key in keys],
        "single": single,
    }


def joined(ports: Sequence[Port], on: Sequence[str]) -> tuple[list[dict[str, Any]], list[ProposedColumn]]:
    """Inputs and columns of the first port's rows with what the others know of them.

    ``on`` limits the keys; empty: what the contracts tell. InputError where a port shares no key with the first.
    """
    first, others = ports[0], ports[1:]
    _require_columns(ports, on)
    aliases = _aliases(ports)
    joins = [_joined(first, port, aliases[port.key], on) for port in others]
    inputs = [answer(first, aliases[first.key]), *(answer(j.port, j.alias, j.keys, single=j.single) for j in joins)]
    return inputs, _columns(first, aliases[first.key], joins)


def _aliases(ports: Sequence[Port]) -> dict[str, str]:
    names = [port.name for port in ports]
    plain = {p.key: p.name if names.count(p.name) == 1 else f"{p.domain}_{p.name}" for p in ports}
    return {key: identifier(alias) for key, alias in plain.items()}


def _require_columns(ports: Sequence[Port], on: Sequence[str]) -> None:
    known = {c.name for port in ports for c in port.contract.columns}
    if wrong := [key for key in on if key not in known]:
        raise InputError(*(Fault(f"no input has a column {key[:80]!r}", key="--on", suggestion=nearest(key, known))
                           for key in wrong))  # fmt: skip


def _joined(first: Port, port: Port, alias: str, on: Sequence[str]) -> Joined:
    mine = {c.name: comparable(c.type) for c in first.contract.columns}
    common = [c.name for c in port.contract.columns if mine.get(c.name) == comparable(c.type)]
    if on:
        common = [name for name in common if name in on]
    own = port.contract.primary_key
    if own and set(own) <= set(common):
        return Joined(port, alias, own, single=True)
    theirs = {*first.contract.primary_key, *own}
    keys = tuple(name for name in common if on or name in theirs or name.endswith("_id"))
    if on and not keys:
        reason = f"{first.key} and {port.key} do not both have {listed(on)}, of the same type"
        raise InputError(Fault(reason, key="--on", command=f"mesh show {port.key}"))
    if not keys:
        shared = f" in common are {listed(common)}, which no primary key holds" if common else " no column is in common"
        reason = f"{first.key} and {port.key} share no key:{shared}"
        raise InputError(Fault(reason, key="--inputs", command="name the columns to join on: --on COLUMN,COLUMN"))
    return Joined(port, alias, keys, single=False)


def _columns(first: Port, alias: str, joins: Sequence[Joined]) -> list[ProposedColumn]:
    key = first.contract.primary_key
    columns = [
        taken_over(
            column, first.key, sql=f"{alias}.{identifier(column.name)}",
            **({"key": key.index(column.name) + 1} if column.name in key else {}),
        )
        for column in first.contract.columns
    ]  # fmt: skip
    for join in joins:
        columns += _more(join, {c.name for c in columns})
    return columns


def _more(join: Joined, taken: set[str]) -> list[ProposedColumn]:
    """What a joined port adds; nobody knows whether it has a row for each of the first's, so it may be NULL."""
    if not join.single:
        name = _free(f"{join.port.name}_count", join.port.domain, taken)
        counted = f"coalesce({join.alias}.matching_rows, 0)"
        description = f"Rows of {join.port.key} with the same {', '.join(join.keys)}."
        return [ProposedColumn(name, "long", counted, description, required=True, minimum=0)]
    added: list[ProposedColumn] = []
    for column in join.port.contract.columns:
        if column.name in join.keys:
            continue
        name = _free(column.name, join.port.name, {*taken, *(c.name for c in added)})
        sql = f"{join.alias}.{identifier(column.name)}"
        added.append(taken_over(column, join.port.key, name=name, sql=sql, required=False, proposed={}))
    return added


def _free(name: str, prefix: str, taken: set[str]) -> str:
    """``name``, or one made of it that is not taken and that a column may have."""
    for candidate in (name, f"{prefix}_{name}", *(f"{name[:59]}_{n}".replace("__", "_") for n in range(2, 99))):
        if candidate not in taken and not name_fault(candidate, "column"):
            return candidate
    raise InputError(Fault(f"finds no free name for column {name!r}", key="--inputs"))
