"""Warnings about ports that come to their end, for whoever reads them."""

from __future__ import annotations

from collections.abc import Iterable

from meshwright.cli.output import say
from meshwright.spec.model import Mesh, Product
from meshwright.spec.notice import notices_for


def tell_ending(mesh: Mesh, products: Iterable[Product]) -> None:
    """A line for each port that one of the products reads and that is deprecated or retired."""
    for product in products:
        for notice, _ in notices_for(mesh, product):
            say(f"warning: {product.key} reads a port that ends: {notice}")
