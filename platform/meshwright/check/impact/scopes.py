"""One qualified statement, scope by scope from the inside: where the values and the rows of each come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meshwright.check.impact.cells import ROWS, Cell, Schema, column_of, within
from meshwright.check.impact.fields import fields_of, root_of

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope


class Unfollowed(Exception):  # noqa: N818 - it never leaves this package
    """A construct whose columns cannot be told apart."""


@dataclass
class Facts:
    """As :class:`Lineage`, of one scope and all that it reads. ``plain`` are outputs that are a column unchanged."""

    tables: set[str] = field(default_factory=set)
    outputs: dict[str, set[Cell]] = field(default_factory=dict)
    plain: dict[str, Cell] = field(default_factory=dict)
    uses: dict[Cell, set[str]] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def give(self, name: str, cells: Iterable[Cell], plain: Cell | None) -> None:
        """An output column; one of two with the same name is not told from the other."""
        if plain is not None and name not in self.outputs:
            self.plain[name] = plain
        else:
            self.plain.pop(name, None)
        self.outputs.setdefault(name, set()).update(cells)

    def use(self, cells: Iterable[Cell], how: str) -> None:
        """The cells decide which rows there are."""
        for cell in cells:
            self.uses.setdefault(cell, set()).add(how)

    def take(self, other: Facts) -> None:
        """Rows of ``other`` are rows of this."""
        self.tables |= other.tables
        for cell, hows in other.uses.items():
            self.uses.setdefault(cell, set()).update(hows)

    def everything(self) -> set[Cell]:
        """All that it rests on: what a value does that is computed of it whole."""
        values = {cell for cells in self.outputs.values() for cell in cells}
        return values | self.uses.keys() | {(table, ROWS) for table in self.tables}

    def lookup(self, column: str) -> set[Cell]:
        """The cells that a column of it comes from."""
        if column in self.outputs:
            return self.outputs[column]
        return {(table, column) for table in self.open} or self.everything()


class Reading:
    """The scopes of one statement; ``named`` are the cells that its text names, ``tables`` all that it reads."""

    def __init__(self, schema: Schema, root: Scope) -> None:
        self.schema = schema
        self.root = root
        self.scopes = {id(scope.expression): scope for scope in root.traverse()}
        self.facts: dict[int, Facts] = {}
        self.named: set[Cell] = set()
        self.tables: set[str] = set()

    def whole(self) -> Facts:
        """The facts of the statement; scopes that nothing reads are read too, since DuckDB may refuse them."""
        for scope in self.scopes.values():
            self.of(scope)
        return self.of(self.root)

    def of(self, scope: Scope) -> Facts:
        """The facts of a scope, found once."""
        key = id(scope)
        if key not in self.facts:
            self.facts[key] = self._union(scope) if _is_union(scope) else self._select(scope)
        return self.facts[key]

    def _union(self, scope: Scope) -> Facts:
        facts, tree = Facts(), scope.expression
        left, right = (self.of(self._scope_of(side)) for side in (tree.this, tree.expression))
        for side in (left, right):
            facts.take(side)
            facts.open |= side.open
        by_name = bool(tree.args.get("by_name"))
        names = list(dict.fromkeys([*left.outputs, *right.outputs])) if by_name else list(left.outputs)
        others = {name: name for name in names} if by_name else dict(zip(names, right.outputs, strict=False))
        for name in names:
            facts.outputs[name] = left.outputs.get(name, set()) | right.outputs.get(others.get(name, ""), set())
        if tree.args.get("distinct") is not False or tree.key != "union":
            facts.use({cell for side in (left, right) for cells in side.outputs.values() for cell in cells}, "groups")
        self._ordered(scope, facts)
        return facts

    def _scope_of(self, tree: exp.Expr) -> Scope:
        inner = tree.unnest()
        if id(inner) not in self.scopes:
            raise Unfollowed(f"a {inner.key} stands where a SELECT is looked for")
        return self.scopes[id(inner)]

    def _select(self, scope: Scope) -> Facts:
        from sqlglot import exp

        facts, tree = Facts(), scope.expression
        if not isinstance(tree, exp.Select):
            return self._udtf(scope)
        for _, source in scope.selected_sources.values():
            if isinstance(source, exp.Expr):
                if (table := self._table(source)) is not None:
                    facts.tables.add(table)
            else:
                facts.take(self.of(source))
        for projection in tree.selects:
            self._projected(scope, projection, facts)
        for how, part in _clauses(tree):
            facts.use(self._cells(scope, part), how)
        if _groups_all(tree):
            facts.use({cell for cells in facts.outputs.values() for cell in cells}, "groups")
        self._ordered(scope, facts)
        return facts

    def _ordered(self, scope: Scope, facts: Facts) -> None:
        for name in ("order", "limit", "offset"):
            if part := scope.expression.args.get(name):
                if name == "order" and _is_all(part):
                    facts.use({cell for cells in facts.outputs.values() for cell in cells}, "sorts")
                facts.use(self._ordering(scope, part, facts), "sorts")

    def _ordering(self, scope: Scope, part: exp.Expr, facts: Facts) -> set[Cell]:
        """What a clause after the projection names: output columns first."""
        from sqlglot import exp

        found = self._cells(scope, part, but=facts.outputs.keys())
        for column in part.find_all(exp.Column):
            if not column.table and column.name in facts.outputs:
                found |= facts.outputs[column.name]
        return found

    def _udtf(self, scope: Scope) -> Facts:
        """UNNEST, VALUES, a table function: each of its columns comes from all that it is given."""
        facts = Facts()
        cells = self._cells(scope, scope.expression)
        facts.use(cells, "joins")
        facts.outputs = _Anything(cells)
        return facts

    def _projected(self, scope: Scope, projection: exp.Expr, facts: Facts) -> None:
        from sqlglot import exp

        if not projection.is_star:
            cells = self._cells(scope, projection)
            value = projection.unalias()
            plain = self._plain(scope, value) if isinstance(value, exp.Column) else None
            facts.give(projection.alias_or_name, cells, plain)
            if projection.find(exp.Unnest, exp.Explode):
                facts.use(cells, "joins")
            return
        star = projection.this if isinstance(projection, exp.Column) else projection
        if any(value for value in star.args.values()):
            raise Unfollowed("* EXCLUDE or REPLACE of a table whose columns nobody knows")
        wanted = projection.table if isinstance(projection, exp.Column) else ""
        for name, (_, source) in scope.selected_sources.items():
            if not wanted or name == wanted:
                self._passed_on(source, facts)

    def _passed_on(self, source: exp.Expr | Scope, facts: Facts) -> None:
        """All columns of a source become output columns."""
        from sqlglot import exp

        if not isinstance(source, exp.Expr):
            inner = self.of(source)
            facts.open |= inner.open
            for name, cells in inner.outputs.items():
                facts.give(name, cells, inner.plain.get(name))
        elif (table := self._table(source)) is not None:
            columns = self.schema[table]
            if columns is None:
                facts.open.add(table)
            for name in columns or ():
                facts.give(name, {(table, name)}, (table, name))

    def _table(self, table: exp.Expr) -> str | None:
        """The table's name in the schema; None where it has none: a function, or a table nobody asks for."""
        from sqlglot import exp

        if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
            return None
        name = f"{table.catalog}.{table.db}.{table.name}".lower()
        if name not in self.schema:
            return None
        self.tables.add(name)
        return name

    def _cells(self, scope: Scope, tree: exp.Expr, but: Iterable[str] = ()) -> set[Cell]:
        """The cells that an expression rests on, those of the queries inside it too."""
        from sqlglot import exp

        found: set[Cell] = set()
        for node in tree.walk(prune=lambda n: id(n) in self.scopes and n is not tree):
            if id(node) in self.scopes and node is not tree:
                found |= self.of(self.scopes[id(node)]).everything()
            elif isinstance(node, exp.Column) and not (not node.table and node.name in but):
                found |= self._column(scope, node)
            elif isinstance(node, exp.TableColumn):
                found |= self._row_of(scope, node.name)
            elif isinstance(node, exp.Dot) and (root := root_of(node)) is not None:
                found |= self._anywhere(scope, root)
        return found

    def _anywhere(self, scope: Scope, name: str) -> set[Cell]:
        """What a name stands for that belongs to no table: a column of one that is read here or around."""
        cells: set[Cell] = set()
        around: Scope | None = scope
        while around is not None:
            for _, source in around.selected_sources.values():
                cells |= self._cells_of(source, name, sure=False)
            around = around.parent
        return cells

    def _column(self, scope: Scope, column: exp.Column) -> set[Cell]:
        name = column.name
        sources = [self._source(scope, column.table)] if column.table else list(scope.selected_sources.values())
        plain, cells = self._plain(scope, column), set[Cell]()
        if sources == [None]:
            return {cell for part in column.parts[:-1] for cell in self._anywhere(scope, part.name)}
        for source in (found[1] for found in sources if found is not None):
            cells |= self._cells_of(source, name, sure=bool(column.table))
        if not column.table:
            cells |= self._row_of(scope, name)
        if plain is not None and (fields := fields_of(column)):
            cells = {(plain[0], within(plain[1], fields))}
        if "line" in column.this.meta:
            self.named |= {cell for cell in cells if column_of(cell[1]) == name}
        return cells

    def _plain(self, scope: Scope, column: exp.Column) -> Cell | None:
        """The one cell that a column is, unchanged; None where it is computed, or nobody knows."""
        from sqlglot import exp

        found = self._source(scope, column.table) if column.table else None
        if found is None:
            return None
        if not isinstance(found[1], exp.Expr):
            return self.of(found[1]).plain.get(column.name)
        table = self._table(found[1])
        columns = self.schema[table] if table is not None else ()
        return (table, column.name) if table is not None and (columns is None or column.name in columns) else None

    def _cells_of(self, source: exp.Expr | Scope, name: str, *, sure: bool) -> set[Cell]:
        from sqlglot import exp

        if not isinstance(source, exp.Expr):
            facts = self.of(source)
            return facts.lookup(name) if sure or name in facts.outputs or facts.open else set()
        table = self._table(source)
        if table is None:
            return set()
        columns = self.schema[table]
        if columns is None or name in columns:
            return {(table, name)}
        # A name that is no column of its table may be the whole row, or what the platform adds to it.
        return {(table, column) for column in columns} if sure else set()

    def _row_of(self, scope: Scope, alias: str) -> set[Cell]:
        found = self._source(scope, alias)
        if found is None:
            return set()
        facts = Facts()
        self._passed_on(found[1], facts)
        return facts.everything() | {(table, ROWS) for table in facts.open}

    @staticmethod
    def _source(scope: Scope, alias: str) -> tuple[Any, Any] | None:
        """What an alias stands for, here or in a query around this one."""
        around: Scope | None = scope
        while around is not None:
            if alias in around.selected_sources:
                return around.selected_sources[alias]
            if alias in around.sources:
                return (None, around.sources[alias])
            around = around.parent
        return None


class _Anything(dict[str, set[Cell]]):
    """Columns of any name, all from the same cells."""

    def __init__(self, cells: set[Cell]) -> None:
        super().__init__()
        self.cells = cells

    def __contains__(self, _: object) -> bool:
        return True

    def __getitem__(self, _: str) -> set[Cell]:
        return self.cells


def _is_union(scope: Scope) -> bool:
    from sqlglot import exp

    return isinstance(scope.expression, exp.SetOperation)


def _clauses(tree: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """The clauses that decide which rows there are, with the word for what they do."""
    words = {"where": "filters", "having": "filters", "qualify": "filters", "prewhere": "filters", "group": "groups"}
    words |= {"distinct": "groups", "sample": "filters"}
    for name, how in words.items():
        if part := tree.args.get(name):
            yield how, part
    for window in tree.args.get("windows") or ():
        yield "groups", window
    for join in tree.args.get("joins") or ():
        if join.args.get("on"):
            yield "joins", join.args["on"]
    for join in tree.args.get("laterals") or ():
        yield "joins", join


def _groups_all(tree: exp.Expr) -> bool:
    """DISTINCT, or GROUP BY ALL: what comes out decides which rows there are."""
    distinct, group = tree.args.get("distinct"), tree.args.get("group")
    return bool(distinct and not distinct.args.get("on")) or bool(group and group.args.get("all"))


def _is_all(order: exp.Expr) -> bool:
    return any(ordered.name.upper() == "ALL" for ordered in order.expressions)
