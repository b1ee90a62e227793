"""The mesh as its YAML declares it: read, judged by the standards, resolved and typed.

:func:`load` reads a whole mesh, :func:`load_sound` what is sound of it, :func:`load_contract` and
:func:`parse_contract` one contract; :func:`select` finds products by name, :func:`in_order` puts producers before
consumers. Whatever is wrong is a fault with file, line, column, key, reason, suggestion and next command, and all
faults of all files come at once.
"""

from meshwright.spec.contract import load_contract, parse_contract
from meshwright.spec.graph import in_order
from meshwright.spec.index import Index, index
from meshwright.spec.load import Sound, load, load_sound
from meshwright.spec.model import (
    Column,
    Contract,
    Domain,
    Input,
    Mapping_,
    Mesh,
    Partition,
    Port,
    Product,
    Quality,
    Reference,
    Role,
    Server,
    ServiceLevel,
    Transform,
    Where,
)
from meshwright.spec.selection import select

__all__ = [
    "Column",
    "Contract",
    "Domain",
    "Index",
    "Input",
    "Mapping_",
    "Mesh",
    "Partition",
    "Port",
    "Product",
    "Quality",
    "Reference",
    "Role",
    "Server",
    "ServiceLevel",
    "Sound",
    "Transform",
    "Where",
    "in_order",
    "index",
    "load",
    "load_contract",
    "load_sound",
    "parse_contract",
    "select",
]
