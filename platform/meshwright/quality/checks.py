"""The rules that are SQL of our own: schema, keys, references, freshness and the queries of a contract."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import duckdb

from meshwright.duck import quote
from meshwright.quality.expectations import ROW_KINDS, broken_by
from meshwright.quality.limits import Limit, UnfitError, number, plain
from meshwright.quality.model import Rule
from meshwright.quality.subject import ROWS, Subject, run
from meshwright.quality.telling import hides_value
from meshwright.quality.verdicts import Finding, of_rows
from meshwright.spec.durations import SECONDS, UNITS, seconds_of
from meshwright.spec.model import MASK
from meshwright.spec.types import TypeSpellingError, from_duckdb, normalise


def _schema(on: Subject, rule: Rule) -> Finding:
    wanted = {name: normalise(str(type_)) for name, type_ in rule.definition["columns"].items()}
    wrong = [f"{name} is missing" for name in wanted if name not in on.columns]
    wrong += [f"{name} is not in the contract" for name in on.columns if name not in wanted]
    for name in wanted.keys() & on.columns.keys():
        there = _published(on.columns[name])
        if there != wanted[name]:
            wrong.append(f"{name} is {there} instead of {wanted[name]}")
    message = "; ".join(sorted(wrong)) or f"all {len(wanted)} columns are there with their types"
    return Finding(not wrong, len(wrong), message)


def _published(type_: str) -> str:
    try:
        return from_duckdb(type_)
    except TypeSpellingError:
        return type_


def _unique(on: Subject, rule: Rule) -> Finding:
    """A key that holds the partition column is checked in the built rows alone, others beside the kept ones."""
    partition = on.port.contract.partition
    apart = on.built is None or (partition is not None and partition.column in rule.columns)
    return _duplicates(on, rule, on.rows, beside_kept=not apart)


def _duplicate_values(on: Subject, rule: Rule) -> Finding:
    return _duplicates(on, rule, on.whole, beside_kept=False)


def _duplicates(on: Subject, rule: Rule, rows: str, *, beside_kept: bool) -> Finding:
    """Rows that repeat the key of another: all but one of each key, and all that a kept row already has.

    Rows with a NULL in the key are no duplicates, but a primary key must not have any.
    """
    names = [quote(name) for name in rule.columns]
    keys, count = ", ".join(names), quote(ROWS)
    complete = " AND ".join(f"{name} IS NOT NULL" for name in names)
    grouped = f"SELECT {keys}, count(*) AS {count} FROM {rows} GROUP BY {keys}"
    kept = f"SELECT {keys} FROM {on.whole} WHERE ({on.built}) IS NOT TRUE"
    twice = f"FROM keys SEMI JOIN ({kept}) USING ({keys}) WHERE {complete}"
    total, nulls, repeated, again = on.one(
        f"WITH keys AS MATERIALIZED ({grouped}) SELECT coalesce(sum({count}), 0),"
        f" coalesce(sum({count}) FILTER (NOT ({complete})), 0),"
        f" coalesce(sum({count} - 1) FILTER ({complete}), 0),"
        f" {f'(SELECT count(*) {twice})' if beside_kept else '0'} FROM keys"
    )
    primary = rule.kind == "primary_key"
    bad = f"{count} > 1 AND {complete}" + (f" OR NOT ({complete})" if primary else "")
    samples = f"WITH keys AS ({grouped}) SELECT * FROM keys WHERE {bad}"
    if beside_kept:
        samples += f" UNION SELECT {keys}, {count} {twice}"
    return of_rows(rule, repeated + again + (nulls if primary else 0), total, samples)


def _reference(on: Subject, rule: Rule) -> Finding:
    """Rows whose key the other port does not have; a NULL in the key refers to nothing and is no orphan."""
    to = rule.definition["port"]
    target = on.whole if to == on.port.key else "mesh." + ".".join(quote(part) for part in to.split("."))
    pairs = list(zip(rule.columns, rule.definition["columns"], strict=True))
    match = " AND ".join(f"here.{quote(a)} = there.{quote(b)}" for a, b in pairs)
    complete = " AND ".join(f"here.{quote(a)} IS NOT NULL" for a, _ in pairs)
    keys = ", ".join(quote(b) for _, b in pairs)
    orphans = f"FROM {on.whole} here ANTI JOIN (SELECT {keys} FROM {target}) there ON {match} WHERE {complete}"
    failed, checked = on.one(f"SELECT (SELECT count(*) {orphans}), (SELECT count(*) FROM {on.whole})")
    return of_rows(rule, failed, checked, f"SELECT {on.key_and(rule.columns)} {orphans}")


def _freshness(on: Subject, rule: Rule) -> Finding:
    """Age of the newest value: timestamps without a zone are UTC, a date is over when its day is."""
    column, value = rule.columns[0], rule.definition["value"]
    written = f"{value}{rule.definition['unit']}"
    allowed = seconds_of(written)
    if allowed is None:
        raise UnfitError(f"{written!r} is no length of time")
    newest = f"max({quote(column)})" + (" + INTERVAL 1 DAY" if on.columns[column] == "DATE" else "")
    age, shown = on.one(
        f"SELECT epoch(current_timestamp) - epoch({newest}), max({quote(column)})::VARCHAR FROM {on.whole}"
    )
    if age is None:
        raise UnfitError(f"no row has a {column}")
    unit = UNITS.get(re.sub(r"[^a-z]", "", written.lower()), "s")
    observed = round(max(age, 0.0) / SECONDS[unit], 2)
    text = f"the newest {column} is {MASK if on.hides(column) else shown}, {observed:,} {unit} old"
    return Finding(age <= allowed, observed, f"{text}; at most {number(allowed / SECONDS[unit])} {unit} allowed")


_PLACEHOLDER = re.compile(r'"?\$?\{(object|table|property|column)\}"?', re.IGNORECASE)


def _sql(on: Subject, rule: Rule) -> Finding:
    """One value from one SELECT, held against the limit; ``${object}`` is the table with all its rows."""
    limit = Limit.of(rule.definition["limit"])
    column = quote(rule.columns[0]) if rule.columns else None
    query = _filled(rule.definition["query"], on.table, column)
    statements = on.con.extract_statements(query)
    if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
        raise UnfitError("the query is not exactly one SELECT")
    names, rows = run(on.con, statements[0], most=2)
    if len(rows) != 1 or len(names) != 1:
        shape = "no row" if not rows else "more than one row" if len(rows) > 1 else f"{len(names)} columns"
        raise UnfitError(f"the query gave {shape} instead of one value")
    value = rows[0][0]
    shown = _tellable(on, rule, query, value)
    try:
        passed = limit.holds(value)
    except UnfitError as error:
        raise UnfitError(f"the query gave {shown}: {error}" if shown == MASK else f"of the query, {error}") from None
    sign = " %" if limit.unit == "percent" else ""
    observed = MASK if shown == MASK else plain(value)
    return Finding(passed, observed, f"the query gave {shown}{sign}; {limit.words()}")


def _filled(query: str, table: str, column: str | None) -> str:
    def value(found: re.Match[str]) -> str:
        named = table if found[1].lower() in ("object", "table") else column
        return found[0] if named is None else named

    return _PLACEHOLDER.sub(value, query)


def _tellable(on: Subject, rule: Rule, query: str, value: object) -> str:
    """The value as a message may show it: hidden where it may be a private one instead of a count of rows."""
    unknown = {name for name in rule.columns if on.hides(name)}
    hidden = hides_value(query, on.port.private_columns | on.beside | unknown)
    return MASK if hidden else number(plain(value))


def _multiple(on: Subject, rule: Rule) -> Finding:
    column, of = quote(rule.columns[0]), float(rule.definition["value"])
    parts = f"({column}::DOUBLE / {of!r})"
    return _breaking(on, rule, f"abs({parts} - round({parts})) > 1e-9")


def _fewer(on: Subject, rule: Rule) -> Finding:
    return _breaking(on, rule, f"len({quote(rule.columns[0])}) < {int(rule.definition['value'])}")


def _more(on: Subject, rule: Rule) -> Finding:
    return _breaking(on, rule, f"len({quote(rule.columns[0])}) > {int(rule.definition['value'])}")


def _equal_items(on: Subject, rule: Rule) -> Finding:
    column = quote(rule.columns[0])
    return _breaking(on, rule, f"len(list_distinct({column})) < len(list_filter({column}, x -> x IS NOT NULL))")


def _breaking(on: Subject, rule: Rule, predicate: str) -> Finding:
    failed, checked = on.one(f"SELECT count(*) FILTER ({predicate}), count(*) FROM {on.rows}")
    return of_rows(rule, failed, checked, f"SELECT {on.key_and(rule.columns)} FROM {on.rows} WHERE {predicate}")


def _value(on: Subject, rule: Rule) -> Finding:
    """A value that Great Expectations would round, or whose type or column it cannot name."""
    return _breaking(on, rule, broken_by(rule))


def _unfit(_: Subject, rule: Rule) -> Finding:
    raise UnfitError(rule.definition["reason"])


CHECKS: Mapping[str, Callable[[Subject, Rule], Finding]] = {
    "schema": _schema,
    "primary_key": _unique,
    "unique": _unique,
    "duplicate_values": _duplicate_values,
    "reference": _reference,
    "freshness": _freshness,
    "sql": _sql,
    **dict.fromkeys(ROW_KINDS, _value),
    "multiple_of": _multiple,
    "min_items": _fewer,
    "max_items": _more,
    "unique_items": _equal_items,
    "unfit": _unfit,
}
"""How each kind of rule that is our own SQL is judged; UnfitError or a DuckDB error where it cannot be."""
