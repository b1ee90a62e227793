"""Charts as inline SVG whose places are per cent, so that they fit any width with letters of one size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from meshwright.demo.answer import Interval
from meshwright.demo.scale import ticks


@dataclass(frozen=True, slots=True)
class Scale:
    """Dollars to per cent of the width, between two margins."""

    low: float
    high: float
    margin: float = 3.0

    def x(self, value: float) -> str:
        """The place of a value, ``42.17%``."""
        share = (value - self.low) / (self.high - self.low)
        return f"{self.margin + share * (100 - 2 * self.margin):.2f}%"

    @classmethod
    def around(cls, values: Iterable[float], pad: float = 0.04) -> Scale:
        """Everything and zero, with a little room."""
        everything = (0.0, *values)
        low, high = min(everything), max(everything)
        room = (high - low or 1) * pad
        return cls(low - room, high + room)


def svg(height: int, label: str, marks: Iterable[str]) -> str:
    """One chart; ``label`` is read out in its place."""
    body = "".join(marks)
    return f'<svg width="100%" height="{height}" role="img" aria-label="{escape(label)}">{body}</svg>'


def whisker(scale: Scale, interval: Interval, y: float, kind: str) -> str:
    """A line from end to end."""
    return line(scale.x(interval.low), y, scale.x(interval.high), y, kind)


def dot(scale: Scale, value: float, y: float, radius: float, kind: str) -> str:
    """A round mark."""
    return f'<circle cx="{scale.x(value)}" cy="{y:g}" r="{radius:g}" class="{kind}"/>'


def diamond(scale: Scale, value: float, y: float, kind: str) -> str:
    """A square mark on its corner."""
    # The nested picture moves the origin to a place in per cent, which a path cannot be given in.
    shape = '<path d="M0 -6L6 0L0 6L-6 0Z"/>'
    return f'<svg x="{scale.x(value)}" y="{y:g}" overflow="visible" class="{kind}">{shape}</svg>'


def line(x1: str, y1: float, x2: str, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<line x1="{x1}" y1="{y1:g}" x2="{x2}" y2="{y2:g}" class="{kind}"/>'


def words(x: str, y: float, content: str, kind: str, anchor: str = "middle") -> str:
    """A text at a place."""
    return f'<text x="{x}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(content)}</text>'


def grid(scale: Scale, height: float, most: int) -> list[str]:
    """Faint lines at the round values and a firm one at zero."""
    places = ((scale.x(t), "grid" if t else "zero") for t in ticks(scale.low, scale.high, most))
    return [line(x, 0, x, height, kind) for x, kind in places]


def axis(scale: Scale, most: int) -> str:
    """The round values, in a chart of their own."""
    signs = {True: "+", False: "−"}
    values = ticks(scale.low, scale.high, most)
    marks = [words(scale.x(t), 14, f"{signs[t > 0] if t else ''}${abs(t)}", "tick") for t in values]
    return svg(20, "dollars per household and week", marks)
