"""A report as JSON has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from meshwright.check.github import seen_from
from meshwright.check.model import Finding, Report, StageResult


def as_data(report: Report, root: Path) -> dict[str, Any]:
    """A report for programs; files as seen from the mesh's folder."""
    return {
        "verdict": report.verdict,
        "against": {"name": report.against, "commit": report.commit} if report.commit else None,
        "sample": report.sample,
        "products": list(report.products),
        "removed": list(report.removed),
        "stages": [_stage(stage, root) for stage in report.stages],
        "pages": list(report.pages),
    }


def _stage(stage: StageResult, root: Path) -> dict[str, Any]:
    return {
        "stage": stage.stage,
        "verdict": stage.verdict,
        "seconds": round(stage.seconds, 3),
        "reason": stage.reason or None,
        "facts": dict(stage.facts),
        "findings": [_finding(finding, root) for finding in stage.findings],
    }


def _finding(finding: Finding, root: Path) -> dict[str, Any]:
    fault = finding.fault
    return {
        "rule": finding.rule, "severity": finding.severity, "product": finding.product,
        "file": seen_from(root, fault.file) if fault.file else None, "line": fault.line, "column": fault.column,
        "key": fault.key, "reason": fault.reason, "suggestion": fault.suggestion, "command": fault.command,
    }  # fmt: skip
