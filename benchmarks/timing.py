"""Runs in turns, so that a busy machine slows what is measured and its floor alike."""

from __future__ import annotations

import os
import resource
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter

BYTECODE = "PYTHONDONTWRITEBYTECODE"


@dataclass
class Samples:
    """Wall and CPU seconds of one thing, CPU with all child processes that have ended."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def median(self) -> tuple[float, float]:
        """Median wall and CPU seconds."""
        return statistics.median(self.wall), statistics.median(self.cpu)


def in_turns(rounds: int, things: Mapping[str, Callable[[], object]], *, warm: int = 1) -> dict[str, Samples]:
    """Call each thing once a round, in order (A B A B); the first ``warm`` rounds do not count."""
    os.environ.pop(BYTECODE, None)
    samples = {name: Samples() for name in things}
    for turn in range(warm + rounds):
        for name, thing in things.items():
            cpu, wall = _cpu(), perf_counter()
            thing()
            if turn >= warm:
                samples[name].wall.append(perf_counter() - wall)
                samples[name].cpu.append(_cpu() - cpu)
    return samples


def report(title: str, samples: Mapping[str, Samples], *, floor: str, target: str) -> None:
    """Print the medians and their ratio to those of ``floor``."""
    floor_wall, floor_cpu = samples[floor].median
    print(f"\n{title}    target: {target}")
    print(f"  {'':<28}{'wall':>10}{'least':>10}{'CPU':>10}{'x wall':>9}{'x CPU':>9}")
    for name, found in samples.items():
        wall, cpu = found.median
        ratios = f"{wall / floor_wall:9.2f}{cpu / floor_cpu if floor_cpu else float('nan'):9.2f}"
        print(f"  {name:<28}{_shown(wall):>10}{_shown(min(found.wall)):>10}{_shown(cpu):>10}{ratios}")


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
