"""The contracts under which ports are published: what readers were promised, word for word."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from meshwright.catalog import tables as t
from meshwright.config import PRODUCTION
from meshwright.spec import parse_contract
from meshwright.spec.model import Contract, Port


@dataclass(frozen=True, slots=True)
class Promise:
    """The contract of one port, as its file said. ``product`` is ``<domain>/<product>``."""

    domain: str
    port: str
    product: str
    version: str
    text: str

    @property
    def digest(self) -> str:
        """sha256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def contract(self, file: Path) -> Contract:
        """It as a contract that stands in ``file``; SpecError where it is of another version, which nobody can read."""
        return parse_contract(self.text, file, self.domain, self.port)


def promise_of(port: Port) -> Promise:
    """What the file of a port's contract says now."""
    text = port.contract.where.file.read_text(encoding="utf-8")
    return Promise(port.domain, port.name, f"{port.domain}/{port.product}", port.contract.version, text)


def promises(
    connection: Connection, environment: str = PRODUCTION, domains: Collection[str] | None = None
) -> dict[str, Promise]:
    """``<domain>.<port>``, of some domains or of all, to the contract under which it is published now."""
    p = t.promises.c
    newest = select(func.max(p.seq)).where(p.environment == environment).group_by(p.domain, p.port)
    if domains is not None:
        newest = newest.where(p.domain.in_(domains))
    rows = connection.execute(select(t.promises).where(p.seq.in_(newest))).mappings()
    return {
        f"{row['domain']}.{row['port']}": Promise(
            row["domain"], row["port"], row["product"], row["version"], row["text"]
        )
        for row in rows
    }


def record(connection: Connection, made: Iterable[Promise], at: str, environment: str = PRODUCTION) -> None:
    """Write down contracts that are not those recorded last."""
    wanted = list(made)
    known = promises(connection, environment, {promise.domain for promise in wanted})
    rows = [
        {
            "environment": environment, "domain": promise.domain, "port": promise.port, "product": promise.product,
            "version": promise.version, "digest": promise.digest, "text": promise.text, "recorded_at": at,
        }
        for promise in wanted
        if known.get(f"{promise.domain}.{promise.port}") != promise
    ]  # fmt: skip
    if rows:
        connection.execute(insert(t.promises), rows)


def hand_over(connection: Connection, environment: str, ports: Collection[str], at: str) -> None:
    """Make production's what an environment promises of ``ports`` (``<domain>.<port>``)."""
    mine = promises(connection, environment, {port.partition(".")[0] for port in ports})
    record(connection, (mine[port] for port in ports if port in mine), at)
