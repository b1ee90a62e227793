"""The answer in a terminal: a table, a chart of intervals and what may be said."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from meshwright.demo import claims
from meshwright.demo.answer import Answer, Effect, Interval
from meshwright.demo.scale import shown, ticks

_NARROWEST, _WIDEST = 80, 96
_LABEL = 8
_ASCII = str.maketrans(
    {"━": "=", "┄": "-", "●": "o", "○": "x", "◆": "*", "│": "|", "─": "-", "−": "-", "·": "-", "°": ""}
)
_HEAD = ("type", "sent (households)", "before", "effect", "95 % interval", "placebo (SE)", "naive")
_KEY = "● effect, ━ 95 % interval   ○ placebo before the start   ◆ naive: see below"


@dataclass(frozen=True, slots=True)
class Style:
    """What the stream can show: characters beyond ASCII, colours, and how many columns."""

    unicode: bool = True
    colour: bool = False
    width: int = _WIDEST

    @classmethod
    def of(cls, out: TextIO) -> Style:
        """What the stream tells about itself; colours only in a terminal and unless NO_COLOR is set."""
        colour = out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        width = shutil.get_terminal_size().columns if out.isatty() else _WIDEST
        unicode = (getattr(out, "encoding", None) or "ascii").lower().replace("-", "") == "utf8"
        return cls(unicode, colour, max(min(width, _WIDEST), _NARROWEST))


def show(answer: Answer, out: TextIO) -> None:
    """Write the answer to a stream, in what the stream can show."""
    out.write(text(answer, Style.of(out)) + "\n")


def text(answer: Answer, style: Style | None = None) -> str:
    """The answer as text, without a newline at its end."""
    style = style or Style()
    bold, warning = _painter("1", style), _painter("33", style)
    parts = [bold(claims.QUESTION), "", *_wrapped(claims.MEASURE, style), "", *_table(answer, bold), ""]
    parts += [*_chart(answer, style), "", _KEY, ""]
    parts += [bold("What may be said"), *_bullets(claims.may(answer), style), ""]
    parts += [bold("What may not be said"), *_bullets(list(claims.MAY_NOT), style), ""]
    if trap := claims.trap(answer):
        parts += [warning("Mind the trap"), *_bullets(trap, style), ""]
    parts += _wrapped(claims.SOURCE, style)
    whole = "\n".join(line.rstrip() for line in parts)
    return whole if style.unicode else whole.translate(_ASCII).encode("ascii", "replace").decode()


def _painter(code: str, style: Style) -> Callable[[str], str]:
    return (lambda words: f"\x1b[{code}m{words}\x1b[0m") if style.colour else str


def _wrapped(words: str, style: Style, first: str = "", later: str = "") -> list[str]:
    return textwrap.wrap(words, style.width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)


def _bullets(sentences: list[str], style: Style) -> list[str]:
    return [line for sentence in sentences for line in _wrapped(sentence, style, "  · ", "    ")]


def _table(answer: Answer, bold: Callable[[str], str]) -> list[str]:
    rows = [_HEAD, *(_row(e) for e in answer.effects)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True)) for row in rows]
    return [bold(lines[0]), *lines[1:]]


def _row(effect: Effect) -> tuple[str, ...]:
    return (
        effect.campaign_type,
        f"{effect.exposures:,} ({effect.households:,})",
        f"{effect.before:.2f}",
        _signed(effect.interval.estimate),
        f"{_signed(effect.interval.low)} .. {_signed(effect.interval.high)}",
        f"{_signed(effect.placebo.estimate)} ({effect.placebo_error:.2f})",
        _signed(effect.redeemers.change) if effect.redeemers else "none",
    )


def _signed(value: float) -> str:
    return claims.dollars(value).replace("$", "")


def _chart(answer: Answer, style: Style) -> list[str]:
    values = shown(answer)
    scale = _Scale(min(values) - 1, max(values) + 1, style.width - _LABEL - 1)
    dim, warning = _painter("2", style), _painter("33", style)
    lines = []
    for effect in answer.effects:
        lines.append(f"{'type ' + effect.campaign_type:>{_LABEL}} {scale.bar(effect.interval, '━', '●')}")
        lines.append(dim(f"{'placebo':>{_LABEL}} {scale.bar(effect.placebo, '┄', '○')}"))
        if effect.redeemers:
            lines.append(warning(f"{'naive':>{_LABEL}} {scale.point(effect.redeemers.change, '◆')}"))
        lines.append(f"{'':>{_LABEL}} {scale.empty()}")
    return lines[:-1] + [f"{'':>{_LABEL}} {line}" for line in scale.axis()]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Dollars to columns."""

    low: float
    high: float
    columns: int

    def at(self, value: float) -> int:
        return round((value - self.low) / (self.high - self.low) * (self.columns - 1))

    def empty(self) -> str:
        return " " * self.at(0) + "│" + " " * (self.columns - self.at(0) - 1)

    def bar(self, interval: Interval, line: str, mark: str) -> str:
        cells = list(self.empty())
        first, last = self.at(interval.low), self.at(interval.high)
        cells[first : last + 1] = line * (last + 1 - first)
        cells[self.at(interval.estimate)] = mark
        return "".join(cells)

    def point(self, value: float, mark: str) -> str:
        """The mark with its amount beside it, where there is room."""
        cells, place, amount = list(self.empty()), self.at(value), claims.dollars(value)
        start = place + 2 if place + 2 + len(amount) <= self.columns else place - 1 - len(amount)
        cells[start : start + len(amount)] = amount
        cells[place] = mark
        return "".join(cells)

    def axis(self) -> list[str]:
        cells, labels = ["─"] * self.columns, [" "] * self.columns
        for value in ticks(self.low, self.high, 9):
            label = f"{value:+d}" if value else "$0"
            start = min(max(self.at(value) - len(label) // 2, 0), self.columns - len(label))
            labels[start : start + len(label)] = label
            cells[self.at(value)] = "│"
        return ["".join(cells), "".join(labels)]
