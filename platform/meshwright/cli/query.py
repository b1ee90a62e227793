"""``mesh query``: one SELECT over published ports."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from meshwright.cli.output import say, settings_of
from meshwright.config import PRODUCTION, Settings
from meshwright.errors import Fault, InputError, MeshError

EXAMPLES = """\b
Examples:
  mesh query "select count(*) from mesh.sales.baskets"
  mesh query --format csv "from mesh.growth.campaign_impact" > impact.csv
  mesh query --file report.sql --format json
  echo "from mesh.sales.store_weeks limit 3" | mesh query -
  mesh query --env 3f2a91bc "from mesh.sales.baskets"  what a refused run made
"""
_MOST = 200
"""Rows that a table shows on a terminal."""
_LONGEST = 1_000_000
"""Characters of a file that are read; the guard refuses less than that as too long."""
_SHORTEST = 6
"""Characters of a run's id that name it, where no other begins so."""


@click.command("query", epilog=EXAMPLES, short_help="Run one SELECT over published ports.")
@click.argument("sql", required=False)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Read the SQL from a file.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How to print.",
)
@click.option(
    "--env", "environment", default=PRODUCTION, metavar="NAME", help="Read an environment, or a refused run, first."
)
@click.pass_context
def command(ctx: click.Context, sql: str | None, file: Path | None, format_: str, environment: str) -> None:
    """Run one SELECT over published ports, each written mesh.<domain>.<port>.

    SQL is DuckDB's; - or a pipe reads it from standard input. Every port is read as it was published when the query
    began. Nothing but a SELECT is run.
    """
    from meshwright.query import query, write

    text = _text(sql, file)
    settings = settings_of(ctx)
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else None
    names, threads = _Names(settings, environment), settings.threads or None
    with query(text, names.resolve, warehouse=settings.warehouse, known=names.known, threads=threads) as result:
        left_out = write(result, sys.stdout, format_, width=width, most=_MOST if terminal else None)
        sys.stdout.flush()
    if left_out:
        say(left_out)
    _tell_ending(settings.root, names.read)
    if environment != PRODUCTION:
        say(f"from {names.environment}: {', '.join(names.own) or 'nothing'}; all else as published")


def _text(sql: str | None, file: Path | None) -> str:
    if file is not None:
        if sql is not None:
            raise click.UsageError("SQL and --file exclude each other.")
        try:
            with file.open(encoding="utf-8") as handle:
                return handle.read(_LONGEST)
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise InputError(Fault(f"cannot be read: {why}", file)) from error
    if sql == "-" or (sql is None and not sys.stdin.isatty()):
        return _piped()
    if sql is None:
        raise click.UsageError('Missing the query: mesh query "select …", --file FILE, or a pipe.')
    return sql


def _piped() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise InputError("standard input holds characters that are no text") from error


def _tell_ending(root: Path, ports: Collection[str]) -> None:
    """Warn of ports that come to their end; specs are loaded only where a contract holds the word."""
    ending = []
    for port in sorted(ports):
        domain, _, name = port.partition(".")
        files = (root / "domains" / domain).glob(f"*/{name}.contract.yaml")
        ending += [port for file in files if b"deprecated" in file.read_bytes().lower()]
    if ending:
        from meshwright.spec.notice import notices

        for notice in notices(root, ending):
            say(f"warning: {notice}")


@dataclass
class _Names:
    """Resolves the ports of one query, ``read``; ``own`` are those that the environment has itself."""

    settings: Settings
    environment: str
    own: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    _known: set[str] = field(default_factory=set)

    def resolve(self, ports: set[str]) -> Mapping[str, str]:
        """Metadata location of those that are published, from one read of the catalog.

        InputError for an environment that is not there, and for a port that is declared and was never published.
        """
        found = self._published()
        self._known = set(found)
        pinned = {port: found[port] for port in ports if port in found}
        missing = ports - pinned.keys()
        if missing:
            self._refuse_retired(missing)
        if missing and (unpublished := sorted(missing & self.declared())):
            raise InputError(
                *(Fault(f"mesh.{port} was never published", command=f"mesh build {port}") for port in unpublished)
            )
        self.own = [port for port in self.own if port in pinned]
        self.read = set(pinned)
        return pinned

    def _refuse_retired(self, missing: set[str]) -> None:
        from meshwright.spec.notice import retired

        if gone := retired(self.settings.root, sorted(missing - self.declared())):
            raise InputError(*(Fault(f"mesh.{notice}", command="mesh status") for notice in gone))

    def known(self) -> set[str]:
        """Every name that is published or declared."""
        return self._known | self.declared()

    def declared(self) -> set[str]:
        """Every port that the YAML declares; none where it cannot be read, which is no matter of a query."""
        from meshwright.spec import load

        try:
            return set(load(self.settings.root).ports)
        except MeshError:
            return set()

    def _published(self) -> Mapping[str, str]:
        from meshwright.catalog.database import Database
        from meshwright.catalog.pins import environments, pin, require_catalog

        database = Database(self.settings)
        require_catalog(self.settings, database)
        if not database.exists:
            self._named(())
            return {}
        with database.read() as connection:
            base = pin(connection)
            if self.environment == PRODUCTION:
                return base
            self.environment = self._named(environments(connection))
            layer = pin(connection, environment=self.environment)
        self.own = sorted(port for port, location in layer.items() if base.get(port) != location)
        return layer

    def _named(self, there: Sequence[str]) -> str:
        """The environment of that name, or the only one whose name begins so."""
        known = (PRODUCTION, *there)
        begun = [name for name in known if name.startswith(self.environment)]
        if self.environment in known:
            return self.environment
        if len(begun) == 1 and len(self.environment) >= _SHORTEST:
            return begun[0]
        shown = f"; there {'is' if len(there) == 1 else 'are'} {', '.join(there[:5])}" if there else "; there is none"
        reason = f"no environment and no refused run is called {self.environment!r}{shown}"
        raise InputError(Fault(reason, key="--env", suggestion=begun[0] if begun else None, command="mesh env list"))
