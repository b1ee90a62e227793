"""Whether the value that an SQL text gives may be told: a count of rows may, what is made of private columns may not.

Decided by the parsed text; where that leaves a doubt, the value is withheld.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


def hides_value(query: str, private: Collection[str]) -> bool:
    """Whether what a query gives may be a value of one of the columns ``private``, and no count of rows."""
    if not private:
        return False
    parsed = _parsed(query)
    if parsed is None:
        return True
    return (_names_one(query, private) or _takes_columns_unnamed(parsed)) and not _is_a_count(parsed)


def _parsed(query: str) -> exp.Query | None:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = sqlglot.parse(query, dialect="duckdb")
    except (SqlglotError, RecursionError):
        return None
    found = statements[0] if len(statements) == 1 else None
    return found if isinstance(found, exp.Query) else None


def _names_one(query: str, private: Collection[str]) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", query, re.IGNORECASE) for name in private)


def _takes_columns_unnamed(parsed: exp.Query) -> bool:
    """Whether it reads columns by pattern, by position, as a whole row, or through a function that reads a table."""
    from sqlglot import exp

    rows = set()
    for table in parsed.find_all(exp.Table, exp.Subquery, exp.CTE):
        alias = table.args.get("alias")
        # Names given to the columns of a table say nothing of which they are.
        if isinstance(table, exp.Table) and (_is_function(table) or (alias and alias.args.get("columns"))):
            return True
        rows |= {table.alias_or_name.lower()}
    return any(
        isinstance(node, exp.Columns | exp.PositionalColumn | exp.Pivot | exp.Summarize | exp.Describe)
        or (isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count))
        or (isinstance(node, exp.Column) and node.name.lower() in rows)
        for node in parsed.walk()
    )


def _is_a_count(parsed: exp.Query) -> bool:
    """Whether its one column is made of counts of rows and literals alone."""
    from sqlglot import exp

    if not isinstance(parsed, exp.Select) or len(parsed.expressions) != 1 or _makes_rows(parsed):
        return False
    return _of_counts(parsed.expressions[0].unalias())


def _makes_rows(parsed: exp.Query) -> bool:
    """Whether values of a row may say how many rows it becomes, so that counting them would tell the values."""
    from sqlglot import exp

    makers = (exp.UDTF, exp.Explode, exp.GenerateSeries, exp.Pivot)
    if any(isinstance(node, makers) and not isinstance(node, exp.Values) for node in parsed.walk()):
        return True
    if any(found.args.get("recursive") for found in parsed.find_all(exp.With)):
        return True
    limits = parsed.find_all(exp.Limit, exp.Offset)
    return any(_is_function(table) for table in parsed.find_all(exp.Table)) or any(
        not isinstance(limit.expression, exp.Literal) for limit in limits
    )


def _is_function(table: exp.Expr) -> bool:
    from sqlglot import exp

    return isinstance(table.this, exp.Func)


def _of_counts(node: exp.Expr) -> bool:
    from sqlglot import exp

    if isinstance(node, exp.Count | exp.CountIf | exp.ApproxDistinct | exp.Literal | exp.Null):
        return True
    if isinstance(node, exp.Filter | exp.Window | exp.Cast):
        return _of_counts(node.this)
    if isinstance(node, exp.Subquery):
        return _is_a_count(node.this)
    arithmetic = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Paren)
    if isinstance(node, (*arithmetic, exp.Coalesce, exp.Nullif, exp.Round, exp.Abs)):
        return all(_of_counts(part) for part in node.iter_expressions())
    return False
