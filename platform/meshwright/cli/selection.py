"""What a command works on: the products that were named, as far as their files can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshwright.cli.output import say
from meshwright.errors import Fault, InputError, SpecError
from meshwright.spec.index import Index, index
from meshwright.spec.load import Sound, load_sound
from meshwright.spec.model import Mesh, Port, Product
from meshwright.spec.selection import select
from meshwright.spec.words import unknown


@dataclass(frozen=True)
class Selection:
    """The sound part of a mesh, and the selected products of it; ``exit_code`` is 2 where some were left out."""

    mesh: Mesh
    products: tuple[Product, ...]
    exit_code: int = 0


def selected(root: Path, selectors: Sequence[str]) -> Selection:
    """The products that ``selectors`` name; what is wrong with those that cannot be read is told.

    SpecError where none of them can be, InputError for selectors that name nothing.
    """
    place, sound = index(root), load_sound(root)
    keys = place.named([selector.removeprefix("+") for selector in selectors]) or tuple(place.products)
    faults = list(dict.fromkeys(_faults(sound, keys, everything=not selectors)))
    usable = [selector for selector in selectors if _is_usable(place, sound, selector)]
    products = select(sound.mesh, usable) if usable or not selectors else ()
    if faults and not products:
        raise SpecError(*faults)
    for fault in faults:
        say(f"error: {fault}")
    return Selection(sound.mesh, products, SpecError.exit_code if faults else 0)


def sound_port(root: Path, name: str) -> tuple[Mesh, Port]:
    """The sound part of a mesh and the port ``<domain>.<port>`` of it, also as SQL spells it.

    SpecError where its product cannot be read, InputError with the nearest where there is none of that name.
    """
    mesh = sound_part(root, name)
    return mesh, _port_named(mesh, name)


def sound_part(root: Path, *ports: str) -> Mesh:
    """The sound part of a mesh. SpecError where one of ``ports``, also as SQL spells it, is of a product outside it."""
    place, sound = index(root), load_sound(root)
    owners = [place.ports.get(port.removeprefix("mesh.")) for port in ports]
    missing = [owner for owner in owners if owner is not None and owner not in sound.mesh.products]
    if missing:
        raise SpecError(*dict.fromkeys(_faults(sound, missing, everything=False)))
    return sound.mesh


def _port_named(mesh: Mesh, name: str) -> Port:
    """The port ``<domain>.<port>``, also as SQL spells it; InputError with the nearest where there is none."""
    key = name.removeprefix("mesh.")
    if key in mesh.ports:
        return mesh.ports[key]
    for kind, known in (("domain", {p.domain for p in mesh}), ("product", mesh.products.keys())):
        if name in known:
            ports = [port.key for p in mesh if name in (p.domain, p.key) for port in p.ports]
            reason = f"is a {kind}, no port; its ports are {', '.join(ports)}"
            raise InputError(Fault(reason, key=name, command=f"mesh show {ports[0]}" if ports else "mesh status"))
    same = [known for known in mesh.ports if known.rpartition(".")[2] == key.rpartition(".")[2]]
    raise InputError(unknown("port", name, same or mesh.ports, command="mesh status"))


def _is_usable(place: Index, sound: Sound, selector: str) -> bool:
    return any(key in sound.mesh.products for key in place.named([selector.removeprefix("+")]))


def _faults(sound: Sound, keys: Sequence[str], *, everything: bool) -> Iterator[Fault]:
    """What keeps products from being read, the causes of those that rest on a broken one too."""
    if everything:
        yield from sound.faults
    for key in keys:
        if key in sound.broken:
            yield from sound.broken[key]
        elif key in sound.stranded:
            product, cause = sound.stranded[key]
            yield from sound.broken[cause]
            reason = f"{key} is left out, since {cause}, on which it rests, is broken"
            yield product.where.fault(reason, command=f"mesh check {cause}")
