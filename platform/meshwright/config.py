"""Where a mesh keeps its things, and how it is configured.

``[tool.meshwright]`` in the mesh's pyproject.toml, overridden by ``MESH_*`` variables. Nothing is written
outside the mesh's folder.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
)

from meshwright.errors import Fault, InputError

PRODUCTION = "production"
"""The environment that everybody reads who names none."""


_UNFIT = frozenset("?*[]{}#%")
"""Characters that a path of the state folder must not hold."""


class Settings(BaseSettings):
    """The configuration of one mesh; paths that are relative count from ``root``."""

    model_config = SettingsConfigDict(
        env_prefix="MESH_", extra="forbid", frozen=True, pyproject_toml_table_header=("tool", "meshwright")
    )

    root: Path = Field(description="The folder that holds domains/.")
    state: Path = Field(Path(".mesh"), description="Warehouse, landing, catalog database, locks and scratch files.")
    catalog_url: str = Field("", description="SQLAlchemy URL of the catalog database; SQLite in the state folder.")
    catalog_timeout: float = Field(30.0, gt=0, description="Seconds to wait for a locked catalog database.")
    threads: int = Field(0, ge=0, description="Threads of DuckDB; 0 for one a core.")
    memory_limit: str = Field("1536MB", description="Memory limit of each DuckDB connection that builds.")
    retention_days: int = Field(30, ge=0, description="Days that the snapshots of a port are kept.")
    refused_days: int = Field(7, ge=0, description="Days that a refused candidate stays queryable.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Call, then environment, then pyproject.toml of the root."""
        root: Path = init_settings()["root"]
        return init_settings, env_settings, PyprojectTomlConfigSettingsSource(settings_cls, root / "pyproject.toml")

    @classmethod
    def find(cls, start: Path | None = None) -> Settings:
        """The settings of the mesh around ``start`` (default: the working directory).

        InputError where no folder upwards holds ``domains/``, or a setting is wrong.
        """
        import os

        given = start or (Path(os.environ["MESH_ROOT"]) if "MESH_ROOT" in os.environ else None)
        here = (given or Path.cwd()).absolute()
        for folder in (here, *here.parents):
            if (folder / "domains").is_dir():
                return cls.of(folder)
        raise InputError(
            Fault(f"no mesh here: neither {here} nor a folder above it holds domains/", command="cd into a mesh")
        )

    @classmethod
    def of(cls, root: Path, **values: Any) -> Settings:
        """The settings of the mesh in ``root``; ``values`` override what its files say."""
        try:
            settings = cls(root=root, **values)
        except ValidationError as error:
            raise InputError(
                *(
                    Fault(
                        e["msg"],
                        file=root / "pyproject.toml",
                        key="tool.meshwright." + ".".join(map(str, e["loc"])),
                        suggestion=_nearest(str(e["loc"][-1])) if e["type"] == "extra_forbidden" else None,
                    )
                    for e in error.errors()
                )
            ) from error
        if odd := sorted(set(str(settings.state_dir)) & _UNFIT):
            reason = f"its path holds {' '.join(odd)}, which file patterns and Iceberg's locations read otherwise"
            raise InputError(Fault(reason, settings.state_dir, command="move the mesh, or set MESH_STATE"))
        return settings

    @cached_property
    def state_dir(self) -> Path:
        """Absolute path of the state folder."""
        return (self.root / self.state).absolute()

    @property
    def warehouse(self) -> Path:
        """Published and candidate tables."""
        return self.state_dir / "warehouse"

    @property
    def landing(self) -> Path:
        """Source data as it arrived."""
        return self.state_dir / "landing"

    @property
    def locks(self) -> Path:
        """One lock file a product."""
        return self.state_dir / "locks"

    @property
    def scratch(self) -> Path:
        """The last scratch database of each product."""
        return self.state_dir / "scratch"

    def scratch_of(self, domain: str, product: str) -> Path:
        """What the last build of a product left for looking into."""
        return self.scratch / domain / product

    def spill(self, domain: str, product: str) -> Path:
        """Where DuckDB may put what does not fit into memory while it builds or audits a product."""
        folder = self.scratch_of(domain, product) / "spill"
        folder.parent.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def duckdb(self) -> dict[str, str]:
        """Settings of a DuckDB connection that builds or audits."""
        return {"memory_limit": self.memory_limit} | ({"threads": str(self.threads)} if self.threads else {})

    @property
    def manifests(self) -> Path:
        """dbt manifests by content hash."""
        return self.state_dir / "manifests"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance."""
        return self.state_dir / "dagster"

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the catalog database."""
        return self.catalog_url or f"sqlite:///{self.state_dir / 'catalog.db'}"


def _nearest(name: str) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(name, Settings.model_fields, n=1)), None)
