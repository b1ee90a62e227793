"""From what was typed to what is asked about: ports and columns of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshwright.check.impact.model import Target
from meshwright.errors import Fault, InputError
from meshwright.spec.model import Mesh
from meshwright.spec.words import listed, nearest


def asked(mesh: Mesh, names: Sequence[str]) -> tuple[Target, ...]:
    """The ports ``<domain>.<port>`` and columns ``<domain>.<port>.<column>``; a leading ``mesh.`` may stand.

    InputError naming every one that is none, with the nearest that is.
    """
    found: list[Target] = []
    faults: list[Fault] = []
    for name in names:
        parts = name.removeprefix("mesh.").split(".")
        key = ".".join(parts[:2])
        if key not in mesh.ports:
            near = nearest(key, mesh.ports)
            column = "".join(f".{part}" for part in parts[2:])
            reason = f"there is no port {key[:80]!r}"
            faults.append(Fault(reason, key=name, suggestion=near and f"{near}{column}", command="mesh status"))
        else:
            faults += _unknown(mesh, key, parts[2:], name)
            found.append(Target(key, parts[2] if len(parts) > 2 else None, mesh.product_of(key).key))
    if faults:
        raise InputError(*faults)
    return tuple(dict.fromkeys(found))


def _unknown(mesh: Mesh, key: str, column: Sequence[str], name: str) -> Iterator[Fault]:
    known = [c.name for c in mesh.ports[key].contract.columns]
    if len(column) > 1:
        yield Fault("lineage goes down to columns, not into them", key=name, suggestion=f"{key}.{column[0]}")
    elif column and column[0] not in known:
        near = nearest(column[0], known)
        reason = f"{key} has no column {column[0][:80]!r}: {listed(known)}"
        yield Fault(reason, key=name, suggestion=near and f"{key}.{near}", command=f"mesh show {key}")
