"""Retiring a port: out of its product, its contract kept for whoever still asks, its name taken from the catalog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from meshwright.catalog.database import Database
from meshwright.check.impact.model import Target, World
from meshwright.check.impact.walk import hits
from meshwright.check.impact.world import now
from meshwright.config import Settings
from meshwright.errors import Fault, InputError, RefusedError, shown
from meshwright.lifecycle.deprecate import require_loads, write_all
from meshwright.lifecycle.edit import Drop, Edit, Item, Put, edited, read_text
from meshwright.spec.compatibility.lifecycle import ended
from meshwright.spec.compatibility.model import Verdict
from meshwright.spec.compatibility.version import parsed
from meshwright.spec.load import load_sound
from meshwright.spec.model import Mesh, Port
from meshwright.spec.notice import RETIRED, RETIRED_ON, notice_of
from meshwright.spec.words import nearest

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Retired:
    """What was done: ``files`` were written or removed, ``unpublished`` says whether the name answered until now.

    ``hit`` are those who used it all the same.
    """

    port: str
    files: tuple[Path, ...]
    unpublished: bool
    hit: tuple[str, ...] = ()


def retire(settings: Settings, port: str, *, force: bool, say: Say, today: date | None = None) -> Retired:
    """Take a port out of its product and its name out of the catalog; what was published is not deleted.

    RefusedError, unless ``force`` is given, where it was not deprecated, its day is not there yet, or anybody still
    uses it. A port that no product declares any more only loses its name.
    """
    day, key = today or date.today(), port.removeprefix("mesh.")
    sound = load_sound(settings.root)
    found = sound.mesh.ports.get(key)
    if found is None:
        return _undeclared(settings, sound.mesh, key)
    used = _users(now(settings, sound, say), found)
    reasons = [*_early(found, day), *(f"{user} still uses it" for user in used)]
    if reasons and not force:
        command = f"mesh impact {key}" if used else f"mesh deprecate {key} --until DATE --use PORT"
        raise RefusedError(*(Fault(reason, found.contract.where.file, key=key, command=command) for reason in reasons))
    files = _take_out(sound.mesh, found, day)
    return Retired(key, files, _unpublish(settings, f"{found.domain}/{found.product}", key), tuple(used))


def _early(port: Port, day: date) -> list[str]:
    if notice_of(port.key, port.contract) is None:
        return [f"{port.key} was not deprecated, so nobody had time to move"]
    if not ended(port.contract, day):
        return [f"its day is not there yet: {notice_of(port.key, port.contract)}"]
    return []


def _users(world: World, port: Port) -> list[str]:
    """Whoever reads it by SQL or a rule, expects something of it, or lists it as an input port."""
    owner = f"{port.domain}/{port.product}"
    target = Target(port.key, None, owner)
    found = {hit.consumer.called: None for hit in hits(world, [target])[target] if hit.direct}
    for product in world.mesh:
        if product.key != owner and any(input_.port == port.key for input_ in product.inputs):
            found.setdefault(world.consumer(product.key).called)
    return list(found)


def _undeclared(settings: Settings, mesh: Mesh, key: str) -> Retired:
    """A port that only the catalog knows."""
    if _published(settings, key) is None:
        near = nearest(key, mesh.ports)
        raise InputError(Fault(f"there is no port {key[:80]!r}", key="PORT", suggestion=near, command="mesh status"))
    return Retired(key, (), _unpublish(settings, f"{key.partition('.')[0]}/{key.partition('.')[2]}", key))


def _take_out(mesh: Mesh, port: Port, day: date) -> tuple[Path, ...]:
    """The port out of ``product.yaml``, and its contract into the folder of those that are no more."""
    from ruamel.yaml import YAML

    product, contract = mesh.product_of(port.key), port.contract
    if len(product.ports) == 1:
        reason = f"{port.key} is the only port of {product.key}"
        command = f"git rm -r {shown(product.folder)}, then mesh retire {port.key} takes its name away"
        raise InputError(Fault(reason, product.where.file, key="outputPorts", command=command))
    file, kept = contract.where.file, product.folder / RETIRED / contract.where.file.name
    text = read_text(product.where.file)
    listed = [item["name"] for item in YAML(typ="safe", pure=True).load(text)["outputPorts"]]
    version = parsed(contract.version)
    edits: list[Edit] = [Put((), "status", "retired"), Item("customProperties", "property", RETIRED_ON, str(day))]
    edits += [Put((), "version", str(version.after(Verdict.MAJOR)))] if version else []
    written = {
        product.where.file: edited(text, [Drop(("outputPorts", listed.index(port.name)))], product.where.file).encode(),
        kept: edited(read_text(file), edits, file).encode(),
    }
    require_loads(mesh, product, {product.where.file: written[product.where.file], file: None})
    write_all(mesh, {**written, file: None})
    return (*written, file)


def _published(settings: Settings, key: str) -> str | None:
    from meshwright.catalog.pins import pin

    database = Database(settings)
    if not database.exists:
        return None
    with database.read() as connection:
        found = pin(connection, [key]).get(key)
    database.close()
    return found


def _unpublish(settings: Settings, product: str, key: str) -> bool:
    """Take the name away while nobody builds the product."""
    from meshwright.catalog.locks import product_lock
    from meshwright.catalog.publish import unpublish

    database = Database(settings)
    if not database.exists:
        return False
    with product_lock(settings, product):
        done = unpublish(database, *key.split("."))
    database.close()
    return done
