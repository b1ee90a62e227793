"""Comparing two snapshots of a port in DuckDB, row by row, within bounded memory.

Rows are matched by the primary key of the contract, where both sides have it and it is unique; otherwise whole rows
are counted. Values are equal as the content digest has it: doubles with nine significant digits, NULL and NaN equal to
themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from meshwright import duck
from meshwright.catalog.renames import tied
from meshwright.check.diff.columns import Pair, joined, pairs_of
from meshwright.check.diff.model import ColumnDiff, Example, Kind, PortDiff, SchemaChange, Text
from meshwright.config import Settings
from meshwright.duck import literal, local_path
from meshwright.errors import Fault, UnavailableError
from meshwright.spec.model import MASK, Contract, Port

EXACT_BELOW = 100_000
"""Rows of a side up to which distinct values are counted and not estimated."""
_LONGEST = 120
"""Characters of a value that are shown."""
_AT_ONCE = 50
"""Columns that are measured in one pass: counting the distinct values of one column takes some 2 MB, however few."""
_Measured = tuple[int | None, int | None, Text, Text]
"""NULLs, distinct values, least and greatest of a column."""


def compare_ports(
    settings: Settings,
    port: Port,
    before: str | None,
    after: str | None,
    *,
    promised: Contract | None = None,
    examples: int = 5,
) -> PortDiff:
    """What differs between two metadata locations of ``port``; None where it is not there on one side.

    ``port`` says what the key is and what is private; a column that its contract does not name counts as private.
    Columns are paired by the element ids of ``promised``, the contract of what was before, and by what ties them in the
    tables, else by name. At most ``examples`` rows of each kind are shown: changed ones by how far their numbers moved,
    in widths of their column's range, the others by key. UnavailableError where a snapshot cannot be read.
    """
    folder = settings.scratch / "diff"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(dir=folder) as spill,
        duck.connect(**settings.duckdb, preserve_insertion_order="false", temp_directory=spill) as con,
    ):
        try:
            return _Comparison(con, port, (before, after), promised, examples).run()
        except duckdb.IOException as error:
            said = " ".join(str(error).split())
            raise UnavailableError(Fault(f"cannot be read: {said}", key=port.key, command="mesh doctor")) from error


@dataclass(frozen=True)
class _Comparison:
    con: duckdb.DuckDBPyConnection
    port: Port
    locations: tuple[str | None, str | None]
    promised: Contract | None
    most: int

    def run(self) -> PortDiff:
        self._mount()
        key = self._key()
        if key:
            self._match(key)
        else:
            self._count()
        counts = dict(self.con.execute("SELECT kind, CAST(sum(times) AS BIGINT) FROM d GROUP BY kind").fetchall())
        return PortDiff(
            self.port.key,
            tuple(pair.name for pair in key),
            "" if key else self._why_no_key(),
            (self._shown_rows(0), self._shown_rows(1)),
            counts.get("added", 0),
            counts.get("removed", 0),
            counts.get("changed", 0),
            tuple(self._schema()),
            tuple(self._columns(key)),
            tuple(self._examples(key)),
        )

    @cached_property
    def pairs(self) -> Sequence[Pair]:
        """All columns of both sides."""
        before, after = self.locations
        described = [self._described(location) for location in self.locations]
        ties = joined(self.port.contract, self.promised, tied(before, after)) if before and after else {}
        return pairs_of(self.port, described[0], described[1], ties)

    @cached_property
    def common(self) -> list[Pair]:
        """Columns of both sides; where one side is not there at all, those of the other."""
        if None in self.locations:
            return list(self.pairs)
        return [pair for pair in self.pairs if None not in pair.types]

    def _described(self, location: str | None) -> dict[str, str]:
        if location is None:
            return {}
        rows = self.con.execute(f"DESCRIBE FROM {_scan(location)}").fetchall()
        return {name: kind for name, kind, *_ in rows}

    def _mount(self) -> None:
        """Make the views ``b`` and ``a``, whose columns are ``c0``, ``c1``, … in types that compare."""
        for side, location in enumerate(self.locations):
            if location is None:
                columns = ", ".join(f"CAST(NULL AS {pair.type}) AS {pair.alias}" for pair in self.pairs)
                query = f"SELECT {columns} WHERE false"
            else:
                columns = ", ".join(f"{pair.sql(side)} AS {pair.alias}" for pair in self.pairs)
                query = f"SELECT {columns} FROM {_scan(location)}"
            self.con.execute(f"CREATE TEMP VIEW {'ba'[side]} AS {query}")

    def _key(self) -> list[Pair]:
        """The columns of the primary key; empty where rows cannot be told apart by it."""
        named = {pair.name: pair for pair in self.common}
        wanted = self.port.contract.primary_key
        if not wanted or not all(name in named for name in wanted):
            return []
        key = [named[name] for name in wanted]
        columns = ", ".join(pair.alias for pair in key)
        for side in "ba":
            repeated = f"SELECT 1 FROM {side} GROUP BY {columns} HAVING count(*) > 1 LIMIT 1"
            if self.con.execute(repeated).fetchone():
                return []
        return key

    def _why_no_key(self) -> str:
        names = ", ".join(self.port.contract.primary_key)
        if not names:
            return "its contract has no primary key, so whole rows are counted"
        return f"{names} does not tell the rows of both sides apart, so whole rows are counted"

    def _match(self, key: Sequence[Pair]) -> None:
        """Put what differs into ``d``: key, kind, which columns changed and how far."""
        others = [pair for pair in self.common if pair not in key]
        changes = [f"(b.{pair.alias} IS DISTINCT FROM a.{pair.alias})" for pair in others]
        self.con.execute(f"""
            CREATE TEMP TABLE d AS
            SELECT {", ".join(f"coalesce(b.{p.alias}, a.{p.alias}) AS {p.alias}" for p in key)},
                CASE WHEN a.here IS NULL THEN 'removed' WHEN b.here IS NULL THEN 'added' ELSE 'changed' END AS kind,
                1 AS times, {self._distance(others)} AS distance,
                {_chained("+", [f"CAST({change} AS INTEGER)" for change in changes]) or "0"} AS changes
                {"".join(f", {c} AS x{p.alias}" for p, c in zip(others, changes, strict=True))}
            FROM (SELECT *, true AS here FROM b) b FULL JOIN (SELECT *, true AS here FROM a) a
              ON {_same(key, "b", "a")}
            WHERE a.here IS NULL OR b.here IS NULL OR {_chained("OR", changes) or "false"}""")

    def _distance(self, pairs: Sequence[Pair]) -> str:
        """SQL for how far the numbers of a row moved: the farthest of them, in widths of its column's range."""
        terms = []
        for pair in pairs:
            if width := self._ranges.get(pair.alias):
                moved = f"abs(CAST(a.{pair.alias} AS DOUBLE) - CAST(b.{pair.alias} AS DOUBLE)) / {width!r}"
                terms.append(f"CASE WHEN isfinite({moved}) THEN {moved} END")
        return f"coalesce(greatest({', '.join([*terms, '0.0'])}), 0.0)" if terms else "0.0"

    @cached_property
    def _ranges(self) -> dict[str, float]:
        """How far apart the least and the greatest finite value of a number are, over both sides."""
        numbers = [pair for pair in self.common if pair.is_number and not pair.private]
        if not numbers:
            return {}
        ends = []
        for pair in numbers:
            value = f"CAST({pair.alias} AS DOUBLE)"
            ends += [f"{end}(CASE WHEN isfinite({value}) THEN {value} END)" for end in ("min", "max")]
        names = ", ".join(pair.alias for pair in numbers)
        both = f"(SELECT {names} FROM b UNION ALL SELECT {names} FROM a)"
        row = self.con.execute(f"SELECT {', '.join(ends)} FROM {both}").fetchall()[0]
        ranges = zip(numbers, row[::2], row[1::2], strict=True)
        widths = {pair.alias: (high or 0.0) - (low or 0.0) for pair, low, high in ranges}
        return {alias: width for alias, width in widths.items() if 0 < width < math.inf}

    def _count(self) -> None:
        """Put rows that are there more often on one side into ``d``."""
        columns = ", ".join(pair.alias for pair in self.common)
        if not columns:
            self.con.execute("CREATE TEMP TABLE d (kind VARCHAR, times BIGINT)")
            for kind, rows in (("removed", self.rows[0]), ("added", self.rows[1])):
                self.con.execute("INSERT INTO d SELECT ?, ? WHERE ? > 0", [kind, rows, rows])
            return
        self.con.execute(f"""
            CREATE TEMP TABLE d AS
            SELECT {columns}, CASE WHEN n > 0 THEN 'added' ELSE 'removed' END AS kind, abs(n) AS times
            FROM (SELECT {columns}, CAST(sum(n) AS BIGINT) AS n FROM
              (SELECT {columns}, -1 AS n FROM b UNION ALL SELECT {columns}, 1 FROM a) GROUP BY {columns})
            WHERE n <> 0""")

    @cached_property
    def rows(self) -> tuple[int, int]:
        """Rows of both sides."""
        found = [self.con.execute(f"SELECT count(*) FROM {side}").fetchall()[0][0] for side in "ba"]
        return found[0], found[1]

    def _shown_rows(self, side: int) -> int | None:
        return None if self.locations[side] is None else self.rows[side]

    def _schema(self) -> Iterator[SchemaChange]:
        if None in self.locations:
            return
        for pair in self.pairs:
            before, after = pair.shown_types
            if before != after or pair.was:
                kind: Any = "added" if before is None else "removed" if after is None else "type"
                yield SchemaChange(pair.name, "renamed" if pair.was else kind, before, after, pair.was)

    def _columns(self, key: Sequence[Pair]) -> Iterator[ColumnDiff]:
        measured = [self._measured(side) for side in (0, 1)]
        changed = self._changed(key)
        for number, pair in enumerate(self.pairs):
            nulls, distinct, least, greatest = zip(*(found[number] for found in measured), strict=True)
            yield ColumnDiff(
                pair.name, pair.shown_types, pair.private, nulls, distinct, max(self.rows) > EXACT_BELOW,
                self._masked(pair, least), self._masked(pair, greatest), changed.get(pair.alias), pair.was,
            )  # fmt: skip

    def _masked(self, pair: Pair, values: tuple[Text, Text]) -> tuple[Text, Text]:
        if not pair.private:
            return values
        before, after = (None if value is None else MASK for value in values)
        return before, after

    def _measured(self, side: int) -> list[_Measured]:
        """What is measured of every column on one side, a few columns at a time."""
        there = [pair for pair in self.pairs if pair.types[side] is not None]
        found: dict[str, _Measured] = {}
        for few in (there[at : at + _AT_ONCE] for at in range(0, len(there), _AT_ONCE)):
            wanted = ", ".join(part for pair in few for part in self._measures(pair))
            row = iter(self.con.execute(f"SELECT {wanted} FROM {'ba'[side]}").fetchall()[0])
            found |= {pair.alias: (next(row), next(row), next(row), next(row)) for pair in few}
        return [found.get(pair.alias, (None, None, None, None)) for pair in self.pairs]

    def _measures(self, pair: Pair) -> list[str]:
        """SQL for the NULLs, distinct values, least and greatest of a column."""
        name = pair.alias
        # NULL must not count as a value, which its hash would.
        hashed = f"CASE WHEN {name} IS NOT NULL THEN hash({name}) END"
        count = f"count(DISTINCT {name})" if max(self.rows) <= EXACT_BELOW else f"approx_count_distinct({hashed})"
        ends = [f"{end}({name})" if pair.is_ordered else "NULL" for end in ("min", "max")]
        return [f"count(*) - count({name})", count, *(_text(end) for end in ends)]

    def _changed(self, key: Sequence[Pair]) -> dict[str, int]:
        """Rows of both sides that differ in a column, by its alias."""
        others = [pair for pair in self.common if pair not in key]
        if not key:
            return {}
        found = {pair.alias: 0 for pair in key}
        if others:
            sums = ", ".join(f"count(CASE WHEN x{pair.alias} THEN 1 END)" for pair in others)
            row = self.con.execute(f"SELECT {sums} FROM d WHERE kind = 'changed'").fetchall()[0]
            found |= {pair.alias: count for pair, count in zip(others, row, strict=True)}
        return found

    def _examples(self, key: Sequence[Pair]) -> Iterator[Example]:
        if not self.most or not self.common:
            return
        if key:
            yield from self._changed_rows(key)
        for kind in ("added", "removed"):
            yield from self._whole_rows(key, kind)

    def _changed_rows(self, key: Sequence[Pair]) -> Iterator[Example]:
        others = [pair for pair in self.common if pair not in key]
        order = f"distance DESC, changes DESC, {', '.join(pair.alias for pair in key)}"
        shown = [_text(f"t.{pair.alias}") for pair in key]
        shown += [f"t.x{p.alias}, {_text(f'b.{p.alias}')}, {_text(f'a.{p.alias}')}" for p in others]
        rows = self.con.execute(f"""
            SELECT {", ".join(shown)}
            FROM (SELECT * FROM d WHERE kind = 'changed' ORDER BY {order} LIMIT {self.most}) t
            JOIN b ON {_same(key, "t", "b")} JOIN a ON {_same(key, "t", "a")}
            ORDER BY {", ".join(f"t.{part}" for part in order.split(", "))}""").fetchall()
        for row in rows:
            values = iter(row)
            named = {pair.name: _value(pair, next(values)) for pair in key}
            cells = [(pair, next(values), next(values), next(values)) for pair in others]
            changed = {p.name: (_value(p, before), _value(p, after)) for p, is_, before, after in cells if is_}
            yield Example("changed", named, changed)

    def _whole_rows(self, key: Sequence[Pair], kind: Kind) -> Iterator[Example]:
        """Rows of one side: those of ``d`` itself, or where ``d`` holds keys alone, those that they belong to."""
        side, order = ("a" if kind == "added" else "b"), ", ".join(pair.alias for pair in key or self.common)
        chosen = f"(SELECT * FROM d WHERE kind = '{kind}' ORDER BY {order} LIMIT {self.most}) t"
        joined, name = (f"{chosen} JOIN {side} ON {_same(key, 't', side)}", side) if key else (chosen, "t")
        pairs = [pair for pair in (self.pairs if key else self.common) if pair.types[side == "a"] is not None]
        shown = ", ".join(_text(f"{name}.{pair.alias}") for pair in pairs)
        ordered = ", ".join(f"t.{pair.alias}" for pair in key or self.common)
        for times, *row in self.con.execute(f"SELECT t.times, {shown} FROM {joined} ORDER BY {ordered}").fetchall():
            values = {pair.alias: _value(pair, value) for pair, value in zip(pairs, row, strict=True)}
            names = {pair.alias: pair.names[side == "a"] or "" for pair in pairs}
            both = {names[c]: (None, v) if kind == "added" else (v, None) for c, v in values.items()}
            yield Example(kind, {names[pair.alias]: values[pair.alias] for pair in key}, both, times)


def _same(key: Sequence[Pair], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{pair.alias} IS NOT DISTINCT FROM {right}.{pair.alias}" for pair in key)


def _chained(operator: str, terms: Sequence[str]) -> str:
    """SQL for the terms with an associative operator between them; nested evenly, as DuckDB takes 1,000 levels."""
    if len(terms) < 2:
        return "".join(terms)
    half = len(terms) // 2
    return f"({_chained(operator, terms[:half])} {operator} {_chained(operator, terms[half:])})"


def _value(pair: Pair, value: Text) -> Text:
    return MASK if pair.private else value


def _text(expression: str) -> str:
    """SQL for a value as text, with an ellipsis where it is longer than people read."""
    text = f"CAST({expression} AS VARCHAR)"
    return f"CASE WHEN length({text}) > {_LONGEST} THEN left({text}, {_LONGEST}) || '…' ELSE {text} END"


def _scan(location: str) -> str:
    return f"iceberg_scan({literal(local_path(location))})"
