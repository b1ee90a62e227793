"""Ports that live on in another product: its folder got another name, or it was taken apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meshwright.spec.model import Port, Product


@dataclass(frozen=True, slots=True)
class Move:
    """A port as it was, and the product (``<domain>/<product>``) that has it now."""

    port: Port
    to: str

    @property
    def came_from(self) -> str:
        """The product that had it."""
        return f"{self.port.domain}/{self.port.product}"


def moved(before: Iterable[Product], now: Iterable[Product]) -> tuple[Move, ...]:
    """The ports of ``before`` that another product of their domain has ``now``, under a contract of the same id.

    Readers name a port, never its product: to them nothing is gone.
    """
    there = {port.key: port for product in now for port in product.ports}
    pairs = [(port, there[port.key]) for product in before for port in product.ports if port.key in there]
    return tuple(
        Move(old, f"{new.domain}/{new.product}")
        for old, new in pairs
        if old.product != new.product and old.contract.id == new.contract.id
    )
