"""``mesh contract``: judge contract files wherever they lie, without a mesh."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meshwright.cli.output import emit, emit_json, format_option, say
from meshwright.cli.words import counted
from meshwright.errors import Fault, InputError, SpecError, shown

if TYPE_CHECKING:
    from meshwright.spec.compatibility import Change, Judgement
    from meshwright.spec.model import Contract

EXAMPLES = """\b
Examples:
  mesh contract lint orders.contract.yaml
  mesh contract diff old.yaml new.yaml
  git show main:orders.contract.yaml | mesh contract diff - orders.contract.yaml --fail-on major
"""
_STDIN = "-"


@click.group("contract", epilog=EXAMPLES, short_help="Lint and compare contract files, without a mesh.")
def command() -> None:
    """Lint contract files and compare two of them, wherever they lie.

    FILE is a path, or - for stdin. No mesh is needed, and references to other contracts are not looked up.
    """


@command.command("lint", short_help="Say what is wrong with contract files.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@format_option
def lint(files: tuple[str, ...], format_: str) -> int:
    """Judge each FILE by ODCS and by what the mesh asks of a contract.

    Exit code 1 where one has a fault, 2 where one cannot be read.
    """
    found = {file: list(_faults(file)) for file in dict.fromkeys(files)}
    if format_ == "json":
        emit_json([{"file": file, "faults": [_as_data(f) for f in faults]} for file, faults in found.items()])
    else:
        for fault in (fault for faults in found.values() for fault in faults):
            emit(str(fault))
    count = sum(map(len, found.values()))
    say(f"{counted(count, 'fault') if count else 'no fault'} in {counted(len(found), 'file')}")
    if any(fault.line is None for faults in found.values() for fault in faults):
        return InputError.exit_code
    return 1 if count else 0


def _faults(file: str) -> Iterator[Fault]:
    from meshwright.spec.compatibility.lint import lint as semantic

    try:
        yield from semantic(_contract(file))
    except InputError as error:
        yield from error.faults


def _as_data(fault: Fault) -> dict[str, Any]:
    return {**asdict(fault), "file": str(fault.file) if fault.file else None}


@command.command("diff", short_help="Say what a new contract does to consumers of the old one.")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--fail-on",
    type=click.Choice(["patch", "minor", "major", "refused"]),
    help="Exit with 1 from this verdict on; what is refused always counts, also for its version.",
)
@format_option
def diff(old: str, new: str, fail_on: str | None, format_: str) -> int:
    """Compare two contracts of one port: each change with its verdict, and what the version must become.

    Exit code 0 whatever the verdict is, unless --fail-on asks for another.
    """
    from meshwright.spec.compatibility import compare

    if old == new == _STDIN:
        raise InputError(Fault("only one of OLD and NEW can be stdin", key=_STDIN))
    judged = compare(_contract(old, foreign=True), _contract(new, foreign=True))
    if format_ == "json":
        emit_json(judged.as_json())
    else:
        _print(judged)
        _tell(judged)
    return 1 if fail_on and _fails(judged, fail_on) else 0


def _contract(file: str, *, foreign: bool = False) -> Contract:
    """SpecError with all faults, without a line where the file cannot be read."""
    from meshwright.spec import parse_contract
    from meshwright.spec.yaml_reader import MAX_BYTES

    if file == _STDIN:
        return parse_contract(getattr(sys.stdin, "buffer", sys.stdin).read(), Path("stdin"), foreign=foreign)
    path = Path(file)
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as e:
        raise SpecError(Fault(f"cannot be read: {getattr(e, 'strerror', None) or e}", path)) from e
    return parse_contract(text, path.absolute(), foreign=foreign)


def _print(judged: Judgement) -> None:
    width = max((len(change.path) for change in judged.changes), default=0)
    for change in judged.changes:
        emit(f"{change.verdict:<7}  {change.path:<{width}}  {change.reason}{_notes(change)}")
    emit(f"verdict: {judged.verdict}" + (", needs the approval of a policy" if judged.approval else ""))
    version = judged.version
    step = f"may stay {version.old}" if version.required in (None, version.old) else f"must become {version.required}"
    emit(f"version: {step}, is {version.new}{'' if version.enough else ': refused'}")


def _notes(change: Change) -> str:
    notes = [f"line {change.where.line} of {shown(change.where.file).name}", f"rule {change.rule}"]
    if change.verify:
        notes.append(f"verify {change.verify.kind}")
    return f" ({'; '.join(notes)})"


def _tell(judged: Judgement) -> None:
    if not judged.version.enough:
        say(judged.version.reason)
    if judged.breaking:
        say("a breaking change passes only as a new output port beside the old one, with the old one deprecated")


def _fails(judged: Judgement, fail_on: str) -> bool:
    from meshwright.spec.compatibility import Verdict

    return judged.refused or judged.verdict.rank >= Verdict(fail_on).rank
