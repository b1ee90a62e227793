"""The fields of structs that SQL names: ``a.street``, ``a['street']``, ``struct_extract(a, 'street')``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


def fields_of(column: exp.Column) -> tuple[str, ...]:
    """The way from a column into it, as far as the text says it; of a map it is the key."""
    from sqlglot import exp

    found: list[str] = []
    node: exp.Expr = column
    while isinstance(parent := node.parent, (exp.Paren, exp.Dot, exp.Bracket, exp.StructExtract)):
        if parent.this is not node:
            break
        if not isinstance(parent, exp.Paren):
            if (name := _step(parent)) is None:
                break
            found.append(name)
        node = parent
    return tuple(found)


def _step(node: exp.Dot | exp.Bracket | exp.StructExtract) -> str | None:
    from sqlglot import exp

    if isinstance(node, exp.Dot):
        return node.name if isinstance(node.expression, exp.Identifier) else None
    (key, *more) = node.expressions if isinstance(node, exp.Bracket) else [node.expression]
    return str(key.name) if not more and key.is_string else None


def root_of(dot: exp.Dot) -> str | None:
    """The first name of a chain of names that no column was made of, as in ``address.street.upper()``."""
    from sqlglot import exp

    node: exp.Expr = dot
    while isinstance(node, exp.Dot):
        node = node.this
    return node.name if isinstance(node, exp.Identifier) else None
