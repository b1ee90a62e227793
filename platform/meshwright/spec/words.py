"""The nearest right spelling of a wrong one."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from meshwright.errors import Fault, shown


def nearest(name: str, known: Iterable[str], *, alike: float = 0.6) -> str | None:
    """The member of ``known`` that ``name`` was probably meant to be; ``alike`` is 1 for the same letters."""
    import difflib

    names = sorted(set(known))
    folded = {n.casefold().replace("_", "").replace("-", ""): n for n in reversed(names)}
    if same := folded.get(name.casefold().replace("_", "").replace("-", "")):
        return same
    near = difflib.get_close_matches(name[:100], names, n=1, cutoff=alike)
    return near[0] if near else None


def unknown(kind: str, name: str, known: Iterable[str], *, key: str | None = None, command: str | None = None) -> Fault:
    """The fault of a name that nobody declared, with the nearest that somebody did; ``command`` where none is near."""
    near = nearest(name, known)
    reason = f"there is no {kind} {name[:80]!r}"
    return Fault(reason, key=key or name, suggestion=near, command=None if near else command)


_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
     "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i"}
)  # fmt: skip
"""Latin letters that Unicode does not take apart into a plain one and its accent."""


def snake(name: str, *, lossy: bool = False) -> str | None:
    """``name`` as the mesh spells names, without accents.

    None where letters of it would be lost, or where none are left (``lossy``).
    """
    import re

    letters = [c for c in unicodedata.normalize("NFKD", name.translate(_LETTERS)) if not unicodedata.combining(c)]
    if not lossy and any(c.isalnum() and not c.isascii() for c in letters):
        return None
    ascii_ = "".join(c if c.isascii() else "_" for c in letters)
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", ascii_)
    text = "_".join(word.lower() for word in words).lstrip("_0123456789")[:63].rstrip("_")
    return text or None


def listed(names: Iterable[object], limit: int = 12) -> str:
    """``'a', 'b' or 'c'``; what is beyond ``limit`` as an ellipsis."""
    words = [repr(n) if isinstance(n, str) else str(n) for n in names]
    if len(words) > limit:
        words = [*words[:limit], "…"]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


def edit(file: Path, line: int | None) -> str:
    """The command that opens ``file`` at ``line``."""
    return f"${{EDITOR:-vi}} +{line or 1} {shlex.quote(str(shown(file)))}"
