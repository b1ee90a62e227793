"""Audits of candidates and of what is published, on a connection where every name is the right snapshot."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from meshwright.build import views
from meshwright.build.context import Run
from meshwright.catalog.database import now
from meshwright.catalog.records import AuditRecord, AuditVerdict, RuleResult
from meshwright.duck import quote
from meshwright.errors import Fault
from meshwright.quality.rules import audit_key, rules_of, rules_of_sample
from meshwright.spec.model import Port

if TYPE_CHECKING:
    from meshwright.catalog.candidates import Committed
    from meshwright.quality.model import Verdict


@dataclass(frozen=True)
class Audit:
    """One audit of one port, with its record."""

    port: Port
    verdicts: Sequence[Verdict]
    record: AuditRecord

    def faults(self, rules: Collection[str] | None = None) -> list[Fault]:
        """One fault for each error rule that failed, or of those among ``rules`` (their ids)."""
        return [
            v.rule.where.fault(f"{self.port.key} breaks {v.rule.id}: {v.message}{_shown(v)}")
            for v in self.verdicts
            if not v.passed and v.rule.severity == "error" and (rules is None or v.rule.id in rules)
        ]


@dataclass(frozen=True)
class Auditor:
    """Audits ports of one build; ``locations`` are this product's candidates before the layer and its parent.

    ``sampled``: it was made of a part of the data, so that rules about all rows only warn.
    """

    run: Run
    build: str
    locations: Mapping[str, str]
    sampled: bool = False

    def opened(self, ports: Sequence[Port]) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A connection with views of the ports and of all that their rules name."""
        wanted = {p.key for p in ports} | {read for p in ports for rule in rules_of(p) for read in rule.reads}
        mesh, spill = self.run.mesh, self.run.spill(ports[0].domain, ports[0].product)
        known = wanted & mesh.ports.keys()
        return views.opened(self.run.settings, views.mesh_domains(mesh), self.locations, known, spill)

    def audit(
        self, con: duckdb.DuckDBPyConnection, port: Port, committed: Committed | None, built: str | None
    ) -> Audit:
        """Audit a candidate, or (``committed`` None) what is published."""
        from meshwright.quality.audit import audit

        rules = rules_of_sample(port) if self.sampled else rules_of(port)
        beside = [self.run.mesh.ports[name] for rule in rules for name in rule.reads if name in self.run.mesh.ports]
        verdicts = audit(
            con, port, table=f"mesh.{quote(port.domain)}.{quote(port.name)}", built=built, rules=rules, beside=beside
        )
        location = committed.location if committed else self.locations[port.key]
        record = AuditRecord(
            build=self.build, domain=port.domain, port=port.name, audit_key=audit_key(port),
            snapshot=committed.snapshot if committed else 0, metadata_location=location, verdict=_verdict(verdicts),
            published=committed is None, run=self.run.id, audited_at=now(), environment=self.run.environment,
            rules=[_result(v) for v in verdicts],
        )  # fmt: skip
        return Audit(port, verdicts, record)


def _verdict(verdicts: Sequence[Verdict]) -> AuditVerdict:
    failed = {v.rule.severity for v in verdicts if not v.passed}
    return "refused" if "error" in failed else "warned" if failed else "passed"


def _result(verdict: Verdict) -> RuleResult:
    return RuleResult(
        rule=verdict.rule.id, severity=verdict.rule.severity, passed=verdict.passed, message=verdict.message,
        failed_rows=verdict.failed_rows, checked_rows=verdict.checked_rows, samples=verdict.samples,
        seconds=verdict.seconds,
    )  # fmt: skip


def _shown(verdict: Verdict) -> str:
    samples = ["{" + ", ".join(f"{k}: {v}" for k, v in sample.items()) + "}" for sample in verdict.samples[:2]]
    return f"; for example {', '.join(samples)}" if samples else ""
