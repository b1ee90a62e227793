"""New promises on published data: the rules that a contract gains, judged on the snapshot that readers have now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from meshwright import duck
from meshwright.build import views
from meshwright.catalog.database import Database
from meshwright.catalog.pins import pin
from meshwright.config import Settings
from meshwright.duck import quote
from meshwright.errors import Fault
from meshwright.quality.model import Rule
from meshwright.quality.rules import rules_of
from meshwright.spec.model import Contract, Mesh, Port


def new_rules(port: Port, old: Contract) -> tuple[Rule, ...]:
    """The rules of ``port`` that ``old`` did not have, or had otherwise; what is asked of the schema aside."""
    before = {rule.id: (rule.kind, rule.definition) for rule in rules_of(replace(port, contract=old))}
    return tuple(
        rule
        for rule in rules_of(port)
        if rule.severity == "error" and rule.kind != "schema" and before.get(rule.id) != (rule.kind, rule.definition)
    )


def broken_promises(settings: Settings, mesh: Mesh, port: Port, old: Contract) -> Iterator[Fault]:
    """What the published snapshot of a port breaks of the promises that ``old`` did not make.

    Promises about columns that are not published yet are left to the build.
    """
    database = Database(settings)
    if not database.exists:
        return
    try:
        with database.read() as connection:
            pins = pin(connection)
    finally:
        database.close()
    rules = new_rules(port, old)
    if port.key in pins and rules:
        yield from _judged(settings, mesh, port, rules, pins)


def _judged(
    settings: Settings, mesh: Mesh, port: Port, rules: Sequence[Rule], pins: Mapping[str, str]
) -> Iterator[Fault]:
    from meshwright.quality.audit import audit

    table = f"mesh.{quote(port.domain)}.{quote(port.name)}"
    spill = str(settings.spill(port.domain, port.product))
    with duck.connect(**settings.duckdb, temp_directory=spill) as con:
        for statement in views.attach(views.mesh_domains(mesh)):
            con.execute(statement)
        for name in sorted(
            {port.key, *(read for rule in rules for read in rule.reads)} & pins.keys() & mesh.ports.keys()
        ):
            con.execute(views.port_view(mesh.ports[name], pins[name]))
        there = {row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()}
        asked = [rule for rule in rules if set(rule.columns) <= there and set(rule.reads) <= pins.keys()]
        for verdict in audit(con, port, table=table, rules=asked):
            if not verdict.passed:
                reason = f"what is published of {port.key} breaks the new promise {verdict.rule.id}: {verdict.message}"
                yield verdict.rule.where.fault(reason, command=f"mesh show {port.key}")
