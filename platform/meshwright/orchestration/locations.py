"""One code location a domain: ``workspace.yaml`` names this module, and the domain as its attribute."""

from functools import cache
from pathlib import Path

import dagster as dg

from meshwright.config import Settings
from meshwright.orchestration.tree import component_tree


@cache
def location(domain: str) -> dg.Definitions:
    """The definitions of a domain of the mesh around the working directory."""
    return component_tree().build_defs_at_path(Path(domain))


def __getattr__(name: str) -> dg.Definitions:
    if name.startswith("_") or not (Settings.find().root / "domains" / name).is_dir():
        raise AttributeError(name)
    return location(name)
