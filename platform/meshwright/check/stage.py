"""What a stage of a check is, and where they are found.

A stage is one class in a module of its own, ``meshwright/check/stages/<name>.py``::

    class Names(Stage):
        '''No port is called after its table.'''

        order = 150
        after = ("spec",)

        def run(self, subject: Subject) -> Iterator[Finding]:
            for product in subject.products:
                for port in product.ports:
                    if port.name.startswith("tbl_"):
                        yield self.error("table-prefix", port.where.fault("says it is a table"), product)

Its name is that of its file. Modules import heavy libraries (Dagster, dbt, sqlglot …) within functions, since the
help of the command imports them all.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from meshwright.check.model import Finding, Severity
from meshwright.errors import Fault, InputError
from meshwright.spec.model import Product
from meshwright.spec.words import listed, nearest

if TYPE_CHECKING:
    from meshwright.check.subject import Subject

PACKAGE = "meshwright.check.stages"


class Skip(Exception):  # noqa: N818 - it is no error
    """Raised by a stage that cannot or need not run, with the reason: ``skipped because …``."""


class Stage(ABC):
    """One stage; an instance runs once.

    ``order`` is its place among the others: spec 100, policy 200, code 300, and so on. ``after`` are stages without
    whose success it makes no sense: where one of them failed, it is skipped. ``needs_products``: it looks at products
    that could be read, and is skipped where none is selected. ``needs_all_rows``: it compares what was built with what
    production has, and is skipped where that was built on a sample. ``facts`` are what it has to tell besides findings,
    as JSON has them. The docstring's first line is its help.
    """

    order: ClassVar[int]
    after: ClassVar[tuple[str, ...]] = ()
    needs_products: ClassVar[bool] = True
    needs_all_rows: ClassVar[bool] = False
    name: ClassVar[str]

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}

    @abstractmethod
    def run(self, subject: Subject) -> Iterable[Finding]:
        """Look at the subject.

        A MeshError becomes a finding for each of its faults, named after the stage; :class:`Skip` skips it.
        """

    def error(self, rule: str, fault: Fault, product: Product | str | None = None) -> Finding:
        """A finding that fails the check."""
        return self._finding(rule, "error", fault, product)

    def warning(self, rule: str, fault: Fault, product: Product | str | None = None) -> Finding:
        """A finding that warns."""
        return self._finding(rule, "warning", fault, product)

    def note(self, rule: str, fault: Fault, product: Product | str | None = None) -> Finding:
        """A finding that is only told."""
        return self._finding(rule, "note", fault, product)

    def _finding(self, rule: str, severity: Severity, fault: Fault, product: Product | str | None) -> Finding:
        return Finding(self.name, rule, severity, fault, product.key if isinstance(product, Product) else product)


def names() -> list[str]:
    """The names of all stages, by their files; nothing is imported."""
    package = importlib.import_module(PACKAGE)
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))


def stage_of(name: str) -> type[Stage]:
    """The stage in the module of that name."""
    module = importlib.import_module(f"{PACKAGE}.{name}")
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Stage) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} holds {len(found)} stages; a module holds one")
    found[0].name = name
    return found[0]


def stages() -> Mapping[str, type[Stage]]:
    """All stages by name, in the order in which they run."""
    found = [stage_of(name) for name in names()]
    return {stage.name: stage for stage in sorted(found, key=lambda stage: (stage.order, stage.name))}


def chosen(only: Sequence[str], skip: Sequence[str]) -> list[type[Stage]]:
    """The stages to run: all, or ``only`` some, without those to ``skip``.

    InputError naming each that is none, with the nearest that is.
    """
    known = stages()
    faults = [
        Fault(f"there is no stage {name[:60]!r}: {listed(known)}", key=option, suggestion=nearest(name, known))
        for option, given in (("--only", only), ("--skip", skip))
        for name in given
        if name not in known
    ]
    found = [stage for name, stage in known.items() if (not only or name in only) and name not in skip]
    if not found and not faults:
        faults = [Fault("--only and --skip leave no stage to run", key="--skip")]
    if faults:
        raise InputError(*faults)
    return found
