"""Expectations run on what is published."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from meshwright.check.subject import Subject
from meshwright.spec.expects import Expected
from meshwright.spec.load import load_sound
from meshwright.spec.model import Contract, Port

if TYPE_CHECKING:
    from meshwright.quality.model import Verdict


def _elsewhere(subject: Subject, names: Collection[str]) -> Mapping[str, Port]:
    """Ports that rules read besides, as their files say."""
    owners = {subject.place.ports[name] for name in names if name in subject.place.ports}
    return load_sound(subject.root, sorted(owners)).mesh.ports if owners else {}


def audited(
    subject: Subject, read: Sequence[tuple[Expected, Contract]], ports: Mapping[str, Port]
) -> Iterator[tuple[Expected, Verdict]]:
    """The verdict of every rule of the expectations on the published snapshots; none where nothing is published."""
    from meshwright.build import views
    from meshwright.duck import quote
    from meshwright.quality.audit import audit
    from meshwright.quality.rules import rules_of

    for of, wanted in read:
        pins = subject.published.pins
        if of.port not in pins:
            continue
        port = replace(ports[of.port], contract=wanted)
        # That there are other columns beside those that it expects is nothing to a consumer.
        rules = [rule for rule in rules_of(port) if rule.kind != "schema"]
        needed = {of.port, *(name for rule in rules for name in rule.reads)}
        known = {**ports, **_elsewhere(subject, needed - ports.keys())}
        beside = [subject.published.guarded(known[name]) for name in needed if name in known]
        spill = subject.settings.spill(port.domain, port.product)
        with views.opened(subject.settings, subject.place.domains, pins, needed, spill) as con:
            table = f"mesh.{quote(port.domain)}.{quote(port.name)}"
            # What is private is the producer's to say, and not the consumer's.
            found = audit(con, subject.published.guarded(ports[of.port]), table=table, rules=rules, beside=beside)
            yield from ((of, verdict) for verdict in found)
