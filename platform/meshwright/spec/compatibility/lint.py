"""What is wrong with one contract although it loads: no later version of it could be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from meshwright.errors import Fault
from meshwright.spec.compatibility.lifecycle import end_dates
from meshwright.spec.compatibility.service_levels import unknown_units, unmeasured
from meshwright.spec.compatibility.version import parsed
from meshwright.spec.model import Column, Contract, Where
from meshwright.spec.names import name_fault
from meshwright.spec.words import nearest

STATUSES = ("proposed", "draft", "active", "deprecated", "retired")
"""Those that ODCS names; a status may be any other word too."""
CLASSES = ("public", "internal", "confidential", "restricted", "sensitive", "secret")
"""Usual classifications; a mesh may have others, whose values are hidden."""


def lint(contract: Contract) -> Iterator[Fault]:
    """The faults of a contract that loads."""
    if wrong := name_fault(contract.table, "port"):
        yield contract.at("schema").fault(wrong[0], suggestion=wrong[1])
    if parsed(contract.version) is None:
        reason = f"version {contract.version[:40]!r} is no major.minor.patch: nobody can tell what comes next"
        yield contract.at("version").fault(reason, suggestion="1.0.0")
    for level, reason in unknown_units(contract):
        yield level.where.fault(reason)
    yield from unheeded(contract)
    if contract.status.strip().lower() == "deprecated" and not end_dates(contract):
        reason = "a deprecated contract says until when: the SLA property endOfSupport or endOfLife is missing"
        yield contract.at("status").fault(reason, suggestion="{property: endOfLife, value: YYYY-MM-DD}")


def unheeded(contract: Contract) -> Iterator[Fault]:
    """Values that are written and that nobody can act on: misspelt words, and measures without a number."""
    yield from _misspelt(contract.at("status"), "status", contract.status, STATUSES)
    for column in _all(contract.columns):
        yield from _misspelt(column.at("classification"), "classification", column.classification or "", CLASSES)
    for level in unmeasured(contract):
        reason = f"{level.property} {str(level.value)[:40]!r} is no number: nobody can check it"
        yield level.where.fault(reason, suggestion="{value: 1, unit: d}")


def _all(columns: Iterable[Column]) -> Iterator[Column]:
    for column in columns:
        yield column
        yield from _all(column.members)


def _misspelt(where: Where, what: str, word: str, known: Sequence[str]) -> Iterator[Fault]:
    said = word.strip().lower()
    if said not in known and (near := nearest(said, known, alike=0.8)):
        yield where.fault(f"{what} {word[:40]!r} looks misspelt", suggestion=near)
