"""From what changes to everybody whom it reaches, statement by statement."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from meshwright.check.impact.cells import ROWS, ByCell, Cell, column_of
from meshwright.check.impact.model import Consumer, Hit, Reader, Statement, Target, World
from meshwright.check.impact.readers import READERS
from meshwright.spec.model import Mesh

_WEAK = ("rows", "names")
"""What is told of a consumer only where there is nothing stronger to tell."""
_OF_A_PORT = {"product": "reads", "rule": "checks", "test": "checks", "expectation": "expects"}
"""What the kinds of consumers do with a port as such."""
_ORDER = ("reads", "filters", "joins", "groups", "sorts", "checks", "expects", "may use", "names", "rows")


def hits(
    world: World, targets: Sequence[Target], readers: Mapping[str, Reader] = READERS
) -> Mapping[Target, tuple[Hit, ...]]:
    """Whom a change of each target reaches, those who read it themselves first."""
    ports = reached(world.mesh, {target.port for target in targets})
    found = [s for reader in readers.values() for s in reader.statements(world, ports)]
    readings = Readings(found)
    return {target: readings.hits(target) for target in dict.fromkeys(targets)}


def reached(mesh: Mesh, ports: Collection[str]) -> frozenset[str]:
    """``ports``, those published together with them, and all that products make of any of them."""
    found = set(ports)
    for product in mesh.products.values():
        mine = {port.key for port in product.ports}
        if mine & found or any(input_.port in found for input_ in product.inputs):
            found |= mine
    return frozenset(found)


@dataclass(eq=False)
class _Read:
    """A statement with its lineage turned round: which of its columns come of a cell."""

    statement: Statement

    @cached_property
    def made_of(self) -> ByCell[str]:
        found = ByCell[str]()
        for name, cells in self.statement.lineage.outputs.items():
            for cell in cells:
                found.put(cell, name)
        return found

    @cached_property
    def used_by(self) -> ByCell[str]:
        found = ByCell[str]()
        for cell, words in self.statement.lineage.uses.items():
            for how in words:
                found.put(cell, how)
        return found

    @cached_property
    def named(self) -> ByCell[Cell]:
        found = ByCell[Cell]()
        for cell in self.statement.lineage.named:
            found.put(cell, cell)
        return found

    def effects(self, cell: Cell) -> Iterator[tuple[str, str | None]]:
        """What it does with a cell that changes, and which of its own columns changes by that."""
        lineage, (table, column) = self.statement.lineage, cell
        if lineage.opaque:
            yield "may use", ROWS
        elif column == ROWS:
            yield from ((how, ROWS) for how in sorted(lineage.uses.get(cell, {"rows"})))
        else:
            made, uses = self.made_of.meeting(cell), self.used_by.meeting(cell)
            yield from (("reads", name) for name in made)
            yield from ((how, ROWS) for how in sorted(uses))
            if table in lineage.open and column_of(column) not in made:
                yield "reads", column
            elif not made and not uses and self.named.inside(cell):
                yield "names", None


@dataclass
class _Met:
    """What is known so far of one consumer that is hit."""

    entry: tuple[Cell, ...]
    statement: Statement
    how: set[str] = field(default_factory=set)
    models: dict[str, None] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)
    reason: str = ""


class Readings:
    """Statements by what they read; asked once for each target."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._by_table: dict[str, list[_Read]] = {}
        self._made_by: dict[str, set[str]] = {}
        for statement in statements:
            self._made_by.setdefault(statement.consumer.name, set()).add(statement.makes)
            read = _Read(statement)
            for table in statement.lineage.tables:
                self._by_table.setdefault(table, []).append(read)

    def hits(self, target: Target) -> tuple[Hit, ...]:
        """Everybody but the product that publishes the target."""
        start = (target.port, ROWS if target.column is None else target.column)
        before: dict[Cell, Cell | None] = {start: None}
        todo, met = deque([start]), dict[Consumer, _Met]()
        while todo:
            cell = todo.popleft()
            for read in self._by_table.get(cell[0], ()):
                for how, column in read.effects(cell):
                    kind = read.statement.consumer.kind
                    said = _OF_A_PORT[kind] if target.column is None and cell == start and how == "rows" else how
                    if read.statement.consumer.name != target.owner:
                        own = self._made_by[read.statement.consumer.name]
                        entry = tuple(c for c in _chain(before, cell) if c[0] not in own)
                        _meet(met, read.statement, said, column, entry)
                    made = (read.statement.makes, column) if column is not None else None
                    if made is not None and made not in before:
                        before[made] = cell
                        todo.append(made)
        # That rows which a rule looks at may be others is nothing to tell its owner.
        told = [(c, seen) for c, seen in met.items() if c.kind == "product" or seen.how != {"rows"}]
        found = [_hit(consumer, seen) for consumer, seen in told]
        return tuple(sorted(found, key=lambda hit: (len(hit.via), hit.consumer.name, hit.consumer.kind)))


def _chain(before: Mapping[Cell, Cell | None], cell: Cell) -> tuple[Cell, ...]:
    """The cells of ports from the start up to ``cell``."""
    found: list[Cell] = []
    here: Cell | None = cell
    while here is not None:
        if _is_port(here[0]):
            found.append(here)
        here = before[here]
    return tuple(reversed(found))


def _is_port(name: str) -> bool:
    return "/" not in name and "#" not in name


def _meet(
    met: dict[Consumer, _Met], statement: Statement, how: str, column: str | None, entry: tuple[Cell, ...]
) -> None:
    seen = met.setdefault(statement.consumer, _Met(entry, statement))
    if len(entry) < len(seen.entry):
        seen.entry, seen.statement = entry, statement
    seen.how.add(how)
    seen.models[statement.name] = None
    seen.reason = seen.reason or statement.lineage.opaque
    if column not in (None, ROWS) and _is_port(statement.makes):
        seen.columns[f"{statement.makes}.{column}"] = None


def _hit(consumer: Consumer, seen: _Met) -> Hit:
    port, column = seen.entry[-1]
    strong = seen.how.difference(_WEAK) or seen.how
    how = tuple(word for word in _ORDER if word in strong)
    line = seen.statement.line or _line_of(seen.statement, port, column)
    return Hit(
        consumer, port, None if column == ROWS else column, how, tuple(map(_named, seen.entry)),
        tuple(seen.models), tuple(seen.columns), seen.statement.file, line, seen.reason,
    )  # fmt: skip


def _named(cell: Cell) -> str:
    return cell[0] if cell[1] == ROWS else ".".join(cell)


def _line_of(statement: Statement, port: str, column: str) -> int | None:
    """The first line of its file that names the column or field, else the column of the field, else the port."""
    if not statement.file.is_file():
        return None
    rows = statement.file.read_text(encoding="utf-8", errors="replace").splitlines()
    for word in (column, column_of(column), port.partition(".")[2]):
        for number, row in enumerate(rows, 1):
            if word != ROWS and re.search(rf"\b{re.escape(word)}\b", row, re.IGNORECASE):
                return number
    return None
