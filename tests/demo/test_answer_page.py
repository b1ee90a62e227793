"""The HTML page: whole, escaped, from one file, and readable in a real browser at every width."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from meshwright.demo import answer, render

VOID = {"meta", "line", "circle", "path", "br", "link"}


class Balance(HTMLParser):
    """Every element that opens closes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_whole_and_stands_alone(con: duckdb.DuckDBPyConnection) -> None:
    page = render(answer(con), {"growth.campaign_panel": "snapshot 42"})
    parser = Balance()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    assert "$" + "question" not in page
    assert not re.search(r"https?:|<script|<link|@import|url\(|src=", page)
    assert "snapshot 42" in page
    assert "84.51°" in page


def test_every_chart_can_be_read_out(con: duckdb.DuckDBPyConnection) -> None:
    parser = Balance()
    parser.feed(render(answer(con)))
    charts = [attrs for tag, attrs in parser.seen if tag == "svg" and "height" in attrs]
    assert len(charts) >= 3 + 3 + 4
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in charts)


def test_the_intervals_stand_where_the_numbers_say(con: duckdb.DuckDBPyConnection) -> None:
    page = render(answer(con))
    ends = re.findall(r'<line x1="([\d.]+)%" y1="30" x2="([\d.]+)%" y2="30" class="interval"/>', page)
    zero = float(re.findall(r'<line x1="([\d.]+)%" y1="0" x2="[\d.]+%" y2="104" class="zero"/>', page)[0])
    covers = [float(low) <= zero <= float(high) for low, high in ends]
    assert covers == [True, True, False]
    low, high = map(float, ends[2])
    assert (high - low) / (float(ends[0][1]) - float(ends[0][0])) == pytest.approx(7.5203 / 4.6381, rel=1e-2)


def test_hostile_names_are_escaped(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "UPDATE mesh.growth.campaign_type_impact SET campaign_type = '<script>x</script>' WHERE campaign_type = 'A'"
    )
    con.execute("UPDATE mesh.growth.campaign_impact SET campaign_type = '\"><i>x' WHERE campaign_type = 'A'")
    page = render(answer(con), {"<i>port</i>": "<u>state</u>"})
    assert "<script>" not in page
    assert '"><i>x' not in page
    assert "&lt;i&gt;port&lt;/i&gt;" in page
    assert "&lt;u&gt;state&lt;/u&gt;" in page


def test_nothing_is_left_of_what_is_not_there(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM mesh.marketing.redemptions")
    con.execute("DELETE FROM mesh.growth.campaign_impact")
    page = render(answer(con))
    assert "Mind the trap" not in page
    assert "<dl>" not in page


def test_fits_every_width_in_a_browser(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("needs the package chromium")
    from playwright.sync_api import sync_playwright

    file = tmp_path / "page.html"
    file.write_text(render(answer(con), {"growth.campaign_panel": "snapshot 42"}), encoding="utf-8")
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=quiet)
        page = chromium.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        for width in (320, 375, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator(".interval").first.bounding_box() is not None
        colours = set()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        chromium.close()
    assert set(asked) == {file.as_uri()}
    assert complaints == []
    assert len(colours) == 2
