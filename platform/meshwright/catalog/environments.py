"""Environments: named layers over production. Making one copies nothing; dropping one takes names away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from meshwright.catalog import records
from meshwright.catalog import tables as t
from meshwright.catalog.database import Database, now
from meshwright.catalog.locks import gate, lock_name, product_lock
from meshwright.catalog.pins import environments, own
from meshwright.catalog.publish import forget
from meshwright.config import PRODUCTION, Settings
from meshwright.errors import Fault, InputError, RefusedError, UnavailableError
from meshwright.spec.names import name_fault
from meshwright.spec.words import nearest

_RUN = re.compile(r"[0-9a-f]{8}")
"""How a run is named; candidates of runs live beside the layers of environments."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment. ``sample`` is the part of production's data on which it builds, as text; None: all of it."""

    name: str
    created_at: str
    created_by: str
    sample: str | None = None


def known(database: Database) -> dict[str, Environment]:
    """All environments by name, oldest first."""
    if not database.exists:
        return {}
    with database.read() as connection:
        return known_to(connection)


def known_to(connection: Connection) -> dict[str, Environment]:
    """:func:`known`, within a transaction."""
    rows = connection.execute(select(t.environments).order_by(t.environments.c.created_at)).mappings()
    return {row["name"]: Environment(**row) for row in rows}


def require(database: Database, name: str) -> None:
    """InputError where there is no environment of that name; production is always there."""
    if name != PRODUCTION and name not in (there := known(database)):
        raise InputError(_unknown(name, there))


def create(settings: Settings, database: Database, name: str, by: str, sample: str | None = None) -> Environment:
    """Make an environment that holds nothing yet, so that every name in it is production's.

    InputError for a name that cannot be one, or that is taken.
    """
    if fault := _name_fault(name):
        raise InputError(fault)
    made = Environment(name, now(), by, sample)
    with gate(settings), database.write() as connection:
        there = known_to(connection)
        twin = nearest_twin(name, there)
        if name in there:
            raise InputError(Fault(f"there is an environment {name!r} already", key=name, command="mesh env list"))
        if twin:
            reason = f"environment name {name!r} reads like {twin!r}, which is there already"
            raise InputError(Fault(reason, key=name, command="mesh env list"))
        if name in environments(connection):
            raise InputError(Fault(f"{name!r} is a run that left candidates", key=name, command="mesh env list"))
        connection.execute(insert(t.environments).values(**asdict(made)))
    return made


def drop(settings: Settings, database: Database, name: str) -> tuple[str, ...]:
    """Take away an environment with its names, records and landings; the ports (``<domain>.<port>``) that it held.

    Its files stay until the garbage collection. InputError where there is none of that name, RefusedError while a
    build in it is at work.
    """
    require(database, name)
    with ExitStack() as held:
        held.enter_context(gate(settings))
        locks = sorted(settings.locks.glob(f"{name}@*.lock"))
        for path in locks:
            _hold(settings, held, lock_name(path))
        with database.write() as connection:
            ports = own(connection, name)
            for port in ports:
                domain, _, table = port.partition(".")
                forget(connection, f"{name}__{domain}", [table])
            _forget_landings(connection, name)
            records.forget(connection, name)
            connection.execute(delete(t.environments).where(t.environments.c.name == name))
        for path in locks:
            path.unlink(missing_ok=True)
    return tuple(sorted(ports))


def nearest_twin(name: str, there: Iterable[str]) -> str | None:
    """The member of ``there`` that differs from ``name`` in underscores alone."""
    return next((other for other in there if other != name and other.replace("_", "") == name.replace("_", "")), None)


def _hold(settings: Settings, held: ExitStack, lock: str) -> None:
    environment, _, what = lock.partition("@")
    try:
        held.enter_context(product_lock(settings, lock, timeout=0))
    except UnavailableError as error:
        reason = f"{what} is being built in it"
        raise RefusedError(Fault(reason, key=environment, command=f"mesh env drop {environment}")) from error


def _forget_landings(connection: Connection, name: str) -> None:
    gone = select(t.landings.c.seq).where(t.landings.c.environment == name)
    connection.execute(delete(t.landing_files).where(t.landing_files.c.landing.in_(gone)))
    connection.execute(delete(t.landings).where(t.landings.c.environment == name))


def _name_fault(name: str) -> Fault | None:
    found = name_fault(name, "environment")
    command = "mesh env create {}".format(found[1] if found and found[1] else "NAME")
    if found:
        return Fault(found[0], key="NAME", suggestion=found[1], command=command)
    if name == PRODUCTION:
        return Fault(f"environment name {name!r} is what everybody reads who names none", key="NAME", command=command)
    if _RUN.fullmatch(name):
        return Fault(f"environment name {name!r} reads like the id of a run", key="NAME", command=command)
    return None


def _unknown(name: str, there: Iterable[str]) -> Fault:
    names = list(there)
    shown = f"; there {'is' if len(names) == 1 else 'are'} {', '.join(names[:5])}" if names else "; there is none yet"
    near = nearest(name, names)
    command = "mesh env list" if near or name_fault(name, "environment") else f"mesh env create {name}"
    return Fault(f"no environment is called {name[:80]!r}{shown}", key="--env", suggestion=near, command=command)
