"""At a terminal `mesh new` asks for what it was not told; Ctrl-C leaves nothing."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

from meshwright.spec import load
from support.commands import MESH

from .conftest import snapshot

AT_A_TERMINAL = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.login_tty(int(sys.argv[1])); os.execv(sys.argv[2], sys.argv[2:])"
)
"""Makes a terminal that of the process, which becomes the command then. Who runs tests in the background of a shell
has Ctrl-C ignored, by all that comes of it.
"""


class Terminal:
    """The command with a person at a terminal, who types when asked."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        own = {name: value for name, value in os.environ.items() if name != "HOME"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", AT_A_TERMINAL, str(slave), str(MESH), "-C", str(root), *arguments], pass_fds=[slave],
            env={**own, "HOME": str(root), "GIT_CONFIG_GLOBAL": "/dev/null"},
        )  # fmt: skip
        os.close(slave)
        self.told = ""

    def answer(self, question: str, text: str) -> None:
        """Wait for a question and type."""
        self.wait_for(question)
        os.write(self.master, text.encode())

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Read what comes until ``text`` does."""
        end, start = time.monotonic() + seconds, len(self.told)
        while text not in self.told[start:]:
            assert self._read(end - time.monotonic()), self.told

    def interrupt(self, seconds: float = 60) -> int:
        """Press Ctrl-C until the command ends, as a person does; the exit code.

        Python hands a signal on between two steps of its own: one that comes just before it waits for a line
        is seen only after the next key.
        """
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < end, self.told
            os.write(self.master, b"\x03")
            self._read_to_the_end(5)
        return self.ended()

    def ended(self, seconds: float = 60) -> int:
        """The exit code."""
        self._read_to_the_end(seconds)
        os.close(self.master)
        return self.process.wait(5)

    def _read_to_the_end(self, seconds: float) -> None:
        """Take all that comes until the other side is closed, or ``seconds`` are over."""
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            pass

    def _read(self, seconds: float) -> bool:
        """Take what comes within ``seconds``; False where nothing did, or the other side is closed."""
        if not select.select([self.master], [], [], max(seconds, 0))[0]:
            return False
        try:
            chunk = os.read(self.master, 4096)
        except OSError:  # a terminal whose other side is closed
            return False
        self.told += chunk.decode(errors="replace")
        return bool(chunk)


def test_new_domain_and_product_are_asked_for(fresh: Path) -> None:
    terminal = Terminal(fresh, "new", "domain", "logistics")
    terminal.answer("Team that owns it [Logistics team]", "Movers\n")
    terminal.answer("E-mail of the team", "movers@example.com\n")
    terminal.answer("What it is about", "\n")
    assert terminal.ended() == 0, terminal.told
    found = load(fresh).domains["logistics"]
    assert (found.owner, found.contact, found.description) == (
        "Movers", "movers@example.com", "What domain logistics knows.",
    )  # fmt: skip
    terminal = Terminal(fresh, "new", "product", "logistics/moves")
    terminal.answer("Kind (source, dbt, aggregate)", "dbt\n")
    terminal.answer("Ports to read", "shop.receipts\n")
    terminal.answer("What one row is", "A move.\n")
    assert terminal.ended() == 0, terminal.told
    assert load(fresh).products["logistics/moves"].description == "A move."


def test_the_data_of_a_source_are_asked_for(fresh: Path) -> None:
    (fresh / "vans.csv").write_text("van,seats\n1,2\n2,3\n")
    terminal = Terminal(fresh, "new", "product", "shop/vans")
    terminal.answer("Kind (source, dbt, aggregate)", "source\n")
    terminal.answer("to derive it from", f"{fresh / 'vans.csv'}\n")
    terminal.answer("What one row is", "A van.\n")
    assert terminal.ended() == 0, terminal.told
    columns = load(fresh).ports["shop.vans"].contract.columns
    assert [(column.name, column.type) for column in columns] == [("van", "long"), ("seats", "long")]
    terminal = Terminal(fresh, "new", "domain")
    terminal.answer("Domain", "fleet\n")
    for question in ("Team", "E-mail", "What it is about"):
        terminal.answer(question, "fleet@example.com\n")
    assert terminal.ended() == 0, terminal.told
    assert "fleet" in load(fresh).domains


def test_interrupt_at_a_question_leaves_nothing(fresh: Path) -> None:
    before = snapshot(fresh)
    terminal = Terminal(fresh, "new", "product", "shop/other")
    terminal.wait_for("Kind")
    assert terminal.interrupt() == 130, terminal.told
    assert snapshot(fresh) == before
