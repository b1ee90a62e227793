"""The kinds of products that are scaffolded."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a product is computed from."""

    SOURCE = "source"
    DBT = "dbt"
    AGGREGATE = "aggregate"
