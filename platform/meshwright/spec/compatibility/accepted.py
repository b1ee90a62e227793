"""What a column accepts, from all the keys and rules that say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from meshwright.spec import types
from meshwright.spec.compatibility.intervals import Interval, grid, number, position
from meshwright.spec.compatibility.languages import language, literals
from meshwright.spec.compatibility.pairing import Strict
from meshwright.spec.compatibility.values import Values
from meshwright.spec.model import Column


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a column accepts; None of a facet accepts everything."""

    column: Column
    values: Values | None
    patterns: tuple[str, ...]
    options: Mapping[str, Any]

    def holds(self, value: Any) -> bool:
        """Whether it surely accepts ``value``."""
        if self.values is not None and value not in self.values:
            return False
        if isinstance(value, str) and self.column.type == "string":
            if self.patterns and not all((found := language(p)) and found.accepts(value) for p in self.patterns):
                return False
            return length(self.options, "minLength", "maxLength").holds(Fraction(len(value)))
        try:
            place = position(value, types.parse(self.column.type).kind)
            step = self.options.get("multipleOf")
            fits = step is None or (place is not None and place % number(step) == 0)
            return fits and place is not None and interval(self.options, self.column).holds(place)
        except (ValueError, ZeroDivisionError):
            return not (BOUNDS & self.options.keys())


BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})


def accepted(column: Column, strict: Strict) -> Accepted:
    """What a column accepts by its options and by the quality rules that allow no exception."""
    options = _without_booleans(column.options)
    patterns = [p for p in (options.get("pattern"), *strict.patterns) if isinstance(p, str) and p]
    sets = [Values.of(texts, column) for p in patterns if (texts := literals(p)) is not None]
    if options.get("enum"):
        sets.append(Values.of((e.get("value") if isinstance(e, Mapping) else e for e in options["enum"]), column))
    sets += [Values.of(values, column) for values in strict.sets]
    rest = sorted({p for p in patterns if literals(p) is None})
    return Accepted(column, Values.common(sets), tuple(rest), options)


def _without_booleans(options: Mapping[str, Any]) -> dict[str, Any]:
    """ODCS 3.0 writes ``exclusiveMinimum: true`` beside ``minimum``; later versions write the bound itself."""
    found = dict(options)
    for name, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(found.get(exclusive), bool) and found.pop(exclusive) and name in found:
            found[exclusive] = found.pop(name)
    return found


def length(options: Mapping[str, Any], least: str, most: str) -> Interval:
    """An interval of whole numbers from 0."""
    low, high = options.get(least), options.get(most)
    return Interval(number(low or 0), None if high is None else number(high))


def interval(options: Mapping[str, Any], column: Column) -> Interval:
    """The values that lie between the bounds. ValueError where a bound is no place on a line."""
    type_ = types.parse(column.type)
    bounds = {name: position(options[name], type_.kind) for name in BOUNDS & options.keys() if name != "multipleOf"}
    lows = [(b, n.startswith("ex")) for n, b in bounds.items() if b is not None and n.endswith("inimum")]
    highs = [(b, not n.startswith("ex")) for n, b in bounds.items() if b is not None and n.endswith("aximum")]
    low, low_open = max(lows, default=(None, False))
    high, high_closed = min(highs, default=(None, True))
    found = Interval(low, high, low_open, not high_closed)
    step = grid(type_.kind, type_.scale)
    return found.on_grid(step) if step else found
