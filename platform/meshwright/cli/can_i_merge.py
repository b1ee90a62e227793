"""``mesh can-i-merge``: the verdict on consumers in one word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meshwright.cli.output import emit, emit_json, format_option, say, settings_of

if TYPE_CHECKING:
    from meshwright.check.subject import Subject
    from meshwright.errors import Fault

EXAMPLES = """\b
Examples:
  mesh can-i-merge                    what changed since the default branch was left
  mesh can-i-merge sales.baskets      a port's product
  mesh can-i-merge --against v1.2 && git push
"""
STAGES = ("compatibility", "impact", "expectations")
"""The stages of mesh check that judge for consumers, as far as they are there."""


@click.command("can-i-merge", epilog=EXAMPLES, short_help="Say yes or no: does a change break a consumer?")
@click.argument("selectors", nargs=-1, metavar="[DOMAIN|PRODUCT|PORT]...")
@click.option("--against", metavar="REF", help="Compare with where this branch, tag or commit was left.")
@format_option
@click.pass_context
def command(ctx: click.Context, selectors: tuple[str, ...], against: str | None, format_: str) -> int:
    """Say yes or no: does a change break a consumer?

    Runs those stages of mesh check that judge for consumers: compatibility, impact and expectations. The word goes to
    standard output, the reasons to standard error. Exit code 1 for no.
    """
    from meshwright.check.choose import subject_of
    from meshwright.check.data import as_data
    from meshwright.check.run import run
    from meshwright.check.stage import chosen, names
    from meshwright.cli.check import told

    there = names()
    subject = subject_of(settings_of(ctx), selectors, against, say)
    report = run(subject, chosen([name for name in STAGES if name in there], []))
    unread = _unread(subject)
    verdict = "no" if unread or report.exit_code else "yes"
    if format_ == "json":
        refused = [finding.fault for finding in report.findings if finding.severity == "error"]
        reasons = [fault.reason for fault in (*unread, *refused)]
        emit_json({**as_data(report, subject.root), "verdict": verdict, "reasons": reasons})
    else:
        for fault in unread:
            say(f"error: {fault}")
        for finding in report.findings:
            if finding.severity != "note":
                say(told(finding))
        emit(verdict)
    return report.exit_code or int(bool(unread))


def _unread(subject: Subject) -> list[Fault]:
    """The faults of selected products that cannot be read: nobody knows what they would break."""
    readable = {product.key for product in subject.readable}
    return [fault for key in subject.selected if key not in readable for fault in subject.sound.broken.get(key, ())]
