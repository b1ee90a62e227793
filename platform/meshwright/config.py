"""Where a mesh keeps its things, and how it is configured.

``[tool.meshwright]`` in the mesh's pyproject.toml, overridden by ``MESH_*`` variables. Nothing is written
outside the mesh's folder.
"""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from meshwright.errors import Fault, InputError

PRODUCTION = "production"
"""The environment that everybody reads who names none."""


def in_environment(name: str, environment: str) -> str:
    """A name of a lock or a folder of one environment: ``<environment>@<name>``; production's is ``name`` itself."""
    return name if environment == PRODUCTION else f"{environment}@{name}"


_UNFIT = frozenset('?*[]{}#%"')
"""Characters that a path of the state folder must not hold."""
_PREFIX = "MESH_"
_SIZE = r"^\d+(\.\d+)? ?([KMGT]i?B|B)$"
_TABLE = "tool.meshwright"


class Settings(BaseSettings):
    """The configuration of one mesh; paths that are relative count from ``root``."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    root: Path = Field(description="The folder that holds domains/.")
    state: Path = Field(Path(".mesh"), description="Warehouse, landing, catalog database, locks and scratch files.")
    catalog_url: str = Field("", description="SQLAlchemy URL of the catalog database; SQLite in the state folder.")
    catalog_timeout: float = Field(30.0, gt=0, description="Seconds to wait for a locked catalog database.")
    threads: int = Field(0, ge=0, le=256, description="Threads of DuckDB; 0 for one a core.")
    memory_limit: str = Field("1536MB", pattern=_SIZE, description="Memory of each DuckDB connection that builds.")
    retention_days: int = Field(30, ge=0, le=36_500, description="Days that the snapshots of a port are kept.")
    refused_days: int = Field(7, ge=0, le=36_500, description="Days that a refused candidate stays queryable.")
    trusted_templates: str = Field("", description="Templates that may run commands or code, with commas between.")

    tests_seconds: float = Field(600.0, gt=0, description="Seconds that the own tests of a domain may take in a check.")

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
        declared = _declared(init_settings()["root"] / "pyproject.toml")
        return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=dict(declared))

    @classmethod
    def find(cls, start: Path | None = None) -> Settings:
        """The settings of the mesh around ``start`` (default: the working directory).

        InputError where no folder upwards holds ``domains/``, or a setting is wrong.
        """
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
        """The settings of the mesh in ``root``; ``values`` override what its files say.

        InputError where pyproject.toml cannot be read, or a setting is unknown or wrong.
        """
        try:
            settings = cls(root=root, **values)
        except ValidationError as error:
            raise InputError(*(_fault(root, dict(e)) for e in error.errors())) from error
        if faults := [*_misspelt(), *settings._unfit()]:
            raise InputError(*faults)
        return settings

    def _unfit(self) -> Iterator[Fault]:
        """What is wrong with the place of the state folder."""
        state, root = self.state_dir, self.root.absolute()
        if odd := sorted(c for c in set(str(state)) if c in _UNFIT or unicodedata.category(c) == "Cc"):
            told = " ".join(c if c in _UNFIT else f"U+{ord(c):04X}" for c in odd)
            reason = f"its path holds {told}, which file patterns and Iceberg's locations read otherwise"
            yield Fault(reason, state, command="move the mesh, or set MESH_STATE")
        for folder in (root / "domains", root / "dbt_projects"):
            if state.is_relative_to(folder) or folder.is_relative_to(state):
                reason = f"the state folder {state} must lie apart from {folder}, which holds what teams write"
                yield Fault(reason, key="state", command="set MESH_STATE to a folder of its own, such as .mesh")

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

    def scratch_of(self, domain: str, product: str, environment: str = PRODUCTION) -> Path:
        """What the last build of a product left for looking into."""
        return self.scratch / in_environment(domain, environment) / product

    def spill(self, domain: str, product: str, environment: str = PRODUCTION) -> Path:
        """Where DuckDB may put what does not fit into memory while it builds or audits a product."""
        folder = self.scratch_of(domain, product, environment) / "spill"
        folder.parent.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def trusted(self) -> frozenset[str]:
        """The names of templates that may run commands or code."""
        return frozenset(filter(None, (name.strip() for name in self.trusted_templates.split(","))))

    @property
    def duckdb(self) -> dict[str, str]:
        """Settings of a DuckDB connection that builds or audits."""
        return {"memory_limit": self.memory_limit} | ({"threads": str(self.threads)} if self.threads else {})

    @property
    def manifests(self) -> Path:
        """dbt manifests by content hash."""
        return self.state_dir / "manifests"

    @property
    def lineage(self) -> Path:
        """Lineage of models by the hash of their SQL, a file a domain."""
        return self.state_dir / "lineage"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance."""
        return self.state_dir / "dagster"

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the catalog database."""
        return self.catalog_url or f"sqlite:///{self.state_dir / 'catalog.db'}"


def _declared(file: Path) -> Mapping[str, Any]:
    """The table ``[tool.meshwright]``; empty where there is none. InputError where it cannot be read as one."""
    if not file.is_file():
        return {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("meshwright", {})
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Fault(f"cannot be read: {error}", file)) from error
    except tomllib.TOMLDecodeError as error:
        told = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = (int(told[1]), int(told[2])) if told else (None, None)
        raise InputError(Fault(f"is no valid TOML: {error}", file, line, column)) from error
    if not isinstance(found, dict):
        raise InputError(Fault("is no table of settings", file, key=_TABLE, command="see docs/configuration.md"))
    return found


def _fault(root: Path, error: Mapping[str, Any]) -> Fault:
    """A wrong value, told by where it was written: in the environment or in pyproject.toml."""
    name, said = str(error["loc"][-1]), str(error["msg"])
    if error["type"] == "string_pattern_mismatch":
        said = "should be a size such as 1536MB or 4GB"
    variable = f"{_PREFIX}{name.upper()}"
    if variable in os.environ:
        return Fault(f"{said}, not {os.environ[variable]!r}", key=variable, command=f"unset {variable}")
    unknown = error["type"] == "extra_forbidden"
    reason = f"there is no setting {name!r}" if unknown else f"{said}, not {error['input']!r}"
    return Fault(
        reason, root / "pyproject.toml", _line_of(root / "pyproject.toml", name), key=f"{_TABLE}.{name}",
        suggestion=_nearest(name) if unknown else None,
    )  # fmt: skip


def _line_of(file: Path, name: str) -> int | None:
    """The line that sets a key in the table, as people write it."""
    rows = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    start = next((i for i, row in enumerate(rows) if row.strip() == f"[{_TABLE}]"), None)
    after = enumerate(rows[start + 1 :], start + 2) if start is not None else ()
    return next((number for number, row in after if row.partition("=")[0].strip() == name), None)


def _misspelt() -> Iterator[Fault]:
    """Variables that are nearly one of ours; others of that prefix are somebody else's."""
    known = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for variable in sorted(name for name in os.environ if name.startswith(_PREFIX) and name not in known):
        if near := _nearest(variable.removeprefix(_PREFIX).lower()):
            suggestion = f"{_PREFIX}{near.upper()}"
            yield Fault("is no variable that mesh reads", key=variable, suggestion=suggestion)


def _nearest(name: str) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.75)), None)
