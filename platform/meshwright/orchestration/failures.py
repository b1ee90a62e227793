"""An error of the mesh as Dagster shows one: its faults as text, no traceback of ours, no retry."""

from __future__ import annotations

from typing import NoReturn

import dagster as dg

from meshwright.errors import MeshError


def fail(error: MeshError) -> NoReturn:
    """End a step with an error; it is not retried, since the same input would fail again.

    What caused the error stays behind: Dagster would keep its text, which may quote a row of the data.
    """
    faults = "\n\n".join(f"```\n{fault}\n```" for fault in error.faults)
    first = error.faults[0].reason if error.faults else str(error)
    told = {"faults": dg.MarkdownMetadataValue(faults)}
    raise dg.Failure(description=first, metadata=told, allow_retries=False) from None
