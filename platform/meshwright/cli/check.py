"""``mesh check``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from meshwright.check.data import as_data
from meshwright.check.github import annotation
from meshwright.check.model import Finding, Report, StageResult, Verdict
from meshwright.cli.output import emit, emit_json, sample_option, say, settings_of, style
from meshwright.cli.words import counted
from meshwright.errors import UnavailableError, shown

if TYPE_CHECKING:
    from meshwright.build.sampling import Sample
    from meshwright.check.report import ReportFolder
    from meshwright.check.subject import Subject

T = TypeVar("T")
EXAMPLES = """\b
Examples:
  mesh check                          what changed since the default branch was left
  mesh check sales                    the products of a domain
  mesh check sales.baskets            a port's product
  mesh check --against v1.2           what changed since a tag
  mesh check --only spec,policy       some stages
  mesh check --sample 5%:customer_id  a quick build, on a part of the data
  mesh check --format github          annotations on the lines at fault
  mesh check --all --report FOLDER    every product, and a folder for CI to publish
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
@click.option("--all", "all_", is_flag=True, help="Check every product, changed or not.")
@click.option("--only", multiple=True, metavar="STAGE,…", callback=_names, help="Run these stages only.")
@click.option("--skip", multiple=True, metavar="STAGE,…", callback=_names, help="Leave these stages out.")
@sample_option
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "github"]), default="text", show_default=True,
    help="How to print what is found.",
)  # fmt: skip
@click.option(
    "--report", "folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False),
    help="Leave report.json, summary.md and the pages of stages there.",
)  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context, selectors: tuple[str, ...], against: str | None, all_: bool, only: list[str], skip: list[str],
    sample: Sample | None, format_: str, folder: Path | None,
) -> int:  # fmt: skip
    """Say whether a change may merge.

    Without a selection the products that changed are checked: their files, models and tests differ from the commit
    where the default branch was left. Where there is nothing to compare with, all are. Exit code 1 where a stage
    says no.

    With --sample the build is a quick one on a part of the data, where rules about all rows just warn; stages that
    compare with production are left out, so that it is no substitute for the whole.
    """
    from meshwright.check.choose import subject_of
    from meshwright.check.run import run
    from meshwright.check.stage import chosen

    if all_ and selectors:
        raise click.UsageError("--all and a selection exclude each other.")
    settings, stages = settings_of(ctx), chosen(only, skip)
    subject = subject_of(settings, selectors, against, say, everything=all_)
    place = _opened(folder)
    subject.report = place.path if place else None
    subject.sample = sample
    if not subject.selected and not subject.removed:
        say(f"Nothing to check: no product differs from {subject.base.name if subject.base else 'nothing'}.")
        stages = []
    printer = _Printer(format_)
    report = run(subject, stages, on_start=printer.start, on_end=printer.end)
    finished = _finished(place, report, subject.root)
    _print(finished or report, subject, format_)
    if finished and folder:
        say(f"report in {shown(folder.absolute())}")
    return report.exit_code or (UnavailableError.exit_code if folder and not finished else 0)


def _print(report: Report, subject: Subject, format_: str) -> None:
    if format_ == "json":
        emit_json(as_data(report, subject.root))
    elif format_ == "github":
        top = subject.base.repository.top if subject.base else subject.root.absolute()
        for finding in report.findings:
            emit(annotation(finding, top))
    elif report.stages:
        emit(_summary(report))


def _opened(folder: Path | None) -> ReportFolder | None:
    """The folder of the report; where it cannot be had, that is told, and the check goes on."""
    from meshwright.check.report import ReportFolder

    return _or_told(lambda: ReportFolder.opened(folder)) if folder else None


def _finished(place: ReportFolder | None, report: Report, root: Path) -> Report | None:
    return _or_told(lambda: place.finished(report, root)) if place else None


def _or_told(call: Callable[[], T]) -> T | None:
    """What a call gives; None, and a warning, where something cannot be reached."""
    try:
        return call()
    except UnavailableError as error:
        for fault in error.faults:
            say(f"warning: {fault}")
        return None


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
        for alike in _gathered(result.findings):
            self.tell(told(alike[0]) if len(alike) == 1 else _told_together(alike))


def _gathered(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings as they came, notes of one rule that ask for the same beside the first of them."""
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        alike = finding.severity == "note" and finding.fault.command
        groups.setdefault((finding.rule, finding.fault.command) if alike else number, []).append(finding)
    return list(groups.values())


def _told_together(findings: Sequence[Finding]) -> str:
    """Several notes that ask for the same, a line each."""
    first = findings[0]
    lines = [str(finding.fault).splitlines()[0] for finding in findings]
    head = f"{first.severity} {first.stage}/{first.rule}"
    return "\n".join(f"    {row}" for row in (head, *(f"  {line}" for line in lines), f"  next: {first.fault.command}"))


def told(finding: Finding) -> str:
    """A finding in several lines, the first of which names severity, stage and rule."""
    head = f"{finding.severity} {finding.stage}/{finding.rule}"
    return "\n".join(f"    {row}" for row in f"{head}  {finding.fault}".splitlines())


def _summary(report: Report) -> str:
    counts = {severity: sum(f.severity == severity for f in report.findings) for severity in ("error", "warning")}
    told = [counted(count, severity) for severity, count in counts.items() if count]
    left_out = [stage.stage for stage in report.stages if stage.verdict == "skipped"]
    told += [f"{', '.join(left_out)} skipped"] if left_out else []
    on = f" on {report.sample} of the data" if report.sample else ""
    return ", ".join([f"{_VERDICTS[report.verdict]}{on}: {counted(len(report.products), 'product')}", *told])


_VERDICTS: dict[Verdict, str] = {
    "passed": "passed", "warned": "passed with warnings", "failed": "failed", "skipped": "nothing was checked",
}  # fmt: skip
