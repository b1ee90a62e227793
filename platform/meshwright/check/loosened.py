"""Core metrics as the base has them: what a change is measured by, it does not loosen itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from meshwright.check.metrics import PROPERTY, Metric, read
from meshwright.check.subject import Subject
from meshwright.errors import SpecError
from meshwright.spec.model import Product, Where
from meshwright.spec.sql import laid_out


def loosened(subject: Subject, keys: Collection[str], kept: Iterable[Metric]) -> Iterator[tuple[str, Metric]]:
    """The metrics that products (``<domain>/<product>``) have in the base and that the change drops or loosens.

    Each with its product, placed where it would stand now. Those of which ``kept`` asks the same, as tightly or more,
    are not among them; nor are those that were written wrongly in the base.
    """
    tightest: dict[str, float] = {}
    for metric in kept:
        tightest[laid_out(metric.query)] = min(metric.tolerance, tightest.get(laid_out(metric.query), metric.tolerance))
    for old in subject.before(keys):
        for metric in _read(old):
            if tightest.get(laid_out(metric.query), metric.tolerance + 1) > metric.tolerance:
                since = subject.base.name if subject.base else ""
                yield old.key, replace(metric, since=since, where=_place(subject, old))


def _read(product: Product) -> list[Metric]:
    try:
        return list(read(product))
    except SpecError:
        return []


def _place(subject: Subject, old: Product) -> Where:
    now = subject.whole.mesh.products.get(old.key)
    if now is None:
        return Where(subject.root / "domains" / old.key / "product.yaml", 1, 1, PROPERTY)
    return now.custom_at.get(PROPERTY, now.where)
