"""The life of a port: its id, its name, its status and the dates on which it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from meshwright.spec.compatibility.intervals import position
from meshwright.spec.compatibility.model import Change, Verdict
from meshwright.spec.compatibility.rules import Family, Rule, turned
from meshwright.spec.compatibility.service_levels import END_DATES, kind_of
from meshwright.spec.model import Contract, ServiceLevel

ID = Rule(
    "contract-id-changed",
    "contract `id` changed",
    Verdict.MAJOR,
    "it is another contract; who refers to the old one finds nothing",
)
PORT = Rule(
    "port-renamed",
    "schema object renamed, or its `physicalName` changed",
    Verdict.MAJOR,
    "a query that names the port fails",
)
DEPRECATED = Rule(
    "deprecated",
    "status to deprecated, with an end date",
    Verdict.MINOR,
    "nothing breaks yet, and consumers know until when",
)
DEPRECATED_BARE = Rule(
    "deprecated-without-end",
    "status to deprecated, without an end date",
    Verdict.REFUSED,
    "nobody can plan with an end that has no date",
)
RETIRED = Rule("retired", "status to retired", Verdict.MAJOR, "the port is no longer served")
WITHDRAWN = Rule(
    "status-withdrawn",
    "status back to draft or proposed",
    Verdict.MAJOR,
    "what was promised is only an intention again",
)
STATUS = Rule("status-changed", "any other change of the status", Verdict.MINOR, "consumers gain a promise")
EARLIER = Rule(
    "end-date-earlier",
    "end date moved earlier, or removed",
    Verdict.MAJOR,
    "consumers have less time than they planned with, or cannot tell",
)
LATER = Rule(
    "end-date-later",
    "end date moved later, or first given",
    Verdict.MINOR,
    "consumers have more time, or know of the end",
)
UNREADABLE = Rule("end-date-unreadable", "end date given that is no date", Verdict.REFUSED, "nobody can plan with it")
PAST = Rule(
    "end-date-past",
    "deprecated, or an end date given, for a day that is not to come",
    Verdict.REFUSED,
    "the port could go at once, and readers need time to move",
)
FAMILY = Family(
    "Life of a port",
    "End dates are the SLA properties `endOfSupport` and `endOfLife`. No status is `active`.",
    (ID, PORT, DEPRECATED, DEPRECATED_BARE, RETIRED, WITHDRAWN, STATUS, EARLIER, LATER, UNREADABLE),
)
_INTENDED = ("proposed", "draft")


def identified(old: Contract, new: Contract) -> Iterator[Change]:
    """The contract's id and the names of its table."""
    if old.id != new.id:
        yield ID.at("id", new.at("id"), turned("the contract's id", old.id, new.id))
    if old.table != new.table:
        yield PORT.at("schema.name", new.at("schema"), turned("the port's name", old.table, new.table))
    elif (old.physical_name or old.table) != (new.physical_name or new.table):
        names = old.physical_name or old.table, new.physical_name or new.table
        yield PORT.at("schema.physicalName", new.at("schema"), turned("the physical name", *names))


def status(old: Contract, new: Contract) -> Iterator[Change]:
    """From one status to another."""
    before, after = _status(old), _status(new)
    if before == after:
        return
    reason, rule = turned("the status", before, after), STATUS
    if after == "deprecated":
        rule = DEPRECATED if end_dates(new) else DEPRECATED_BARE
        dates = " and ".join(f"{level.property} {level.value}" for level in end_dates(new).values())
        reason += f", with {dates or 'no end date: add the SLA property endOfSupport or endOfLife'}"
    elif after == "retired":
        rule = RETIRED
    elif after in _INTENDED and before not in _INTENDED:
        rule = WITHDRAWN
    yield rule.at("status", new.at("status"), reason)


def _status(contract: Contract) -> str:
    return contract.status.strip().lower() or "active"


def end_dates(contract: Contract) -> dict[str, ServiceLevel]:
    """The service levels that are end dates, by their kind; the earliest of several."""
    found: dict[str, ServiceLevel] = {}
    for level in sorted(contract.service_levels, key=lambda level: str(level.value)):
        if kind_of(level) in END_DATES:
            found.setdefault(kind_of(level), level)
    return found


def ends(old: Contract, new: Contract) -> Iterator[Change]:
    """The dates on which support and life end."""
    olds, news = end_dates(old), end_dates(new)
    for kind in END_DATES:
        before, after = olds.get(kind), news.get(kind)
        if before and not after:
            reason = f"{before.property} was {before.value} and is gone"
            yield EARLIER.at(f"slaProperties.{before.property}", new.at("slaProperties"), reason)
        elif after and (before is None or str(before.value) != str(after.value)):
            yield from _end(before, after)


def _end(before: ServiceLevel | None, after: ServiceLevel) -> Iterator[Change]:
    path, now = f"slaProperties.{after.property}", day(after)
    reason = turned(after.property, before.value if before else None, after.value)
    was = day(before) if before else None
    if now is None:
        yield UNREADABLE.at(path, after.where, f"{reason}, which is no date")
    elif was is None or now > was:
        yield LATER.at(path, after.where, reason)
    elif now < was:
        yield EARLIER.at(path, after.where, reason)


def rushed(old: Contract, new: Contract, today: date) -> Iterator[Change]:
    """The end dates by which a change leaves readers of a port no time; ``old`` is the contract without it."""
    before = {kind: day(level) for kind, level in end_dates(old).items()}
    at_once = ended(new, today) and _status(old) != "deprecated"
    for kind, level in end_dates(new).items():
        end = day(level)
        if end is not None and end <= today.toordinal() and (at_once or before.get(kind) != end):
            reason = f"{level.property} {level.value} is not to come; readers need time to move"
            yield PAST.at(f"slaProperties.{level.property}", level.where, reason)


def day(level: ServiceLevel) -> Fraction | None:
    """The day that an end date names; None where it names none."""
    try:
        return position(str(level.value), "date")
    except ValueError:
        return None


def ended(contract: Contract, today: date) -> bool:
    """Whether a deprecated port has reached all of its end dates."""
    days = [day(level) for level in end_dates(contract).values()]
    gone = _status(contract) in ("deprecated", "retired") and bool(days)
    return gone and all(d is not None and d <= today.toordinal() for d in days)
