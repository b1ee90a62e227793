"""What the version must become: by semantic versioning, the next patch, minor or major, and none skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from meshwright.spec.compatibility.model import Change, Verdict, VersionJudgement
from meshwright.spec.compatibility.rules import Family, Rule
from meshwright.spec.model import Where

LOWERED = Rule("version-lowered", "version lowered", Verdict.REFUSED, "a version that was published means one contract")
SKIPPED = Rule("version-skipped", "a version skipped", Verdict.REFUSED, "consumers look for the contract in between")
UNREADABLE = Rule(
    "version-unreadable",
    "version changed to what is no `major.minor.patch`",
    Verdict.REFUSED,
    "nobody can tell what it promises",
)
FAMILY = Family(
    "Version",
    "A version is `major.minor.patch`, what is missing is 0; a pre-release may follow. After a patch the third number "
    "rises by one, after a minor change the second, after a major one the first, and those behind it fall to 0. More "
    "than is asked for is allowed, also from 0.x on, less is not, and changes under the same version are not either.",
    (LOWERED, SKIPPED, UNREADABLE),
)
_VERSION = re.compile(
    r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:-([0-9A-Za-z.-]{1,100}))?(?:\+[0-9A-Za-z.-]{1,100})?"
)


@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version; ``pre`` is the name of a pre-release."""

    major: int
    minor: int
    patch: int
    pre: str = ""

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}{f'-{self.pre}' if self.pre else ''}"

    @property
    def core(self) -> tuple[int, int, int]:
        """Its three numbers."""
        return (self.major, self.minor, self.patch)

    @property
    def order(self) -> tuple[object, ...]:
        """By which versions are ordered: a pre-release comes before its version, its parts by number, then by word."""
        parts = [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in self.pre.split(".")] if self.pre else []
        return (*self.core, not self.pre, parts)

    def after(self, verdict: Verdict) -> Version:
        """The next one that tells of such changes."""
        if verdict is Verdict.NONE:
            return self
        if self.pre:
            return Version(*self.core)
        if verdict is Verdict.PATCH:
            return Version(self.major, self.minor, self.patch + 1)
        return Version(self.major, self.minor + 1, 0) if verdict is Verdict.MINOR else Version(self.major + 1, 0, 0)


def parsed(text: str) -> Version | None:
    """``text`` as a version; None where it is none."""
    found = _VERSION.fullmatch(text.strip())
    return Version(int(found[1]), int(found[2] or 0), int(found[3] or 0), found[4] or "") if found else None


def changed(old: str, new: str, where: Where) -> Iterator[Change]:
    """What is wrong with the step from one version to the other, whatever else changed."""
    before, after = parsed(old), parsed(new)
    if old.strip() == new.strip() or before is None:
        if before is None and after is None and old != new:
            yield UNREADABLE.at("version", where, f"version {new!r} is no major.minor.patch")
        return
    if after is None:
        yield UNREADABLE.at("version", where, f"version {new!r} is no major.minor.patch; it was {old}")
    elif after.order < before.order:
        yield LOWERED.at("version", where, f"version {old} was lowered to {new}")
    elif not _is_next(before, after):
        steps = [str(before.after(v)) for v in (Verdict.PATCH, Verdict.MINOR, Verdict.MAJOR)]
        reason = f"version {new} skips others: after {old} comes {', '.join(dict.fromkeys(steps[:-1]))} or {steps[-1]}"
        yield SKIPPED.at("version", where, reason)


def _is_next(before: Version, after: Version) -> bool:
    nexts = {before.core, *(before.after(v).core for v in (Verdict.PATCH, Verdict.MINOR, Verdict.MAJOR))}
    return after.core in nexts


def judge(old: str, new: str, verdict: Verdict, wrong: str | None = None) -> VersionJudgement:
    """What ``old`` must become after changes of that verdict, and whether ``new`` will do.

    ``wrong`` is why the step is refused already.
    """
    before, after = parsed(old), parsed(new)
    if before is None:
        same = old == new and verdict is not Verdict.NONE
        reason = f"version {old!r} is no major.minor.patch: nobody can tell what comes next"
        return VersionJudgement(old, new, None, not same and wrong is None, wrong or reason, verdict)
    required = before.after(verdict)
    if wrong is not None or after is None:
        reason = wrong or f"version {new!r} is no major.minor.patch"
        return VersionJudgement(old, new, str(required), False, reason, verdict)
    enough = after.core >= required.core if after.order > before.order else verdict is Verdict.NONE
    if enough:
        reason = (
            f"version {new} is enough"
            if verdict is not Verdict.NONE
            else f"nothing changed that asks for more than {old}"
        )
    else:
        reason = f"the changes are {verdict}: version {old} must become {required}, not {new}"
        if old == new:
            reason = f"the changes are {verdict}, but the version is still {old}: it must become {required}"
    return VersionJudgement(old, new, str(required), enough, reason, verdict)
