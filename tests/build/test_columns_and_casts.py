"""A model against its contract: before anything runs, and value by value before anything is staged."""

from __future__ import annotations

import pytest

from meshwright.build.columns import fits
from meshwright.errors import BuildError, SpecError
from support.tiny import (
    CUSTOMERS_CONTRACT,
    CUSTOMERS_SQL,
    INGEST_PY,
    LINES_SQL,
    MODELS,
    ORDERS_SQL,
    TinyMesh,
)

SHOP = "shop/orders"


def refused(mesh: TinyMesh, product: str = SHOP) -> BuildError:
    """The error of a build; what was published still answers."""
    before = mesh.pins()
    mesh.steps.clear()
    with pytest.raises(BuildError) as error:
        mesh.build(product)
    assert mesh.pins() == before
    assert not any(step.startswith(("staged", "committed")) for step in mesh.steps)
    return error.value


def test_missing_column_before_anything_runs(built_mesh: TinyMesh) -> None:
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "name as nam from"))
    missing, extra = refused(built_mesh).faults
    assert "bound" not in built_mesh.steps
    assert missing.reason == "the contract of shop.customers promises column name; model customers.sql has none"
    assert (missing.file, missing.suggestion) == (built_mesh.root / CUSTOMERS_CONTRACT, "nam")
    assert missing.line
    assert missing.key
    assert extra.reason == "the model has column nam, which the contract of shop.customers does not promise"
    assert (extra.file, extra.suggestion) == (built_mesh.root / CUSTOMERS_SQL, "name")


def test_extra_column(built_mesh: TinyMesh) -> None:
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "name, 1 as shoe_size from"))
    (fault,) = refused(built_mesh).faults
    assert "shoe_size" in fault.reason
    assert "customers.contract.yaml or leave it out" in (fault.command or "")


def test_wrong_type(built_mesh: TinyMesh) -> None:
    built_mesh.edit(ORDERS_SQL, ("cast(sum(amount) as decimal(12,2))", "cast(sum(amount) as varchar)"))
    (fault,) = refused(built_mesh).faults
    assert fault.reason.endswith("promises amount as decimal(12,2); model orders.sql yields VARCHAR")
    assert "cast(amount as decimal(12,2)) as amount" in (fault.command or "")


def test_text_in_place_of_numbers_tells_which_is_none(built_mesh: TinyMesh) -> None:
    """A port of a product with private columns may hold their values under another name, so none is shown."""
    odd = "case when order_id = 203 then 'Ada' else amount::varchar end as amount from"
    built_mesh.edit(LINES_SQL, (" amount from", f" {odd}"))
    (fault,) = refused(built_mesh).faults
    assert "bound" not in built_mesh.steps
    assert fault.reason.endswith(
        "lines.sql yields VARCHAR; 2 of its values are none, such as ••• where order_id = 203, line_no = 1"
    ) or fault.reason.endswith("such as ••• where order_id = 203, line_no = 2")
    assert "Ada" not in str(fault)
    assert "try_cast" in (fault.command or "")


def test_faults_of_all_ports_at_once(built_mesh: TinyMesh) -> None:
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "name, 1 as extra from"))
    built_mesh.edit(LINES_SQL, ("amount from", "amount, 2 as extra from"))
    assert len(refused(built_mesh).faults) == 2


def test_value_that_would_be_lost(built_mesh: TinyMesh) -> None:
    built_mesh.edit(
        LINES_SQL, (", amount from", ", case when order_id = 203 then 1.005 else amount end as amount from")
    )
    (fault,) = refused(built_mesh).faults
    assert "built" in built_mesh.steps
    assert fault.reason.startswith("2 values of amount cannot become decimal(12,2) without loss; first: 1.005")
    assert fault.reason.endswith("in the row where order_id = 203, line_no = 1")
    assert "round or cast it in " in (fault.command or "")


def test_number_that_is_too_large(built_mesh: TinyMesh) -> None:
    built_mesh.edit(
        LINES_SQL, (" week,", " cast(case when order_id = 101 then 3000000000 else week end as bigint) as week,")
    )
    (fault,) = refused(built_mesh).faults
    assert "2 values of week cannot become int without loss; first: 3000000000 (BIGINT)" in fault.reason


def test_private_value_is_masked(built_mesh: TinyMesh) -> None:
    built_mesh.edit(
        CUSTOMERS_CONTRACT, ("logicalType: string", "logicalType: integer"), ("- name: name", "- name: shoe_size")
    )
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "customer_id + 0.25 as shoe_size from"))
    (fault,) = refused(built_mesh).faults
    assert "6 values of shoe_size cannot become long without loss; first: •••" in fault.reason
    assert fault.reason.endswith("in the row where customer_id = 1")
    assert ".25" not in fault.reason


def test_lossless_values_are_cast(built_mesh: TinyMesh) -> None:
    built_mesh.edit(LINES_SQL, (" week,", " cast(week as bigint) as week,"))
    built_mesh.build()
    assert built_mesh.sql("select distinct typeof(week) from mesh.shop.lines") == [("INTEGER",)]


def test_partition_that_is_null(built_mesh: TinyMesh) -> None:
    built_mesh.edit(LINES_SQL, (" week,", " case when order_id <> 101 then week end as week,"))
    (fault,) = refused(built_mesh).faults
    assert fault.reason == "2 rows have no partition: week is NULL"


def test_sql_that_does_not_bind_is_named_by_dbt(built_mesh: TinyMesh) -> None:
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "nme as name from"))
    (fault,) = refused(built_mesh).faults
    assert fault.reason.startswith("dbt model customers failed: ")
    assert '"nme" not found' in fault.reason
    assert fault.file == built_mesh.root / CUSTOMERS_SQL
    assert "--select customers" in (fault.command or "")


def test_model_that_fails_while_it_runs(built_mesh: TinyMesh) -> None:
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "cast(cast(name as int) as varchar) as name from"))
    built_mesh.edit("dbt_projects/shop/dbt_project.yml", ("model-paths", "models: {+materialized: table}\nmodel-paths"))
    (fault,) = refused(built_mesh).faults
    assert "dbt model customers failed" in fault.reason
    assert "Conversion Error on a value; the text is withheld" in fault.reason, "names are restricted"


def test_view_that_fails_only_when_it_is_read(built_mesh: TinyMesh) -> None:
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "cast(cast(name as int) as varchar) as name from"))
    (fault,) = refused(built_mesh).faults
    assert fault.reason == ("Could not convert string ••• to INT32 in column name: row 1 of shop/landing/people"), (
        "a name is private"
    )
    assert (fault.file, fault.line) == (built_mesh.root / CUSTOMERS_SQL, 1)


def test_bad_value_is_told_at_the_model_that_casts_it(built_mesh: TinyMesh) -> None:
    """Not at the port behind it, which only passes on what it cannot read."""
    staging = f"{MODELS}/staging/stg_people.sql"
    cast = "select\n    name,\n    cast(customer_id as bigint) as customer_id\nfrom {{ source('landing', 'people') }}\n"
    built_mesh.write(staging, cast)
    built_mesh.write(CUSTOMERS_SQL, "select customer_id, name from {{ ref('stg_people') }}\n")
    built_mesh.write("data/people.csv", "customer_id,name\n1,A\nabc,B\n2,C\nabc,D\n")
    (fault,) = refused(built_mesh).faults
    assert fault.reason == (
        "Could not convert string 'abc' to INT64 in column customer_id: row 2 of shop/landing/people, and 1 more"
    )
    assert (fault.file, fault.line, fault.key) == (built_mesh.root / staging, 3, "shop/orders/stg_people")
    assert "try_cast" in (fault.command or "")


def test_value_of_another_type_behind_those_that_were_looked_at(built_mesh: TinyMesh) -> None:
    rows = "".join(f"{i},A\n" for i in range(30_000))
    built_mesh.write("data/people.csv", f"customer_id,name\n{rows}abc,Secret\n")
    (fault,) = refused(built_mesh).faults
    assert fault.reason == (
        "line 30,002 of what landed has 'abc' in column customer_id, of which the rows before made a BIGINT"
    )
    assert (fault.file, fault.key) == (built_mesh.root / INGEST_PY, "shop/landing/people")


def test_next_command_in_an_environment_is_a_build_in_it(built_mesh: TinyMesh) -> None:
    """By hand dbt would read what production has, and might find nothing wrong."""
    built_mesh.env("e")
    built_mesh.edit(CUSTOMERS_SQL, ("name from", "nme as name from"))
    with pytest.raises(BuildError) as error:
        built_mesh.build_in("e")
    assert [fault.command for fault in error.value.faults] == ["mesh build --env e shop/orders"]


def test_failing_dbt_test(built_mesh: TinyMesh) -> None:
    built_mesh.write(
        "dbt_projects/shop/models/orders/orders.yml",
        "models:\n  - name: customers\n    columns:\n      - name: name\n        data_tests:\n"
        "          - accepted_values:\n              arguments: {values: [Nobody]}\n",
    )
    built_mesh.put_people(["Somebody"])
    (fault,) = refused(built_mesh).faults
    assert fault.reason.startswith("dbt test accepted_values_customers_name__Nobody failed")


def test_incremental_is_refused(built_mesh: TinyMesh) -> None:
    text = (built_mesh.root / CUSTOMERS_SQL).read_text()
    built_mesh.write(CUSTOMERS_SQL, f"{{{{ config(materialized='incremental') }}}}\n{text}")
    with pytest.raises(SpecError, match="keeps state between builds") as error:
        built_mesh.build(SHOP)
    (fault,) = error.value.faults
    assert fault.file == built_mesh.root / CUSTOMERS_SQL
    assert "partition the port instead" in (fault.command or "")


def test_snapshot_is_refused(built_mesh: TinyMesh) -> None:
    built_mesh.write(
        "dbt_projects/shop/snapshots/people.yml",
        "snapshots:\n  - name: people_past\n    relation: source('landing', 'people')\n"
        "    config: {unique_key: customer_id, strategy: check, check_cols: all}\n",
    )
    with pytest.raises(SpecError, match="keeps state between builds"):
        built_mesh.build(SHOP)


@pytest.mark.parametrize(
    ("found", "wanted", "ok"),
    [
        ("BIGINT", "BIGINT", True),
        ("INTEGER", "BIGINT", True),
        ("HUGEINT", "BIGINT", True),
        ("DOUBLE", "DECIMAL(12,2)", True),
        ("DECIMAL(38,2)", "DECIMAL(18,2)", True),
        ("TIMESTAMP", "DATE", True),
        ('"NULL"', "VARCHAR", True),
        ("VARCHAR", "BIGINT", False),
        ("BIGINT", "VARCHAR", False),
        ("BOOLEAN", "INTEGER", False),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP", False),
        ("INTEGER[]", "BIGINT[]", False),
    ],
)
def test_what_may_become_what(found: str, wanted: str, ok: bool) -> None:
    assert fits(found, wanted) is ok
