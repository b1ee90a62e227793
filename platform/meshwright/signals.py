"""Ctrl-C and SIGTERM as KeyboardInterrupt, at moments at which Python can stand it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

ENDING = (signal.SIGINT, signal.SIGTERM)
_PAUSE = 0.02
"""Seconds between two looks at whether an import has ended."""
_PATIENCE = 250
"""Looks after which even an import is interrupted: it may be code of a mesh that waits for something."""


def interrupting(note: Callable[[], None] = lambda: None) -> Callable[[int, FrameType | None], None]:
    """A handler that raises KeyboardInterrupt, calling ``note`` before.

    Not in the middle of an import: extension modules that are half initialised take the process down with them, so
    the signal is sent again a moment later.
    """
    looks = 0

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal looks
        looks += 1
        if looks < _PATIENCE and _imports(frame):
            later = threading.Timer(_PAUSE, os.kill, (os.getpid(), number))
            later.daemon = True
            later.start()
            return
        note()
        raise KeyboardInterrupt

    return end


def listen() -> None:
    """End this process by KeyboardInterrupt on Ctrl-C and SIGTERM, but for what its parent had it ignore."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupting())


def _imports(frame: Any) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
