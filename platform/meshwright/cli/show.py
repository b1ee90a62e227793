"""``mesh show``: a port in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from meshwright.cli.output import emit_json, env_option, format_option, say, settings_of
from meshwright.cli.words import ago, counted, short
from meshwright.errors import Fault, InputError

if TYPE_CHECKING:
    from meshwright.build.describe import ColumnWords, Description, Published, RuleWords
    from meshwright.cli.page import Page
    from meshwright.spec.model import Mesh, Port

EXAMPLES = """\b
Examples:
  mesh show sales.transactions
  mesh show growth.campaign_impact --format json
"""
_FOLDED = ("required", "schema")
"""Kinds of rules that the columns tell already; listed where they failed."""
_NONE = "at most 0 allowed"
_TABLE = 110
"""Columns of a terminal from which a port's columns fit into a table."""


@click.command("show", epilog=EXAMPLES, short_help="Show a port's contract in plain words.")
@click.argument("port")
@env_option
@format_option
@click.pass_context
def command(ctx: click.Context, port: str, environment: str, format_: str) -> None:
    """Show what PORT (domain.port) promises: columns, rules, owner, and how to query it."""
    from meshwright.build.describe import describe
    from meshwright.catalog import environments
    from meshwright.catalog.database import Database
    from meshwright.spec import load

    settings = settings_of(ctx)
    mesh = load(settings.root)
    database = Database(settings)
    environments.require(database, environment)
    told = describe(mesh, database, port_named(mesh, port), environment)
    if format_ == "json":
        emit_json(_as_data(told))
        return
    _print(told)
    if told.published is None:
        say(f"\nnot built yet; next: mesh build {told.port}")


def port_named(mesh: Mesh, name: str) -> Port:
    """The port ``<domain>.<port>``, also as SQL spells it; InputError with the nearest where there is none."""
    from meshwright.spec.words import unknown

    key = name.removeprefix("mesh.")
    if key in mesh.ports:
        return mesh.ports[key]
    for kind, known in (("domain", {p.domain for p in mesh}), ("product", mesh.products.keys())):
        if name in known:
            ports = [port.key for p in mesh if name in (p.domain, p.key) for port in p.ports]
            reason = f"is a {kind}, no port; its ports are {', '.join(ports)}"
            raise InputError(Fault(reason, key=name, command=f"mesh show {ports[0]}" if ports else "mesh status"))
    same = [known for known in mesh.ports if known.rpartition(".")[2] == key.rpartition(".")[2]]
    raise InputError(unknown("port", name, same or mesh.ports, command="mesh status"))


def _as_data(told: Description) -> dict[str, Any]:
    data = asdict(told)
    if told.published:
        data["published"]["snapshot"] = str(told.published.snapshot)
    return data


def _print(told: Description) -> None:
    from meshwright.cli.page import Page

    page = Page()
    page.line(f"{told.port} · {told.title}", style="bold")
    for text in dict.fromkeys((told.description, told.purpose)):
        if text:
            page.line(text, indent=2)
    page.literal("")
    page.facts(_facts(told))
    page.heading("Columns")
    _columns(page, told)
    page.heading(f"Rules: {_summary(told)}")
    _rules(page, told.rules)
    page.heading("Query")
    page.literal(f'  mesh query "{told.query}"')


def _facts(told: Description) -> list[tuple[str, str | None]]:
    contact = f" <{told.contact}>" if told.contact else ""
    return [
        ("product", told.product + (f", together with {', '.join(told.siblings)}" if told.siblings else "")),
        ("owner", told.owner + contact),
        ("contract", f"{told.contract}, version {told.version}, {told.status}"),
        ("ends", told.notice),
        ("published", _published(told.published)),
        ("key", ", ".join(told.primary_key)),
        ("partitions", _partitions(told)),
        ("usage", told.usage),
        ("limitations", told.limitations),
        ("service level", "; ".join(told.service_levels)),
        ("reads", ", ".join(told.inputs) or "its domain's own sources"),
        ("read by", ", ".join(told.consumers) or "nobody yet"),
        ("tags", ", ".join(told.tags)),
    ]


def _published(now: Published | None) -> str:
    if now is None:
        return "not yet"
    return (
        f"snapshot {short(now.snapshot)}, {counted(now.rows, 'row')}, {ago(now.published_at)} ago by {now.published_by}"
    )


def _partitions(told: Description) -> str | None:
    if told.partitioned_by is None:
        return None
    held = told.published.partitions if told.published else ()
    return told.partitioned_by + (f", {len(held)} of them: {held[0]} to {held[-1]}" if held else "")


def _columns(page: Page, told: Description) -> None:
    if page.width < _TABLE:
        page.facts([(column.name, f"{_marks(column)}\n{_flat(column.description)}".strip()) for column in told.columns])
        return
    rows = [
        {
            "name": column.name,
            "type": column.type,
            "null": "no" if column.required else "yes",
            "key": "" if column.key is None else str(column.key),
            "class": column.classification or "",
            "what it is": _flat(column.description) + (" Unique." if column.unique else ""),
        }
        for column in told.columns
    ]
    shown = ["name", "type", "null", "key", "class", "what it is"]
    page.table(shown, rows, wrap=["what it is"], indent=2)


def _marks(column: ColumnWords) -> str:
    marks = [
        column.type,
        "" if column.key is None else f"key {column.key}",
        "unique" if column.unique else "",
        "" if column.required else "may be NULL",
        column.classification or "",
    ]
    return " · ".join(mark for mark in marks if mark)


def _summary(told: Description) -> str:
    if told.audit is None:
        return f"{len(told.rules)}, not audited yet"
    return f"{len(told.rules)}, {told.audit} {ago(told.audited_at)} ago"


def _rules(page: Page, rules: Sequence[RuleWords]) -> None:
    folded = [rule for rule in rules if rule.kind in _FOLDED and rule.passed is not False]
    rows = [
        {"rule": rule.id, "result": _result(rule), "what it says": _said(rule)} for rule in rules if rule not in folded
    ]
    if folded:
        required = sum(rule.kind == "required" for rule in folded)
        text = "exactly the columns and types above" + (f"; {required} of them never NULL" if required else "")
        checked = all(rule.passed for rule in folded)
        rows.insert(0, {"rule": "columns", "result": "passed" if checked else "–", "what it says": text})
    page.table(["rule", "result", "what it says"], rows, wrap=["what it says"], indent=2)


def _said(rule: RuleWords) -> str:
    """Its words, and what it found where that tells more."""
    words = _flat(rule.description).removesuffix(f": {_NONE}")
    if rule.severity != "error":
        words += " (a warning)"
    telling = rule.message and (rule.passed is False or ("allowed" in rule.message and _NONE not in rule.message))
    return f"{words}\n→ {_flat(rule.message or '')}" if telling else words


def _result(rule: RuleWords) -> str:
    if rule.passed is None:
        return "–"
    if rule.passed:
        return "passed"
    return "failed" if rule.severity == "error" else "warning"


def _flat(text: str) -> str:
    return " ".join(text.split())
