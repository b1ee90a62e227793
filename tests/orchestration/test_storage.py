"""Dagster's records of a mesh, laid out by whoever comes first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_OPENS = """
import sys
from pathlib import Path
from meshwright.config import Settings
from meshwright.orchestration.instance import instance_of
settings = Settings.of(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read()
with instance_of(settings) as instance:
    assert instance.get_runs() == []
"""
_AT_ONCE = 6


def test_processes_that_open_new_records_at_once_all_get_them(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _OPENS, str(tmp_path)]
    openers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(_AT_ONCE)
    ]
    for opener in openers:
        assert opener.stdout
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin
        opener.stdin.close()
        opener.stdin = None
    told = [opener.communicate(timeout=120)[1] for opener in openers]
    assert [opener.returncode for opener in openers] == [0] * _AT_ONCE, "\n".join(told)
