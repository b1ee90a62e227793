"""What must come to an end, whatever it is given."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Hangs(BaseException):
    """Stands outside Exception, so that no handler of what is tested takes it for an answer."""


@contextmanager
def ends(cpu_seconds: float = 60) -> Iterator[None]:
    """Ends the block with :class:`Hangs` once it has used that much CPU of this process.

    This tells an end from none, and work that grows with the input from work that explodes; how long work takes is
    measured in benchmarks/. The limit is therefore many times what the block needs on a slow machine.
    """

    def stop(signum: int, frame: FrameType | None) -> None:
        raise Hangs(f"no end within {cpu_seconds:.0f} s of CPU")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
