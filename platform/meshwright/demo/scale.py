"""What a chart of the answer must reach, and the round values on its axis."""

from __future__ import annotations

from meshwright.demo.answer import Answer


def shown(answer: Answer) -> list[float]:
    """Zero and every dollar value that a chart of the types shows."""
    values = [0.0]
    for effect in answer.effects:
        intervals = (effect.interval, effect.corrected, effect.placebo)
        values += [end for interval in intervals for end in (interval.low, interval.high)]
        values += [contrast.change for contrast in (effect.redeemers, effect.others) if contrast]
    return values


def ticks(low: float, high: float, most: int) -> list[int]:
    """At most so many round values between the ends, zero among them where the ends enclose it."""
    decades = (step * 10**power for power in range(12) for step in (1, 2, 5))
    step = next(step for step in decades if (high - low) / step <= most - 1)
    return [n * step for n in range(-int(-low // step), int(high // step) + 1)]
