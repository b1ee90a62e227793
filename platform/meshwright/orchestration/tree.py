"""The component tree of the mesh around the working directory."""

import logging
import sys

import dagster as dg

from meshwright.config import Settings


def component_tree(settings: Settings | None = None) -> dg.ComponentTree:
    """Its tree, or that of another mesh; the root becomes importable, since a mesh is no installed package."""
    settings = settings or Settings.find()
    root = str(settings.root)
    if root not in sys.path:
        sys.path.insert(0, root)
    # One project serves a code location a domain: that their names differ is no cause for alarm.
    logging.getLogger("dagster.components.core.component_tree").addFilter(_differing_name)
    return dg.ComponentTree.for_project(settings.root)


def _differing_name(record: logging.LogRecord) -> bool:
    return "code location name" not in record.getMessage()
