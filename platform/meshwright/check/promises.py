"""New promises on published data: the rules that a contract gains, judged on the snapshot that readers have now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from meshwright.build import views
from meshwright.check.subject import Subject
from meshwright.duck import quote
from meshwright.errors import Fault
from meshwright.quality.model import Rule
from meshwright.quality.rules import rules_of
from meshwright.spec.model import Contract, Port


def new_rules(port: Port, old: Contract) -> tuple[Rule, ...]:
    """The rules of ``port`` that ``old`` did not have, or had otherwise; what is asked of the schema aside."""
    before = {rule.id: (rule.kind, rule.definition) for rule in rules_of(replace(port, contract=old))}
    return tuple(
        rule
        for rule in rules_of(port)
        if rule.severity == "error" and rule.kind != "schema" and before.get(rule.id) != (rule.kind, rule.definition)
    )


def broken_promises(subject: Subject, port: Port, old: Contract) -> Iterator[Fault]:
    """What the published snapshot of a port breaks of the promises that ``old`` did not make.

    Promises about columns that are not published yet are left to the build.
    """
    from meshwright.quality.audit import audit

    pins, rules = subject.published.pins, new_rules(port, old)
    if port.key not in pins or not rules:
        return
    table = f"mesh.{quote(port.domain)}.{quote(port.name)}"
    named = {port.key, *(read for rule in rules for read in rule.reads)}
    spill = subject.settings.spill(port.domain, port.product)
    with views.opened(subject.settings, subject.place.domains, pins, named & subject.mesh.ports.keys(), spill) as con:
        there = {row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()}
        asked = [rule for rule in rules if set(rule.columns) <= there and set(rule.reads) <= pins.keys()]
        beside = [subject.published.guarded(other) for key, other in subject.mesh.ports.items() if key in named]
        for verdict in audit(con, subject.published.guarded(port), table=table, rules=asked, beside=beside):
            if not verdict.passed:
                reason = f"what is published of {port.key} breaks the new promise {verdict.rule.id}: {verdict.message}"
                yield verdict.rule.where.fault(reason, command=f"mesh show {port.key}")
