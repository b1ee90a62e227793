"""What is wrong with one contract although it loads: no later version of it could be judged."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.errors import Fault
from meshwright.spec.compatibility.lifecycle import end_dates
from meshwright.spec.compatibility.service_levels import unknown_units
from meshwright.spec.compatibility.version import parsed
from meshwright.spec.model import Contract
from meshwright.spec.names import name_fault


def lint(contract: Contract) -> Iterator[Fault]:
    """The faults of a contract that loads."""
    if wrong := name_fault(contract.table, "port"):
        yield contract.at("schema").fault(wrong[0], suggestion=wrong[1])
    if parsed(contract.version) is None:
        reason = f"version {contract.version[:40]!r} is no major.minor.patch: nobody can tell what comes next"
        yield contract.at("version").fault(reason, suggestion="1.0.0")
    for level, reason in unknown_units(contract):
        yield level.where.fault(reason)
    if contract.status.strip().lower() == "deprecated" and not end_dates(contract):
        reason = "a deprecated contract says until when: the SLA property endOfSupport or endOfLife is missing"
        yield contract.at("status").fault(reason, suggestion="{property: endOfLife, value: YYYY-MM-DD}")
