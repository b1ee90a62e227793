"""A build of the change beside production: an environment of its own, gone when the check is over."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from meshwright.build.context import whoever
from meshwright.build.plan import Planner
from meshwright.build.product import ProductResult
from meshwright.build.sampling import Sample
from meshwright.build.sources import Source
from meshwright.build.state import State
from meshwright.catalog import environments
from meshwright.catalog.database import Database
from meshwright.catalog.locks import product_lock
from meshwright.config import Settings
from meshwright.errors import MeshError
from meshwright.orchestration.session import Listener
from meshwright.spec.graph import downstream, upstream
from meshwright.spec.model import Mesh, Product

Say = Callable[[str], None]
_NAME = re.compile(r"check_[0-9a-f]{12}")
_ALIVE = "check/trial"
"""What is locked in a trial's environment as long as its check runs."""


@dataclass
class Heard(Listener):
    """What a build told: results, and errors by landing or product. ``say`` takes a line for each that ends."""

    say: Say
    results: list[ProductResult] = field(default_factory=list)
    errors: dict[str, MeshError] = field(default_factory=dict)

    def landed(self, source: Source, rows: int, seconds: float) -> None:
        """A source has landed."""
        self.say(f"landed {source.key}: {rows:,} rows in {seconds:.1f} s")

    def built(self, result: ProductResult) -> None:
        """A product was built, or found to be current."""
        self.results.append(result)
        self.say(f"{result.verdict} {result.product.key}: {result.rows:,} rows in {result.seconds:.1f} s")

    def failed(self, name: str, error: MeshError) -> None:
        """A landing or a product ended with an error."""
        self.errors[name] = error
        self.say(f"failed {name}")


@dataclass(frozen=True)
class Trial:
    """What was built into an environment of its own.

    ``skipped`` are products that were not built because of another. ``start`` is what production had when it began:
    all that was not built was read as it was then. ``held`` is the lock that tells others that the check is alive.
    """

    environment: str
    database: Database
    heard: Heard
    skipped: tuple[str, ...]
    start: State
    held: contextlib.ExitStack

    @property
    def made(self) -> State:
        """What the environment holds now."""
        return State.of(self.database, self.environment)

    def close(self, settings: Settings) -> None:
        """Take the environment away; its files go with the next garbage collection."""
        self.held.close()
        with contextlib.suppress(MeshError):
            environments.drop(settings, self.database, self.environment)
        self.database.close()


def build(
    settings: Settings, mesh: Mesh, changed: Collection[str], say: Say, *, following: Collection[str] = (),
    sample: Sample | None = None,
) -> Trial:  # fmt: skip
    """Build the products ``changed`` and whoever reads them, on what production has; what that lacks is built too.

    Sources of the domains ``following`` are landed as production would land them next. ``sample``: on a part of the
    data. A product whose content is the same stops there: who reads it is not built. Failures are in ``heard``.
    """
    from meshwright.orchestration.execute import execute
    from meshwright.orchestration.session import Session

    database, name = Database(settings), f"check_{uuid.uuid4().hex[:12]}"
    _sweep(settings, database)
    held = contextlib.ExitStack()
    held.enter_context(product_lock(settings, _ALIVE, environment=name))
    environments.create(settings, database, name, whoever(), str(sample) if sample else None)
    heard = Heard(say)
    state = State.of(database, name)
    trial = Trial(name, database, heard, (), state, held)
    with contextlib.ExitStack() as undone:  # Ctrl-C too must not leave an environment behind
        undone.callback(trial.close, settings)
        planner = Planner(settings, mesh, state, environment=name, following=following)
        plans = planner.plan_all(concerned(mesh, changed, state))
        if any(plan.is_due for plan in plans):
            session = Session(settings, mesh, listener=heard, environment=name, following=following)
            trial = replace(trial, skipped=execute(session, plans, partitions=None, force=False).skipped)
        undone.pop_all()
    heard.errors |= {plan.product.key: plan.error for plan in plans if plan.error}
    return trial


def _sweep(settings: Settings, database: Database) -> None:
    """Take away what checks that were killed left; one that is alive holds a lock, for which it is refused."""
    for name in environments.known(database):
        if _NAME.fullmatch(name):
            with contextlib.suppress(MeshError):
                environments.drop(settings, database, name)


def concerned(mesh: Mesh, changed: Collection[str], state: State) -> tuple[Product, ...]:
    """The products to look at: those that changed, their readers, and what these need and nobody published yet."""
    products = list(mesh)
    wanted = downstream(products, [key for key in changed if key in mesh.products])
    lacking = {p.key for p in products if any(port.key not in state.pins for port in p.ports)}
    needed = upstream(products, wanted) & lacking
    return tuple(product for product in products if product.key in wanted | needed)
