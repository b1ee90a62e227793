"""The HTML page: whole, escaped, from one file, and readable in a real browser at every width."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from meshwright.check.diff import PortDiff, as_page

from .conftest import Compare, keyed

NAME = '<b>"x"</b>\'&'


class Balance(HTMLParser):
    """Every element that opens closes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def diffs(compare: Compare) -> list[PortDiff]:
    """Every kind of row, a hostile name, a long value, and a port that is new."""
    of = keyed({"id": "long", NAME: "string", "amount": "double"}, "id")
    quoted = '"' + NAME.replace('"', '""') + '"'
    rows = f"SELECT i AS id, repeat('<td>', 40) || i AS {quoted}, i / 3 AS amount FROM range({{}}) t(i)"
    after = rows.format("3, 15").replace("i / 3", "i / 2").replace("|| i", "|| i % 2")
    found = compare(of, rows.format(12), after)
    return [found, replace(compare(of, None, rows.format(3)), port=f"shop.{NAME}")]


def test_page_is_whole_and_stands_alone(diffs: list[PortDiff]) -> None:
    page = as_page(diffs, title=NAME, note=NAME)
    parser = Balance()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    assert not parser.tags & {"b", "script", "img", "link", "iframe"}
    assert not re.search(r"https?:|@import|url\(|src=|\$[a-z]", page)
    assert "Rows that changed" in page
    assert "Rows that came" in page
    assert "Rows that went" in page


def test_page_without_a_difference() -> None:
    assert "Nothing differs." in as_page([], title="x")


def test_fits_every_width_in_a_browser(diffs: list[PortDiff], tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("needs the package chromium")
    from playwright.sync_api import sync_playwright

    file = tmp_path / "page.html"
    file.write_text(as_page(diffs, title=NAME), encoding="utf-8")
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=quiet)
        page = chromium.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        for width in (320, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("a").last.click()
        assert page.locator("section").last.bounding_box() is not None
        assert page.title() == NAME
        chromium.close()
    assert {url.partition("#")[0] for url in asked} == {file.as_uri()}
    assert complaints == []
