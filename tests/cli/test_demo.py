"""``mesh demo`` on the example mesh: the answer, the page, and nothing when nothing changed."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser

import pytest

from support.commands import MESH
from support.tiny import TinyMesh

pytestmark = pytest.mark.xdist_group("example")


class _Loads(HTMLParser):
    """What a browser would fetch by itself, and what a reader may click."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        names = ("src", "srcset", "data", "poster", "action", *(() if tag == "a" else ("href",)))
        self.fetched += [str(given[name]) for name in names if given.get(name)]


def demo(mesh: TinyMesh, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [MESH, "demo", *arguments], cwd=mesh.root, capture_output=True, text=True, check=False, timeout=280
    )


def test_the_answer_is_data_and_all_else_is_said(example_mesh: TinyMesh) -> None:
    told = demo(example_mesh, "--answer")
    assert told.returncode == 0, told.stderr
    for campaign, effect in (("A", "0.07"), ("B", "-0.18"), ("C", "4.06")):
        assert re.search(rf"^.*\b{campaign}\b.*{effect.replace('-', '[-−]')}", told.stdout, re.MULTILINE), told.stdout
    for only_said in ("mesh status", "mesh up", "answer.html"):
        assert only_said not in told.stdout
        assert only_said in told.stderr
    assert not re.search(r"\x1b\[", told.stdout + told.stderr), "no colours outside a terminal"


def test_the_page_needs_no_network(example_mesh: TinyMesh) -> None:
    page = example_mesh.settings.state_dir / "demo" / "answer.html"
    if not page.exists():
        assert demo(example_mesh, "--answer").returncode == 0
    text = page.read_text(encoding="utf-8")
    loads = _Loads()
    loads.feed(text)
    assert [what for what in loads.fetched if not what.startswith(("data:", "#"))] == []
    assert not re.search(r"url\(\s*['\"]?https?:|@import|\bfetch\(|XMLHttpRequest", text)
    assert "<svg" in text


def test_a_second_run_is_one_line(example_mesh: TinyMesh) -> None:
    assert demo(example_mesh, "--answer").returncode == 0
    page = example_mesh.settings.state_dir / "demo" / "answer.html"
    written = page.stat().st_mtime_ns
    told = demo(example_mesh)
    assert told.returncode == 0
    assert told.stdout == ""
    assert told.stderr.startswith("Nothing changed: 9 products are current. The answer: .mesh/demo/answer.html")
    assert told.stderr.count("\n") == 1
    assert page.stat().st_mtime_ns == written


def test_another_mesh_has_no_demo(tiny_mesh: TinyMesh) -> None:
    told = demo(tiny_mesh)
    assert told.returncode == 2
    assert "mesh demo answers a question of the example mesh" in told.stderr
    assert "next: mesh build" in told.stderr
