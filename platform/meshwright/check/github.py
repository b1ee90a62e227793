"""Findings as workflow commands of GitHub Actions, which show them at the lines at fault."""

from __future__ import annotations

import os
from pathlib import Path

from meshwright.check.model import Finding, Severity

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}


def annotation(finding: Finding, top: Path) -> str:
    """``::error file=…,line=…,col=…,title=…::message``; files as seen from ``top``, the folder of the repository."""
    fault = finding.fault
    told: dict[str, object] = {}
    if fault.file is not None:
        told["file"] = seen_from(top, fault.file)
        told |= {"line": fault.line} if fault.line else {}
        told |= {"col": fault.column} if fault.line and fault.column else {}
    told["title"] = f"{finding.stage}: {finding.rule}"
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in told.items())
    return f"::{_COMMANDS[finding.severity]} {properties}::{_data(_message(finding))}"


def _message(finding: Finding) -> str:
    fault = finding.fault
    lines = [f"{fault.key}: {fault.reason}" if fault.key else fault.reason]
    lines += [f"did you mean {fault.suggestion!r}?"] if fault.suggestion else []
    lines += [f"next: {fault.command}"] if fault.command else []
    return "\n".join(lines)


def seen_from(top: Path, file: Path) -> str:
    """``file`` as seen from ``top``; whole where it lies elsewhere."""
    file = Path.cwd() / file
    # A link that leads back to itself is a fault to be told of, which Path.resolve() would raise.
    for near, far in ((file, top), (Path(os.path.realpath(file)), Path(os.path.realpath(top)))):
        if near.is_relative_to(far):
            return near.relative_to(far).as_posix()
    return file.as_posix()


def _data(text: str) -> str:
    """As the runner unescapes it: percent first, then what would end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
