"""All domains as one set of definitions, for ``dg list defs`` and ``dg check defs``."""

import dagster as dg

from meshwright.orchestration.tree import component_tree


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of every domain."""
    return component_tree().build_defs()
