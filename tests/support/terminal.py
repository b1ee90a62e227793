"""A terminal that keeps what is shown on it."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from support.commands import Outcome


def on_terminal(
    command: Sequence[str | Path], folder: Path, stream: Literal["stdout", "stderr"], **environment: str
) -> Outcome:
    """How a command ends of whose two streams the named one leads to a terminal, and the other to a pipe."""
    inner, outer = pty.openpty()
    shown: list[bytes] = []
    reader = threading.Thread(target=_follow, args=(inner, shown))
    reader.start()
    out, err = (outer if name == stream else subprocess.PIPE for name in ("stdout", "stderr"))
    with subprocess.Popen(
        command, cwd=folder, env=_own() | environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
    ) as process:
        os.close(outer)
        piped = process.communicate(timeout=200)
    reader.join(timeout=20)
    os.close(inner)
    screen = b"".join(shown).decode().replace("\r\n", "\n")
    told = [screen if text is None else text.decode() for text in piped]
    return Outcome(process.returncode, *told)


def _own() -> dict[str, str]:
    # dbt in this process leaves its switches in the environment.
    return {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}


def _follow(terminal: int, shown: list[bytes]) -> None:
    """Read until the last process that holds the other end has closed it, which Linux tells by an error."""
    while True:
        try:
            read = os.read(terminal, 65_536)
        except OSError:
            return
        if not read:
            return
        shown.append(read)
