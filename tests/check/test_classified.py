"""Values of classified columns appear in nothing that a build or a check says, keeps or leaves behind."""

from __future__ import annotations

import json

import duckdb
import pytest

from meshwright.build.classified import guarded
from meshwright.catalog.promises import promise_of
from meshwright.check.choose import subject_of
from meshwright.check.data import as_data
from meshwright.check.run import run
from meshwright.check.stage import chosen
from meshwright.check.summary import summary
from meshwright.cli import main
from meshwright.duck import without_values
from meshwright.errors import AuditError, BuildError
from support.tiny import CUSTOMERS_CONTRACT, CUSTOMERS_SQL, ORDERS_CONTRACT, WEEKLY_SQL, TinyMesh

from .repository import Repo, repository

SECRET = "Secret"
EXPECTS = """\
apiVersion: v3.1.0
kind: DataContract
id: insight-expects-customers
version: 1.0.0
status: active
schema:
  - name: customers
    physicalType: table
    properties:
      - name: customer_id
        logicalType: integer
        physicalType: long
    quality:
      - {id: told, type: sql, query: "select max(name) from ${object}", mustBe: a}
      - {id: met, type: sql, query: "select max(cast(name as int)) from ${object}", mustBe: 1}
"""
CAST = "select 1::bigint as customer_id, columns('.*')::int::text as name from {0}"
METRICS = """\
customProperties:
  - property: coreMetrics
    value:
      - {name: top, query: select max(length(name)) from mesh.shop.customers, tolerance: 5}
      - {name: sly, query: "select count(*) * 0 + max(length(name)) from mesh.shop.customers", tolerance: 5}
      - {name: met, query: select max(cast(name as int)) from mesh.shop.customers, tolerance: 5}
"""


@pytest.fixture
def published(tiny_mesh: TinyMesh) -> Repo:
    """Published under git, with restricted names of customers that nobody may read."""
    tiny_mesh.put_people([f"{SECRET} {i}" for i in range(1, 7)])
    tiny_mesh.build()
    tiny_mesh.said.clear()
    return repository(tiny_mesh)


def everything(repo: Repo, *selectors: str, only: str) -> str:
    """All that a check says and leaves."""
    said: list[str] = []
    subject = subject_of(repo.mesh.settings, selectors, None, said.append)
    subject.report = repo.top.parent / "report"
    subject.report.mkdir()
    report = run(subject, chosen(only.split(","), []))
    assert report.findings
    pages = [page.read_text(encoding="utf-8") for page in subject.report.iterdir()]
    texts = [summary(report, repo.mesh.root), *map(str, (f.fault for f in report.findings))]
    return "\n".join([*said, *pages, *texts, json.dumps(as_data(report, repo.mesh.root))])


def declassify(mesh: TinyMesh) -> None:
    mesh.edit(CUSTOMERS_CONTRACT, ("classification: restricted", "classification: internal"))


@pytest.mark.parametrize("where", ["production", "e"])
@pytest.mark.parametrize(
    "model", ["cast(cast(name as int) as varchar) as name", "case when error(name) then name end as name"]
)
def test_errors_of_models(published: Repo, where: str, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    mesh = published.mesh
    mesh.edit(CUSTOMERS_SQL, ("name from", f"{model} from"))
    if where == "e":
        mesh.env("e")
        declassify(mesh)
    with pytest.raises(BuildError, match=r"the text is withheld|string ••• to INT32") as raised:
        mesh.build("shop", run=mesh.run(environment=where))
    main(["-C", str(mesh.root), "history", "--env", where, "shop.customers", "--format", "json"])
    seen = capsys.readouterr()
    assert "withheld" in seen.out or "•••" in seen.out
    assert SECRET not in "\n".join([str(raised.value), *mesh.said, seen.out, seen.err])
    assert raised.value.__cause__ is None


def test_errors_of_a_model_whose_text_is_wrong_are_told(published: Repo) -> None:
    published.mesh.edit(CUSTOMERS_SQL, ("name from", "nmae as name from"))
    with pytest.raises(BuildError, match="nmae"):
        published.mesh.build("shop")


def test_a_literal_in_the_text_of_a_model_is_no_value(published: Repo) -> None:
    published.mesh.edit(CUSTOMERS_SQL, ("name from", "nmae || 'Secret of the code' as name from"))
    with pytest.raises(BuildError, match=r"(?s)Candidate bindings: \"name\".*Secret of the code"):
        published.mesh.build("shop")


@pytest.mark.parametrize("text", ["select nmae from {0}", "select * from {0} where nmae", "select * from {0}", CAST])
def test_errors_that_name_columns_which_are_made_of_values(published: Repo, text: str) -> None:
    """PIVOT names a column after each value, and DuckDB tells which names are near to a wrong one."""
    mesh = published.mesh
    people = "(select max(name) as name from {{ source('landing', 'people') }})"
    pivoted = f"{{{{ config(materialized='table') }}}} select * from (pivot {people} on name using max(name))"
    mesh.write("dbt_projects/shop/models/orders/staging/stg_pivoted.sql", pivoted)
    mesh.write(CUSTOMERS_SQL, text.format("{{ ref('stg_pivoted') }}"))
    with pytest.raises(BuildError, match=r"withheld|the model has column •••") as raised:
        mesh.build("shop")
    assert SECRET not in "\n".join([str(raised.value), *mesh.said])


def test_a_pivot_that_dbt_cannot_make_is_told(published: Repo) -> None:
    pivoted = "select * from (pivot {{ source('landing', 'people') }} on name using count(*))"
    published.mesh.write(CUSTOMERS_SQL, pivoted)
    with pytest.raises(BuildError, match="cannot be used in views"):
        published.mesh.build("shop")


def test_too_little_memory_is_told() -> None:
    """Else who builds would look for a wrong value."""
    with duckdb.connect(config={"memory_limit": "5MB", "temp_directory": ""}) as con:
        con.execute("create table names as select 'Secret ' || i as name from range(10) r(i)")
        with pytest.raises(duckdb.OutOfMemoryException) as raised:
            con.execute("select list(name || j) from names, range(1000000) r(j)")
    assert SECRET not in str(raised.value)
    assert without_values(str(raised.value)) == str(raised.value)


def test_errors_of_a_reader_of_classified_columns(published: Repo) -> None:
    mesh = published.mesh
    mesh.edit(ORDERS_CONTRACT, ("      - name: amount\n", "      - name: amount\n        classification: secret\n"))
    mesh.edit(WEEKLY_SQL, ("sum(amount)", "sum(cast('Secret' || amount as int))"))
    mesh.build("shop")
    with pytest.raises(BuildError, match="withheld") as raised:
        mesh.build("insight")
    assert SECRET not in "\n".join([str(raised.value), *mesh.said])


def test_a_change_that_takes_the_classification_away(published: Repo) -> None:
    declassify(published.mesh)
    published.mesh.edit(CUSTOMERS_SQL, ("name from", "name || '!' as name from"))
    told = everything(published, only="build,diff")
    assert "6 changed" in told
    assert "•••" in told
    assert SECRET not in told


def test_a_rule_that_fails_in_such_a_change(published: Repo) -> None:
    mesh = published.mesh
    declassify(mesh)
    mesh.edit(CUSTOMERS_CONTRACT, ("classification: internal", "classification: internal\n        unique: true"))
    mesh.edit(CUSTOMERS_SQL, ("name from", "'Secret of all' as name from"))
    mesh.env("e")
    with pytest.raises(AuditError, match=r"name\.unique.*•••") as raised:
        mesh.build_in("e", "shop")
    assert SECRET not in str(raised.value)


def test_diff_of_an_environment(published: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    mesh = published.mesh
    declassify(mesh)
    mesh.edit(CUSTOMERS_SQL, ("name from", "name || '!' as name from"))
    mesh.env("e")
    mesh.build_in("e", "shop")
    for format_ in ("text", "json", "html"):
        assert main(["-C", str(mesh.root), "env", "diff", "e", "--format", format_]) == 0
        told = capsys.readouterr().out
        assert "name" in told
        assert SECRET not in told


def test_a_new_column_beside_classified_ones(published: Repo) -> None:
    """It may be a copy of one of them under another name."""
    port = published.mesh.mesh.ports["shop.customers"]
    promise = promise_of(port)
    published.mesh.edit(
        CUSTOMERS_CONTRACT,
        ("      - name: name\n", "      - name: copy\n        logicalType: string\n      - name: name\n"),
    )
    changed = published.mesh.mesh.ports["shop.customers"]
    assert changed.private_columns == {"name"}
    assert guarded(changed, promise).private_columns == {"copy", "name"}
    assert guarded(changed, None) is changed


def test_a_classified_column_that_takes_the_name_of_another(published: Repo) -> None:
    """Its element id says that it is still the same."""
    who = "      - name: {}\n        id: who\n        logicalType: string\n        classification: {}\n"
    nick = "      - name: nick\n        logicalType: string\n"
    old = "      - name: name\n        logicalType: string\n        classification: restricted\n"
    published.mesh.edit(CUSTOMERS_CONTRACT, (old, who.format("name", "restricted") + nick))
    promise = promise_of(published.mesh.mesh.ports["shop.customers"])
    published.mesh.edit(CUSTOMERS_CONTRACT, (who.format("name", "restricted") + nick, who.format("nick", "internal")))
    changed = published.mesh.mesh.ports["shop.customers"]
    assert guarded(changed, promise).private_columns == {"nick"}


NESTED = """\
      - name: name
        logicalType: array
        classification: internal
        items:
          logicalType: object
          properties:
            - {name: id, logicalType: integer}
            - {name: nick, logicalType: string, classification: restricted}
"""
FLAT = "      - name: name\n        logicalType: string\n        classification: restricted\n"


def nested(mesh: TinyMesh) -> None:
    """Names as a list of structs, of which only one field is classified."""
    mesh.edit(CUSTOMERS_CONTRACT, (FLAT, NESTED))
    mesh.edit(CUSTOMERS_SQL, ("name from", "[{'id': 1::bigint, 'nick': name}] as name from"))


def test_a_classified_field_of_a_struct(tiny_mesh: TinyMesh) -> None:
    """It is shown or hidden with the column that holds it."""
    mesh = tiny_mesh
    mesh.put_people([f"{SECRET} {i}" for i in range(1, 7)])
    nested(mesh)
    mesh.build("shop")
    published = repository(mesh)
    port = mesh.mesh.ports["shop.customers"]
    assert port.private_columns == {"name"}
    promise = promise_of(port)
    mesh.edit(CUSTOMERS_CONTRACT, (", classification: restricted", ""))
    assert guarded(mesh.mesh.ports["shop.customers"], promise).private_columns == {"name"}
    mesh.edit(CUSTOMERS_SQL, ("'nick': name", "'nick': name || '!'"))
    told = everything(published, only="build,diff")
    assert "6 changed" in told
    assert SECRET not in told


def test_a_new_field_beside_classified_columns(published: Repo) -> None:
    """It may be a copy of one of them, like a new column."""
    struct = "      - name: more\n        logicalType: object\n        properties:\n"
    one = "          - {name: size, logicalType: integer}\n"
    published.mesh.edit(CUSTOMERS_CONTRACT, (FLAT, f"{FLAT}{struct}{one}"))
    promise = promise_of(published.mesh.mesh.ports["shop.customers"])
    published.mesh.edit(CUSTOMERS_CONTRACT, (one, f"{one}          - {{name: copy, logicalType: string}}\n"))
    changed = published.mesh.mesh.ports["shop.customers"]
    assert changed.private_columns == {"name"}
    assert guarded(changed, promise).private_columns == {"name", "more"}


@pytest.mark.parametrize("tie", ["", "        id: who\n"])
def test_diff_of_a_classified_column_that_another_name_takes_over(
    published: Repo, tie: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh = published.mesh
    if tie:
        mesh.edit(CUSTOMERS_CONTRACT, ("- name: name\n", f"- name: name\n{tie}"))
        mesh.build("shop", force=True)
    declassify(mesh)
    mesh.edit(CUSTOMERS_CONTRACT, ("- name: name\n", "- name: title\n"))
    mesh.edit(CUSTOMERS_SQL, ("name from", "name as title from"))
    mesh.env("e")
    mesh.build_in("e", "shop")
    for format_ in ("text", "json", "html"):
        assert main(["-C", str(mesh.root), "env", "diff", "e", "--format", format_]) == 0
        told = capsys.readouterr().out
        assert SECRET not in told
        assert ("renamed" in told or "is now title" in told) == bool(tie)


def test_expectations_of_consumers(published: Repo) -> None:
    published.mesh.write("domains/insight/weekly/expects/shop.customers.contract.yaml", EXPECTS)
    told = everything(published, "insight", only="expectations")
    assert "breaks told" in told
    assert "breaks met" in told
    assert SECRET not in told


def test_core_metrics(published: Repo) -> None:
    published.mesh.edit("domains/shop/orders/product.yaml", ("outputPorts:\n", f"{METRICS}outputPorts:\n"))
    published.mesh.edit(CUSTOMERS_SQL, ("name from", "name || ' and more' as name from"))
    told = everything(published, only="build,metrics")
    assert "core metric 'top' moves from ••• to •••, by +112.5 %" in told
    assert "core metric 'sly' moves from ••• to •••, by +112.5 %" in told
    assert "core metric 'met' cannot be asked" in told
    assert SECRET not in told
