"""The guard: one SELECT over published ports, judged before anything runs.

DuckDB parses the text itself (``json_serialize_sql``), so that nothing is read here otherwise than there.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import duckdb

from meshwright.duck import literal
from meshwright.errors import Fault, InputError
from meshwright.query.faults import at, fault_at, place_of
from meshwright.query.tree import Reference, Walk

_LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT that passed."""

    sql: str
    references: tuple[Reference, ...]

    @property
    def ports(self) -> set[str]:
        """Every ``<domain>.<port>`` that the query reads."""
        return {r.port for r in self.references if r.port}

    def require(self, found: Collection[str], known: Callable[[], Collection[str]] = tuple) -> None:
        """Raise InputError for every table that is not in ``found``, with the nearest of ``known``."""
        missing = [r for r in self.references if r.port not in found]
        if missing:
            everything = known() or found
            raise InputError(*(_unknown(self.sql, r, everything) for r in missing))


def names(sql: str) -> set[str]:
    """The ports that a query reads, as ``<domain>.<port>``; InputError where it is not one plain SELECT."""
    return parse(sql).ports


def parse(sql: str, con: duckdb.DuckDBPyConnection | None = None) -> Statement:
    """The statement, if it is one SELECT that uses nothing but tables, CTEs and allowed functions.

    ``con`` does the parsing and nothing else. Raises InputError with the place at fault.
    """
    if con is None:
        with duckdb.connect() as own:
            return parse(sql, own)
    walk = Walk(sql)
    walk.over(_tree(sql, con))
    return Statement(sql, tuple(walk.references))


def _tree(sql: str, con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    if len(sql) > _LONGEST:
        raise InputError(f"the query is {len(sql):,} characters long; {_LONGEST:,} is the most")
    if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in sql):
        raise InputError("the query holds characters that are no text")
    # A literal, since DuckDB's client imports pandas (half a second) to bind a parameter.
    (text,) = con.execute(f"SELECT json_serialize_sql({literal(sql)})").fetchone() or ("{}",)
    try:
        answer: dict[str, Any] = json.loads(text)
    except RecursionError:
        raise InputError("the query nests too deep") from None
    if answer["error"]:
        raise InputError(_why_not(sql, answer))
    statements: list[dict[str, Any]] = answer["statements"]
    if len(statements) != 1:
        raise InputError("one query at a time, please" if statements else "there is no query")
    return statements[0]


def _why_not(sql: str, answer: dict[str, Any]) -> Fault:
    if answer["error_type"] == "not implemented":
        return Fault(_no_select(sql))
    reason = str(answer["error_message"])
    if "NameListToString" in reason:
        reason = "a name has too many parts; a port is written mesh.<domain>.<port>"
    return fault_at(place_of(sql, answer), reason)


def _no_select(sql: str) -> str:
    """What is wrong, from the words alone: DuckDB's own splitting would open the files of an IMPORT."""
    words = re.findall(r"\w+", re.sub(r"--[^\n]*|/\*[\s\S]*?\*/|'[^']*'", " ", sql).upper())
    first = words[0] if words else "this"
    if "PIVOT" in words and first in {"PIVOT", "SELECT", "FROM", "WITH"}:
        return "PIVOT must name its values here: PIVOT … ON column IN ('a', 'b') USING …"
    return f"only SELECT is allowed here, not {first}"


def _unknown(sql: str, reference: Reference, known: Collection[str]) -> Fault:
    wanted = reference.port or reference.spelling.lower()
    same = [k for k in sorted(known) if k.rpartition(".")[2] == wanted.rpartition(".")[2]]
    near = same or difflib.get_close_matches(wanted, sorted(known), n=1, cutoff=0.5)
    return fault_at(
        at(sql, reference.position),
        f"there is no port {reference.spelling!r}; a port is written mesh.<domain>.<port>",
        suggestion=f"mesh.{near[0]}" if near else None,
        command="mesh status",
    )
