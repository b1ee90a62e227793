"""Values of classified columns in what a failed run leaves behind, Dagster's records among it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meshwright.cli import main
from support.tiny import CUSTOMERS_CONTRACT, CUSTOMERS_SQL, INGEST_PY, TinyMesh

SECRET = "Secret"
DATA = ("landing", "warehouse", "scratch.duckdb")
"""Where rows are kept on purpose."""


@pytest.fixture
def people(shop: TinyMesh) -> TinyMesh:
    """Published, with restricted names of customers, 25,000 of them, in the last line a number that is none."""
    shop.put_people([f"{SECRET} {i}" for i in range(1, 25_001)])
    with (shop.root / "data" / "people.csv").open("a", encoding="utf-8") as file:
        file.write(f"none,{SECRET} 25001\n")
    return shop


def left(mesh: TinyMesh) -> Iterator[str]:
    """The files under .mesh, beside those of the data itself, that hold the value."""
    for file in mesh.settings.state.rglob("*"):
        inside = file.relative_to(mesh.settings.state)
        if file.is_file() and not set(inside.parts) & set(DATA) and SECRET.encode() in file.read_bytes():
            yield str(inside)


def failed(mesh: TinyMesh, capsys: pytest.CaptureFixture[str]) -> str:
    """What a build says that fails and leaves no value of names behind."""
    assert main(["build", "shop"]) != 0
    seen = capsys.readouterr()
    assert SECRET not in seen.out + seen.err
    assert list(left(mesh)) == []
    assert list(Path(mesh.settings.state / "dagster" / "history" / "runs").glob("*.db"))
    return seen.err


def ingest(mesh: TinyMesh, old: str, new: str) -> None:
    mesh.edit(INGEST_PY, (old, new), ("from meshwright", "import duckdb\n\nfrom meshwright"))


def test_a_landing_that_cannot_be_read(people: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    ingest(people, '@ingest(version=files(DATA / "people.csv"))', '@ingest(partition="customer_id // 10000")')
    told = failed(people, capsys)
    assert "line 25,002 of people.csv has ••• in column customer_id, of which the rows before made a BIGINT" in told


@pytest.mark.parametrize("code", ["    return {}", "    return {}.fetchall()"])
def test_an_ingest_whose_rows_cannot_be_made(people: TinyMesh, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """DuckDB makes them as they are asked for, here or in the ingest itself."""
    made = "duckdb.sql(f\"select cast(name as int) as name from '{DATA}/people.csv'\")"
    ingest(people, '    return DATA / "people.csv"', code.format(made))
    assert "the text is withheld" in failed(people, capsys)


def test_what_an_ingest_raises_is_told_and_its_cause_is_not_kept(
    people: TinyMesh, capsys: pytest.CaptureFixture[str]
) -> None:
    body = f"    raise LookupError('no such row') from ValueError('{SECRET}' + ' 25001')"
    ingest(people, '    return DATA / "people.csv"', body.replace(SECRET, "Sec' + 'ret"))
    assert "raised LookupError: no such row" in failed(people, capsys)


def test_a_model_that_fails(people: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    people.edit(CUSTOMERS_SQL, ("name from", "cast(cast(name as int) as varchar) as name from"))
    assert "failed" in failed(people, capsys)


def test_an_audit_that_refuses(people: TinyMesh, capsys: pytest.CaptureFixture[str]) -> None:
    people.edit(CUSTOMERS_SQL, ("cast(customer_id as bigint)", "try_cast(customer_id::varchar as bigint)"))
    unique = "classification: restricted\n        logicalTypeOptions: {maxLength: 3}"
    people.edit(CUSTOMERS_CONTRACT, ("classification: restricted", unique))
    people.put_people([f"{SECRET} {i}" for i in range(1, 7)])
    assert "refused" in failed(people, capsys)
