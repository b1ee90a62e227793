"""What the catalog knows at one instant, as one environment sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sqlalchemy import Connection

from meshwright.build import landing
from meshwright.build.keys import digest_of
from meshwright.build.landing import Landing
from meshwright.build.sampling import Sample
from meshwright.catalog import environments, pins, records
from meshwright.catalog.database import Database
from meshwright.catalog.records import Content
from meshwright.config import PRODUCTION
from meshwright.spec.model import Product

T = TypeVar("T")


@dataclass(frozen=True)
class State:
    """Names, contents and judgements: in an environment its own, and production's for all else.

    ``below`` is production at the same instant, ``own`` the names that the environment holds itself, and ``moved``
    are products (``<domain>/<product>``) that production published after the environment did; in production none.
    ``sample`` is the part of production's data on which the environment builds; None: all of it.
    """

    pins: Mapping[str, str]
    contents: Mapping[str, Mapping[str, Content]]
    landings: Mapping[str, Landing]
    audits: Mapping[str, Mapping[str, object]]
    below: State | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    moved: frozenset[str] = frozenset()
    sample: Sample | None = None

    def held(self, port: str) -> dict[str, Content]:
        """The partitions of ``<domain>.<port>`` that hold rows; of a port without any, its empty whole."""
        there = self.contents.get(port, {})
        return {p: c for p, c in there.items() if c.rows or (not p and len(there) == 1)}

    def digest(self, port: str) -> str:
        """One digest for all that ``<domain>.<port>`` holds."""
        return digest_of(sorted((p, content.digest) for p, content in self.held(port).items()))

    def pointer(self, port: str) -> str | None:
        """Where the name of ``<domain>.<port>`` points in this layer alone."""
        return self.pins.get(port) if self.below is None else self.own.get(port)

    def frozen(self, earlier: State, building: Collection[str]) -> State:
        """This state, but with every port outside ``building`` as it was ``earlier``."""
        outside = earlier.pins.keys() - set(building)
        return replace(
            self,
            pins={**self.pins, **{name: earlier.pins[name] for name in outside}},
            contents={**self.contents, **{name: earlier.contents.get(name, {}) for name in outside}},
        )

    def returned(self, ports: Collection[str]) -> State:
        """This state with some ports (``<domain>.<port>``) as production has them."""
        if self.below is None or not ports:
            return self
        return replace(
            self,
            pins=_instead(self.pins, self.below.pins, ports),
            contents=_instead(self.contents, self.below.contents, ports),
            audits=_instead(self.audits, self.below.audits, ports),
        )

    def base_of(self, product: Product) -> State:
        """What a build of ``product`` starts from: where production moved, its ports are made on production again."""
        return self.returned([port.key for port in product.ports]) if product.key in self.moved else self

    @classmethod
    def of(cls, database: Database, environment: str = PRODUCTION) -> State:
        """Read in one transaction; empty where there is no catalog yet."""
        if not database.exists:
            return cls({}, {}, {}, {})
        with database.read() as connection:
            return cls.read(connection, environment)

    @classmethod
    def read(cls, connection: Connection, environment: str = PRODUCTION) -> State:
        """:meth:`of`, within a transaction."""
        landings = landing.latest(connection)
        published = pins.own(connection, PRODUCTION)
        # A port that was retired has records, and holds nothing.
        held = {name: content for name, content in records.contents(connection).items() if name in published}
        production = cls(published, held, landings, records.last_audits(connection))
        if environment == PRODUCTION:
            return production
        own = pins.own(connection, environment)
        mine, judged = records.contents(connection, environment), records.last_audits(connection, environment)
        layered = {**production.pins, **own}
        return cls(
            layered,
            {**production.contents, **{port: _contents(port in own, production, port, mine) for port in mine}},
            landing.latest(connection, environment),
            {**production.audits, **{p: a for p, a in judged.items() if _is_newest(a, production, layered, p)}},
            production,
            own,
            _moved(connection, environment, own),
            _sample(connection, environment),
        )


def _sample(connection: Connection, environment: str) -> Sample | None:
    made = environments.known_to(connection).get(environment)
    return Sample.parse(made.sample) if made and made.sample else None


def _instead(mine: Mapping[str, T], below: Mapping[str, T], ports: Collection[str]) -> dict[str, T]:
    kept = {name: value for name, value in mine.items() if name not in ports}
    return kept | {name: below[name] for name in ports if name in below}


def _contents(held: bool, below: State, port: str, mine: Mapping[str, Mapping[str, Content]]) -> Mapping[str, Content]:
    """What a port holds: the layer's own records of it, or production's.

    Where the layer has no snapshot of its own, since its build made what production holds, its newer record stands
    beside: the key of the change, for the same rows.
    """
    if held:
        return mine[port]
    there = below.contents.get(port, {})
    return {partition: _newer(content, mine[port].get(partition)) for partition, content in there.items()}


def _newer(below: Content, mine: Content | None) -> Content:
    same = mine is not None and (mine.digest, mine.engine) == (below.digest, below.engine)
    return mine if mine is not None and same and mine.seq > below.seq else below


def _is_newest(audit: Mapping[str, object], below: State, pins_: Mapping[str, str], port: str) -> bool:
    """Whether an audit of the layer is the last one of what its name points to."""
    other = below.audits.get(port)
    if audit["metadata_location"] != pins_.get(port):
        return False
    return other is None or other["metadata_location"] != pins_.get(port) or _number(audit) > _number(other)


def _number(audit: Mapping[str, object]) -> int:
    return int(str(audit["seq"]))


def _moved(connection: Connection, environment: str, own: Collection[str]) -> frozenset[str]:
    there = records.newest_publishes(connection, PRODUCTION)
    return frozenset(
        product
        for product, (seq, ports) in records.newest_publishes(connection, environment).items()
        if not ports.isdisjoint(own) and product in there and there[product][0] > seq
    )
