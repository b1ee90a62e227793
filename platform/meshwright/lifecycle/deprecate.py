"""Deprecating a port: until when it is there and what takes its place, written into its contract."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from meshwright.check.impact.world import lay_out
from meshwright.config import Settings
from meshwright.errors import Fault, InputError, MeshError, RefusedError, SpecError
from meshwright.lifecycle.edit import Edit, Item, Put, edited, read_text
from meshwright.scaffold.place import scaffolding
from meshwright.spec.compatibility import compare
from meshwright.spec.contract import parse_contract
from meshwright.spec.load import load_sound
from meshwright.spec.model import Contract, Mesh, Port, Product
from meshwright.spec.notice import REPLACED_BY
from meshwright.spec.words import nearest

ENDS = ("endOfSupport", "endOfLife")


@dataclass(frozen=True, slots=True)
class Deprecated:
    """What was done; ``files`` were written, none where all of it stood there already."""

    port: str
    until: date
    use: str
    version: str
    files: tuple[Path, ...]


def deprecate(mesh: Mesh, port: str, until: str, use: str, today: date | None = None) -> Deprecated:
    """Write into the contract of ``port`` that it ends on a day and that ``use`` takes its place.

    The version rises as docs/compatibility.md asks for, counted from what the default branch has. InputError for
    ports that are not there, for a day that is past or none, and for a port in its own place; RefusedError where
    the day is earlier than the one that consumers were told. Files are written when all of them load, or not at all.
    """
    old = _port(mesh, port, "PORT")
    new = _port(mesh, use, "--use")
    day = _day(until, today or date.today())
    if old.key == new.key:
        raise InputError(Fault(f"{old.key} cannot take its own place", key="--use"))
    _require_alive(new)
    product = mesh.product_of(old.key)
    texts = _texts(mesh, product, old, day, new.key)
    changed = {file: text for file, text in texts.items() if file.read_bytes() != text}
    if changed:
        require_loads(mesh, product, changed)
        write_all(mesh, changed)
    version = _contract(texts[_file(old)], old).version
    return Deprecated(old.key, day, new.key, version, tuple(changed))


def _port(mesh: Mesh, name: str, option: str) -> Port:
    key = name.removeprefix("mesh.")
    if key in mesh.ports:
        return mesh.ports[key]
    tails = {known.partition(".")[2]: known for known in mesh.ports}
    near = tails.get(key) or nearest(key, mesh.ports)
    raise InputError(Fault(f"there is no port {name[:80]!r}", key=option, suggestion=near, command="mesh status"))


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InputError(Fault(f"{text[:40]!r} is no day; write YYYY-MM-DD", key="--until")) from error
    if day <= today:
        raise InputError(Fault(f"{day} is not in the future; readers need time to move", key="--until"))
    return day


def _require_alive(port: Port) -> None:
    status = port.contract.status.strip().lower()
    if status in ("deprecated", "retired"):
        other = port.contract.custom.get(REPLACED_BY)
        near = other if isinstance(other, str) else None
        raise InputError(Fault(f"{port.key} is {status} itself", key="--use", suggestion=near))


def _file(port: Port) -> Path:
    return port.contract.where.file


def _texts(mesh: Mesh, product: Product, port: Port, day: date, use: str) -> dict[Path, bytes]:
    """The contract and the product as they are to be."""
    edits: list[Edit] = []
    contract = port.contract
    if contract.status.strip().lower() != "deprecated":
        edits.append(Put((), "status", "deprecated"))
    levels = {level.property: str(level.value) for level in contract.service_levels}
    edits += [Item("slaProperties", "property", end, str(day)) for end in ENDS if levels.get(end) != str(day)]
    if contract.custom.get(REPLACED_BY) != use:
        edits.append(Item("customProperties", "property", REPLACED_BY, use))
    file = _file(port)
    text = edited(read_text(file), edits, file)
    version = _version(mesh, port, _contract(text.encode(), port))
    if version != contract.version:
        text = edited(text, [Put((), "version", version)], file)
    return {file: text.encode(), **_product_text(product, port, version)}


def _product_text(product: Product, port: Port, version: str) -> dict[Path, bytes]:
    """``product.yaml`` with the version of the port's contract, where it said the one before."""
    from ruamel.yaml import YAML

    file = product.where.file
    text = read_text(file)
    listed = YAML(typ="safe", pure=True).load(text)["outputPorts"]
    found = next(i for i, item in enumerate(listed) if item["name"] == port.name)
    if str(listed[found].get("version")) != port.contract.version or version == port.contract.version:
        return {}
    return {file: edited(text, [Put(("outputPorts", found), "version", version)], file).encode()}


def _version(mesh: Mesh, port: Port, new: Contract) -> str:
    """What the version must be, seen from the default branch; from the file itself where there is none."""
    before = _merged(mesh, port) or port.contract
    judged = compare(before, new)
    if earlier := [change for change in judged.changes if change.rule == "end-date-earlier"]:
        reason = f"{earlier[0].reason}: readers planned with the later day"
        raise RefusedError(Fault(reason, _file(port), key="--until"))
    required = judged.version.required
    return new.version if judged.version.enough or required is None else required


def _merged(mesh: Mesh, port: Port) -> Contract | None:
    from meshwright.check.git import Repository

    path = _file(port).relative_to(mesh.root).as_posix()
    try:
        repository = Repository.around(mesh.root)
        branch = repository.default_branch
        content = repository.read(repository.merge_base(branch), path) if branch else None
        return _contract(content, port) if content is not None else None
    except MeshError:
        # Without git, or with a contract there that does not load, the file itself says what was promised.
        return None


def _contract(text: bytes, port: Port) -> Contract:
    return parse_contract(text, _file(port), port.domain, port.name)


def require_loads(mesh: Mesh, product: Product, changed: Mapping[Path, bytes | None]) -> None:
    """SpecError where the product would not load with these files; None takes one away."""
    there = {file: file.read_bytes() for file in sorted(product.folder.glob("*.yaml"))}
    after = {file: content for file, content in {**there, **changed}.items() if content is not None}
    files = {file.relative_to(mesh.root).as_posix(): content for file, content in after.items()}
    with tempfile.TemporaryDirectory(prefix="mesh-edit-") as name:
        folder = Path(name)
        lay_out(mesh.root, folder, {product.key: files})
        sound = load_sound(folder, [product.key])
        if faults := sound.broken.get(product.key):
            raise SpecError(*(Fault(f"{fault.reason}; nothing was written", product.where.file) for fault in faults))


def write_all(mesh: Mesh, files: Mapping[Path, bytes | None]) -> None:
    """Write all files and take away those that are None, or nothing of it, whatever comes in between."""
    paths = {PurePosixPath(file.relative_to(mesh.root)): content for file, content in files.items()}
    there = {path: content for path, content in paths.items() if (mesh.root / path).exists()}
    new = {path: content for path, content in paths.items() if path not in there and content is not None}
    with scaffolding(mesh.root, Settings.of(mesh.root).state_dir) as placer:
        placer.place(new, there)
