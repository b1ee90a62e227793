"""A walk over DuckDB's own tree of a SELECT: refuse what no list allows, collect the tables it names."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from meshwright.errors import InputError
from meshwright.query.faults import at, fault_at

TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "unnest"})
"""The table functions that a query may call: those that make rows from their arguments alone."""

_QUERIES = frozenset({"RECURSIVE_CTE_NODE", "SELECT_NODE", "SET_OPERATION_NODE"})
_RELATIONS = frozenset(
    {"BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SHOW_REF", "SUBQUERY", "TABLE_FUNCTION"}
)
_EXPRESSIONS = frozenset(
    {"BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION"}
    | {"LAMBDA", "LAMBDA_REF", "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW"}
)
_NOWHERE = 2**64 - 1

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reference:
    """A table that a query names. ``port`` is ``<domain>.<port>``, or None where the name cannot be one.

    ``position`` counts UTF-8 bytes from the start of the SQL text, as DuckDB does.
    """

    spelling: str
    port: str | None
    position: int | None


@cache
def functions() -> frozenset[str]:
    """The scalar, aggregate and window functions that a query may call."""
    text = Path(__file__).with_name("functions.txt").read_text(encoding="utf-8")
    return frozenset(word for row in text.splitlines() if not row.startswith("#") for word in row.split())


@dataclass
class Walk:
    """One walk; ``references`` are the tables that are no common table expression (CTE)."""

    sql: str
    references: list[Reference] = field(default_factory=list)

    def over(self, tree: Node) -> None:
        """Visit every node; InputError at the first that is not allowed.

        A stack instead of recursion, since a query may nest deeper than Python calls. Each entry carries
        the CTE names that it sees.
        """
        stack: list[tuple[object, frozenset[str]]] = [(tree, frozenset())]
        while stack:
            node, ctes = stack.pop()
            if isinstance(node, list):
                stack.extend((item, ctes) for item in node)
            elif isinstance(node, dict):
                if "cte_map" in node:
                    self._allow(node["type"], _QUERIES, "this kind of query", None)
                    inner, ctes = _common_tables(node, ctes)
                    stack.extend(inner)
                elif "class" in node:
                    self._expression(node)
                elif "alias" in node and "sample" in node:
                    self._relation(node, ctes)
                stack.extend((child, ctes) for child in _children(node))

    def _relation(self, node: Node, ctes: frozenset[str]) -> None:
        kind, position = node["type"], _position(node)
        self._allow(kind, _RELATIONS, "this kind of table", position)
        if kind == "TABLE_FUNCTION":
            name = node["function"].get("function_name", "").lower()
            self._allow(name, TABLE_FUNCTIONS, "the table function", position)
        elif kind == "SHOW_REF" and node["query"] is None:
            self._refuse("SHOW would tell of this connection, not of the mesh", position, "mesh status")
        elif kind == "BASE_TABLE":
            if node["at_clause"] is not None:
                self._refuse("a port is read as it is published; AT is not allowed", position)
            self._table(node, ctes)

    def _table(self, node: Node, ctes: frozenset[str]) -> None:
        parts = [node["catalog_name"], node["schema_name"], node["table_name"]]
        catalog, schema, table = (part.lower() for part in parts)
        if not catalog and schema in {"", "recurring"} and table in ctes:
            return
        port = f"{schema}.{table}" if schema and catalog in {"", "mesh"} else None
        spelling = ".".join(part for part in parts if part)
        self.references.append(Reference(spelling, port, _position(node)))

    def _expression(self, node: Node) -> None:
        position = _position(node)
        if node["class"] == "PARAMETER":
            self._refuse("the query has a parameter and nothing to fill it with", position)
        self._allow(node["class"], _EXPRESSIONS, "this kind of expression", position)
        if "function_name" in node:
            self._allow(node["function_name"].lower(), functions(), "the function", position)

    def _allow(self, name: str, allowed: frozenset[str], what: str, position: int | None) -> None:
        if name not in allowed:
            near = difflib.get_close_matches(name, sorted(allowed), n=1, cutoff=0.75)
            reason = f"{what} {name!r} is not allowed in a query"
            place = at(self.sql, position)
            raise InputError(fault_at(place, reason, suggestion=near[0] if near else None))

    def _refuse(self, reason: str, position: int | None, command: str | None = None) -> None:
        raise InputError(fault_at(at(self.sql, position), reason, command=command))


def _common_tables(node: Node, ctes: frozenset[str]) -> tuple[list[tuple[object, frozenset[str]]], frozenset[str]]:
    """Each CTE with the names before it, and the names that the query's body sees."""
    if node["type"] == "RECURSIVE_CTE_NODE":
        ctes |= {node["cte_name"].lower()}
    inner: list[tuple[object, frozenset[str]]] = []
    for entry in node["cte_map"]["map"]:
        inner.append((entry["value"], ctes))
        ctes |= {entry["key"].lower()}
    return inner, ctes


def _children(node: Node) -> list[object]:
    if node.get("class") == "CONSTANT":
        return []
    if node.get("type") == "TABLE_FUNCTION":
        # The callee itself was judged as a table function.
        return [node["function"]["children"], node["sample"]]
    return [value for key, value in node.items() if key != "cte_map" and isinstance(value, dict | list)]


def _position(node: Node) -> int | None:
    position: int = node.get("query_location", _NOWHERE)
    return None if position == _NOWHERE else position
