"""Other processes, really started, really killed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import IO

from meshwright.config import Settings

_HOLD = """
import sys
from meshwright.catalog.locks import product_lock
from meshwright.config import Settings
from pathlib import Path
with product_lock(Settings.of(Path(sys.argv[1])), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@dataclass
class Held:
    """A process that holds a lock until it is killed or let go."""

    process: subprocess.Popen[str]

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def release(self) -> None:
        """Let it end by itself."""
        self._stdin.close()
        self.process.wait(timeout=30)

    @property
    def _stdin(self) -> IO[str]:
        assert self.process.stdin is not None
        return self.process.stdin


@dataclass
class Helper:
    """Starts processes and ends them with the test."""

    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def hold(self, settings: Settings, name: str) -> Held:
        """A process that holds the lock ``name``."""
        return Held(self.python(_HOLD, str(settings.root), name, wait_for="held"))

    def python(self, code: str, *arguments: str, wait_for: str | None = None) -> subprocess.Popen[str]:
        """A Python process; ``wait_for`` is the first line it must print."""
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.started.append(process)
        if wait_for is not None:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == wait_for
        return process

    def close(self) -> None:
        """Kill what still runs."""
        for process in self.started:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None and not pipe.closed:
                    pipe.close()


def peak_of(code: str) -> tuple[str, int]:
    """The last line that Python code prints in a process of its own, and the megabytes that it took at its worst."""
    # The peak that getrusage tells includes that of the process before exec, which is ours.
    told = 'print([line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0])'
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{told}"], capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *printed, peak = done.stdout.splitlines()
    return printed[-1] if printed else "", int(peak) // 1024
