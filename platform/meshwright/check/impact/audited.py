"""Expectations run on what is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from meshwright.config import Settings
from meshwright.spec.expects import Expected
from meshwright.spec.model import Contract, Port

if TYPE_CHECKING:
    from meshwright.quality.model import Verdict


def audited(
    settings: Settings, domains: Iterable[str], read: Sequence[tuple[Expected, Contract]], ports: Mapping[str, Port]
) -> Iterator[tuple[Expected, Verdict]]:
    """The verdict of every rule of the expectations on the published snapshots; none where nothing is published."""
    from meshwright import duck
    from meshwright.build import views
    from meshwright.catalog.database import Database
    from meshwright.catalog.pins import pin
    from meshwright.duck import quote
    from meshwright.quality.audit import audit
    from meshwright.quality.rules import rules_of

    database = Database(settings)
    if not read or not database.exists:
        return
    with database.read() as connection:
        pins = pin(connection)
    database.close()
    for of, wanted in read:
        if of.port not in pins:
            continue
        port = replace(ports[of.port], contract=wanted)
        # That there are other columns beside those that it expects is nothing to a consumer.
        rules = [rule for rule in rules_of(port) if rule.kind != "schema"]
        needed = {of.port, *(name for rule in rules for name in rule.reads)}
        with duck.connect(**settings.duckdb) as con:
            for statement in views.attach(domains):
                con.execute(statement)
            for name in sorted(needed & pins.keys()):
                domain, _, table = name.partition(".")
                con.execute(views.port_view(replace(port, domain=domain, name=table), pins[name]))
            table = f"mesh.{quote(port.domain)}.{quote(port.name)}"
            yield from ((of, verdict) for verdict in audit(con, port, table=table, rules=rules))
