"""Which columns of two snapshots are the same, whatever they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyiceberg.table import StaticTable

from meshwright.catalog.schema import read_elements


def tied(before: str, after: str) -> Mapping[str, str]:
    """Names of columns in the second metadata file to their names in the first.

    Columns are tied by the element id of their contract, else by the field id where both are states of one table, as
    only then the ids mean the same.
    """
    old, new = StaticTable.from_metadata(before), StaticTable.from_metadata(after)
    theirs, mine = ({f.field_id: f.name for f in table.schema().fields} for table in (old, new))
    found = {mine[m]: theirs[t] for m, t in _by_element(old, new) if m in mine and t in theirs}
    if old.metadata.table_uuid == new.metadata.table_uuid:
        used = set(found.values())
        for field, name in mine.items():
            if name not in found and field in theirs and theirs[field] not in used:
                found[name] = theirs[field]
    return found


def _by_element(old: StaticTable, new: StaticTable) -> Iterator[tuple[int, int]]:
    """Field ids in the second and the first of what has one element id in both."""
    theirs, mine = read_elements(old.properties), read_elements(new.properties)
    return ((field, theirs[element]) for element, field in mine.items() if element in theirs)
