"""The component that a domain's ``defs.yaml`` names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from pydantic import BaseModel, Field

from meshwright.config import Settings
from meshwright.errors import Fault, InputError, MeshError, SpecError
from meshwright.orchestration.definitions import domain_definitions
from meshwright.orchestration.session import Session
from meshwright.spec.load import Sound, load_sound


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
        """Derive the definitions of what is sound; SpecError where nothing of the domain is."""
        folder = Path(context.path)
        settings = Settings.find(folder)
        sound = load_sound(settings.root)
        domain, faults = sound.mesh.domains.get(folder.name), tuple(_of_domain(sound, folder.name))
        if faults and (domain is None or not domain.products):
            raise SpecError(*faults)
        if domain is None:
            raise InputError(Fault("is no folder of a domain", folder, command="write domain.yaml beside defs.yaml"))
        for fault in faults:
            dg.get_dagster_logger().warning(str(fault))
        return domain_definitions(Session(settings, sound.mesh), folder.name)


def _of_domain(sound: Sound, name: str) -> Iterator[Fault]:
    """What keeps a domain, or products of it, from being read."""
    keys = [key for key in (*sound.broken, *sound.stranded) if key.startswith(f"{name}/")]
    causes = dict.fromkeys(sound.stranded[key][1] if key in sound.stranded else key for key in keys)
    found = [fault for key in causes for fault in sound.broken[key]]
    yield from found or (() if name in sound.mesh.domains else sound.faults)
