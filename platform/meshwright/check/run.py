"""Running the stages of a check, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from meshwright import disk
from meshwright.check.model import Finding, Report, StageResult, Verdict
from meshwright.check.stage import Skip, Stage
from meshwright.check.subject import Subject
from meshwright.errors import MeshError, UnavailableError


def run(
    subject: Subject,
    stages: Sequence[type[Stage]],
    *,
    on_start: Callable[[str], None] = lambda _: None,
    on_end: Callable[[StageResult], None] = lambda _: None,
) -> Report:
    """Run ``stages`` over the subject; one that fails does not keep others from running that do not need it."""
    try:
        for stage in stages:
            on_start(stage.name)
            result = _run(stage(), subject)
            subject.results[stage.name] = result
            on_end(result)
    finally:
        subject.close()
    base = subject.base
    return Report(
        subject.selected,
        tuple(subject.results.values()),
        base.name if base else None,
        base.commit if base else None,
        subject.removed,
        sample=str(subject.sample) if subject.sample else None,
    )


def _run(stage: Stage, subject: Subject) -> StageResult:
    started = perf_counter()
    findings: list[Finding] = []
    unavailable = False
    try:
        _require(stage, subject)
        findings += stage.run(subject)
    except Skip as skip:
        return StageResult(stage.name, "skipped", perf_counter() - started, (), stage.facts, str(skip))
    except MeshError as error:
        findings += [stage.error(stage.name, fault, subject.product_of(fault)) for fault in error.faults]
        unavailable = isinstance(error, UnavailableError)
    if any(finding.severity == "error" for finding in findings) and (full := disk.full(subject.settings.state_dir)):
        findings.insert(0, stage.error("disk", full))
        unavailable = True
    told = tuple(dict.fromkeys(findings))
    return StageResult(stage.name, _verdict(told), perf_counter() - started, told, stage.facts, unavailable=unavailable)


def _require(stage: Stage, subject: Subject) -> None:
    for name in stage.after:
        before = subject.results.get(name)
        if before is not None and before.verdict in ("failed", "skipped"):
            raise Skip(f"{name} failed" if before.verdict == "failed" else f"{name} was skipped")
    if stage.needs_all_rows and subject.sample:
        raise Skip(f"the build is on {subject.sample} of the data")
    if stage.needs_products and not subject.readable:
        what = "no selected product can be read" if subject.selected else "no product is selected"
        raise Skip(what + (", see spec" if subject.selected and "spec" in subject.results else ""))


def _verdict(findings: Sequence[Finding]) -> Verdict:
    severities = {finding.severity for finding in findings}
    return "failed" if "error" in severities else "warned" if "warning" in severities else "passed"
