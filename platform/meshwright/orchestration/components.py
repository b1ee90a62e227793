"""The component that a domain's ``defs.yaml`` names."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from meshwright.config import Settings
from meshwright.errors import Fault, InputError
from meshwright.orchestration.definitions import domain_definitions
from meshwright.orchestration.session import Session
from meshwright.spec import load


class DomainComponent(dg.Component, dg.Model, dg.Resolvable):
    """All data products of the domain in whose folder it stands, from their YAML files and dbt models."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Derive the definitions; SpecError with every fault of the mesh's files."""
        folder = Path(context.path)
        session = Session(settings := Settings.find(folder), load(settings.root))
        if folder.name not in session.mesh.domains:
            raise InputError(Fault("is no folder of a domain", folder, command="write domain.yaml beside defs.yaml"))
        return domain_definitions(session, folder.name)
