"""Great Expectations on a DuckDB connection that is already open, without copying a row.

Great Expectations has no DuckDB engine, and through the usual SQLAlchemy dialect it fetches rows from a
connection that it has closed. Here its SQLAlchemy engine is kept for what it knows (metrics as SQL, many of
them in one statement) and only the two places where it touches a database are ours: running a statement and
describing a table. Written for Great Expectations 1.24.1, which pyproject.toml pins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from types import ModuleType
from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.compiler import GenericTypeCompiler, IdentifierPreparer

from meshwright.duck import quote
from meshwright.quality.gx import SqlAlchemyBatchData, SqlAlchemyExecutionEngine
from meshwright.quality.subject import run


class _Preparer(IdentifierPreparer):
    def _requires_quotes(self, value: str) -> bool:
        """Always: DuckDB reserves other words than SQLAlchemy knows."""
        return True


class _Types(GenericTypeCompiler):
    """DuckDB's FLOAT has 32 bits, and its NUMERIC three decimals."""

    def visit_FLOAT(self, type_: sa.Float[Any], **kw: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        return "DOUBLE"

    def visit_NUMERIC(self, type_: sa.Numeric[Any], **kw: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        return "DOUBLE" if type_.precision is None else super().visit_NUMERIC(type_, **kw)


class DuckDBDialect(DefaultDialect):
    """The SQL of DuckDB, as far as Great Expectations writes any; it never connects."""

    name = "duckdb"
    preparer = _Preparer
    type_compiler_cls = _Types
    default_paramstyle = "qmark"
    supports_native_boolean = True
    div_is_floordiv = False


_MODULE = ModuleType("duckdb")
"""Stands for the module of the dialect. Great Expectations chooses its SQL for regular expressions and LIKE by
an attribute of that module: Dremio's is ``REGEXP_MATCHES(column, pattern)`` and plain LIKE, as in DuckDB. And it
compares types with the classes of that name in it."""
_MODULE.DremioDialect = True  # type: ignore[attr-defined]


@cache
def _type_class(name: str) -> type:
    """The class that stands for a type of DuckDB without its parameters: ``DECIMAL``, ``BIGINT[]``."""
    made = type(name, (), {"__str__": lambda _: name})
    setattr(_MODULE, name, made)
    return made


class _Inspector:
    """Columns of a view, by DuckDB's own names of their types."""

    def __init__(self, con: duckdb.DuckDBPyConnection, dialect: sa.Dialect) -> None:
        self._con = con
        self.dialect = dialect

    def get_columns(self, table_name: str, schema: str | None = None) -> list[dict[str, Any]]:
        _, rows = run(self._con, f"DESCRIBE {quote(str(table_name))}")
        return [{"name": name, "type": _type_class(re.sub(r"\(.*\)", "", type_))()} for name, type_, *_ in rows]

    def get_pk_constraint(self, table_name: str, schema: str | None = None) -> dict[str, Any]:
        return {}


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Runs Great Expectations' metrics on ``con``; each of ``views`` is a batch, its name the batch id."""

    def __init__(self, con: duckdb.DuckDBPyConnection, views: Iterable[str]) -> None:
        dialect = DuckDBDialect()
        super().__init__(engine=Engine(NullPool(_never), dialect, URL.create("duckdb")), create_temp_table=False)
        self._con = con
        self._tables = _Inspector(con, dialect)
        self.dialect_module = _MODULE
        for view in views:
            self.load_batch_data(view, SqlAlchemyBatchData(execution_engine=self, table_name=view))

    def get_inspector(self) -> _Inspector:
        """What the tables look like."""
        return self._tables

    def execute_query(self, query: sa.ClauseElement) -> IteratorResult[Any]:
        """Run one statement to its end; all rows are fetched before the next statement can run.

        Values are written into the statement: DuckDB casts a literal to the type of the column that it
        meets, and a parameter not.
        """
        statement = query.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True})
        names, rows = run(self._con, str(statement))
        return IteratorResult(SimpleResultMetaData(names), iter(rows))

    execute_query_in_transaction = execute_query


def _never() -> Any:
    raise AssertionError("the dialect compiles statements; the engine runs them on its own connection")
