"""Tables of a PostgreSQL database, as an ingest returns them and a scaffold looks at them."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

import duckdb

from meshwright import duck
from meshwright.errors import Fault, InputError, UnavailableError
from meshwright.spec.words import nearest

SCHEMES = ("postgres://", "postgresql://")
_CATALOG = "source"
# ATTACH fails where there is no store of secrets at all; this one is a folder that nobody has.
_NO_SECRETS = {"allow_persistent_secrets": "true", "secret_directory": "/dev/null/none"}


def table(variable: str, name: str) -> duckdb.DuckDBPyRelation:
    """What :func:`meshwright.postgres_table` returns."""
    url = os.environ.get(variable)
    if not url:
        command = f"export {variable}=postgres://USER:PASSWORD@HOST/DATABASE"
        raise InputError(Fault("is not set, so nobody knows which database to read", key=variable, command=command))
    con = attached(url)
    return con.sql(f"FROM {relation(con, name)}")


def attached(url: str) -> duckdb.DuckDBPyConnection:
    """A connection that can read the database of a URL; UnavailableError where it does not answer."""
    con = duckdb.connect(config={**duck.SAFE_CONFIG, **duck.UNVERIFIED, **_NO_SECRETS})
    con.execute(f"LOAD {duck.literal(duck.extension('postgres_scanner', extra='postgres'))}")
    con.execute("SET TimeZone = 'UTC'")
    try:
        con.execute(f"ATTACH {duck.literal(url)} AS {_CATALOG} (TYPE postgres, READ_ONLY)")
    except duckdb.Error as error:
        con.close()
        told = " ".join(_without_secret(str(error), url).split())
        raise UnavailableError(Fault(f"does not answer: {told[:300]}", key=shown(url))) from error
    return con


def relation(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """SQL for ``<schema>.<table>``; no schema is ``public``. InputError with the nearest where it is not there."""
    schema, _, name = table.rpartition(".")
    named = (
        f"SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = {duck.literal(_CATALOG)}"
    )
    rows = con.execute(f"{named} ORDER BY ALL").fetchall()
    wanted = (schema or "public", name)
    if wanted not in rows:
        known = [f"{s}.{t}" for s, t in rows]
        raise InputError(
            Fault(f"the database has no table {table[:80]!r}", key="--table", suggestion=nearest(table, known))
        )
    return f"{_CATALOG}.{duck.quote(wanted[0])}.{duck.quote(wanted[1])}"


def shown(url: str) -> str:
    """The URL without its password."""
    return re.sub(r"(?<=://)([^:/@]*):[^@]+@", r"\1:•••@", url)


def _without_secret(text: str, url: str) -> str:
    secret = urlsplit(url).password
    for word in filter(None, (url, secret, unquote(secret or ""))):
        text = text.replace(word, shown(url) if word == url else "•••")
    return text
