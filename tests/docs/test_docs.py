"""What the documentation shows is there: links, images, commands, options, ports."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest

from meshwright.build.ingest import Ingest
from meshwright.cli.app import VERBS, mesh
from meshwright.quality import items, rules
from meshwright.query.guard import names
from meshwright.spec import load
from meshwright.spec.model import PUBLIC_CLASSES, Mapping_, Transform
from meshwright.spec.quality import OPERATORS
from meshwright.spec.types import PRIMITIVES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
IMAGES = sorted(file for file in (ROOT / "docs" / "images").iterdir() if file.is_file())
HOSTS = {"127.0.0.1", "pypi.org"}
"""Hosts that a page may name."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+)`")
_MACHINE = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|Users|mnt|opt)/[\w.]+|\b[A-Z]:\\")
SCAFFOLDED = {"shop.receipts"}
"""What a new mesh publishes."""
_REFUSED = "mesh.sales.basket"
"""The misspelt port by which the README shows an error."""


def _relative(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _prose(text: str) -> str:
    return _FENCE.sub("", text)


def _links(page: Path) -> Iterator[str]:
    yield from _LINK.findall(_prose(page.read_text(encoding="utf-8")))


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _prose(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _commands(text: str) -> Iterator[list[str]]:
    """Every call of ``mesh`` on a page: after a prompt in a fenced block, or alone in a code span."""
    for _, block in _FENCE.findall(text):
        rows = block.splitlines()
        for i, row in enumerate(rows):
            if row.startswith("$ mesh "):
                yield _words(rows[i:])
    for span in _SPAN.findall(_prose(text)):
        if span.startswith("mesh ") and "…" not in span:
            yield shlex.split(span)


def _words(rows: list[str]) -> list[str]:
    """The words of the command that the first row begins and later ones may go on with."""
    command = rows[0].removeprefix("$ ")
    for row in [*rows[1:], ""]:
        try:
            words = shlex.split(command, comments=True)
        except ValueError:
            command += "\n" + row
            continue
        return words[: words.index(">")] if ">" in words else words
    raise AssertionError(f"a quote is not closed: {rows[0]}")


def _call(words: list[str]) -> tuple[click.Command, list[str]]:
    """The verb of a call and what follows it; options of ``mesh`` itself are looked at on the way."""
    known = {name: option for option in mesh.params for name in option.opts}
    rest = words[1:]
    while rest and rest[0].startswith("-"):
        option = known.get(rest[0])
        assert option is not None or rest[0] in ("--help", "--version"), rest[0]
        rest = rest[1 if option is None or (isinstance(option, click.Option) and option.is_flag) else 2 :]
    if not rest:
        return mesh, []
    assert rest[0] in VERBS, f"mesh has no verb {rest[0]!r}"
    command = mesh.get_command(click.Context(mesh), rest[0])
    rest = rest[1:]
    while isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    assert command is not None
    return command, rest


@pytest.mark.parametrize("page", PAGES, ids=_relative)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in _links(page):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        there = target.exists() and target.is_relative_to(ROOT)
        if there and parts.fragment:
            there = parts.fragment in _anchors(target)
        if not there:
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=_relative)
def test_options_exist(page: Path) -> None:
    for words in _commands(page.read_text(encoding="utf-8")):
        command, rest = _call(words)
        known = {name for parameter in command.params for name in parameter.opts} | {"-h", "--help"}
        given = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        assert given <= known, f"{' '.join(words[:3])}: {given - known}"


@pytest.mark.parametrize("page", PAGES, ids=_relative)
def test_queries_read_ports_that_are_there(page: Path) -> None:
    ports = set(load(ROOT).ports) | SCAFFOLDED
    for words in _commands(page.read_text(encoding="utf-8")):
        if words[1:2] == ["query"]:
            for word in words[2:]:
                if re.search(r"\bfrom\b", word, re.IGNORECASE) and _REFUSED not in word.split():
                    assert names(word) <= ports, word


def test_commands_are_found_at_all() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    verbs = {words[1] for words in _commands(text) if len(words) > 1}
    assert {"status", "show", "query", "history", "build", "up"} <= verbs


def test_every_verb_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^## mesh ([\w-]+)$", text, re.MULTILINE)) == sorted(VERBS)
    for verb in VERBS:
        command = mesh.get_command(click.Context(mesh), verb)
        assert command is not None
        section = text.split(f"## mesh {verb}\n", 1)[1].split("\n## ", 1)[0]
        below = command.commands.values() if isinstance(command, click.Group) else ()
        params = [parameter for one in (command, *below) for parameter in one.params]
        missing = [name for p in params for name in p.opts if name.startswith("--") and name not in section]
        missing += [one.name for one in below if f"{verb} {one.name}" not in section]
        assert missing == [], verb


@pytest.mark.parametrize(
    "words",
    [
        items._METRICS, OPERATORS, rules._OPTIONS, rules._FORMATS, PRIMITIVES, PUBLIC_CLASSES,
        {m.value for m in Mapping_}, {t.value for t in Transform},
        inspect.signature(Ingest).parameters.keys() - {"function"},
    ],
    ids=["metrics", "operators", "options", "formats", "types", "classes", "mappings", "transforms", "ingest"],
)  # fmt: skip
def test_what_a_contract_may_say_is_documented(words: Iterable[str]) -> None:
    text = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
    code = " ".join([*_SPAN.findall(_prose(text)), *(block for _, block in _FENCE.findall(text))])
    assert [word for word in words if not re.search(rf"\b{word}\b", code)] == []


def test_index_names_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    named = {(index.parent / link.partition("#")[0]).resolve() for link in _links(index)}
    assert {page for page in PAGES if page.parent != ROOT and page != index} <= named


@pytest.mark.parametrize("image", IMAGES, ids=_relative)
def test_images_are_small_and_shown(image: Path) -> None:
    assert image.stat().st_size < 300_000
    shown = {(page.parent / link).resolve() for page in PAGES for link in _links(page) if not urlsplit(link).scheme}
    assert image in shown


@pytest.mark.parametrize("page", PAGES, ids=_relative)
def test_no_machine_is_named(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert _MACHINE.findall(text) == []
    hosts = {urlsplit(address).hostname for address in re.findall(r"https?://[^\s)`\"']+", text)}
    assert hosts <= HOSTS
