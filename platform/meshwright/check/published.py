"""What production has published, read once a check."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from meshwright.catalog.database import Database
from meshwright.catalog.pins import pin
from meshwright.catalog.promises import Promise, promises
from meshwright.config import Settings


@dataclass(frozen=True)
class Published:
    """Metadata locations of all ports, and the contracts of some, by ``<domain>.<port>``; empty without a catalog."""

    pins: Mapping[str, str] = field(default_factory=dict)
    promises: Mapping[str, Promise] = field(default_factory=dict)

    @classmethod
    def read(cls, settings: Settings, domains: Collection[str]) -> Published:
        """As it is now, with the contracts of ``domains``."""
        database = Database(settings)
        if not database.exists:
            return cls()
        try:
            with database.read() as connection:
                return cls(pin(connection), promises(connection, domains=domains))
        finally:
            database.close()
