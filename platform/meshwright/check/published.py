"""What production has published, read once a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshwright.build.classified import guarded
from meshwright.catalog.database import Database
from meshwright.catalog.pins import pin
from meshwright.catalog.promises import Promise, promises
from meshwright.config import Settings
from meshwright.errors import SpecError
from meshwright.spec.model import Contract, Port


@dataclass(frozen=True)
class Published:
    """Metadata locations of all ports, and their contracts, by ``<domain>.<port>``; empty without a catalog."""

    pins: Mapping[str, str] = field(default_factory=dict)
    promises: Mapping[str, Promise] = field(default_factory=dict)

    @classmethod
    def read(cls, settings: Settings) -> Published:
        """As it is now."""
        database = Database(settings)
        if not database.exists:
            return cls()
        try:
            with database.read() as connection:
                return cls(pin(connection), promises(connection))
        finally:
            database.close()

    def guarded(self, port: Port) -> Port:
        """``port``, with the columns classified that are so where it is published."""
        return guarded(port, self.promises.get(port.key))

    def contract(self, port: Port) -> Contract | None:
        """The contract under which a port is published; None where it is not, or nobody can read it any more."""
        promise = self.promises.get(port.key)
        try:
            return promise.contract(port.contract.where.file) if promise else None
        except SpecError:
            return None
