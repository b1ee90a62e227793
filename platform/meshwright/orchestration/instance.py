"""Dagster's instance of a mesh: in its state folder, without telemetry."""

from __future__ import annotations

import os
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from meshwright.config import Settings
from meshwright.disk import write_whole

_OURS = "# Written by meshwright"
_CONFIG = f"""\
{_OURS}; delete this line to keep changes.
telemetry:
  enabled: false
nux:
  enabled: false
storage:
  custom:
    module: meshwright.orchestration.storage
    class: MeshStorage
    config:
      base_dir: {{env: DAGSTER_HOME}}
"""
_UNCAPTURED: Any = {
    "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
}
_SILENT = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "GX_ANALYTICS_ENABLED": "false"}


def environment(settings: Settings) -> dict[str, str]:
    """The variables with which Dagster finds this mesh's instance."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    file = home / "dagster.yaml"
    if not file.exists() or file.read_text(encoding="utf-8").startswith(_OURS):
        # Whole at any instant: another process that reads it half-written would take Dagster's own defaults.
        write_whole(file, _CONFIG)
    return {"DAGSTER_HOME": str(home), **_SILENT}


def passing_instance() -> dg.DagsterInstance:
    """An instance in memory, forgotten with its run."""
    os.environ.update(_SILENT)
    return dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}})


def instance_of(settings: Settings) -> dg.DagsterInstance:
    """The instance of a mesh for runs in this process, whatever DAGSTER_HOME says.

    It leaves stdout and stderr alone: Dagster would put files in their place and follow them with processes.
    """
    os.environ.update(environment(settings))
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(settings.dagster_home), overrides=_UNCAPTURED))
