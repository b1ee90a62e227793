"""``mesh check``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from meshwright.check.github import annotation, seen_from
from meshwright.check.model import Finding, Report, StageResult, Verdict
from meshwright.cli.output import emit, emit_json, say, settings_of, style
from meshwright.cli.words import counted

EXAMPLES = """\b
Examples:
  mesh check                          what changed since the default branch was left
  mesh check sales                    the products of a domain
  mesh check sales.baskets            a port's product
  mesh check --against v1.2           what changed since a tag
  mesh check --only spec,policy       some stages
  mesh check --format github          annotations on the lines at fault
"""
_COLOURS: dict[str, str] = {
    "passed": "green", "warned": "yellow", "failed": "red", "skipped": "cyan",
    "error": "red", "warning": "yellow", "note": "cyan",
}  # fmt: skip


class _Command(click.Command):
    """Lists the stages in its help."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, then the stages."""
        from meshwright.check.stage import stages

        super().format_options(ctx, formatter)
        with formatter.section("Stages"):
            formatter.write_dl([(n, (s.__doc__ or "").strip().splitlines()[0]) for n, s in stages().items()])


def _names(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> list[str]:
    return [name.strip() for text in value for name in text.split(",") if name.strip()]


@click.command("check", cls=_Command, epilog=EXAMPLES, short_help="Say whether a change may merge.")
@click.argument("selectors", nargs=-1, metavar="[DOMAIN|PRODUCT|PORT]...")
@click.option("--against", metavar="REF", help="Compare with where this branch, tag or commit was left.")
@click.option("--only", multiple=True, metavar="STAGE,…", callback=_names, help="Run these stages only.")
@click.option("--skip", multiple=True, metavar="STAGE,…", callback=_names, help="Leave these stages out.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "github"]), default="text", show_default=True,
    help="How to print what is found.",
)  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context, selectors: tuple[str, ...], against: str | None, only: list[str], skip: list[str], format_: str
) -> int:
    """Say whether a change may merge.

    Without a selection the products that changed are checked: their files, models and tests differ from the commit
    where the default branch was left. Where there is nothing to compare with, all are. Exit code 1 where a stage
    says no.
    """
    from meshwright.check.choose import subject_of
    from meshwright.check.run import run
    from meshwright.check.stage import chosen

    settings, stages = settings_of(ctx), chosen(only, skip)
    subject = subject_of(settings, selectors, against, say)
    if not subject.selected and not subject.removed:
        say(f"Nothing to check: no product differs from {subject.base.name if subject.base else 'nothing'}.")
        stages = []
    printer = _Printer(format_)
    report = run(subject, stages, on_start=printer.start, on_end=printer.end)
    if format_ == "json":
        emit_json(as_data(report, subject.root))
    elif format_ == "github":
        top = subject.base.repository.top if subject.base else settings.root.absolute()
        for finding in report.findings:
            emit(annotation(finding, top))
    elif stages:
        emit(_summary(report))
    return report.exit_code


class _Printer:
    """A line a stage on stderr; findings below it, as data where text is asked for."""

    def __init__(self, format_: str) -> None:
        self.tell = emit if format_ == "text" else say

    def start(self, stage: str) -> None:
        """A stage begins."""
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[2K  … {stage}", err=True, nl=False)

    def end(self, result: StageResult) -> None:
        """A stage has ended."""
        if sys.stderr.isatty():
            click.echo("\r\x1b[2K", err=True, nl=False)
        why = f" because {result.reason}" if result.reason else ""
        shown = style(f"{result.verdict:<8}", fg=_COLOURS[result.verdict])
        say(f"  {shown}  {result.stage:<14}{result.seconds:6.1f} s{why}")
        for finding in result.findings:
            self.tell(told(finding))


def told(finding: Finding) -> str:
    """A finding in several lines, the first of which names severity, stage and rule."""
    head = f"{finding.severity} {finding.stage}/{finding.rule}"
    return "\n".join(f"    {row}" for row in f"{head}  {finding.fault}".splitlines())


def _summary(report: Report) -> str:
    counts = {severity: sum(f.severity == severity for f in report.findings) for severity in ("error", "warning")}
    told = [counted(count, severity) for severity, count in counts.items() if count]
    left_out = [stage.stage for stage in report.stages if stage.verdict == "skipped"]
    told += [f"{', '.join(left_out)} skipped"] if left_out else []
    return ", ".join([f"{_VERDICTS[report.verdict]}: {counted(len(report.products), 'product')}", *told])


_VERDICTS: dict[Verdict, str] = {
    "passed": "passed", "warned": "passed with warnings", "failed": "failed", "skipped": "nothing was checked",
}  # fmt: skip


def as_data(report: Report, root: Path) -> dict[str, Any]:
    """A report for programs; files as seen from the mesh's folder."""
    return {
        "verdict": report.verdict,
        "against": {"name": report.against, "commit": report.commit} if report.commit else None,
        "products": list(report.products),
        "removed": list(report.removed),
        "stages": [_stage(stage, root) for stage in report.stages],
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
