"""Definitions of one domain, and of the whole mesh."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from meshwright.orchestration.landing import landing_asset
from meshwright.orchestration.products import product_asset
from meshwright.orchestration.session import Session
from meshwright.spec.model import Product


def domain_definitions(session: Session, domain: str) -> dg.Definitions:
    """Landings and products of one domain; ports of others appear as dependencies only."""
    landings = [landing_asset(session, source) for source in session.sources(domain).values()]
    products = [product_asset(session, product) for product in session.mesh.domains[domain].products.values()]
    return dg.Definitions(assets=[*landings, *products])


def assets_of(
    session: Session, products: Iterable[Product], landings: Iterable[tuple[str, str]]
) -> list[dg.AssetsDefinition]:
    """The assets of some products and of some sources (domain, name), for one run across domains."""
    found = [landing_asset(session, session.sources(domain)[name]) for domain, name in landings]
    return [*found, *(product_asset(session, product, partitioned=False) for product in products)]
