"""Ctrl-C and SIGTERM while a step works."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from meshwright.signals import ENDING, interrupting


@contextmanager
def interruptible() -> Iterator[None]:
    """End the block with KeyboardInterrupt on Ctrl-C or SIGTERM, whatever a library within it makes of that.

    Dagster raises an exception of its own in steps, which dbt takes for a failure of the project.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = False

    def note() -> None:
        nonlocal came
        came = True

    before = {number: signal.signal(number, interrupting(note)) for number in ENDING}
    try:
        yield
    except BaseException as error:  # whatever a library made of the signal
        if came:
            _end_pool()
        if came and not isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def _end_pool() -> None:
    """End PyIceberg's pool: of a thread that was just starting when the interrupt came only the pool's queue knows.

    Python would wait for that thread when the process ends, and the thread for work.
    """
    pools = sys.modules.get("pyiceberg.utils.concurrent")
    if pools is not None and pools.ExecutorFactory._instance is not None:
        pools.ExecutorFactory._instance.shutdown(wait=False, cancel_futures=True)
        pools.ExecutorFactory._instance = None
