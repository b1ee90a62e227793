"""Who may read the data, under which classification, and where: every change asks for the approval of a policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshwright.spec.compatibility.columns import Pair
from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.rules import Family, Rule, told, turned
from meshwright.spec.model import Contract, Role, Server

ORDER = ("public", "internal", "confidential", "restricted", "secret")
"""Classifications, the most open first."""
_UNMASKED = (None, "public", "internal")

RAISED = Rule(
    "classification-raised",
    "classification raised, or to a word that cannot be compared",
    Verdict.MAJOR,
    "somebody who saw the values sees them no longer",
    approval=True,
)
LOWERED = Rule(
    "classification-changed", "classification lowered, or first given without hiding anything", Verdict.PATCH,
    "nobody loses anything, but somebody may see more", approval=True,
)  # fmt: skip
ROLE_LOST = Rule(
    "role-removed",
    "role removed, or its access narrowed or changed",
    Verdict.MAJOR,
    "somebody loses access",
    approval=True,
)
ROLE_CHANGED = Rule(
    "role-changed", "role added, its access widened, or its approvers changed", Verdict.PATCH,
    "nobody loses access, but somebody may gain it", approval=True,
)  # fmt: skip
SERVER_LOST = Rule(
    "server-removed", "server removed, or its type, address, database, path or format changed", Verdict.MAJOR,
    "connections break", approval=True,
)  # fmt: skip
SERVER_CHANGED = Rule(
    "server-changed", "server added, or what no connection rests on changed", Verdict.PATCH,
    "every connection holds, but data appear in another place", approval=True,
)  # fmt: skip
FAMILY = Family(
    "Access",
    f"The order of classifications is {' < '.join(ORDER)}. No classification hides nothing, as `public` and `internal` "
    "do. Roles are paired by name, servers by `server`. Roles only grant: a new one takes nothing from anybody.",
    (RAISED, LOWERED, ROLE_LOST, ROLE_CHANGED, SERVER_LOST, SERVER_CHANGED),
)
_ACCESS = {
    **dict.fromkeys(("read", "r", "select", "readonly", "viewer", "consume"), frozenset({"read"})),
    **dict.fromkeys(("write", "w", "insert"), frozenset({"write"})),
    **dict.fromkeys(("readwrite", "rw", "writeread", "editor"), frozenset({"read", "write"})),
    **dict.fromkeys(("admin", "all", "owner", "full"), frozenset({"read", "write", "admin"})),
}


def classified(pair: Pair) -> Iterator[Change]:
    """The classification of a column."""
    old, new = (
        column.classification.strip().lower() if column.classification else None for column in (pair.old, pair.new)
    )
    if old == new:
        return
    reason = turned(f"the classification of {pair.name}", pair.old.classification, pair.new.classification)
    rule = RAISED if _raised(old, new) else LOWERED
    yield rule.at(f"{pair.path}.classification", pair.new.at("classification"), reason)


def _raised(old: str | None, new: str | None) -> bool:
    if new is None:
        return False
    if old is None:
        return new not in _UNMASKED
    if old in ORDER and new in ORDER:
        return ORDER.index(new) > ORDER.index(old)
    return new not in _UNMASKED


def roles(old: Sequence[Role], new: Sequence[Role], contract: Contract, path: str = "roles") -> Iterator[Change]:
    """The roles of a contract, or of one of its servers."""
    olds, news = {r.name: r for r in old}, {r.name: r for r in new}
    for name, role in olds.items():
        if name not in news:
            yield ROLE_LOST.at(f"{path}.{name}", contract.at(path.partition(".")[0]), f"role {name} is gone")
        else:
            yield from _role(role, news[name], f"{path}.{name}")
    for name, role in news.items():
        if name not in olds:
            yield ROLE_CHANGED.at(f"{path}.{name}", role.where, f"role {name} ({role.access or 'read'}) is new")


def _role(old: Role, new: Role, path: str) -> Iterator[Change]:
    if old.access != new.access:
        before, after = _rights(old), _rights(new)
        known = before is not None and after is not None
        if not (known and before == after):
            rule = ROLE_CHANGED if before is not None and after is not None and before < after else ROLE_LOST
            yield rule.at(f"{path}.access", new.where, turned(f"access of role {new.name}", old.access, new.access))
    for key in ("firstLevelApprovers", "secondLevelApprovers", "customProperties"):
        if old.about.get(key) != new.about.get(key):
            reason = turned(f"{key} of role {new.name}", old.about.get(key), new.about.get(key))
            yield ROLE_CHANGED.at(f"{path}.{key}", new.where, reason)


def _rights(role: Role) -> frozenset[str] | None:
    """What it may do; None for a word that nobody knows."""
    words = "".join(c for c in (role.access or "read").lower() if c.isalnum())
    return _ACCESS.get(words)


def servers(old: Sequence[Server], new: Sequence[Server], contract: Contract) -> Iterator[Change]:
    """Where the data are."""
    olds, news = {s.name: s for s in old}, {s.name: s for s in new}
    for name, server in olds.items():
        if name not in news:
            yield SERVER_LOST.at(f"servers.{name}", contract.at("servers"), f"server {name} is gone")
        else:
            yield from _server(server, news[name], contract)
    for name, server in news.items():
        if name not in olds:
            yield SERVER_CHANGED.at(
                f"servers.{name}", server.where, f"server {name} ({told(server.connection.get('type'))}) is new"
            )


def _server(old: Server, new: Server, contract: Contract) -> Iterator[Change]:
    path = f"servers.{new.name}"
    for key in sorted(old.connection.keys() | new.connection.keys()):
        before, after = old.connection.get(key), new.connection.get(key)
        if before != after:
            yield SERVER_LOST.at(f"{path}.{key}", new.where, turned(f"{key} of server {new.name}", before, after))
    for key in ("environment", "customProperties"):
        if old.about.get(key) != new.about.get(key):
            reason = turned(f"{key} of server {new.name}", old.about.get(key), new.about.get(key))
            yield SERVER_CHANGED.at(f"{path}.{key}", new.where, reason)
    yield from roles(old.roles, new.roles, contract, f"{path}.roles")
