"""Hostile and mistaken input: refused with the rule, and nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from meshwright.cli import main
from meshwright.errors import InputError
from meshwright.scaffold import origin
from support.commands import Outcome, shell

from .conftest import snapshot

LONG = "a" * 64
HOSTILE = [
    "", " ", ".", "..", "../x", "x/../../y", "/etc", "a/b/c", "~root", "-rf", "--help-me", "a b", "a-b", "A", "Sales",
    "sàles", "ѕales", "sales\u200b", "sales\u202e", "ｓales", "sales\n", "sales\0", "a__b", "1a", "_a", "a'", 'a"',
    "a;b", "a$b", "a{{ 1 }}", "{{ domain }}", "{% raw %}", "%2e%2e", "a\\b", "con.", "a*", "a?", LONG, "mesh",
    "mesh_work", "landing", "main", "information_schema", "pg_catalog", "default", "temp", "system", "memory",
]  # fmt: skip


@pytest.fixture
def tried(fresh: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run the command; whatever it says no to must leave every file as it was."""

    def call(*arguments: str) -> Outcome:
        before = snapshot(fresh)
        capsys.readouterr()
        code = main(["-C", str(fresh), *arguments])
        told = capsys.readouterr()
        if code:
            assert snapshot(fresh) == before
        return Outcome(code, told.out, told.err)

    return call


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(tried: Callable[..., Outcome], name: str) -> None:
    for words in (
        ["domain", "--email", "e@example.com", "--", name],
        ["product", "--kind", "source", "--", f"shop/{name}"],
        ["product", "--kind", "source", "--port", name, "--", "shop/sound"],
    ):
        told = tried("new", *words)
        assert told.code == 2, words
        assert "error" in told.err.lower()
        assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["domain", "shop"], "there is a domain 'shop' already"),
        (["domain", "more", "--email", "nobody"], "no e-mail address"),
        (["domain", "more", "--email", "t@x.y"], "'t@x.y' is no e-mail address; write one such as team@example.com"),
        (["product", "shop/receipts", "--kind", "source"], "there is a product 'receipts' already"),
        (["product", "shop/other", "--kind", "source", "--port", "receipts"], "there is a port 'receipts' already"),
        (["product", "shpo/other", "--kind", "source"], "did you mean 'shop'"),
        (["product", "nowhere/other", "--kind", "source"], "next: mesh new domain nowhere"),
        (["product", "other", "--kind", "source"], "write <domain>/<product>"),
        (["product", "shop/other"], "--kind source|dbt|aggregate"),
        (["product", "shop/other", "--kind", "dbt"], "--inputs"),
        (["product", "shop/other", "--kind", "dbt", "--inputs", "shop.receitps"], "did you mean 'shop.receipts'"),
        (["product", "shop/other", "--kind", "aggregate", "--inputs", "shop.receipts"], "takes 2 to 20 inputs"),
        (["product", "shop/x", "--kind", "dbt", "--inputs", "shop.receipts,shop.receipts"], "is named twice"),
        (["product", "shop/x", "--kind", "source", "--inputs", "shop.receipts"], "takes no input"),
        (["product", "shop/x", "--from", "nowhere.csv"], "there is no nowhere.csv"),
        (["product", "shop/x", "--from", "/"], "is a folder"),
        (["product", "shop/x", "--table", "a.b", "--kind", "source"], "--from postgres://"),
        (["product", "shop/x", "--from", "postgres://localhost/db"], "--table SCHEMA.TABLE"),
    ],
)
def test_mistakes(tried: Callable[..., Outcome], words: list[str], said: str) -> None:
    told = tried("new", *words)
    assert (told.code, said in told.err) == (2, True), told.err


@pytest.mark.parametrize(
    ("name", "content"),
    [("cut.parquet", b"PAR1 no"), ("empty.json", b""), ("odd.xlsx", b"x"), ("binary.csv", bytes(range(256)) * 4)],
)
def test_data_that_cannot_be_read(tried: Callable[..., Outcome], tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    told = tried("new", "product", "shop/x", "--from", str(tmp_path / name))
    assert told.code == 2, told.err


FRACTION = b"id,v\n" + b"1,2\n" * 30_000 + b"2,2.5\n"


@pytest.mark.parametrize(
    ("name", "content", "line", "said"),
    [
        ("a.csv", b"a,b,c\n1,2\n3,4,5,6\n", 2, "line 2 has 2 fields, but its first one 3"),
        ("a.csv", b"a;b\n1;2\n3\n4;5\n", 3, "line 3 has 1 field, but its first one 2"),
        ("a.csv", b"a,b\n1,2\n\n3,4,5\n4,5\n", 4, "line 4 has 3 fields"),
        ("a.csv", b"a,b\n1,2\n3,4\nx,y,z\n" + b"1,2,3\n" * 20, 4, "line 4 has 3 fields, but its first one 2"),
        ("a.csv", b"id,name\n1,a\n2,b\n3,c,d\n" + b"4,x,y\n" * 20, 4, "line 4 has 3 fields"),
        ("a.csv", b"Report of 2026\na,b,c\n1,2,3\n4,5,6\n", 2, "line 2 has 3 fields, but its first one 1"),
        ("a.csv", b"id,na\0me\n1,2\n", 1, "line 1 has a NUL byte in the name of a column"),
        ("a.csv", FRACTION, None, "has no whole number in row 30,001 of column v"),
        ("a.csv", b"\n", 1, "holds nothing but blank lines"),
        ("a.json", b"\n[]", 2, "holds no object"),
        ("a.json", b"[1, 2]", 1, "holds no object"),
        ("a.csv", "id,name\n1,M\u00fcller\n".encode("latin-1"), 2,
         "is not UTF-8 but ISO-8859-1, as line 2 shows\n    2 | 1,M\ufffdller\n      | ^\n  next: iconv -f ISO-8859"),
        ("a.csv", "id,name\n1,\u201eA\u201c\n".encode("cp1252"), 2, "is not UTF-8 but WINDOWS-1252"),
        ("a.csv", "id,name\n1,M\u00fcller\n".encode("utf-16"), None, "UTF-8 but UTF-16, as its first bytes show"),
        ("a.csv", "id,name\n1,M\u00fcller\n".encode("utf-16-le"), None, "is not UTF-8 but UTF-16LE"),
        ("a.json", '[{"id": 1, "name": "M\u00fcller"}]'.encode("latin-1"), 1, "is not UTF-8 but ISO-8859-1"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_data_that_is_no_table(
    tried: Callable[..., Outcome], tmp_path: Path, name: str, content: bytes, line: int | None, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    told = tried("new", "product", "shop/x", "--from", str(tmp_path / name))
    place = f"{name}:{line} - --from: " if line else f"{name} - --from: "
    assert (told.code, place in told.err, said in told.err) == (2, True, True), told.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "Report of 2026\n\na,b,c\n1,2,3\n4,5,6\n"),
        ("a.csv", '"a,b"\nx\ny\n'),
        ("a.csv", "a\n1\n"),
        ("a.csv", "a,b\n"),
        ("a.json", '[{"json": 1}]'),
        ("a.json", '{"a": 1}\n{"a": 2}\n'),
    ],
)
def test_data_that_is_a_table_for_all_that(
    tried: Callable[..., Outcome], tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    told = tried("new", "product", "shop/x", "--from", str(tmp_path / name))
    assert told.code == 0, told.err


def test_fault_of_another_product_is_no_reason_to_wait(tried: Callable[..., Outcome], fresh: Path) -> None:
    """Unless it is what the new product would read, or has its port."""
    broken = fresh / "domains/shop/receipts/product.yaml"
    broken.write_text(broken.read_text().replace("status: active", "statu: active"))
    assert tried("new", "product", "shop/other", "--kind", "source").code == 0
    told = tried("new", "product", "shop/reader", "--kind", "dbt", "--inputs", "shop.receipts")
    assert (told.code, "did you mean 'status'" in told.err) == (2, True)
    told = tried("new", "product", "shop/more", "--kind", "source", "--port", "receipts")
    assert (told.code, "there is a port 'receipts' already" in told.err) == (2, True)


def test_case_twin_of_a_folder(tried: Callable[..., Outcome], fresh: Path) -> None:
    (fresh / "domains" / "Wares").mkdir()
    assert "some disks do not tell apart" in tried("new", "domain", "wares", "--email", "e@example.com").err


def test_files_in_the_way(tried: Callable[..., Outcome], fresh: Path) -> None:
    (fresh / "dbt_projects/shop/models/other").mkdir()
    (fresh / "dbt_projects/shop/models/other/ports").write_text("mine")
    told = tried("new", "product", "shop/other", "--kind", "source")
    assert (told.code, "nothing was written" in told.err) == (2, True)


def test_link_out_of_the_mesh_is_not_followed(tried: Callable[..., Outcome], fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (fresh / "dbt_projects/shop/models/other").symlink_to(tmp_path / "outside")
    assert tried("new", "product", "shop/other", "--kind", "source").code == 2
    assert not list((tmp_path / "outside").iterdir())


class TestInit:
    """`mesh init` where there is something already."""

    @pytest.fixture(autouse=True)
    def _here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

    def test_folder_that_is_not_empty(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "mine.txt").write_text("mine")
        assert main(["init", "full", "--email", "e@example.com"]) == 2
        assert "mine.txt" in capsys.readouterr().err
        assert [file.name for file in (tmp_path / "full").iterdir()] == ["mine.txt"]

    def test_mesh_in_a_mesh(self, fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["init", str(fresh / "inner"), "--email", "e@example.com"]) == 2
        assert "lies inside the mesh" in capsys.readouterr().err
        assert not (fresh / "inner").exists()

    def test_mesh_beside_a_mesh(
        self, fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(fresh / "domains")
        given = ["--email", "e@example.com", "--meshwright", str(Path(__file__).parents[2])]
        assert main(["init", "../../beside", *given]) == 0, capsys.readouterr().err
        assert (fresh.parent / "beside" / "workspace.yaml").is_file()

    def test_wrong_name_leaves_no_folder(self, tmp_path: Path) -> None:
        assert main(["init", "a/b/c", "--domain", "Shop", "--email", "e@example.com"]) == 2
        assert not (tmp_path / "a").exists()

    def test_wrong_address_leaves_no_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["init", "a", "--email", "t@x.y"]) == 2
        assert "--email: 't@x.y' is no e-mail address" in capsys.readouterr().err
        assert not (tmp_path / "a").exists()

    def test_empty_folder_and_repository_are_fine(self, tmp_path: Path) -> None:
        (tmp_path / "repo" / ".git").mkdir(parents=True)
        assert main(["init", "repo", "--email", "e@example.com"]) == 0
        assert (tmp_path / "repo" / "workspace.yaml").is_file()

    @pytest.mark.parametrize(("flags", "said"), [([], True), (["--no-git"], False)])
    def test_first_commit_is_told_where_there_is_git(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
        flags: list[str], said: bool,
    ) -> None:  # fmt: skip
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
        assert main(["init", "mine", "--email", "e@example.com", *flags]) == 0
        told = capsys.readouterr().err
        assert ("then: git add . && git commit -m 'A new mesh'" in told) is said
        assert (tmp_path / "mine" / ".git").exists() is said
        if said:
            name = "-c user.name=A -c user.email=a@example.com"
            committed = shell(
                tmp_path / "mine", f"git add . && git {name} commit -qm 'A new mesh' && git status --short"
            )
            assert (committed.returncode, committed.stdout) == (0, ""), committed.stderr


class TestOrigin:
    """Where a new mesh installs meshwright from."""

    @pytest.mark.parametrize("bare", ["meshwright", "meshwright==0.1.0", "meshwright>=0", "pip", "meshwright[dev]"])
    def test_bare_names_are_refused(self, bare: str) -> None:
        with pytest.raises(InputError, match="bare name"):
            origin.requirement(bare)

    def test_files_must_be_there_and_packages(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").touch()
        for wrong in (tmp_path / "no.whl", tmp_path / "notes.txt", tmp_path, tmp_path / "no" / "where"):
            with pytest.raises(InputError):
                origin.requirement(str(wrong))

    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com/meshwright-1-py3-none-any.whl",
            "git+https://example.com/m.git@v1",
            "git+ssh://git@x/y.git",
        ],
    )
    def test_urls_are_taken(self, url: str) -> None:
        assert origin.requirement(url) == origin.requirement(f"meshwright @ {url}") == f"meshwright @ {url}"
        assert not origin.is_local(origin.requirement(url))

    def test_wheel_is_a_file_url(self, tmp_path: Path) -> None:
        wheel = tmp_path / "a b.whl"
        wheel.touch()
        told = origin.requirement(str(wheel))
        assert told == f"meshwright @ {wheel.as_uri()}"
        assert origin.is_local(told)

    def test_running_one_is_where_it_came_from(self) -> None:
        assert origin.requirement(None).startswith("meshwright @ ")
