"""What changed in the data of a port between two snapshots of it."""

from meshwright.check.diff.compare import compare_ports
from meshwright.check.diff.model import ColumnDiff, Example, PortDiff, SchemaChange, as_data
from meshwright.check.diff.page import render as as_page
from meshwright.check.diff.text import render as as_text

__all__ = [
    "ColumnDiff",
    "Example",
    "PortDiff",
    "SchemaChange",
    "as_data",
    "as_page",
    "as_text",
    "compare_ports",
]
