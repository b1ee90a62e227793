"""The answer as one HTML file that needs no network, script or font."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template

from meshwright.demo import chart, claims
from meshwright.demo.answer import Answer, CampaignEffect, Effect, Interval
from meshwright.demo.chart import Scale
from meshwright.demo.scale import shown

_TICKS = 9


def render(answer: Answer, provenance: Mapping[str, str] | None = None) -> str:
    """The page. ``provenance`` maps what the answer was computed from to which state of it was read."""
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        question=_text(claims.QUESTION),
        headline=_text(claims.headline(answer)),
        measure=_text(claims.MEASURE),
        forest=_forest(answer),
        legend=_legend(answer),
        may=_items(claims.may(answer)),
        may_not=_items(claims.MAY_NOT),
        trap=_trap(answer),
        campaigns_note=_text(claims.campaigns(answer)),
        campaigns=_campaigns(answer),
        table=_table(answer),
        source=_text(claims.SOURCE),
        provenance=_provenance(provenance or {}),
    )


def _text(words: str) -> str:
    """Escaped, and with no line broken between a sign and its amount."""
    return escape(words).replace("−$", "−&#8288;$").replace(" %", "&nbsp;%")


def _items(sentences: Iterable[str]) -> str:
    return "".join(f"<li>{_text(sentence)}</li>" for sentence in sentences)


def _row(about: str, picture: str) -> str:
    return f'<div class="row"><div class="about">{about}</div><div>{picture}</div></div>'


def _forest(answer: Answer) -> str:
    scale = _scale(answer)
    rows = [_row(_about(effect, answer), _bars(effect, scale)) for effect in answer.effects]
    return "".join(rows) + _row("", chart.axis(scale, _TICKS))


def _scale(answer: Answer) -> Scale:
    return Scale.around(shown(answer), pad=0.08)


def _about(effect: Effect, answer: Answer) -> str:
    campaigns = sum(c.campaign_type == effect.campaign_type for c in answer.campaigns)
    return (
        f'<b>Type {escape(effect.campaign_type)}</b> <span class="value">'
        f"{claims.dollars(effect.interval.estimate)}</span><small>{claims.span(effect.interval)}</small>"
        f"<small>{campaigns} campaigns to {effect.households:,} households</small>"
    )


def _bars(effect: Effect, scale: Scale) -> str:
    label = (
        f"Type {effect.campaign_type}: effect {claims.dollars(effect.interval.estimate)}, 95 % interval "
        f"{claims.span(effect.interval)}; placebo {claims.span(effect.placebo)}"
    )
    marks = [
        *chart.grid(scale, 104, _TICKS),
        chart.whisker(scale, effect.corrected, 30, "wide"),
        chart.whisker(scale, effect.interval, 30, "interval"),
        chart.dot(scale, effect.interval.estimate, 30, 8, "estimate"),
        chart.whisker(scale, effect.placebo, 58, "placebo"),
        chart.dot(scale, effect.placebo.estimate, 58, 4.5, "hollow"),
    ]
    if effect.redeemers:
        marks.append(chart.diamond(scale, effect.redeemers.change, 82, "trap"))
    return chart.svg(104, label, marks)


def _legend(answer: Answer) -> str:
    scale, whole = Scale(0, 1, margin=10), Interval(0.5, 0, 1)
    entries = {
        "effect with its 95 % interval": [
            chart.whisker(scale, whole, 8, "interval"),
            chart.dot(scale, 0.5, 8, 6, "estimate"),
        ],
        f"interval corrected for {claims.count(answer.tests)} tests": [chart.whisker(scale, whole, 8, "wide")],
        "placebo: the same, one window before the start": [
            chart.whisker(scale, whole, 8, "placebo"),
            chart.dot(scale, 0.5, 8, 4.5, "hollow"),
        ],
        "redeemers before and after: a trap, see below": [chart.diamond(scale, 0.5, 8, "trap")],
    }
    items = (f"<li>{chart.svg(16, words, marks)}{_text(words)}</li>" for words, marks in entries.items())
    return f'<ul class="legend">{"".join(items)}</ul>'


def _trap(answer: Answer) -> str:
    sentences = claims.trap(answer)
    if not sentences:
        return ""
    scale = _scale(answer)
    rows = [_row(_trap_about(effect), _trap_bars(effect, scale)) for effect in answer.effects if effect.redeemers]
    text = "".join(f"<p>{_text(sentence)}</p>" for sentence in sentences)
    figure = f"<figure>{''.join(rows)}{_row('', chart.axis(scale, _TICKS))}</figure>"
    return f'<section class="card warning"><h2>Mind the trap: before and after</h2>{text}{figure}</section>'


def _trap_lines(effect: Effect) -> list[tuple[str, str, float]]:
    """Class, words and dollars of each bar."""
    pairs = (("trapbar", "redeemed", effect.redeemers), ("othersbar", "did not redeem", effect.others))
    return [(kind, f"{name} {claims.dollars(c.change)}", c.change) for kind, name, c in pairs if c]


def _trap_about(effect: Effect) -> str:
    redeemed = effect.redeemers.exposures if effect.redeemers else 0
    small = f"<small>{redeemed:,} of {effect.exposures:,} mailings redeemed</small>"
    keys = "".join(f'<span class="key {kind}">{_text(words)}</span>' for kind, words, _ in _trap_lines(effect))
    return f"<b>Type {escape(effect.campaign_type)}</b>{small}{keys}"


def _trap_bars(effect: Effect, scale: Scale) -> str:
    marks = chart.grid(scale, 86, _TICKS)
    for y, (kind, _, change) in zip((30, 54), _trap_lines(effect), strict=False):
        marks.append(chart.line(scale.x(0), y, scale.x(change), y, kind))
    spoken = ", ".join(words for _, words, _ in _trap_lines(effect))
    return chart.svg(86, f"Type {effect.campaign_type}: {spoken}", marks)


def _campaigns(answer: Answer) -> str:
    scale = Scale.around(end for c in answer.campaigns for end in (c.interval.low, c.interval.high))
    cards = []
    for kind, group in groupby(answer.campaigns, key=lambda c: c.campaign_type):
        rows = "".join(_mini(c, scale) for c in group)
        axis = f'<div class="mini"><span></span>{chart.axis(scale, 5)}</div>'
        cards.append(f'<div class="card"><h3>Type {escape(kind)}</h3>{rows}{axis}</div>')
    return f'<div class="columns">{"".join(cards)}</div>'


def _mini(campaign: CampaignEffect, scale: Scale) -> str:
    name = f"{campaign.start:%d %b} · no. {campaign.campaign_id}".lstrip("0")
    amounts = f"{claims.dollars(campaign.interval.estimate)}, {claims.span(campaign.interval)}"
    label = f"Campaign {campaign.campaign_id}: {amounts}"
    marks = [
        *chart.grid(scale, 24, 5),
        chart.whisker(scale, campaign.interval, 12, "thin"),
        chart.dot(scale, campaign.interval.estimate, 12, 4.5, "small"),
    ]
    return f'<div class="mini"><span>{escape(name)}</span>{chart.svg(24, label, marks)}</div>'


def _table(answer: Answer) -> str:
    head = ("type", "mailings", "households", "before", "effect", "95 % interval", f"corrected for {answer.tests}",
            "placebo", "SE")  # fmt: skip
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _cells(e))}</tr>" for e in answer.effects)
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _cells(effect: Effect) -> tuple[str, ...]:
    return (
        effect.campaign_type,
        f"{effect.exposures:,}",
        f"{effect.households:,}",
        f"${effect.before:.2f}",
        claims.dollars(effect.interval.estimate),
        claims.span(effect.interval),
        claims.span(effect.corrected),
        claims.dollars(effect.placebo.estimate),
        f"{effect.placebo_error:.2f}",
    )


def _provenance(provenance: Mapping[str, str]) -> str:
    pairs = "".join(f"<dt>{escape(what)}</dt><dd>{escape(state)}</dd>" for what, state in provenance.items())
    return f"<p>Computed from these published ports and nothing else:</p><dl>{pairs}</dl>" if pairs else ""
