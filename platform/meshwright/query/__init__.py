"""One SELECT over published ports, on DuckDB.

:func:`query` runs one and hands out rows as they come, :func:`write` prints them, :func:`connect` makes
the locked connection alone and :func:`names` tells which ports a text reads.
"""

from meshwright.query.engine import connect
from meshwright.query.format import FORMATS, write
from meshwright.query.guard import names
from meshwright.query.run import Result, query

__all__ = ["FORMATS", "Result", "connect", "names", "query", "write"]
