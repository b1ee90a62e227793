"""Promotion: what an environment made of a product becomes production's, in one step and without a copy.

The same compare-and-swap as a publish. Refused where production moved since, or where something that the
environment's build read is not what production has.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, delete, select, update

from meshwright.build import landing as landings
from meshwright.build.landing import Landing
from meshwright.build.state import State
from meshwright.catalog import environments, promises, records
from meshwright.catalog import tables as t
from meshwright.catalog.database import Database, now
from meshwright.catalog.publish import Move, forget, move_pointer
from meshwright.catalog.records import Content
from meshwright.config import PRODUCTION
from meshwright.errors import Fault, MeshError, RefusedError
from meshwright.spec.model import Port, Product


@dataclass(frozen=True)
class Promoted:
    """What became of one product. ``ports`` (``<domain>.<port>``) got the environment's snapshot.

    ``publish`` is empty where only records moved: keys that made the rows which production holds. ``error`` is why
    nothing happened.
    """

    product: str
    ports: tuple[str, ...] = ()
    publish: str = ""
    error: MeshError | None = None


def promote(database: Database, environment: str, products: Sequence[Product], by: str) -> list[Promoted]:
    """Promote ``products``, producers first, each in a transaction of its own; those without anything are left out.

    One that is refused does not stop the others, unless they read it. InputError where there is no such environment,
    RefusedError where it was built on a sample.
    """
    environments.require(database, environment)
    if sample := environments.known(database)[environment].sample:
        reason = f"{environment} was built on a sample of {sample}, which nobody may read for the whole"
        raise RefusedError(Fault(reason, key=environment, command="mesh env create NAME"))
    found = []
    for product in products:
        try:
            with database.write() as connection:
                done = _Promotion(connection, environment, product, by).run()
        except RefusedError as error:
            done = Promoted(product.key, error=error)
        if done is not None:
            found.append(done)
    return found


def promotable(state: State, products: Sequence[Product]) -> tuple[Product, ...]:
    """Those products of which an environment holds something."""
    return tuple(product for product in products if _holds(state, product))


def _holds(state: State, product: Product) -> bool:
    return any(port.key in state.own or any(_new(state, port)) or _audit(state, port) for port in product.ports)


def _new(state: State, port: Port) -> Iterator[tuple[str, Content]]:
    """The partitions that the environment's builds made; not those that the layer took over from production.

    Of the same rows, what was recorded last tells by which key they are known.
    """
    assert state.below is not None
    below = state.below.contents.get(port.key, {})
    for partition, content in state.contents.get(port.key, {}).items():
        there = below.get(partition)
        same = there is not None and there.digest == content.digest
        if there is None or not (same and (there.build_key == content.build_key or there.seq > content.seq)):
            yield partition, content


def _audit(state: State, port: Port) -> Mapping[str, object] | None:
    """The environment's last audit of a port, where it has one."""
    assert state.below is not None
    found = state.audits.get(port.key)
    return found if found is not None and found["environment"] != PRODUCTION else None


@dataclass(frozen=True)
class _Promotion:
    """One product, within one transaction."""

    connection: Connection
    environment: str
    product: Product
    by: str

    @cached_property
    def state(self) -> State:
        return State.read(self.connection, self.environment)

    @cached_property
    def below(self) -> State:
        assert self.state.below is not None
        return self.state.below

    @cached_property
    def held(self) -> list[Port]:
        """Ports that the layer holds itself."""
        return [port for port in self.product.ports if port.key in self.state.own]

    @cached_property
    def publish(self) -> str:
        return str(uuid.uuid4()) if self.held else ""

    def run(self) -> Promoted | None:
        """Do it; None where the environment holds nothing of the product. RefusedError where it cannot be."""
        if not _holds(self.state, self.product):
            return None
        read = list(self._read())
        faults = [*self._outdated(), *self._broken()] or [*self._not_there(read)]
        if faults:
            raise RefusedError(*faults)
        for port in self.held:
            expected, location = self.below.pins.get(port.key), self.state.own[port.key]
            move_pointer(self.connection, Move(port.domain, port.name, expected, location))
        self._write()
        self._hand_over({name for name, *_ in read if name.startswith("landing/")})
        self._clear()
        return Promoted(self.product.key, tuple(port.key for port in self.held), self.publish)

    def _rebuild(self, reason: str) -> Fault:
        command = f"mesh build --env {self.environment} {self.product.key}"
        return Fault(reason, key=self.product.key, command=command)

    def _outdated(self) -> Iterator[Fault]:
        if self.product.key in self.state.moved:
            yield self._rebuild(f"production published it after {self.environment} had built it; rebuild")

    def _broken(self) -> Iterator[Fault]:
        for port in self.product.ports:
            audit = _audit(self.state, port)
            if audit is not None and audit["verdict"] == "refused":
                command = f"mesh show --env {self.environment} {port.key}"
                yield Fault(f"{port.key} breaks its contract in {self.environment}", key=port.key, command=command)

    def _read(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Input, partition and record of all that the environment's builds of this product read of others."""
        i, siblings = t.build_inputs.c, [port.key for port in self.product.ports]
        for port in self.product.ports:
            for partition, content in _new(self.state, port):
                where = (
                    i.build == content.build,
                    i.port == port.name,
                    i.partition.in_(("", partition)),
                    i.input.not_in(siblings),
                )
                for row in self.connection.execute(select(t.build_inputs).where(*where)).mappings():
                    yield row["input"], row["partition"], dict(row)

    def _not_there(self, read: Sequence[tuple[str, str, Mapping[str, Any]]]) -> Iterator[Fault]:
        """What was read and is not what production has, each named once."""
        told: set[str] = set()
        for name, partition, row in read:
            if name not in told and not self._is_there(name, partition, row):
                told.add(name)
                yield self._fault(name)

    def _fault(self, name: str) -> Fault:
        if name in self.state.own:
            reason = f"it was built on {name} as {self.environment} has it; promote that with it"
            return Fault(reason, key=self.product.key, command=f"mesh env promote {self.environment}")
        return self._rebuild(f"{name}, which it was built on, is another one by now; rebuild")

    def _is_there(self, name: str, partition: str, row: Mapping[str, Any]) -> bool:
        if name.startswith("landing/"):
            current = self.state.landings[f"{self.product.domain}/{name}"]
            was = self._landings[row["snapshot"]]
            return current.digest(partition or None) == was.digest(partition or None)
        if row["use"] == "audit":
            # A port that a rule names may move on, as in production; but it must have been production's.
            return name not in self.state.own or row["metadata_location"] == self.below.pins.get(name)
        if partition:
            held = self.below.held(name)
            return bool(row["digest"] == (held[partition].digest if partition in held else "absent"))
        return bool(row["digest"] == self.below.digest(name))

    @cached_property
    def _landings(self) -> Mapping[int, Landing]:
        numbers = {row["snapshot"] for name, _, row in self._read() if name.startswith("landing/")}
        return landings.numbered(self.connection, numbers)

    def _write(self) -> None:
        """What production records: publishes of its own, the builds and the audits of the environment."""
        if self.held:
            records.write_publishes(self.connection, [self._publish_record(port) for port in self.held])
        promises.hand_over(self.connection, self.environment, [port.key for port in self.product.ports], now())
        for port in self.product.ports:
            below = self.below.contents.get(port.key, {})
            for partition, content in _new(self.state, port):
                same = partition in below and below[partition].digest == content.digest
                moved = port in self.held and not same
                records.copy_builds(
                    self.connection, [content.seq], environment=PRODUCTION,
                    verdict="published" if moved else "unchanged", publish=self.publish if moved else None,
                )  # fmt: skip
            if audit := _audit(self.state, port):
                records.copy_audit(self.connection, int(str(audit["seq"])), environment=PRODUCTION)

    def _publish_record(self, port: Port) -> records.PublishRecord:
        last = records.last_publishes(self.connection, self.environment)[port.key]
        return records.PublishRecord(
            self.publish, port.domain, self.product.name, port.name, last["snapshot"], self.state.own[port.key],
            self.below.pins.get(port.key), last["rows"], last["run"], self.by, now(),
        )  # fmt: skip

    def _hand_over(self, read: set[str]) -> None:
        """Make production's those landings of the environment that its builds read, or that hold the same files.

        The latter are of sources whose code changed and not what it brings.
        """
        n = t.landings.c
        for source in self._sources():
            key = f"{self.product.domain}/{source}"
            landed, below = self.state.landings[key], self.below.landings.get(key)
            same = below is not None and below.digest() == landed.digest()
            if landed.environment == PRODUCTION or not (source in read or same):
                continue
            mine = (n.environment == self.environment, n.domain == landed.domain, n.source == landed.source)
            self.connection.execute(update(t.landings).where(n.seq == landed.seq).values(environment=PRODUCTION))
            older = select(n.seq).where(*mine)
            self.connection.execute(delete(t.landing_files).where(t.landing_files.c.landing.in_(older)))
            self.connection.execute(delete(t.landings).where(*mine))

    def _sources(self) -> list[str]:
        """Every ``landing/<source>`` that the product reads."""
        i = t.build_inputs.c
        builds = {c.build for port in self.product.ports for c in self.state.contents.get(port.key, {}).values()}
        where = (i.build.in_(builds), i.input.startswith("landing/"))
        return sorted(self.connection.execute(select(i.input).where(*where).distinct()).scalars())

    def _clear(self) -> None:
        """Take the product out of the layer: its names, and the records that are production's now."""
        names, domain = [port.name for port in self.product.ports], self.product.domain
        forget(self.connection, f"{self.environment}__{domain}", names)
        records.forget(self.connection, self.environment, domain, names)
