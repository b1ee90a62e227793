"""The dbt-duckdb plugin that puts the mesh's views into a scratch database.

Configured by ``views``, a JSON file with the statements to run (the platform's builds), or by ``root`` and
``domain``, which resolve what is published and landed at that moment (``dbt build`` by hand).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from meshwright import duck


class Plugin(BasePlugin):
    """Attaches ``mesh`` with one view a landing and a port."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Keep what the profile says."""
        self.config = plugin_config

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Run the statements that make the views; then no unsigned extension can be loaded any more."""
        for statement in self._statements():
            conn.execute(statement)
        conn.execute(duck.VERIFY)

    def _statements(self) -> list[str]:
        if "views" in self.config:
            statements: list[str] = json.loads(Path(self.config["views"]).read_text(encoding="utf-8"))
            return statements
        from meshwright.build.views import current_views

        return current_views(Path(self.config["root"]), self.config["domain"])
