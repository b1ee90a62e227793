"""Core metrics: SQL that gives one number, and how far it may move against production.

Declared in ``product.yaml``::

    customProperties:
      - property: coreMetrics
        value:
          - name: revenue
            query: select sum(sales_value) from mesh.sales.transactions
            tolerance: 5        # per cent of production's number
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.check.trial import Trial
from meshwright.config import Settings
from meshwright.duck import without_values
from meshwright.errors import InputError, SpecError
from meshwright.quality.telling import hides_value
from meshwright.spec.model import MASK, Port, Product, Where, private_columns
from meshwright.spec.words import nearest

PROPERTY = "coreMetrics"
_KEYS = ("name", "query", "tolerance")


@dataclass(frozen=True, slots=True)
class Metric:
    """One number. ``tolerance`` is in per cent of what production has.

    ``since`` says in words where it comes from, if not from the product as it is now.
    """

    name: str
    query: str
    tolerance: float
    where: Where
    since: str = ""

    @property
    def called(self) -> str:
        """Its name in a sentence."""
        return f"core metric {self.name!r}{f' as {self.since} has it' if self.since else ''}"


@dataclass(frozen=True, slots=True)
class Movement:
    """A metric in production and with the change; None where it has no value.

    ``hides``: the two may be private values, so that only how far they are apart may be told.
    """

    metric: Metric
    before: float | None
    after: float | None
    hides: bool = False

    @property
    def is_known(self) -> bool:
        """Whether both have a value that can be compared."""
        return self.before is not None and self.after is not None

    @property
    def percent(self) -> float:
        """How far it moved, in per cent of production's value; infinite from nothing to something."""
        if self.before is None or self.after is None:
            return math.nan
        if self.before == self.after:
            return 0.0
        return math.inf if self.before == 0 else (self.after - self.before) / abs(self.before) * 100

    @property
    def is_too_far(self) -> bool:
        """Whether it moved more than its owners allow, or has no value any more."""
        return (self.before is not None and self.after is None) or abs(self.percent) > self.metric.tolerance

    @property
    def told(self) -> str:
        """In one sentence."""
        allowed = f"{self.metric.tolerance:g} % are allowed"
        if self.before is None:
            return f"{self.metric.called} has no value in production to compare {self._shown(self.after)} with"
        if self.after is None:
            return f"{self.metric.called} was {self._shown(self.before)} and has no value with this change"
        moved = f"from {self._shown(self.before)} to {self._shown(self.after)}, by {self.percent:+.1f} %"
        return f"{self.metric.called} moves {moved}; {allowed}"

    def as_data(self) -> dict[str, Any]:
        """As JSON has it."""
        percent = self.percent if math.isfinite(self.percent) else None
        before, after = (MASK if self.hides and value is not None else value for value in (self.before, self.after))
        return {"before": before, "after": after, "percent": percent, "tolerance": self.metric.tolerance}

    def _shown(self, value: float | None) -> str:
        return "nothing" if value is None else MASK if self.hides else f"{value:,.10g}"


def read(product: Product) -> Iterator[Metric]:
    """The core metrics of a product; SpecError where one is not written as it must be."""
    given = product.custom.get(PROPERTY)
    if given is None:
        return
    if not isinstance(given, list):
        raise _wrong(product, "is no list of metrics", _place(product))
    for i, item in enumerate(given):
        yield _metric(product, item, _place(product, f"{PROPERTY}[{i}]"))


def moved(settings: Settings, trial: Trial, metric: Metric, ports: Iterable[Port]) -> Movement:
    """The metric in production as the trial found it, and in the trial.

    ``ports`` are those that it reads; of private values in them nothing is told. InputError where the trial cannot be
    asked; production that cannot, for want of a new column, has no value.
    """
    private = private_columns(ports)
    after = _value(settings, metric, trial.made.pins, private)
    try:
        before = _value(settings, metric, trial.start.pins, private)
    except InputError:
        before = None
    return Movement(metric, before, after, hides_value(metric.query, private))


def _metric(product: Product, item: Any, where: Where) -> Metric:
    if not isinstance(item, dict):
        raise _wrong(product, f"holds {item!r:.60}, which is no metric: {', '.join(_KEYS)}", where)
    if unknown := [key for key in item if key not in _KEYS]:
        raise _wrong(product, f"has the unknown key {unknown[0]!r:.60}", where, nearest(str(unknown[0]), _KEYS))
    if missing := [key for key in _KEYS if key not in item]:
        raise _wrong(product, f"lacks {missing[0]!r} in {item!r:.80}", where)
    tolerance = item["tolerance"]
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < math.inf:
        raise _wrong(product, f"has the tolerance {tolerance!r:.40}: per cent, 0 or more", where)
    return Metric(str(item["name"]), str(item["query"]), float(tolerance), where)


def _place(product: Product, name: str = PROPERTY) -> Where:
    return product.custom_at.get(name, product.where)


def _wrong(product: Product, reason: str, where: Where, suggestion: str | None = None) -> SpecError:
    return SpecError(where.fault(f"{PROPERTY} of {product.key} {reason}", suggestion=suggestion))


def _value(settings: Settings, metric: Metric, pins: Mapping[str, str], private: Collection[str]) -> float | None:
    """The number that the query gives over some pins; None for NULL, or where a port is not there."""
    from meshwright.query.run import query

    def resolve(ports: set[str]) -> Mapping[str, str]:
        return {port: location for port, location in pins.items() if port in ports}

    try:
        with query(metric.query, resolve, warehouse=settings.warehouse, known=lambda: list(pins)) as result:
            rows = list(result.rows)
    except InputError as error:
        fault = error.faults[0]
        if "there is no port" in fault.reason:
            return None
        reason = f"{metric.called} cannot be asked: {_tellable(error, private)}"
        raise InputError(metric.where.fault(reason, suggestion=fault.suggestion)) from None
    if len(rows) != 1 or len(rows[0]) != 1:
        raise InputError(metric.where.fault(f"{metric.called} gives {len(rows)} rows, not one number"))
    return _number(metric, rows[0][0], hides_value(metric.query, private))


def _tellable(error: InputError, private: Collection[str]) -> str:
    """Why a query failed; an error that may quote a private value is told by its kind alone."""
    said = str(error.__cause__ or "")
    return without_values(said) if private and without_values(said) != said and said else error.faults[0].reason


def _number(metric: Metric, value: Any, hides: bool) -> float | None:
    if value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError) as error:
        reason = f"{metric.called} gives {MASK if hides else repr(value)[:40]}, which is no number"
        raise InputError(metric.where.fault(reason)) from error
    return found if math.isfinite(found) else None
