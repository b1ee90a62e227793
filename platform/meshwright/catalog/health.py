"""Whether the catalog and the files that it names are in order, and what to do where they are not."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, text

from meshwright.catalog.database import Database
from meshwright.catalog.environments import known_to
from meshwright.catalog.pins import environments, own, pin, require_catalog
from meshwright.catalog.tables import LAYOUT_VERSION
from meshwright.config import Settings
from meshwright.duck import local_path
from meshwright.errors import MeshError

Level = Literal["ok", "warning", "broken"]
LITTLE, TOO_LITTLE = 5 * 10**9, 5 * 10**8
"""Free bytes below which a build may, or is sure to, run out of space."""
GRACE = timedelta(hours=24)
"""Unreferenced files younger than this are nothing to worry about: a reader or a build may be at work."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at. ``remedy`` is what to type or do; only a ``broken`` one keeps a mesh from work."""

    level: Level
    what: str
    message: str
    remedy: str | None = None


def folders(settings: Settings) -> Iterator[Diagnosis]:
    """The state folder: may everything in it be written, and is there room?"""
    state = settings.state_dir
    parts = [state, *(state / name for name in ("warehouse", "landing", "locks", "scratch", "manifests", "dagster"))]
    there = [part for part in parts if part.exists()]
    shut = [part for part in there if not (part.is_dir() and os.access(part, os.W_OK | os.X_OK))]
    home = next(folder for folder in (state, *state.parents) if folder.exists())
    if shut:
        yield Diagnosis("broken", "folders", f"{shut[0]} cannot be written to", f"chown -R {_me()} {state}")
    elif not there and not os.access(home, os.W_OK | os.X_OK):
        yield Diagnosis(
            "broken", "folders", f"{state} cannot be made: {home} cannot be written to", f"chmod u+w {home}"
        )
    else:
        yield Diagnosis("ok", "folders", str(state) + ("" if there else ", which the first build makes"))
    free = shutil.disk_usage(home).free
    level: Level = "broken" if free < TOO_LITTLE else "warning" if free < LITTLE else "ok"
    yield Diagnosis(
        level, "disk", f"{free / 1e9:,.1f} GB free", None if level == "ok" else "mesh gc, then free some space"
    )


def catalog(settings: Settings, database: Database) -> Iterator[Diagnosis]:
    """The catalog database: can it be read, is it sound, are the files that it names where it says?"""
    try:
        require_catalog(settings, database)
        if not database.exists:
            yield Diagnosis("ok", "catalog", f"{database.shown}, which the first build makes")
            return
        with database.read() as connection:
            damage = _damage(connection)
            pins, layers = pin(connection), environments(connection)
            named = known_to(connection)
    except MeshError as error:
        fault = error.faults[0]
        locked = "locked" in fault.reason
        remedy = "find who holds it: fuser -v " + str(database.url.database) if locked else _anew(settings)
        yield Diagnosis("broken", "catalog", fault.reason, fault.command if "layout" in fault.reason else remedy)
        return
    if damage:
        yield Diagnosis("broken", "catalog", f"{database.shown} is damaged: {damage}", _anew(settings))
        return
    shown = f"{database.shown}, layout {LAYOUT_VERSION}, {len(pins)} ports published"
    runs = [name for name in layers if name not in named]
    shown += f", environments {', '.join(named)}" if named else ""
    yield Diagnosis("ok", "catalog", shown + (f", candidates of {', '.join(runs)}" if runs else ""))
    if pins:
        yield _places(settings, pins)


def data_files(database: Database) -> Iterator[Diagnosis]:
    """Whether the files of every published snapshot are there, in the size that was written."""
    from meshwright.catalog.candidates import live_files

    if not database.exists:
        return
    with database.read() as connection:
        pins = pin(connection)
        named = [(name, own(connection, name)) for name in known_to(connection)]
    count = 0
    for port, location in [*pins.items(), *((f"{p} in {name}", at) for name, mine in named for p, at in mine.items())]:
        try:
            files = live_files(location)
        except (OSError, ValueError):  # its metadata cannot be read, which the collection tells
            continue
        count += len(files)
        hurt = [file for file, size in files.items() if not file.is_file() or file.stat().st_size != size]
        if hurt:
            message = f"{len(hurt)} of {len(files)} data files of {port} are gone or cut, first {hurt[0]}"
            plain, _, name = port.partition(" in ")
            where = f"--env {name} " if name else ""
            yield Diagnosis("broken", "data", message, f"mesh build {where}--force {plain}")
    yield Diagnosis("ok", "data", f"{count} published data files are looked at")


def leftovers(settings: Settings, database: Database, products: Mapping[str, Iterable[str]]) -> Iterator[Diagnosis]:
    """What nothing refers to and nobody makes any more, who builds now, and whose metadata cannot be read.

    ``products`` are all that there are, each with its ports.

    Asks the garbage collection, which imports PyIceberg.
    """
    from meshwright.catalog.gc import collect

    try:
        found = collect(settings, database, products, grace=GRACE, dry_run=True)
    except MeshError as error:
        yield Diagnosis("broken", "files", error.faults[0].reason, _anew(settings))
        return
    for port in found.unreadable:
        yield Diagnosis("broken", "files", f"the metadata of {port} cannot be read", f"mesh build --force {port}")
    if found.busy:
        yield Diagnosis("ok", "locks", f"held by a live process: {', '.join(found.busy)}")
    else:
        yield Diagnosis("ok", "locks", "nobody builds")
    if found.files or found.candidates:
        what = f"{len(found.files)} files of {found.bytes / 1e6:,.1f} MB that nothing refers to"
        names = f", candidates without a verdict: {', '.join(found.candidates[:3])}" if found.candidates else ""
        yield Diagnosis("warning", "leftovers", what + names, "mesh gc")
    else:
        yield Diagnosis("ok", "leftovers", "none")


def _damage(connection: Connection) -> str:
    if connection.dialect.name != "sqlite":
        return ""
    found = str(connection.execute(text("PRAGMA quick_check(1)")).scalar())
    return "" if found == "ok" else found.splitlines()[-1]


def _places(settings: Settings, pins: Mapping[str, str]) -> Diagnosis:
    """Iceberg's metadata holds absolute paths, so a folder that was moved or copied names files elsewhere."""
    local = {port: Path(local_path(location)) for port, location in pins.items() if "://" not in local_path(location)}
    home = settings.warehouse.resolve()
    outside = [path for path in local.values() if not path.resolve().is_relative_to(home)]
    gone = [path for path in local.values() if not path.is_file()]
    if outside:
        reason = f"the catalog names {outside[0]}, outside {home}: the mesh was moved or copied"
        return Diagnosis("broken", "places", reason, f"move it back to where it was, or {_anew(settings)}")
    if gone:
        reason = f"{len(gone)} of {len(local)} published metadata files are gone, first {gone[0]}"
        return Diagnosis("broken", "places", reason, _anew(settings))
    return Diagnosis("ok", "places", f"{len(local)} published metadata files are where the catalog says")


def _anew(settings: Settings) -> str:
    state = shlex.quote(str(settings.state_dir))
    return f"restore {state} from a backup, or build anew: mv {state} {state}.old && mesh build"


def _me() -> str:
    return str(os.getuid())
