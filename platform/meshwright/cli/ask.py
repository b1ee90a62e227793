"""What a command is not told: asked for at a terminal, taken from a default elsewhere, or refused by its flag."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import click

from meshwright.errors import Fault, InputError


class Asker:
    """Collects answers; what is missing is refused by :meth:`require_all`, all at once."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
        self._missing: list[str] = []

    def text(
        self, flag: str, given: str | None, question: str, *, default: str | None = None,
        choices: Sequence[str] | None = None,
    ) -> str:  # fmt: skip
        """The answer to ``flag``; an empty text where there is none, which is noted."""
        if given is not None:
            return given
        if self.is_terminal:
            kind = click.Choice(choices) if choices else None
            return str(click.prompt(question, default=default, show_default=bool(default), type=kind, err=True))
        if default is None:
            self._missing.append(f"{flag} {'|'.join(choices) if choices else 'TEXT'}")
        return default or ""

    def require_all(self) -> None:
        """InputError with the flags of all answers that are missing."""
        if self._missing:
            raise InputError(
                *(Fault("is needed, and there is no terminal to ask at", key=flag) for flag in self._missing)
            )


def email_of_git() -> str | None:
    """The address that git writes into commits here; None where it knows none."""
    try:
        told = subprocess.run(["git", "config", "user.email"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return told.stdout.strip() or None
