"""Landing: whatever an ingest returns arrives as it was, once, and is never changed afterwards."""

from __future__ import annotations

import json
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


def test_marks_of_quotation_behind_those_that_were_looked_at(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    """Where DuckDB finds none in its sample, it would take later ones for data, and a delimiter in them for one."""
    rows = "".join(f"{i},v\n" for i in range(25_000))
    (tiny_mesh.root / "data/q.csv").write_text(f'id,v\n{rows}25000,"say ""hi"""\n25001,"Smith, John"\n')
    found = land(tiny_mesh, ingested('return DATA / "q.csv"'))
    with duckdb.connect() as con:
        told = con.execute(f"SELECT v FROM {found.scan()} WHERE id >= 25000 ORDER BY id").fetchall()
    assert told == [('say "hi"',), ("Smith, John",)]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("1,'a, b'\n2,'it''s'\n3,c\n", ["a, b", "it's", "c"]),
        ('1,"say \\"hi\\""\n2,x\n', ['say "hi"', "x"]),
        ('1,5" pipe\n2,"abc" def\n3,x\n', ['5" pipe', '"abc" def', "x"]),
        ("1,don't\n2,x\n", ["don't", "x"]),
    ],
)
def test_other_marks_of_quotation(tiny_mesh: TinyMesh, ingested: Ingested, body: str, told: list[str]) -> None:
    (tiny_mesh.root / "data/q.csv").write_text(f"id,v\n{body}")
    found = land(tiny_mesh, ingested('return DATA / "q.csv"'))
    with duckdb.connect() as con:
        assert con.execute(f"SELECT v FROM {found.scan()} ORDER BY id").fetchall() == [(text,) for text in told]


def test_nothing_is_taken_for_a_comment(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    (tiny_mesh.root / "data/c.csv").write_text("id,tag\n1,x\n2,y\n#3,z\n4,w\n")
    assert land(tiny_mesh, ingested('return DATA / "c.csv"')).rows == 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a,b\n1,2\n3,4\nx,y,z\n" + "1,2,3\n" * 20, "is no table: line 4 has 3 fields, but its first one 2"),
        ("a,b\n" + "1,2\n" * 30_000 + "1,2.5\n", "has no whole number in row 30,001 of column b"),
        ("a,b\n" + "1,2026-01-05\n" * 30_000 + "1,26-01-05\n", "has no date as ISO 8601 writes it in row 30,001 of"),
        ("a,b\n" + "1,2026-01-05 10:00:00\n" * 30_000 + "1,03/04/26\n", "has no time as ISO 8601 writes it"),
        ("a,b\0b\n1,2\n", "is no table: line 1 has a NUL byte in the name of a column"),
    ],
    ids=["lines", "fraction", "date", "time", "nul"],
)
def test_rows_are_neither_skipped_nor_rounded(
    tiny_mesh: TinyMesh, ingested: Ingested, content: str, reason: str
) -> None:
    (tiny_mesh.root / "data/n.csv").write_text(content)
    assert refusal(tiny_mesh, ingested('return DATA / "n.csv"')).startswith(f"n.csv {reason}")


def test_text_stays_as_it_is_written(tiny_mesh: TinyMesh, ingested: Ingested) -> None:
    """Also where nothing in the file tells it from numbers or dates, and where it has not all of the columns."""
    (tiny_mesh.root / "data/t.csv").write_text("id,Sku,flag,day\n1,1E5,t,2026-01-05 10:00\n2,2.50,f,2026-01-06 11:00\n")
    found = land(tiny_mesh, source := ingested('return DATA / "t.csv"', '@ingest(text=["sku", "flag", "day", "x"])'))
    with duckdb.connect() as con:
        told = con.execute(f"SELECT * FROM {found.scan(source.ingest.text)} ORDER BY id").fetchall()
    assert told == [(1, "1E5", "t", "2026-01-05 10:00"), (2, "2.50", "f", "2026-01-06 11:00")]
    (tiny_mesh.root / "data/t.json").write_text('[{"id": 1, "day": "2026-01-05T10:00:00Z"}]')
    found = land(tiny_mesh, source := ingested('return DATA / "t.json"', "@ingest(text='day')"))
    with duckdb.connect() as con:
        told = con.execute(f"SELECT * FROM {found.scan(source.ingest.text)}").fetchall()
    assert told == [(1, "2026-01-05T10:00:00Z")]


@pytest.mark.parametrize(
    ("times", "kind"),
    [
        (["2026-01-05T10:00:00Z", "2026-01-05T12:00:00Z"], "TIMESTAMP WITH TIME ZONE"),
        (["2026-01-05T10:00:00-05:00", "2026-01-05T12:00:00+02:00"], "TIMESTAMP WITH TIME ZONE"),
        (["2026-01-05T10:00:00", "2026-01-05T12:00:00"], "TIMESTAMP"),
        (["2026-01-05T10:00:00Z", "2026-01-05T12:00:00"], "VARCHAR"),
        (["2026-01-05", "2026-01-06"], "DATE"),
    ],
    ids=["UTC", "zones", "none", "some", "days"],
)
def test_times_in_json_keep_their_zone(tiny_mesh: TinyMesh, ingested: Ingested, times: list[str], kind: str) -> None:
    (tiny_mesh.root / "data/t.json").write_text(json.dumps([{"at": at} for at in times]))
    found = land(tiny_mesh, ingested('return DATA / "t.json"'))
    with duckdb.connect() as con:
        assert con.execute(f"DESCRIBE FROM {found.scan()}").fetchall()[0][1] == kind


def test_what_is_text_decides_what_is_built(built_mesh: TinyMesh) -> None:
    """The files are the same, and what is read of them is not."""
    built_mesh.edit(
        INGEST_PY,
        ('@ingest(version=files(DATA / "people.csv"))', '@ingest(version=files(DATA / "people.csv"), text=["name"])'),
    )
    built_mesh.land("shop/orders")
    assert [port.port.name for port in built_mesh.plan("shop/orders").due_ports] == ["customers"]


@pytest.mark.parametrize("name", ["data[1].csv", "data?.csv", "data*.csv", "data[1].json", "data[1].parquet"])
def test_names_that_are_patterns_too(tiny_mesh: TinyMesh, ingested: Ingested, name: str) -> None:
    folder, suffix = tiny_mesh.root / "data", name.rpartition(".")[2]
    for number, file in enumerate((f"data1.{suffix}", name), 1):
        duckdb.sql(f"SELECT {number} AS n").write_parquet(str(folder / file)) if suffix == "parquet" else (
            folder / file
        ).write_text(f"n\n{number}\n" if suffix == "csv" else f'[{{"n": {number}}}]')
    found = land(tiny_mesh, ingested(f"return DATA / {name!r}", "@ingest(immutable=True)"))
    with duckdb.connect() as con:
        assert con.execute(f"SELECT n FROM {found.scan()}").fetchall() == [(2,)]
