"""kill -9 at any instant of a build: readers see a whole product, the next build works, no orphan stays."""

from __future__ import annotations

import random
import signal
import time
from datetime import timedelta
from decimal import Decimal

import pytest

from meshwright.catalog.gc import Collected, collect
from meshwright.spec.index import index
from support import forks
from support.orphans import orphans
from support.tiny import ORDERS_A_WEEK, WEEKS, TinyMesh, lines_of

TORN = """
select count(*) from (select order_id, sum(amount) as amount from mesh.shop.lines group by order_id) l
full join mesh.shop.orders o using (order_id) where l.amount is distinct from o.amount
"""
STEPS = ["locked", "planned", "bound", "built", "checked", "audited", "swapped"]
PORTS = ("lines", "orders", "customers")
SUMS = "select (select sum(amount) from mesh.shop.lines), (select sum(amount) from mesh.shop.orders)"


class Trials:
    """One mesh that is changed, built, killed and looked at, again and again."""

    def __init__(self, mesh: TinyMesh) -> None:
        self.mesh, self.number = mesh, 0

    def change(self) -> None:
        """Another week's source and another customer: all ports of the product have something to do."""
        self.number += 1
        self.mesh.put_lines(self.number % WEEKS + 1, lines_of(self.number % WEEKS + 1, 1 + self.number / 4))
        self.mesh.put_people([f"Person {i}" for i in range(6 + self.number)])

    def killed_at(self, step: str) -> list[str]:
        """What a build said that killed itself at a step."""
        with forks.forked(forks.build, self.mesh.root, step) as (process, connection):
            said = forks.heard(connection)
            process.join()
            assert process.exitcode == -signal.SIGKILL, (step, said)
        return said

    def killed_after(self, step: str, seconds: float) -> list[str]:
        """What a build said that was killed some time after a step."""
        with forks.forked(forks.build, self.mesh.root, None) as (process, connection):
            said = list(iter(connection.recv, step))
            time.sleep(seconds)
            process.kill()
            return [*said, step, *forks.heard(connection)]

    def build(self) -> None:
        """A build in this process that must succeed."""
        self.mesh.build()

    def collect(self) -> Collected:
        products = index(self.mesh.root).ports_of
        return collect(self.mesh.settings, self.mesh.database, products, grace=timedelta(0), dry_run=False)

    def require_whole(self, when: str) -> tuple[Decimal, Decimal] | None:
        """A read sees no product or a whole one; the sums that it saw."""
        if "shop.lines" not in self.mesh.pins():
            assert not [name for name in self.mesh.pins() if name.startswith("shop.")], when
            return None
        assert self.mesh.sql(TORN) == [(0,)], when
        (sums,) = self.mesh.sql(SUMS)
        assert sums[0] == sums[1], when
        return sums

    def require_recovery(self, when: str) -> None:
        """No orphan stays, and the next build makes good what was lost."""
        before = self.require_whole(when)
        self.collect()
        assert orphans(self.mesh) == set(), when
        assert self.require_whole(f"collected after {when}") == before
        self.build()
        assert self.require_whole(f"built after {when}") is not None
        assert self.mesh.plan("shop/orders").is_noop, when
        assert self.mesh.sql("select count(*) from mesh.shop.customers") == [(6 + self.number,)], when


@pytest.mark.timeout(900)
def test_killed_at_every_step(built_mesh: TinyMesh) -> None:
    trials = Trials(built_mesh)
    trials.change()
    trials.build()
    steps = built_mesh.steps[: built_mesh.steps.index("swapped") + 1]
    assert [step for step in steps if " " not in step] == STEPS
    wanted = {f"{did} {port}" for did in ("staged", "committed") for port in PORTS}
    assert {step for step in steps if " " in step} == {*wanted, "before swap"}
    for step in steps:
        trials.change()
        before = trials.require_whole(step)
        trials.killed_at(step)
        assert (trials.require_whole(step) != before) == (step == "swapped"), step
        trials.require_recovery(step)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", ["locked", "staged lines", "committed lines", "before swap", "swapped"])
def test_first_build_killed(tiny_mesh: TinyMesh, step: str) -> None:
    trials = Trials(tiny_mesh)
    trials.killed_at(step)
    assert ("shop.lines" in tiny_mesh.pins()) == (step == "swapped")
    trials.require_recovery(step)
    assert tiny_mesh.sql("select count(*) from mesh.shop.orders") == [(WEEKS * ORDERS_A_WEEK,)]


@pytest.mark.timeout(900)
def test_killed_at_random_instants(built_mesh: TinyMesh) -> None:
    """Somewhere between two steps, wherever the disk, the catalog and the scheduler are by then."""
    trials = Trials(built_mesh)
    trials.change()
    trials.build()
    steps = ["started", *built_mesh.steps[: built_mesh.steps.index("swapped") + 1]]
    for n in range(15):
        trials.change()
        said = trials.killed_after(random.choice(steps), random.uniform(0, 0.15))
        trials.require_recovery(f"kill {n} after {said}")
