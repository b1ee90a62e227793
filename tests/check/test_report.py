"""The folder that a check leaves, and a summary that hostile texts cannot break out of."""

from __future__ import annotations

import json
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import pytest

from meshwright.check.choose import subject_of
from meshwright.check.model import Finding, Report, StageResult
from meshwright.check.report import ReportFolder
from meshwright.check.run import run
from meshwright.check.stage import Stage
from meshwright.check.subject import Subject
from meshwright.check.summary import MOST, summary
from meshwright.errors import Fault, UnavailableError
from support.commands import Outcome
from support.tiny import TinyMesh

from .repository import WEEKLY, Repo

Check = Callable[..., Outcome]
FAST = ("--only", "spec,policy")
HOSTILE = (
    "a | b | c", "`code` ```\nfence\n```", "<img src=x onerror=alert(1)>", "</pre><script>alert(1)</script>",
    "</code></pre></details><h1>passed</h1>", "@everybody and @org/team", "![x](https://example.com/track.png)",
    "[passed](javascript:alert(1))", "https://example.com www.example.com a@example.com", "# title\n\n- [x] done\n---",
    "&lt;b&gt; &#64;everybody", "<!-- mesh check -->", "**bold** _it_ ~~no~~ #1 GH-1 a/b#1 :tada:", "\\`\\|\\@x",
    "\x1b[31mred\x1b[0m \u202egnp.exe", "row\r\nrow\x00", "caf\udce9", "$x$ $$y$$ ```math",
)  # fmt: skip


def a_report(text: str, **more: object) -> Report:
    fault = Fault(text, Path("/nowhere") / re.sub(r"[\0/\n]", "_", text), 3, key=text, command=text)
    stage = StageResult("spec", "failed", 1.25, (Finding("spec", text, "error", fault, text),), {"said": text})
    skipped = StageResult("policy", "skipped", 0.0, (), {}, text)
    return Report((text,), (stage, skipped), text, "a" * 40, (text,), (text,))


def rendered(markdown: str) -> str:
    """What is left of a summary without what stands in ``<pre>`` and ``<code>``: the platform's own Markdown."""
    return re.sub(r"<(pre|code)>.*?</\1>", "", markdown, flags=re.DOTALL)


class _Texts(HTMLParser):
    """The elements of a page, and the texts within ``pre``."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[object] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag == "pre":
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] += data


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_breaks_out_of_nothing(text: str) -> None:
    told, plain = summary(a_report(text), Path("/nowhere")), summary(a_report("plain"), Path("/nowhere"))
    assert rendered(told) == rendered(plain), "around what is quoted nothing differs"
    inline = re.findall(r"<code>(.*?)</code>", re.sub(r"<pre>.*?</pre>", "", told, flags=re.DOTALL))
    assert inline
    assert not [code for code in inline if re.search(r"[^\w /,&#;-]", re.sub(r"[^\x00-\x7f]", "", code))]
    page = _Texts()
    page.feed(told)
    assert page.tags == {"code", "pre", "details", "summary"}
    assert page.attributes == [("open", None)]
    assert told.isprintable() or set(told) - {"\n"} <= {c for c in told if c.isprintable()}
    told.encode()


@pytest.mark.parametrize("text", ["a | b < c & d", "`x` @y", "&lt; stays", "two\nrows"])
def test_text_is_shown_as_it_was(text: str) -> None:
    page = _Texts()
    page.feed(summary(a_report(text), Path("/nowhere")))
    assert text in page.texts[0]


def test_table_has_a_row_a_stage_with_time_and_verdict() -> None:
    told = summary(a_report("why"), Path("/nowhere"))
    assert told.startswith("## ❌ mesh check: failed\n")
    assert "| ❌ | <code>spec</code> | failed | 1.2 s | <code>said why</code> |" in told
    assert "| ⏭️ | <code>policy</code> | skipped | 0.0 s | because <code>why</code> |" in told


@pytest.mark.parametrize(("count", "size"), [(5000, 40), (20, 100_000), (1, 1_000_000), (300, 3_900)])
def test_summary_fits_into_a_comment(count: int, size: int) -> None:
    findings = tuple(Finding("spec", "x", "error", Fault(f"{n} " + "é&" * (size // 2))) for n in range(count))
    notes = tuple(Finding("spec", "x", "note", Fault(f"{n} " + "<" * size)) for n in range(count))
    told = summary(Report(("a/b",), (StageResult("spec", "failed", 0.0, findings + notes),)), Path())
    assert len(told.encode()) <= MOST
    assert f"{count} error" in told
    assert told.count("<pre>") == told.count("</pre>")
    assert told.count("<details") == told.count("</details>") == 2
    left = sum(int(n) for n in re.findall(r"… and (\d+) more", told))
    assert told.count("<pre>") + left == 2 * count


def test_report_is_the_json_and_the_summary(repo: Repo, check: Check, tmp_path: Path) -> None:
    repo.mesh.edit(WEEKLY, ("status: active", "statu: active"))
    folder = tmp_path / "new" / "report"
    said = check(repo.mesh.root, *FAST, "--format", "json", "--report", str(folder))
    assert said.code == 1
    assert json.loads((folder / "report.json").read_text()) == json.loads(said.out)
    told = (folder / "summary.md").read_text()
    assert f"<pre>spec/file  {WEEKLY}:5 - " in told
    assert "did you mean 'status'?" in told
    assert sorted(f.name for f in folder.iterdir()) == ["report.json", "summary.md"]


@pytest.mark.parametrize("format_", ["text", "github", "json"])
def test_report_changes_nothing_of_what_is_printed(repo: Repo, check: Check, tmp_path: Path, format_: str) -> None:
    repo.mesh.edit(WEEKLY, ("status: active", "statu: active"))
    seconds = re.compile(r'"seconds": [\d.]+')
    plain, kept = (
        check(repo.mesh.root, *FAST, "--format", format_, *more) for more in ((), ("--report", str(tmp_path / "r")))
    )
    assert seconds.sub("", plain.out) == seconds.sub("", kept.out)
    assert plain.code == kept.code == 1


def test_nothing_to_check_is_reported_too(repo: Repo, check: Check, tmp_path: Path) -> None:
    assert check(repo.mesh.root, "--report", str(tmp_path / "r")).code == 0
    assert (tmp_path / "r" / "summary.md").read_text().startswith("## ⏭️ mesh check: nothing was checked")


@pytest.mark.parametrize(("broken", "code"), [(False, 3), (True, 1)])
def test_folder_that_cannot_be_hides_no_verdict(
    repo: Repo, check: Check, tmp_path: Path, broken: bool, code: int
) -> None:
    if broken:
        repo.mesh.edit(WEEKLY, ("status: active", "statu: active"))
    (tmp_path / "file").write_text("x")
    said = check(repo.mesh.root, *FAST, "--all", "--report", str(tmp_path / "file" / "report"))
    assert said.code == code
    assert "the report cannot be written" in said.err
    assert ("failed: 2 products" if broken else "passed: 2 products") in said.out


def test_file_in_the_place_of_the_folder_is_wrong_input(repo: Repo, check: Check, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert check(repo.mesh.root, "--report", str(tmp_path / "file")).code == 2
    assert (tmp_path / "file").read_text() == "x"


@contextmanager
def _no_file_above(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_leaves_no_half_of_a_report(tmp_path: Path) -> None:
    folder = ReportFolder.opened(tmp_path / "r")
    with _no_file_above(100), pytest.raises(UnavailableError, match="the report cannot be written"):
        folder.finished(a_report("x"), tmp_path)
    assert list((tmp_path / "r").iterdir()) == []


class Paging(Stage):
    """Leaves pages."""

    order, name = 1, "paging"

    def run(self, subject: Subject) -> list[Finding]:
        subject.leave("diff.html", "<p>diff</p>")
        subject.leave("more/plot.png", b"png")
        if subject.report:
            (subject.report / "own.txt").write_text("by hand")
        return []


def test_pages_of_stages_are_listed_and_taken_away_by_the_next(sound: TinyMesh, tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.mkdir()
    (path / "mine.txt").write_text("not of a report")

    def once(*stages: type[Stage]) -> Report:
        folder = ReportFolder.opened(path)
        subject = subject_of(sound.settings, (), None, lambda _: None)
        subject.report = folder.path
        return folder.finished(run(subject, stages), sound.root)

    for _ in range(2):
        assert once(Paging).pages == ("diff.html", "more/plot.png", "own.txt")
    assert "Pages in the report: <code>diff&#46;html</code>" in (path / "summary.md").read_text()
    assert once().pages == ()
    assert sorted(f.name for f in path.rglob("*") if f.is_file()) == ["mine.txt", "report.json", "summary.md"]


def test_page_that_cannot_be_written_is_told(sound: TinyMesh, tmp_path: Path) -> None:
    said: list[str] = []
    subject = subject_of(sound.settings, (), None, said.append)
    subject.leave("diff.html", "nobody wants it")
    subject.report = ReportFolder.opened(tmp_path / "r").path
    with _no_file_above(10):
        subject.leave("diff.html", "x" * 100)
    assert any("diff.html cannot be written" in line for line in said)
    assert list((tmp_path / "r").iterdir()) == []


@pytest.mark.parametrize(
    "told", ["", "{", "[]", "null", '{"pages": 1}', '{"pages": ["../keep", "/etc/passwd", 1, "link/keep", ".", ""]}'],
)  # fmt: skip
def test_earlier_report_can_name_nothing_outside(tmp_path: Path, told: str) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    (tmp_path / "keep").write_text("x")
    (folder / "link").symlink_to(tmp_path)
    (folder / "report.json").write_text(told)
    ReportFolder.opened(folder)
    assert (tmp_path / "keep").exists()
    assert not (folder / "report.json").exists()


def test_all_checks_what_did_not_change(repo: Repo, check: Check) -> None:
    assert "Nothing to check" in check(repo.mesh.root).err
    said = check(repo.mesh.root, *FAST, "--all", "--format", "json")
    assert json.loads(said.out)["products"] == ["insight/weekly", "shop/orders"]
    assert json.loads(said.out)["against"] is not None
    assert check(repo.mesh.root, "shop", "--all").code == 2
