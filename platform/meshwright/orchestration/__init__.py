"""What Dagster sees: assets, checks and code locations derived from the specs, and the run of a build.

The catalog is the truth; Dagster's event log is a view of it.
"""

from meshwright.orchestration.components import DomainComponent

__all__ = ["DomainComponent"]
