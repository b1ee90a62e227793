"""From a template and answers to files, in memory: copier renders into a folder that is thrown away."""

from __future__ import annotations

import stat
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from meshwright.errors import Fault, InputError
from meshwright.scaffold.templates import Template

_NOT_OURS = frozenset({".git", ".mesh", ".venv"})
"""Folders of a mesh that no template writes into."""


def render(
    template: Template, answers: Mapping[str, Any], *, trusted: frozenset[str] = frozenset(), defaults: bool = False
) -> dict[PurePosixPath, bytes]:
    """The files of a template by their path in the mesh.

    Every question needs its answer, unless ``defaults`` may stand in. InputError where an answer is missing or
    unknown, where the template fails, writes outside of the mesh or makes a link, or where it would run code without
    being trusted.
    """
    template.require_harmless(trusted)
    asked = template.questions()
    if wrong := sorted(answers.keys() - asked if defaults else asked ^ answers.keys()):
        reason = f"template {template.name} version {template.version} and its answers differ about {wrong}"
        raise InputError(Fault(reason, template.folder, key=wrong[0]))
    with tempfile.TemporaryDirectory(prefix="meshwright-") as folder:
        target = Path(folder, "rendered")
        _copy(template, answers, target, runs=template.name in trusted)
        return dict(sorted(_files(template, target)))


def _copy(template: Template, answers: Mapping[str, Any], target: Path, *, runs: bool) -> None:
    from copier import Settings, run_copy

    made_of = {"name": template.name, "version": template.version}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Settings of the person who runs it would answer questions and trust templates.
            run_copy(
                str(template.folder), target, data={**answers, "template": made_of}, defaults=True, overwrite=True,
                quiet=True, unsafe=runs, settings=Settings(),
            )  # fmt: skip
    except Exception as error:  # whatever an expression of the template raises
        told = " ".join(str(error).split()) or type(error).__name__
        reason = f"template {template.name} version {template.version} cannot be rendered: {told[:400]}"
        raise InputError(Fault(reason, template.folder, key=template.name)) from error


def _files(template: Template, target: Path) -> list[tuple[PurePosixPath, bytes]]:
    found = []
    for file in sorted(target.rglob("*")):
        path = PurePosixPath(file.relative_to(target).as_posix())
        mode = file.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        if not stat.S_ISREG(mode):
            raise _refusal(template, path, "is no file: a template makes no links or devices")
        if path.parts[0] in _NOT_OURS:
            raise _refusal(template, path, f"lies in {path.parts[0]}, where a template has no business")
        found.append((path, file.read_bytes()))
    if not found:
        raise InputError(Fault(f"template {template.name} made no file", template.folder, key=template.name))
    return found


def _refusal(template: Template, path: PurePosixPath, why: str) -> InputError:
    return InputError(Fault(f"{path} {why}", template.folder, key=template.name))
