"""One code location a domain: ``workspace.yaml`` names this module, and the domain as its attribute.

All else here begins with ``_``, which no domain does.
"""

from functools import cache as _cache
from pathlib import Path as _Path

import dagster as _dg

from meshwright.config import Settings as _Settings
from meshwright.orchestration.tree import component_tree as _component_tree


@_cache
def _location(domain: str) -> _dg.Definitions:
    """The definitions of a domain of the mesh around the working directory."""
    return _component_tree().build_defs_at_path(_Path(domain))


def __getattr__(name: str) -> _dg.Definitions:
    if name.startswith("_") or not (_Settings.find().root / "domains" / name).is_dir():
        raise AttributeError(name)
    return _location(name)
