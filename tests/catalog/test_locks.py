"""One build of a product at a time."""

from __future__ import annotations

import threading

import pytest

from meshwright.catalog.locks import is_held, lock_name, lock_path, product_lock
from meshwright.config import Settings
from meshwright.errors import UnavailableError
from support.processes import Helper

PRODUCT = "sales/point_of_sale"


def test_second_waits_and_says_so(settings: Settings, helper: Helper) -> None:
    holder = helper.hold(settings, PRODUCT)
    said: list[str] = []
    timer = threading.Timer(0.3, holder.release)
    timer.start()
    with product_lock(settings, PRODUCT, on_wait=lambda: said.append("waiting")):
        assert holder.process.wait(timeout=30) == 0
    timer.join()
    assert said == ["waiting"]


def test_free_lock_is_taken_in_silence(settings: Settings) -> None:
    with product_lock(settings, PRODUCT, on_wait=lambda: pytest.fail("nobody else holds it")):
        assert is_held(settings, PRODUCT)
    assert not is_held(settings, PRODUCT)


def test_death_releases_it(settings: Settings, helper: Helper) -> None:
    holder = helper.hold(settings, PRODUCT)
    assert is_held(settings, PRODUCT)
    holder.kill()
    assert not is_held(settings, PRODUCT)
    with product_lock(settings, PRODUCT, timeout=0):
        pass


def test_patience_may_end(settings: Settings, helper: Helper) -> None:
    helper.hold(settings, PRODUCT)
    with (
        pytest.raises(UnavailableError, match=rf"{PRODUCT} was still being built .* after 0\.1 s") as refused,
        product_lock(settings, PRODUCT, timeout=0.1),
    ):
        pass
    assert (refused.value.exit_code, refused.value.faults[0].command) == (3, "mesh status")


def test_products_do_not_wait_for_each_other(settings: Settings, helper: Helper) -> None:
    helper.hold(settings, "sales/other")
    with product_lock(settings, PRODUCT, timeout=0):
        pass


def test_error_inside_releases_it(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), product_lock(settings, PRODUCT):
        raise ZeroDivisionError
    assert not is_held(settings, PRODUCT)


def test_nobody_ever_built_it(settings: Settings) -> None:
    assert not is_held(settings, PRODUCT)
    assert not settings.locks.exists()


def test_lock_that_cannot_be_made(settings: Settings) -> None:
    settings.state_dir.mkdir()
    settings.locks.write_text("a file in the place of the folder")
    with pytest.raises(UnavailableError, match=f"cannot lock {PRODUCT}"), product_lock(settings, PRODUCT):
        pass


@pytest.mark.parametrize("name", [PRODUCT, "sales/landing/transactions"])
def test_a_file_tells_what_it_locks(settings: Settings, name: str) -> None:
    assert lock_name(lock_path(settings, name)) == name
