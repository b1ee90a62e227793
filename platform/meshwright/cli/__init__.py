"""The ``mesh`` command: it parses, calls and prints. stdout is data and nothing else."""

from __future__ import annotations

import io
import os
import sys
from gc import set_threshold

from meshwright.signals import listen

__all__ = ["main"]

_YOUNG = 200_000
"""New objects after which Python looks for garbage: with the 700 of its own a seventh of a build goes into looking,
nearly all of it at what imports make and keep; the most memory that it takes is the same."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code. Ctrl-C and SIGTERM are 130 from the first import on."""
    try:
        if arguments is None:  # else it is called within a process of somebody else
            listen()
            set_threshold(_YOUNG)
        _open_closed_streams()
        if isinstance(sys.stdout, io.TextIOWrapper):
            # What the terminal's encoding has no letter for is escaped; half an answer would be worse.
            sys.stdout.reconfigure(errors="backslashreplace")
        from meshwright.cli import app

        return app.main(arguments)
    except KeyboardInterrupt:
        return 130


def _open_closed_streams() -> None:
    """Put /dev/null where the caller closed a stream, so that no file of the mesh takes its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))
