"""The shape of a rule: its verdict and its reason are data, from which the page about the rules is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.verify import Verify
from meshwright.spec.model import Where


@dataclass(frozen=True, slots=True)
class Rule:
    """``change`` is what it is about, ``why`` the reason of its verdict. ``verified`` rules say what must hold on the
    published data, ``approval`` asks for the approval of a policy.
    """

    id: str
    change: str
    verdict: Verdict
    why: str
    verified: bool = False
    approval: bool = False

    def at(self, path: str, where: Where, reason: str, verify: Verify | None = None) -> Change:
        """A change that it judges."""
        if self.verified != (verify is not None):
            raise ValueError(f"rule {self.id} {'asks for' if self.verified else 'has nothing'} to verify")
        return Change(path, self.id, self.verdict, reason, where, verify, self.approval)


@dataclass(frozen=True, slots=True)
class Family:
    """Rules of one subject; ``about`` says what they have in common."""

    title: str
    about: str
    rules: tuple[Rule, ...]


def told(value: Any) -> str:
    """A value in a sentence, short whatever it is."""
    if value is None or value in ("", [], {}, ()):
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        flat = " ".join(value.split())
        return repr(flat if len(flat) <= 60 else f"{flat[:59]}…")
    if isinstance(value, Mapping):
        return _short("{" + ", ".join(f"{k}: {told(v)}" for k, v in list(value.items())[:5]) + "}")
    if isinstance(value, Sequence):
        more = f" and {len(value) - 5} more" if len(value) > 5 else ""
        return _short(", ".join(told(v) for v in value[:5]) + more)
    return _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119]}…"


def turned(what: str, old: Any, new: Any) -> str:
    """``what was 'a' and is now 'b'``."""
    return f"{what} was {told(old)} and is now {told(new)}"
