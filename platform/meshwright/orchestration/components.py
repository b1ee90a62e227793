"""The component that a domain's ``defs.yaml`` names."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from pydantic import BaseModel, Field

from meshwright.config import Settings
from meshwright.errors import Fault, InputError, MeshError
from meshwright.orchestration.definitions import domain_definitions
from meshwright.orchestration.session import Session
from meshwright.spec import load


class DomainParameters(BaseModel):
    """What ``dg scaffold defs`` may be told about a domain."""

    team: str | None = Field(None, description="Name of the team that owns it.")
    email: str = Field(description="Where the team is reached.")
    description: str | None = Field(None, description="What the domain is about, in one sentence.")


class DomainScaffolder(dg.Scaffolder[DomainParameters]):
    """Writes what ``mesh new domain`` writes."""

    @classmethod
    def get_scaffold_params(cls) -> type[DomainParameters]:
        """The parameters, as options of the command."""
        return DomainParameters

    def scaffold(self, request: dg.ScaffoldRequest[DomainParameters]) -> None:
        """Write the domain whose folder is asked for; what is wrong is told as dg tells it."""
        import click

        from meshwright.scaffold.domain import NewDomain, new_domain

        folder, given = Path(request.target_path), request.params
        name = folder.name
        team, about = given.team or f"{name.capitalize()} team", given.description or f"What domain {name} knows."
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        try:
            new_domain(Settings.find(folder.parent), NewDomain(name, team, given.email, about))
        except MeshError as error:
            raise click.ClickException(str(error)) from error


@dg.scaffold_with(DomainScaffolder)
class DomainComponent(dg.Component, dg.Model, dg.Resolvable):
    """All data products of the domain in whose folder it stands, from their YAML files and dbt models."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Derive the definitions; SpecError with every fault of the mesh's files."""
        folder = Path(context.path)
        session = Session(settings := Settings.find(folder), load(settings.root))
        if folder.name not in session.mesh.domains:
            raise InputError(Fault("is no folder of a domain", folder, command="write domain.yaml beside defs.yaml"))
        return domain_definitions(session, folder.name)
