"""One build of a product at a time: a file lock, which the death of its holder releases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from meshwright.config import PRODUCTION, Settings, in_environment
from meshwright.errors import Fault, UnavailableError


def lock_path(settings: Settings, product: str, environment: str = PRODUCTION) -> Path:
    """The lock file of ``<domain>/<product>`` in one environment."""
    return settings.locks / f"{in_environment(product.replace('/', '__'), environment)}.lock"


def lock_name(path: Path) -> str:
    """What a lock file is of: the way back from :func:`lock_path`, ``<environment>@`` before it where it has one."""
    return path.stem.replace("__", "/")


def parse_lock(domain: str) -> str:
    """The name under which the preparation of a domain's dbt project is locked."""
    return f"{domain}/dbt/parse"


@contextmanager
def gate(settings: Settings) -> Iterator[None]:
    """Keep environments and their locks as they are: nobody makes one of either meanwhile.

    Who holds it and then takes the locks that there are has excluded every build in an environment.
    """
    try:
        settings.locks.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.locks / ".environments"):
            yield
    except OSError as error:
        raise UnavailableError(Fault(f"cannot lock the environments: {error}", command="mesh doctor")) from error


@contextmanager
def product_lock(
    settings: Settings,
    product: str,
    *,
    environment: str = PRODUCTION,
    on_wait: Callable[[], None] = lambda: None,
    timeout: float = -1,
) -> Iterator[None]:
    """Hold the product (or ``<domain>/landing/<source>``) in one environment, where others do not disturb.

    ``on_wait`` is called once where somebody else holds it. A negative ``timeout`` waits for ever. UnavailableError
    where ``timeout`` seconds were not enough, or the lock cannot be made.
    """
    path = lock_path(settings, product, environment)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if environment != PRODUCTION:
            with gate(settings):
                path.touch()
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait()
            lock.acquire(timeout=timeout)
    except Timeout as error:
        raise UnavailableError(
            Fault(f"{product} was still being built by somebody else after {timeout:g} s", command="mesh status")
        ) from error
    except OSError as error:
        raise UnavailableError(Fault(f"cannot lock {product}: {error}", command="mesh doctor")) from error
    try:
        yield
    finally:
        lock.release()


def is_held(settings: Settings, product: str, environment: str = PRODUCTION) -> bool:
    """Whether a live process holds the product in an environment."""
    path = lock_path(settings, product, environment)
    if not path.exists():
        return False
    try:
        with FileLock(path).acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # what cannot be locked, as on a disk that is read-only, nobody builds
