"""``mesh policy``: the rules of the mesh, who is excused from them, and whether their examples hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from meshwright.cli.output import emit_json, format_option, say, settings_of
from meshwright.cli.words import counted

if TYPE_CHECKING:
    from meshwright.check.policy.exemptions import Exemption
    from meshwright.check.policy.read import Policy
    from meshwright.config import Settings

EXAMPLES = """\b
Examples:
  mesh policy list
  mesh policy test
"""


@click.group("policy", epilog=EXAMPLES, short_help="List the rules of the mesh, and test their examples.")
def command() -> None:
    """List the rules that every product must keep, or test their examples.

    They stand in policies/ and come with the platform; mesh check judges products by them.
    """


@command.command("list", short_help="Show every policy, and who is excused from it until when.")
@format_option
@click.pass_context
def list_(ctx: click.Context, format_: str) -> int:
    """Show every policy: severity, what it is for, where it stands, and who is excused from it until when."""
    from meshwright.check.policy.read import policies_of
    from meshwright.errors import SpecError

    settings = settings_of(ctx)
    found = policies_of(settings.root)
    excused = _excused(settings, found.by_id)
    if format_ == "json":
        emit_json([_data(policy, excused.get(policy.id, ())) for policy in found.by_id.values()])
    else:
        _print(found.by_id, excused)
    if found.faults:
        raise SpecError(*found.faults)
    return 0


@command.command("test", short_help="Evaluate every policy on its own examples.")
@click.pass_context
def test(ctx: click.Context) -> int:
    """Evaluate every policy on its own examples; exit code 1 where one does not hold."""
    from meshwright.check.policy.judge import judge
    from meshwright.check.policy.read import policies_of
    from meshwright.errors import SpecError

    found = policies_of(settings_of(ctx).root)
    result = judge(found.by_id.values())
    for fault in result.faults:
        say(f"error: {fault}")
    examples = sum(len(policy.examples) for policy in found.by_id.values() if policy.enabled)
    say(f"{counted(len(found.by_id), 'rule')}, {counted(examples, 'example')}, {len(result.faults)} wrong")
    if found.faults:
        raise SpecError(*found.faults)
    return 1 if result.faults else 0


def _excused(settings: Settings, known: Mapping[str, Policy]) -> dict[str, list[Exemption]]:
    """Who is excused from which policy; exceptions and products with faults are the check's affair."""
    from meshwright.check.policy.exemptions import exemptions_of
    from meshwright.spec import load_sound

    found: dict[str, list[Exemption]] = {}
    for product in load_sound(settings.root).mesh:
        for exemption in exemptions_of(product, known, lambda _: None):
            found.setdefault(exemption.rule, []).append(exemption)
    return found


def _print(policies: Mapping[str, Policy], excused: Mapping[str, Sequence[Exemption]]) -> None:
    from meshwright.cli.page import Page

    page = Page()
    rows = [
        {
            "policy": policy.id,
            "severity": policy.severity if policy.enabled else "off",
            "for": policy.target,
            "source": policy.source,
            "asks": policy.description or policy.message,
        }
        for policy in policies.values()
    ]
    page.table(["policy", "severity", "for", "source", "asks"], rows, wrap=["asks"])
    if excused:
        page.heading("Excused")
        today = date.today()
        told = [
            (f"{_place(e)} from {e.rule}", f"{'ended on' if e.is_over(today) else 'until'} {e.until}: {e.reason}")
            for mine in excused.values()
            for e in mine
        ]
        page.facts(told)


def _place(exemption: Exemption) -> str:
    return " ".join(filter(None, (exemption.product, exemption.port, exemption.column)))


def _data(policy: Policy, excused: Sequence[Exemption]) -> dict[str, Any]:
    return {
        "id": policy.id, "severity": policy.severity, "for": policy.target, "enabled": policy.enabled,
        "source": policy.source, "description": policy.description, "condition": policy.condition,
        "message": policy.message, "remedy": policy.remedy, "params": dict(policy.params),
        "exceptions": [
            {"product": e.product, "port": e.port, "column": e.column, "until": str(e.until), "reason": e.reason}
            for e in excused
        ],
    }  # fmt: skip
