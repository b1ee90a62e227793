"""docs/compatibility.md, from the rules that the comparison applies."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from meshwright.spec.compatibility.compare import FAMILIES
from meshwright.spec.compatibility.product import FAMILY as PRODUCTS
from meshwright.spec.compatibility.rules import Family, Rule

_HEAD = """\
# Compatibility of contracts

What a change of a contract does to those who rely on it. `mesh contract diff OLD NEW` applies these rules to two files
([mesh contract](cli.md#mesh-contract)), the check of a change to what is published. This page is printed by
`python -m meshwright.spec.compatibility` from the rules themselves; a test holds it true.

| Verdict | The version | Means |
|---|---|---|
| none | stays | nobody can tell the difference |
| patch | 1.4.2 → 1.4.3 | the data are the same, something is told otherwise |
| minor | 1.4.2 → 1.5.0 | more is promised or offered; whoever relies on the old contract notices nothing |
| major | 1.4.2 → 2.0.0 | somebody who relied on the old contract breaks, or reads something wrongly |
| refused | | cannot be published at all, whatever the version |

Of several changes the highest verdict counts. A breaking change passes only as a new output port beside the old one
(`orders_v2`), with the old one `deprecated` and given an end date. **Verified** means that what becomes a promise is
first looked up in the published data: `verify` of the change says what must hold there. **Approval** means that a
policy must approve it, whatever the verdict. An absent field counts as its default.

## Paths

A change is found by names, never by positions, so that its path is the same wherever a column stands in its file:
`columns.amount.type`, `columns.address.fields.city.required` (a field of a struct), `columns.lines.element.fields.sku`
(of the members of a list), `columns.prices.key.type`, `columns.prices.value.type` (of a map), `columns.state.values`,
`columns.amount.quality.no_refunds`, `quality.has_rows`, `slaProperties.latency`, `slaProperties.latency.updated_at` (of
a column), `roles.analyst.access`, `servers.production.host`, `relationships.customer_is_known`, `primaryKey`, `status`,
`version`. What is gone has the name that it had, what was renamed the name that it has now.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(section for family in (*FAMILIES, PRODUCTS) for section in _section(family))])


def _section(family: Family) -> Iterator[str]:
    yield f"## {family.title}\n"
    yield textwrap.fill(family.about, 120, break_long_words=False, break_on_hyphens=False) + "\n"
    yield "| Rule | Change | Verdict | Why |\n|---|---|---|---|"
    for rule in family.rules:
        yield f"| `{rule.id}` | {rule.change} | {_verdict(rule)} | {rule.why} |"
    yield ""


def _verdict(rule: Rule) -> str:
    also = [word for word, given in (("verified", rule.verified), ("approval", rule.approval)) if given]
    return ", ".join([rule.verdict.value, *also])
