"""A report as Markdown for people: the summary of a run in CI, and the comment on a pull request.

What others wrote stands in ``<code>`` and ``<pre>`` alone, and with the characters replaced that mean something there.
Neither Markdown nor what GitHub and GitLab make of mentions, references and addresses reaches in.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from meshwright.check.github import seen_from
from meshwright.check.model import Finding, Report, Severity, StageResult, Verdict

MOST = 60_000
"""Bytes of a summary; a comment on GitHub holds 65,536 characters."""
_MOST_OF_ONE = 4_000
_MOST_OF_A_CELL = 300
_FACTS, _PAGES = 6, 20
_VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    "passed": ("✅", "passed"), "warned": ("⚠️", "passed with warnings"), "failed": ("❌", "failed"),
    "skipped": ("⏭️", "nothing was checked"),
}  # fmt: skip
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


def summary(report: Report, root: Path) -> str:
    """Verdict, stages and findings, errors first; what does not fit is counted and left to ``report.json``."""
    head = "\n".join([*_head(report), ""])
    return head + _fitting(report, root, MOST - len(head.encode()))


def _head(report: Report) -> Iterator[str]:
    icon, said = _VERDICTS[report.verdict]
    on = f" on {report.sample} of the data" if report.sample else ""
    yield f"## {icon} mesh check: {said}{on}"
    yield ""
    told = [_counted(len(report.products), "product")]
    told += [_counted(n, severity) for severity, n in _counts(report).items() if n]
    told += [f"{len(report.removed)} removed"] if report.removed else []
    yield f"{', '.join(told)}; against {_code(report.against) if report.against else 'nothing'}"
    if report.stages:
        yield from ("", "| | Stage | Verdict | Time | |", "|---|---|---|--:|---|")
        yield from map(_row, report.stages)
    if report.pages:
        yield from ("", f"Pages in the report: {', '.join(map(_code, report.pages[:_PAGES]))}")


def _row(stage: StageResult) -> str:
    more = f"because {_code(stage.reason)}" if stage.reason else ", ".join(_facts(stage.facts))
    return (
        f"| {_VERDICTS[stage.verdict][0]} | {_code(stage.stage)} | {stage.verdict} | {stage.seconds:.1f} s | {more} |"
    )


def _facts(facts: Mapping[str, Any]) -> list[str]:
    plain = [(name, value) for name, value in facts.items() if isinstance(value, str | int | float)]
    return [_code(f"{name} {value}") for name, value in plain[:_FACTS]]


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _counts(report: Report) -> dict[Severity, int]:
    return {severity: sum(f.severity == severity for f in report.findings) for severity in _SEVERITIES}


def _fitting(report: Report, root: Path, room: int) -> str:
    """The findings in sections by severity, as many as there is room for."""
    parts: list[str] = []
    room -= 400
    for severity, count in _counts(report).items():
        blocks = [_pre(_told(f, root)) for f in report.findings if f.severity == severity]
        shown = list(_first(blocks, room))
        room -= sum(_size(block) for block in shown)
        parts += _section(severity, shown, count)
    return "\n".join([*parts, ""])


def _first(blocks: Iterable[str], room: int) -> Iterator[str]:
    for block in blocks:
        room -= _size(block)
        if room < 0:
            return
        yield block


def _size(block: str) -> int:
    return len(block.encode()) + 1


def _section(severity: Severity, shown: list[str], count: int) -> Iterator[str]:
    """A section; notes are folded."""
    if not count:
        return
    title = _counted(count, severity)
    yield from ("", "<details>" if severity == "note" else "<details open>", f"<summary>{title}</summary>", "")
    yield from shown
    if len(shown) < count:
        yield f"\n… and {count - len(shown)} more, see `report.json`"
    yield from ("", "</details>")


def _told(finding: Finding, root: Path) -> str:
    fault = finding.fault
    place = "" if fault.file is None else seen_from(root, fault.file) + (f":{fault.line}" if fault.line else "")
    return f"{finding.stage}/{finding.rule}  {fault.told(place)}"


def _pre(text: str) -> str:
    """Text as it is, in a block that only ``<`` and ``&`` could end."""
    clipped = text if len(text) <= _MOST_OF_ONE else f"{text[:_MOST_OF_ONE]}…"
    rows = (_printable(row) for row in clipped.replace("\t", "    ").split("\n"))
    return f"<pre>{html.escape(chr(10).join(rows), quote=False)}</pre>"


def _code(text: str) -> str:
    """Text within a line or a cell: every character that Markdown could take for its own is written by its number."""
    clipped = text if len(text) <= _MOST_OF_A_CELL else f"{text[:_MOST_OF_A_CELL]}…"
    return f"<code>{''.join(c if _is_plain(c) else f'&#{ord(c)};' for c in _printable(clipped))}</code>"


def _is_plain(char: str) -> bool:
    return not char.isascii() or char.isalnum() or char in " /,-"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
