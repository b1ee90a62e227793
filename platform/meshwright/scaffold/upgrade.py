"""Bring scaffolds to the templates of today, and leave what teams made of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from meshwright.config import Settings
from meshwright.disk import write_whole
from meshwright.errors import Fault, InputError, MeshError
from meshwright.scaffold.answers import MARKED, Pending, Scaffold, digest, scaffolds
from meshwright.scaffold.merge import Merged, has_marks, merge
from meshwright.scaffold.place import let_run, scaffolding
from meshwright.scaffold.render import render
from meshwright.scaffold.templates import Template, versions
from meshwright.spec.words import unknown

Verdict = Literal["upgraded", "conflicts", "untouched", "failed", "behind"]


@dataclass(frozen=True)
class Upgrade:
    """What became of one scaffold, or would: ``behind`` where nothing was to be written.

    ``files`` says of each file that is not as it was what happened to it.
    """

    name: str
    template: str
    before: int
    after: int
    verdict: Verdict
    files: Mapping[PurePosixPath, str] = field(default_factory=dict)
    error: MeshError | None = None


def upgrade(settings: Settings, domain: str | None = None, *, write: bool = True) -> list[Upgrade]:
    """Upgrade the scaffolds of a domain, or (None) all of the mesh; one that fails does not stop the others.

    InputError where there is no such domain. Without ``write`` nothing changes, and what is behind is told.
    """
    root = settings.root
    known = [path.name for path in (root / "domains").iterdir() if path.is_dir()]
    if domain is not None and domain not in known:
        raise InputError(unknown("domain", domain, known, key="domain"))
    with scaffolding(root, settings.state_dir):
        return [_one(settings, found, write=write) for found in scaffolds(root, domain)]


def _one(settings: Settings, found: Scaffold | InputError, *, write: bool) -> Upgrade:
    if isinstance(found, InputError):
        place = found.faults[0].file
        name = str(place.parent.name) if place else "?"
        return Upgrade(name, "?", 0, 0, "failed", error=found)
    try:
        return _Upgrading(settings, found).run(write=write)
    except MeshError as error:
        return Upgrade(found.name, found.template, found.version, found.version, "failed", error=error)


class _Upgrading:
    """One scaffold on its way to the newest version of its template."""

    def __init__(self, settings: Settings, scaffold: Scaffold) -> None:
        self.root, self.scaffold = settings.root, scaffold
        self.trusted = settings.trusted
        self.known = {t.version: t for t in versions(scaffold.template, settings.root)}

    def run(self, *, write: bool) -> Upgrade:
        scaffold, newest = self.scaffold, max(self.known)
        if scaffold.version > newest:
            reason = f"was made by version {scaffold.version} of its template; this meshwright knows {newest}"
            raise InputError(Fault(reason, scaffold.file, key="_version", command="upgrade meshwright"))
        target = scaffold.pending.version if scaffold.pending else newest
        if scaffold.version == target:
            return self._told(target, "untouched")
        before, now = self._version(scaffold.version), self._version(target)
        old = render(before, self.scaffold.answers, trusted=self.trusted)
        new = render(now, self._answers(now), trusted=self.trusted, defaults=True)
        merged = dict(self._merged(old, new))
        if not write:
            return self._told(target, "behind", merged)
        if scaffold.pending is None:
            self._require_clean(merged)
        return self._write(target, merged, new)

    def _version(self, number: int) -> Template:
        if number not in self.known:
            reason = f"version {number} of template {self.scaffold.template} is not here any more"
            raise InputError(Fault(reason, self.scaffold.file, key="_version"))
        return self.known[number]

    def _answers(self, template: Template) -> dict[str, object]:
        """The recorded answers to what a version asks; what is new takes its default, what is gone is left out."""
        return {name: value for name, value in self.scaffold.answers.items() if name in template.questions()}

    def _merged(
        self, old: Mapping[PurePosixPath, bytes], new: Mapping[PurePosixPath, bytes]
    ) -> Iterator[tuple[PurePosixPath, Merged]]:
        """Every file but the answers; of an upgrade that waits, those that it waits for."""
        waiting = self.scaffold.pending.conflicts if self.scaffold.pending else {}
        for path in sorted(waiting or {*old, *new} - {self.scaffold.place}):
            file = self.root / path
            ours = file.read_bytes() if file.is_file() else None
            if path in waiting and (ours is None or digest(ours) != waiting[path]):
                yield path, Merged("conflict" if ours and has_marks(ours) else "merged", ours)
            else:
                yield path, merge(old.get(path), ours, new.get(path))

    def _require_clean(self, merged: Mapping[PurePosixPath, Merged]) -> None:
        """InputError where a file that is to change holds changes which git has not seen."""
        touched = [str(path) for path, m in merged.items() if m.state in ("changed", "removed", "merged", "conflict")]
        if not touched:
            return
        try:
            told = subprocess.run(["git", "status", "--porcelain", "-z", "--", *touched], cwd=self.root,
                                  capture_output=True, text=True, check=False)  # fmt: skip
        except FileNotFoundError:
            return
        if told.returncode == 0 and (dirty := [entry[3:] for entry in told.stdout.split("\0") if entry]):
            reason = "holds changes that are not committed, which an upgrade would mix with its own"
            raise InputError(
                *(Fault(reason, self.root / path, command="git commit or git stash") for path in dirty[:5])
            )

    def _write(
        self, target: int, merged: Mapping[PurePosixPath, Merged], new: Mapping[PurePosixPath, bytes]
    ) -> Upgrade:
        """Settled files first; then those that wait for people, noted before and after they are marked.

        The version comes last: as long as the old one stands there, what was interrupted is done again.
        """
        conflicts = {path: m for path, m in merged.items() if m.state == "conflict"}
        for path, result in merged.items():
            if path not in conflicts:
                self._put(path, result)
        if not conflicts:
            write_whole(self.scaffold.file, new[self.scaffold.place])
            return self._told(target, "upgraded", merged)
        if self.scaffold.pending is None:
            self.scaffold.wait(Pending(target, {path: digest((self.root / path).read_bytes()) for path in conflicts}))
        for path, result in conflicts.items():
            self._put(path, result)
        self.scaffold.wait(Pending(target, dict.fromkeys(conflicts, MARKED)))
        return self._told(target, "conflicts", merged)

    def _put(self, path: PurePosixPath, result: Merged) -> None:
        if result.content is not None:
            write_whole(self.root / path, result.content)
            let_run(self.root / path, result.content)
        elif result.state == "removed":
            (self.root / path).unlink(missing_ok=True)

    def _told(self, target: int, verdict: Verdict, merged: Mapping[PurePosixPath, Merged] | None = None) -> Upgrade:
        files = {path: m.state for path, m in (merged or {}).items() if m.state != "same"}
        return Upgrade(self.scaffold.name, self.scaffold.template, self.scaffold.version, target, verdict, files)
