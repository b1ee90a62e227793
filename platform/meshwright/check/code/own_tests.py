"""The tests that a domain team wrote, in ``tests/<domain>/``, run by pytest in a process of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from meshwright.errors import Fault

_PLACE = re.compile(r"^(\S+\.py):(\d+): ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the tests of a domain ended: how many there were, and a fault for each that failed."""

    count: int
    faults: tuple[Fault, ...]


def folder_of(root: Path, domain: str) -> Path | None:
    """The folder of a domain's tests; None where it holds none."""
    folder = root / "tests" / domain
    found = (*folder.rglob("test_*.py"), *folder.rglob("*_test.py")) if folder.is_dir() else ()
    return folder if found else None


def has_pytest() -> bool:
    """Whether the tests could be run."""
    return importlib.util.find_spec("pytest") is not None


def run_tests(root: Path, folder: Path, seconds: float) -> Outcome:
    """Run the tests in ``folder``, at most so long; whatever they print or exit with is told, not obeyed."""
    shown = folder.relative_to(root).as_posix()
    by_hand = f"{sys.executable} -m pytest {shown}"
    with tempfile.TemporaryDirectory(prefix="mesh-tests-") as kept:
        report, output = Path(kept, "report.xml"), Path(kept, "output.txt")
        command = [
            *(sys.executable, "-m", "pytest", shown, "-q", "--color=no", "-p", "no:cacheprovider"),
            *("-o", "junit_family=xunit1", f"--junitxml={report}"),
        ]
        code = _ended(command, root, output, seconds)
        said = output.read_text(encoding="utf-8", errors="replace")
        count, faults = _read(report, root, by_hand)
    total = count or 0
    if code is None:
        reason = f"the tests in {shown} did not end within {seconds:g} s"
        return Outcome(total, (Fault(reason, folder, key="MESH_TESTS_SECONDS", command=by_hand), *faults))
    # Tests that end the process leave no report, whatever they end it with; 5: nothing was collected.
    if not faults and (count is None or code not in (0, 5)):
        last = next((row.strip() for row in reversed(said.splitlines()) if row.strip()), "it said nothing")
        faults = (
            Fault(f"pytest ended with exit code {code} before it was done: {last[:200]}", folder, command=by_hand),
        )
    return Outcome(total, faults)


def _ended(command: list[str], root: Path, output: Path, seconds: float) -> int | None:
    """The exit code; None where the time was up. No process of the tests is left behind."""
    # dbt in this process leaves its switches in the environment.
    own = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    path = os.pathsep.join(filter(None, (str(root), own.get("PYTHONPATH"))))
    with output.open("wb") as stream, subprocess.Popen(
        command, cwd=root, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
        env={**own, "PYTHONPATH": path}, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _read(report: Path, root: Path, command: str) -> tuple[int | None, tuple[Fault, ...]]:
    """The number of tests and the faults of those that failed; None where pytest did not come so far as to count."""
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None, ()
    return len(cases), tuple(fault for case in cases for fault in _failed(case, root, command))


def _failed(case: ElementTree.Element, root: Path, command: str) -> Iterator[Fault]:
    for said in (*case.findall("failure"), *case.findall("error")):
        name, file, line = case.get("name", ""), case.get("file"), int(case.get("line") or 0) + 1
        places = _PLACE.findall(said.text or "")
        if places and (root / places[-1][0]).is_file():
            file, line = places[-1][0], int(places[-1][1])
        first = next(iter((said.get("message") or said.tag).strip().splitlines()), said.tag)
        yield Fault(
            f"test {name} failed: {first[:200]}", root / file if file else None, line, key=name, command=command
        )
