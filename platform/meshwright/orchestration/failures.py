"""An error of the mesh as Dagster shows one: its faults as text, no traceback of ours, no retry."""

from __future__ import annotations

import dagster as dg

from meshwright.errors import MeshError


def failure(error: MeshError) -> dg.Failure:
    """A failure that is not retried: the same input would fail again."""
    faults = "\n\n".join(f"```\n{fault}\n```" for fault in error.faults)
    first = error.faults[0].reason if error.faults else str(error)
    return dg.Failure(description=first, metadata={"faults": dg.MarkdownMetadataValue(faults)}, allow_retries=False)
