"""Landing: whatever an ingest returns arrives as it was, once, and is never changed afterwards."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import duckdb
import pytest

from meshwright.build import landing
from meshwright.build.landing import Landing
from meshwright.build.sources import Source, sources_of
from meshwright.errors import BuildError, SpecError
from support.tiny import CUSTOMERS_CONTRACT, INGEST_PY, TinyMesh, lines_of

IMPORTS = """\
from pathlib import Path
import duckdb, pandas, pyarrow
import pyarrow.parquet
from meshwright import files, ingest
DATA = Path(__file__).parents[2] / "data"
ROWS = {"id": [1, 2, 3], "week": [1, 1, 2], "name": ["a", None, "c'"]}
"""
Ingested = Callable[..., Source]
CONTENT = [(1, 1, "a"), (2, 1, None), (3, 2, "c'")]


@pytest.fixture
def ingested(tiny_mesh: TinyMesh) -> Ingested:
    """The source ``things`` of an ingest with this body."""

    def declare(body: str, decorator: str = "@ingest", then: str = "") -> Source:
        tiny_mesh.write(INGEST_PY, f"{IMPORTS}\n{decorator}\ndef things():\n    {body}\n{then}")
        mesh = tiny_mesh.mesh
        return sources_of(mesh, mesh.domains["shop"])["things"]

    return declare


def land(mesh: TinyMesh, source: Source) -> Landing:
    return landing.land(mesh.settings, mesh.database, source, run="r1", version=landing.current_version(source))


def rows(of: Landing) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        return con.execute(f"SELECT id, week, name FROM {of.scan()} ORDER BY ALL").fetchall()


@pytest.mark.parametrize(
    "body",
    [
        "pyarrow.parquet.write_table(pyarrow.table(ROWS), DATA / 'x.parquet'); return DATA / 'x.parquet'",
        "pyarrow.parquet.write_table(pyarrow.table(ROWS), DATA / 'x.parquet'); return str(DATA / 'x.parquet')",
        "pandas.DataFrame(ROWS).to_csv(DATA / 'x.csv', index=False); return [DATA / 'x.csv']",
        "pandas.DataFrame(ROWS).to_json(DATA / 'x.json', orient='records', lines=True); return DATA / 'x.json'",
        "return duckdb.sql(\"SELECT * FROM (VALUES (1, 1, 'a'), (2, 1, NULL), (3, 2, 'c''')) t(id, week, name)\")",
        "return pyarrow.table(ROWS)",
        "return pyarrow.table(ROWS).to_reader()",
        "return pyarrow.record_batch(ROWS)",
        "return pandas.DataFrame(ROWS)",
    ],
    ids=["path", "text", "csv", "json", "relation", "arrow table", "arrow reader", "record batch", "pandas frame"],
)
def test_what_an_ingest_may_return(tiny_mesh: TinyMesh, ingested: Ingested, body: str) -> None:
    landed = land(tiny_mesh, ingested(body))
    assert rows(landed) == CONTENT
    assert landed.rows == 3
    (file,) = landed.files
    assert file.path.parent == tiny_mesh.settings.landing / "shop" / "things"
    assert file.path.stem == file.hash
    assert [p.name for p in file.path.parent.iterdir()] == [file.path.name]


@pytest.mark.parametrize("folder", ["DATA / 'parts'", "sorted((DATA / 'parts').iterdir())"])
def test_several_files(tiny_mesh: TinyMesh, ingested: Ingested, folder: str) -> None:
    write = (
        "(DATA / 'parts').mkdir()\n"
        "    for i in (0, 1):\n"
        "        part = pyarrow.table(ROWS).slice(i * 2, 2).select(['id', 'week', 'name'][:: 1 - 2 * i])\n"
        "        pyarrow.parquet.write_table(part, DATA / f'parts/{i}.parquet')\n"
    )
    landed = land(tiny_mesh, ingested(f"{write}    return {folder}"))
    assert len(landed.files) == 2
    assert rows(landed) == CONTENT


def test_partitions_are_told_file_by_file(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    landed = land(tiny_mesh, ingested("return pyarrow.table(ROWS)", '@ingest(partition="week")'))
    assert landed.partitions() == frozenset({"1", "2"})
    assert landed.digest("1") == landed.digest("2") != landed.digest("3")


def test_without_an_expression_every_file_counts_for_every_partition(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    landed = land(tiny_mesh, ingested("return pyarrow.table(ROWS)"))
    assert landed.partitions() is None
    assert landed.digest("1") == landed.digest()


def test_same_bytes_are_kept_once(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    source = ingested("return pyarrow.table(ROWS)")
    first, second = land(tiny_mesh, source), land(tiny_mesh, source)
    assert first.files == second.files
    assert first.digest() == second.digest()
    assert (first.seq, second.seq) == (1, 2)


def test_immutable_files_are_registered_where_they_lie(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    landed = land(tiny_mesh, ingested("return DATA / 'people.csv'", "@ingest(immutable=True)"))
    assert landed.files[0].path == tiny_mesh.root / "data" / "people.csv"
    assert not list((tiny_mesh.settings.landing / "shop" / "things").iterdir())


def test_changed_source_leaves_what_landed(tiny_mesh: TinyMesh) -> None:
    tiny_mesh.land("shop/orders")
    with tiny_mesh.database.read() as connection:
        before = landing.latest(connection)["shop/landing/lines"]
    tiny_mesh.put_lines(1, lines_of(1, 9.0))
    landing.verify(before)
    assert sum(row[0] for row in duckdb.sql(f"SELECT amount FROM {before.scan()} WHERE week = 1").fetchall()) == 62


def test_equal_version_is_skipped(tiny_mesh: TinyMesh) -> None:
    assert tiny_mesh.land("shop/orders") == ["lines", "people"]
    assert tiny_mesh.land("shop/orders") == []
    tiny_mesh.put_people(["Somebody else"])
    assert tiny_mesh.land("shop/orders") == ["people"]
    assert tiny_mesh.land("shop/orders", force=True) == ["lines", "people"]


def test_source_without_a_version_is_read_in_each_build(built_mesh: TinyMesh) -> None:
    built_mesh.edit(INGEST_PY, ('@ingest(version=files(DATA / "people.csv"))', "@ingest"))
    built_mesh.land("shop/orders")
    reasons = {lp.source.name: lp.reason for lp in built_mesh.plan("shop/orders").landings}
    assert reasons == {"lines": None, "people": "its ingest names no version"}
    before = built_mesh.pins()
    assert built_mesh.build()["shop/orders"].verdict == "unchanged"
    assert built_mesh.pins() == before


def refusal(mesh: TinyMesh, source: Source) -> str:
    with pytest.raises(BuildError) as refused:
        land(mesh, source)
    (fault,) = refused.value.faults
    assert fault.file == mesh.root / INGEST_PY
    assert fault.line
    assert (fault.key, fault.command) == ("shop/landing/things", "mesh build shop")
    with mesh.database.read() as connection:
        assert "shop/landing/things" not in landing.latest(connection)
    return fault.reason


FAILING_READER = """
def failing():
    yield pyarrow.record_batch(ROWS)
    raise ValueError("the line broke")
"""
CSV_AND_JSON = (
    "(DATA / 'n.csv').write_text('a,b\\n'); (DATA / 'n.json').write_text('[{\"a\": 1}]'); "
    "return [DATA / 'n.csv', DATA / 'n.json']"
)
TWO_SHAPES = (
    "(DATA / 'n.csv').write_text('a,b\\n1,2\\n'); (DATA / 'm.csv').write_text('a,c\\n1,2\\n'); "
    "return [DATA / 'n.csv', DATA / 'm.csv']"
)
LAZY_CAST = "return duckdb.sql(\"select cast(a as int) from (values ('x')) t(a)\")"
LAZY_READER = "return pyarrow.RecordBatchReader.from_batches(pyarrow.table(ROWS).schema, failing())"


@pytest.mark.parametrize(
    ("body", "decorator", "reason"),
    [
        ("raise RuntimeError('the shop is closed')", "", r"^raised RuntimeError: the shop is closed$"),
        ("raise KeyError", "", r"^raised KeyError$"),
        ("raise SystemExit(3)", "", r"^raised SystemExit: 3$"),
        ("return None", "", r"^returned NoneType; return a path, paths, a DuckDB relation, an Arrow table or"),
        ("return 7", "", r"^returned int; return a path"),
        ("return [1, 2]", "", r"^returned list; return a path"),
        ("return {'a': [1]}", "", r"^returned dict; return a path"),
        ("return (p for p in [DATA])", "", r"^returned generator; return a path"),
        ("return []", "", r"^returned no file$"),
        ("return DATA / 'nothing.parquet'", "", r"^returned .*nothing\.parquet, which is not a file$"),
        ("return DATA / 'nothing.parquet'", "immutable=True", r"nothing\.parquet, which is not a file$"),
        ("(DATA / 'x.xls').touch(); return DATA / 'x.xls'", "", r"^returned x\.xls; known are \.csv, \.json"),
        ("return pyarrow.table(ROWS)", "partition='wek'", r"^partition='wek' does not fit what it returned: Binder"),
        (
            "return pyarrow.table(ROWS)",
            "partition='name'",
            r"^some rows of what it returned have no partition: name",
        ),
        ("return pyarrow.table(ROWS)", "partition='(('", r"^what it returned cannot be read as parquet: Parser"),
        (LAZY_CAST, "", r"^returned DuckDBPyRelation, which cannot be read: Conversion Error on a value; the text is"),
        (LAZY_READER, "", r"^returned RecordBatchReader, which cannot be read: .*the line broke"),
        (CSV_AND_JSON, "", r"^returned files of several formats"),
        (TWO_SHAPES, "", r"^m\.csv and n\.csv differ in columns: b BIGINT, c BIGINT$"),
    ],
)
def test_what_is_refused(tiny_mesh: TinyMesh, ingested: Ingested, body: str, decorator: str, reason: str) -> None:
    said = refusal(tiny_mesh, ingested(body, f"@ingest({decorator})", FAILING_READER))
    assert re.search(reason, said), said


def test_a_value_is_told_where_no_column_is_private(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    tiny_mesh.edit(CUSTOMERS_CONTRACT, ("classification: restricted", "classification: internal"))
    assert re.search(r"cannot be read: Conversion.*'x'", refusal(tiny_mesh, ingested(LAZY_CAST)))


@pytest.mark.parametrize("content", [b"PAR1", b"", b"PAR1" + b"x" * 300 + b"PAR1"])
def test_corrupt_file(tiny_mesh: TinyMesh, ingested: Ingested, content: bytes) -> None:
    (tiny_mesh.root / "data" / "bad.parquet").write_bytes(content)
    said = refusal(tiny_mesh, ingested("return DATA / 'bad.parquet'"))
    assert said.startswith("bad.parquet cannot be read as parquet: ")


def test_version_that_cannot_be_told(tiny_mesh: TinyMesh) -> None:
    (tiny_mesh.root / "data" / "people.csv").unlink()
    with pytest.raises(BuildError, match="its version cannot be told: FileNotFoundError"):
        tiny_mesh.plan("shop/orders")


@pytest.mark.parametrize("touch", ["bytes", "gone", "same size"])
def test_changed_after_it_had_landed(built_mesh: TinyMesh, touch: str) -> None:
    with built_mesh.database.read() as connection:
        file = landing.latest(connection)["shop/landing/people"].files[0].path
    text = file.read_text()
    if touch == "gone":
        file.unlink()
    else:
        file.write_text(text.replace("Person", "Parson") if touch == "same size" else f"{text}7,New\n")
    built_mesh.edit("dbt_projects/shop/models/orders/ports/customers.sql", ("name from", "upper(name) as name from"))
    before = built_mesh.pins()
    reason = "is gone" if touch == "gone" else "was changed after it had landed"
    with pytest.raises(BuildError, match=reason) as refused:
        built_mesh.build("shop/orders")
    assert refused.value.faults[0].file == file
    assert built_mesh.pins() == before


def test_touched_but_equal_is_what_it_was(built_mesh: TinyMesh) -> None:
    with built_mesh.database.read() as connection:
        landed = landing.latest(connection)["shop/landing/people"]
    os.utime(landed.files[0].path, (0, 0))
    landing.verify(landed)


def test_module_that_cannot_be_imported(tiny_mesh: TinyMesh) -> None:
    tiny_mesh.edit(INGEST_PY, ("from meshwright import", "import nothing_of_this_name\nfrom meshwright import"))
    with pytest.raises(BuildError, match="cannot be imported: ModuleNotFoundError") as refused:
        tiny_mesh.plan("shop/orders")
    (fault,) = refused.value.faults
    assert (fault.file, fault.line) == (tiny_mesh.root / INGEST_PY, 5)


def test_module_that_is_no_python(tiny_mesh: TinyMesh) -> None:
    tiny_mesh.edit(INGEST_PY, ("def lines() -> list[Path]:", "def lines() -> list[Path]"))
    with pytest.raises(BuildError, match="cannot be imported: SyntaxError") as refused:
        tiny_mesh.plan("shop/orders")
    assert refused.value.faults[0].line == 11


def test_two_ingests_of_one_name(tiny_mesh: TinyMesh) -> None:
    text = (tiny_mesh.root / INGEST_PY).read_text()
    tiny_mesh.write("domains/shop/more.py", text)
    with pytest.raises(SpecError, match=r"lines is declared in .*ingest\.py:\d+ too"):
        tiny_mesh.plan("shop/orders")


def test_code_that_an_ingest_imports_counts(built_mesh: TinyMesh) -> None:
    built_mesh.write("domains/shop/helpers.py", "NAME = 'people.csv'\n")
    built_mesh.edit(
        INGEST_PY,
        ("from meshwright import", "from domains.shop.helpers import NAME\nfrom meshwright import"),
        ('    return DATA / "people.csv"', "    return DATA / NAME"),
    )
    built_mesh.build()
    assert built_mesh.plan("shop/orders").is_noop
    built_mesh.write("domains/shop/helpers.py", "NAME = 'people.csv'  # the same\n")
    assert {lp.reason for lp in built_mesh.plan("shop/orders").landings} == {"code of its ingest changed"}


def test_model_that_reads_what_nobody_lands(tiny_mesh: TinyMesh) -> None:
    tiny_mesh.edit(INGEST_PY, ("def people()", "def persons()"))
    with pytest.raises(SpecError, match=r"no ingest of shop is called so"):
        tiny_mesh.plan("shop/orders")


def test_relative_paths_count_from_the_module(tiny_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    people = "customer_id,name\n" + "".join(f"{number},Person {number}\n" for number in range(1, 8))
    tiny_mesh.write("domains/shop/people.csv", people)
    text = (tiny_mesh.root / INGEST_PY).read_text(encoding="utf-8")
    tiny_mesh.write(INGEST_PY, text.replace('DATA / "people.csv"', '"people.csv"'))
    monkeypatch.chdir("/")
    tiny_mesh.build("shop")
    assert tiny_mesh.sql("select count(*) from mesh.shop.customers") == [(7,)]


def test_whole_numbers_of_any_length_stay_exact(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    """Where DuckDB alone would make doubles of them, in which neighbours become one."""
    long, longer = "12345678901234567890", "1" * 40
    body = f"id,long,longer,real\n1,{long},{longer},1e30\n2,-{long[:-1]}1,{longer[:-1]}2,0.12345678901234567890\n"
    (tiny_mesh.root / "data/long.csv").write_text(body)
    found = land(tiny_mesh, ingested('return DATA / "long.csv"'))
    with duckdb.connect() as con:
        told = con.execute(f"SELECT long, longer, real FROM {found.scan()} ORDER BY id").fetchall()
    assert told == [(int(long), longer, 1e30), (-int(long[:-1] + "1"), longer[:-1] + "2", 0.12345678901234568)]


def test_text_that_is_not_utf_8_is_named(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    (tiny_mesh.root / "data/latin.csv").write_bytes("id,name\n1,M\u00fcller\n".encode("latin-1"))
    with pytest.raises(BuildError) as error:
        land(tiny_mesh, ingested('return DATA / "latin.csv"'))
    (fault,) = error.value.faults
    assert fault.reason == "latin.csv is not UTF-8 but ISO-8859-1, as line 2 shows"
    assert fault.command == "iconv -f ISO-8859-1 -t UTF-8 latin.csv > latin.utf8.csv"


def test_file_that_is_gone_is_told_by_whoever_reads_it(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    (tiny_mesh.root / "data/some.csv").write_text("id\n1\n")
    found = land(tiny_mesh, ingested('return DATA / "some.csv"'))
    found.files[0].path.unlink()
    with duckdb.connect() as con, pytest.raises(duckdb.IOException, match="No files found"):
        con.execute(f"SELECT * FROM {found.scan()}")
    with pytest.raises(BuildError, match="the landed file is gone"):
        landing.verify(found)
