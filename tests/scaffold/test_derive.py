"""From data to columns: what is proposed, and that it always loads and casts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshwright.build.columns import fits
from meshwright.build.reading import scan_of
from meshwright.duck import literal
from meshwright.scaffold.columns import identifier, in_jinja, names, published
from meshwright.scaffold.derive import derive
from meshwright.spec.names import name_fault
from meshwright.spec.personal import PERSONAL, is_personal
from meshwright.spec.types import to_duckdb


def rendered(sql: str) -> str:
    """As dbt takes it."""
    import jinja2

    return jinja2.Environment(keep_trailing_newline=True).from_string(sql).render()


def columns(sql: str) -> dict[str, Any]:
    with duckdb.connect() as con:
        return {column.name: column for column in derive(con, f"({sql})")}


def test_nullability_ranges_values_and_key() -> None:
    found = columns(
        "select i as order_id, if(i % 2 = 0, 'web', 'shop') as channel, if(i > 5, null, i * 1.5) as amount, "
        "-i as balance, 'note ' || i as note, date '2026-01-01' + i::int as day from range(100) t(i)"
    )
    order = found["order_id"]
    assert (order.type, order.required, order.key, order.minimum) == ("long", True, 1, 0)
    assert order.proposed["minimum"] == "the values lie between 0 and 99"
    assert found["channel"].accepted == ["shop", "web"]
    assert not found["amount"].required
    assert found["balance"].minimum is None
    assert found["note"].accepted == []
    assert found["day"].type == "date"
    assert [name for name, column in found.items() if column.key] == ["order_id"]


def test_key_of_several_columns() -> None:
    found = columns("select i // 10 as basket_id, i % 10 as line_no, 1 as x from range(100) t(i)")
    assert {name: column.key for name, column in found.items()} == {"basket_id": 1, "line_no": 2, "x": None}
    assert "2 columns whose values together no two of 100 rows share" in found["basket_id"].proposed["key"]


def test_what_is_measured_is_told_apart_by_its_time() -> None:
    at = "timestamp '2026-01-05 10:00' + interval (i // 4) minute"
    found = columns(f"select 's' || i % 4 as sensor_id, {at} as ts, i * 1.5 as value from range(100) t(i)")
    assert {name: column.key for name, column in found.items()} == {"sensor_id": 1, "ts": 2, "value": None}
    alone = columns("select 'a' as kind, timestamp '2026-01-05 10:00' + interval (i) minute as ts from range(9) t(i)")
    assert [name for name, column in alone.items() if column.key] != ["ts"]


def test_no_key_is_proposed_where_there_is_none() -> None:
    found = columns("select 1 as a_id, 2 as b_id from range(5)")
    assert not [column for column in found.values() if column.key]
    assert not [column for column in columns("select i as x_id from range(0) t(i)").values() if column.required]


def test_value_by_chance_unique_is_no_key() -> None:
    found = columns("select 1 as store, i as amount from range(9) t(i)")
    assert not found["amount"].key


def test_personal_columns_are_classified_and_show_no_value() -> None:
    found = columns("select i % 2 as first_name, if(i % 2 = 0, 'a', 'b') as email, 5 as salary from range(90) t(i)")
    assert {c.classification for c in found.values()} == {"confidential"}
    assert not [c for c in found.values() if c.accepted or c.minimum is not None or "minimum" in c.proposed]


@pytest.mark.parametrize(
    "value",
    [
        "{'name': 'Ann', 'email': 'a@x.org'}", "{'firstName': 'Ann'}", "[{'id': 1, 'ssn': '1'}]",
        "map {'a': {'E-Mail': 'a@x.org'}}", "{'of': {'iban': 'DE1'}}", "array_value({'phone': '1'})",
        "{'e mail': 'a@x.org', 'email': 'a@x.org'}",
    ],
)  # fmt: skip
def test_a_struct_with_a_personal_field_is_classified_whole(value: str) -> None:
    """Also one that can be published as text alone."""
    found = columns(f"select i as id, {value} as customer from range(90) t(i)")["customer"]
    assert found.classification == "confidential"
    assert found.proposed["classification"].endswith("suggests that it tells about a person")
    assert columns("select {'city': 'x', 'size': 1} as place")["place"].classification == "internal"


@pytest.mark.parametrize(
    ("name", "personal"),
    [("email", True), ("customer_e_mail", True), ("birthday", True), ("email_count", True),
     ("name", False), ("product_name", False), ("phonetic", False), ("street", True),
     ("vorname", True), ("kunde_geburtsdatum", True), ("telefonnummer", True), ("strasse", True), ("plz", True),
     ("courriel", True), ("prenom", True), ("date_de_naissance", True), ("nom_produit", False), ("rueckgabe", False),
     ("apellidos", True), ("nombre", True), ("telefono", True), ("direccion_envio", True), ("correo", True),
     ("cognome", True), ("codice_fiscale", True), ("cap", False), ("achternaam", True), ("geboortedatum", True)],
)  # fmt: skip
def test_what_sounds_personal(name: str, personal: bool) -> None:
    assert is_personal(name) is personal


@pytest.mark.parametrize(
    ("originals", "expected"),
    [
        (["Größe", "Straße", "Prénom", "Teléfono", "Łódź", "Smørrebrød", "Œuvre"],
         ["grosse", "strasse", "prenom", "telefono", "lodz", "smorrebrod", "oeuvre"]),
        (["größe", "grösse", "grosse"], ["grosse", "grosse_2", "grosse_3"]),
        (["数量 kg", "数量", "数量 kg2"], ["kg", "column_2", "kg_2"]),
    ],
)  # fmt: skip
def test_names_keep_what_can_be_said_in_plain_letters(originals: list[str], expected: list[str]) -> None:
    assert names(originals) == expected


def test_personal_is_what_the_policy_calls_so() -> None:
    from meshwright.check.policy.read import policies_of

    policy = policies_of(Path("/nowhere")).by_id["pii_classified"]
    assert policy.params["names"] == PERSONAL


@pytest.mark.parametrize(
    ("duckdb_type", "expected"),
    [
        ("BIGINT", "long"), ("HUGEINT", "decimal(38,0)"), ("UBIGINT", "decimal(20,0)"), ("UTINYINT", "int"),
        ("UUID", "string"), ("JSON", "string"), ("INTERVAL", "string"), ("ENUM('a', 'b')", "string"),
        ("TIMESTAMP_NS", "timestamp"), ("TIMESTAMP WITH TIME ZONE", "timestamptz"), ("DECIMAL(10,2)", "decimal(10,2)"),
        ("INTEGER[]", "list<int>"), ("STRUCT(a INTEGER, b VARCHAR)", "struct<a: int, b: string>"), ("UUID[]", "string"),
        ('STRUCT("a b" INTEGER)', "string"), ("BLOB", "binary"), ("BIT", "string"),
    ],
)  # fmt: skip
def test_types(duckdb_type: str, expected: str) -> None:
    assert published(duckdb_type) == expected


@given(st.lists(st.text(max_size=80), max_size=12))
def test_every_name_is_allowed_and_its_own(originals: list[str]) -> None:
    found = names(originals)
    assert len(found) == len(set(found)) == len(originals)
    assert not [name for name in found if name_fault(name, "column")]


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_jinja_gives_back_what_went_in(name: str) -> None:
    sql = identifier(name)
    assert rendered(in_jinja(sql)) == sql


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
VALUES = st.one_of(
    st.none(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20), st.booleans(), st.dates(),
    st.datetimes(), st.lists(st.integers(-5, 5), max_size=3),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_lies_in_a_file_can_be_cast_to_what_is_proposed(data: st.DataObject) -> None:
    """The staging model of a scaffold yields the types of its contract without a loss of rows."""
    import pyarrow as pa

    columns_: dict[str, Any] = {}
    for name in data.draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.casefold)):
        values = data.draw(st.lists(VALUES, min_size=5, max_size=5))
        try:
            columns_[name] = pa.array(values)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):  # the last for NaN among dates
            columns_[name] = pa.array([None if v is None else repr(v) for v in values])
    with duckdb.connect() as con:
        con.register("landed", pa.table(columns_))
        found = derive(con, "landed")
        staged = ", ".join(f"{rendered(c.sql)} as {identifier(c.name)}" for c in found)
        assert len(con.execute(f"SELECT {staged} FROM landed").fetchall()) == 5
        described = con.execute(f"DESCRIBE SELECT {staged} FROM landed").fetchall()
    assert all(fits(row[1], to_duckdb(c.type)) for row, c in zip(described, found, strict=True))


@pytest.mark.parametrize("format_", ["parquet", "json", "csv"])
def test_formats(tmp_path: Path, format_: str) -> None:
    file = tmp_path / f"x.{format_}"
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT i AS id, 'a b' AS \"Some Text\" FROM range(30) t(i)) TO '{file}' (FORMAT {format_})")
        found = derive(con, scan_of([(file, format_)]))
    assert [(c.name, c.type, c.key) for c in found] == [("id", "long", 1), ("some_text", "string", None)]


@pytest.mark.parametrize(
    ("digits", "expected"), [(18, "long"), (20, "decimal(38,0)"), (38, "decimal(38,0)"), (39, "string")]
)
def test_whole_numbers_of_a_csv_stay_exact(tmp_path: Path, digits: int, expected: str) -> None:
    file, number = tmp_path / "x.csv", int("1" * digits)
    file.write_text("order_id,amount\n" + "".join(f"{number + i},{i}.5\n" for i in range(5)))
    with duckdb.connect() as con:
        found = derive(con, scan := scan_of([(file, "csv")]))
        told = con.execute(f"SELECT {found[0].sql}::varchar FROM {scan} ORDER BY amount").fetchall()
    assert [column.type for column in found] == [expected, "double"]
    assert [row[0] for row in told] == [str(number + i) for i in range(5)]
    assert found[0].key == 1


@pytest.mark.parametrize(
    ("values", "type_", "said"),
    [
        (["03.01.2026", "15.01.2026"], "date", "dates when read as %d.%m.%Y"),
        (["03/01/2026", "15/01/2026"], "date", "dates when read as %d/%m/%Y"),
        (["01/03/2026", "01/15/2026"], "date", "dates when read as %m/%d/%Y"),
        (["03.01.2026 10:00", "15.01.2026 9:30"], "timestamp", "times when read as %d.%m.%Y %H:%M"),
        (["01/02/2026", "12/11/2026"], "string", "dates, of which nobody can tell day from month; say %d/%m/%Y or %m/"),
        (["01/02/2026 10:00:00", "03/04/2026 10:00:00"], "string", "times, of which nobody can tell day from month"),
        (["03.01.2026", "unknown"], "string", None),
        (["03.01.26", "15.01.26"], "string", None),
        (["03/04/26", "05/06/26"], "string", None),
        (["26-01-03", "26-01-15"], "string", None),
        (["2026-01-03 10:00:00.123456789"], "string", None),
        (["2026-01-03", "2026-01-15"], "date", None),
        (["2026-01-03 10:00:00", "2026-01-15 10:00:30"], "timestamp", None),
    ],
)
@pytest.mark.parametrize("format_", ["csv", "json"])
def test_dates(tmp_path: Path, format_: str, values: list[str], type_: str, said: str | None) -> None:
    """Written otherwise than ISO 8601 they land as text, and staging says how to read them: no later row flips it."""
    file = tmp_path / f"x.{format_}"
    if format_ == "csv":
        file.write_text("nr,d\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values)))
    else:
        file.write_text(json.dumps([{"nr": i, "d": value} for i, value in enumerate(values)]))
    with duckdb.connect() as con:
        found = derive(con, scan := scan_of([(file, format_)]))[1]
        told = con.execute(f"SELECT ({rendered(found.sql)})::varchar FROM {scan}").fetchall()
    assert found.type == type_
    assert (said or "") in found.proposed.get("type", "")
    assert ("type" in found.proposed) == (said is not None)
    assert found.text == ("d" if said or type_ == "string" else "")
    if type_ == "string":
        assert (found.sql, [text for (text,) in told]) == ("d", values)
    else:
        assert all(text.startswith(("2026-01-03", "2026-01-15")) for (text,) in told)


@pytest.mark.parametrize("value", ["31.12.26", "45.13.2026", "soon", "", "it's"])
def test_text_that_is_no_date_of_the_format_is_refused(value: str) -> None:
    found = columns("select '31.12.2026' as \"My Day\"")["my_day"]
    with duckdb.connect() as con:
        with pytest.raises(duckdb.Error) as refused:
            con.execute(f'select {rendered(found.sql)} from (select {literal(value)} as "My Day")')
        told = f"Invalid Input Error: '{value}' is no date written as %d.%m.%Y in column My Day"
        assert str(refused.value) == told
        assert con.execute(f'select {rendered(found.sql)} from (select null as "My Day")').fetchall() == [(None,)]


@pytest.mark.parametrize(
    ("values", "amounts"),
    [
        (["12,50", "-1.234.567,05", "0,99"], ["12.50", "-1234567.05", "0.99"]),
        (["9999999999999999,99", "9.999.999.999.999,99"], ["9999999999999999.99", "9999999999999.99"]),
        (["12,50", "0,99"], ["12.50", "0.99"]),
        (["12,50", "n/a"], None),
        (["1,234", "2,500"], None),
        (["12,5", "3,25"], None),
    ],
)
def test_amounts_with_a_decimal_comma(tmp_path: Path, values: list[str], amounts: list[str] | None) -> None:
    file = tmp_path / "x.csv"
    file.write_text("nr;betrag\n" + "".join(f"{i};{value}\n" for i, value in enumerate(values)))
    with duckdb.connect() as con:
        found = derive(con, scan := scan_of([(file, "csv")]))[1]
        told = con.execute(f"SELECT ({rendered(found.sql)})::varchar FROM {scan} ORDER BY nr").fetchall()
    assert found.type == ("string" if amounts is None else "decimal(18,2)")
    assert ("decimal comma" in found.proposed.get("type", "")) == (amounts is not None)
    assert [row[0] for row in told] == (amounts or values)


@pytest.mark.parametrize(
    ("first", "value", "amount"),
    [
        ("2,75", "'12.5'", "12.50"),
        ("2,75", "12.5::double", "12.50"),
        ("2,75", "'12'", "12.00"),
        ("2,75", "'99999999999999,99'", "99999999999999.99"),
        ("2,75", "'1.500'", None),
        ("2,75", "'1.234,50'", None),
        ("1.234,50", "'12.50'", "12.50"),
        ("1.234,50", "'1.500'", None),
        ("1.234,50", "'12.3456'", None),
        ("1.234,50", "'0.125'", None),
        ("1.234,50", "0.125::double", None),
        ("1.234,50", "'1.23,50'", None),
        ("1.234,50", "'1,2345'", None),
        ("1.234,50", "'99999999999999999,99'", None),
    ],
)
def test_later_amounts_are_exact_or_refused(first: str, value: str, amount: str | None) -> None:
    """A point before one or two digits is no thousands: a file with decimal points is read rightly too."""
    found = columns(f"select '{first}' as betrag")["betrag"]
    with duckdb.connect() as con:
        asked = f"select ({rendered(found.sql)})::varchar from (select {value} as betrag)"
        if amount:
            assert con.execute(asked).fetchall() == [(amount,)]
        else:
            with pytest.raises(duckdb.Error, match="is no amount with a decimal comma"):
                con.execute(asked)


def test_whole_numbers_of_json_stay_exact(tmp_path: Path) -> None:
    file, longest = tmp_path / "x.json", "1" * 40
    file.write_text(f'[{{"n": 18446744073709551616, "m": {longest}, "x": 1.5}}, {{"n": 1, "m": 2, "x": 2}}]')
    with duckdb.connect() as con:
        found = derive(con, scan := scan_of([(file, "json")]))
        told = con.execute(f"SELECT n::varchar, m, x FROM {scan} ORDER BY x").fetchall()
    assert [column.type for column in found] == ["decimal(38,0)", "string", "double"]
    assert told == [("18446744073709551616", longest, 1.5), ("1", "2", 2.0)]


@pytest.mark.parametrize(("time", "type_"), [("10:00:00.123456", "timestamp"), ("10:00:00.123456789", "string")])
def test_nanoseconds_are_kept(time: str, type_: str) -> None:
    sql = f"select timestamp_ns '2026-01-05 {time}' as t"
    found = columns(sql)["t"]
    assert found.type == type_
    assert ("nanoseconds" in found.proposed.get("type", "")) == (type_ == "string")
    with duckdb.connect() as con:
        assert con.execute(f"select ({found.sql})::varchar from ({sql})").fetchall() == [(f"2026-01-05 {time}",)]


@pytest.mark.parametrize("kind", ["UTINYINT", "UBIGINT", "HUGEINT", "STRUCT(a BIGINT)", "STRUCT(a BIGINT)[]"])
def test_what_the_build_makes_of_it_without_a_loss_is_not_cast(kind: str) -> None:
    assert columns(f"select cast(null as {kind}) as x")["x"].sql == "x"
