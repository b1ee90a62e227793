"""What products record against policies: which one, why, until when."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from meshwright.check.policy.judge import Violation
from meshwright.errors import Fault
from meshwright.spec.documents import Report
from meshwright.spec.model import Product, Where
from meshwright.spec.node import At, dotted
from meshwright.spec.schema import Schema
from meshwright.spec.words import listed, nearest
from meshwright.spec.yaml_reader import read_yaml

PROPERTY = "policyExceptions"
"""The customProperty of a product that holds them."""
ACCESS = "access_changed"
"""Stands in place of a policy: that somebody may see less or more, or connects otherwise, is approved with a reason."""
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_SCHEMA = Schema(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["rule", "reason", "until"],
            "additionalProperties": False,
            "properties": {
                "rule": {"type": "string"},
                "reason": {"type": "string", "minLength": 1},
                "until": {"type": "string", "pattern": _DAY, "x-reason": "is no date: write 2027-01-31"},
                "port": {"type": "string"},
                "column": {"type": "string"},
            },
        },
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exemption:
    """A policy need not hold for a product, or for one port or column of it, until a day (which counts)."""

    product: str
    rule: str
    reason: str
    until: date
    where: Where
    port: str | None = None
    column: str | None = None

    def covers(self, violation: Violation) -> bool:
        """Whether it is about what a policy does not hold for."""
        port = violation.port.name if violation.port else None
        column = violation.column.name if violation.column else None
        return (
            self.product == violation.product.key
            and self.rule == violation.policy.id
            and self.port in (None, port)
            and self.column in (None, column)
        )

    def approves(self, port: str, today: date) -> bool:
        """Whether it approves, today, that access to a port of its product changes."""
        return self.rule == ACCESS and self.port in (None, port) and not self.is_over(today)

    def is_over(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.until < today


def exemptions_of(product: Product, known: Collection[str], report: Report) -> Iterator[Exemption]:
    """The exceptions that a product records, approvals too; ``known`` are the ids of policies. Faults are reported."""
    if PROPERTY not in product.custom:
        return
    place = _written(product.where.file)
    if place is None:
        return
    for problem in _SCHEMA.problems(place.node):
        where = Where(place.file, problem.line, problem.column, dotted((*place.steps, *problem.steps)))
        report(where.fault(problem.reason, suggestion=problem.suggestion))
    wrong = {problem.steps[0] for problem in _SCHEMA.problems(place.node) if problem.steps}
    for i, item in enumerate(place.members()):
        if i not in wrong and (found := _exemption(item, product, {*known, ACCESS}, report)):
            yield found


def _exemption(item: At, product: Product, known: Collection[str], report: Report) -> Exemption | None:
    rule, written = item.string("rule") or "", item.string("until") or ""
    try:
        until = date.fromisoformat(written)
    except ValueError:
        report(item.at("until").fault(f"there is no day {written!r}"))
        return None
    if rule not in known:
        reason = f"there is no policy {rule[:60]!r}"
        report(item.at("rule").fault(reason, suggestion=nearest(rule, known), command="mesh policy list"))
        return None
    port, column = item.string("port"), item.string("column")
    if (wrong := _unknown_place(product, port, column)) is not None:
        key, reason, near = wrong
        report(item.at(key).fault(reason, suggestion=near))
        return None
    return Exemption(product.key, rule, item.string("reason") or "", until, item.where, port, column)


def _unknown_place(product: Product, port: str | None, column: str | None) -> tuple[str, str, str | None] | None:
    """The key, reason and nearest name where an exception names a port or column that is not there."""
    ports = {p.name: p for p in product.ports}
    if port is not None and port not in ports:
        return "port", f"{product.key} has no port {port[:60]!r}: {listed(ports)}", nearest(port, ports)
    if column is not None and port is None:
        return "column", "a column needs the port that it is in", None
    if column is not None and port is not None:
        columns = [c.name for c in ports[port].contract.columns]
        if column not in columns:
            return "column", f"{port} has no column {column[:60]!r}: {listed(columns)}", nearest(column, columns)
    return None


def _written(file: Path) -> At | None:
    """Where the exceptions of a product are written; the file has been read and found sound before."""
    node, _ = read_yaml(file)
    return At(file, node).custom().get(PROPERTY)


def ended(exemption: Exemption) -> Fault:
    """The fault of an exception whose last day has passed."""
    reason = f"the exception to {exemption.rule} ended on {exemption.until}: {exemption.reason}"
    return exemption.where.fault(reason, command=f"mend what breaks {exemption.rule}, or agree on a later date")


def idle(exemption: Exemption) -> Fault:
    """The fault of an exception that nothing needs."""
    return exemption.where.fault(f"nothing breaks {exemption.rule} here any more", command="take this exception out")


def excusing(exemption: Exemption, times: int) -> Fault:
    """What an exception does, told as a fault that is none."""
    reason = f"excused from {exemption.rule} until {exemption.until}, {times} times: {exemption.reason}"
    return exemption.where.fault(reason)
