"""Running dbt in this process: one scratch file a run, messages to a callback, nothing on stdout."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshwright.errors import BuildError, Fault, shown

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_SWITCHES = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DBT_VERSION_CHECK": "false",
    "DBT_USE_COLORS": "false",
    "DBT_LOG_LEVEL": "none",
    "DBT_LOG_LEVEL_FILE": "none",
}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class NodeResult:
    """How one model or test went; ``kind`` is model, seed or test, ``tested`` the model of a test.

    ``status`` is dbt's: success, pass, warn, fail, error, skipped.
    """

    name: str
    unique_id: str
    kind: str
    status: str
    message: str
    seconds: float
    file: str
    tested: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the build may go on."""
        return self.status in ("success", "pass", "warn")


def parse(project: Path, profiles: Path, target: Path) -> Manifest:
    """Parse and compile a project; BuildError with dbt's reason where it cannot be."""
    from dbt.contracts.graph.manifest import Manifest

    result = _invoke(["parse"], project, profiles, target, None, _silent)
    manifest = result.result
    if not result.success or not isinstance(manifest, Manifest):
        raise BuildError(_fault(project, result.exception, "dbt cannot parse this project"))
    compiled = _invoke(["compile"], project, profiles, target, manifest, _silent)
    if not compiled.success:
        raise BuildError(_fault(project, compiled.exception, "dbt cannot compile this project"))
    for node in compiled.result.results:
        known = manifest.nodes.get(node.node.unique_id)
        if known is not None and hasattr(known, "compiled_code"):
            known.compiled_code = node.node.compiled_code
    return manifest


def build(
    project: Path, profiles: Path, target: Path, manifest: Manifest, models: Sequence[str], say: Say
) -> list[NodeResult]:
    """Build ``models`` with the tests that need nothing else; the results in the order of the run.

    BuildError where dbt itself cannot run; a failed model or test is a result.
    """
    arguments = ["build", "--indirect-selection", "buildable", "--select", *models]
    result = _invoke(arguments, project, profiles, target, manifest, say)
    if result.result is None:
        raise BuildError(_fault(project, result.exception, "dbt cannot build this project"))
    return [_result(node) for node in result.result.results]


def _invoke(
    arguments: list[str], project: Path, profiles: Path, target: Path, manifest: Manifest | None, say: Say
) -> Any:
    os.environ.update(_SWITCHES)
    from dbt.cli.main import dbtRunner

    places = ["--project-dir", project, "--profiles-dir", profiles, "--target-path", target, "--log-path", target]
    runner = dbtRunner(manifest=manifest, callbacks=[lambda event: _pass_on(event, say)])
    try:
        # Before it has read its flags, dbt writes of an interrupt to stdout; all else comes by the callback.
        with contextlib.redirect_stdout(io.StringIO()):
            result = runner.invoke([*arguments, *map(str, places), "--quiet", "--no-write-json"])
    finally:
        _close_environment()
    if isinstance(result.exception, KeyboardInterrupt):
        raise result.exception
    return result


def _close_environment() -> None:
    """dbt-duckdb keeps one environment a process, and with it the scratch file open."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager._ENV = None


def _pass_on(event: Any, say: Say) -> None:
    if event.info.level in ("info", "warn", "error") and event.info.msg.strip():
        say(event.info.msg.strip())


def _silent(_: str) -> None: ...


def _result(result: Any) -> NodeResult:
    node = result.node
    is_test = str(node.resource_type) in ("test", "unit_test")
    return NodeResult(
        name=node.name,
        unique_id=node.unique_id,
        kind="test" if is_test else str(node.resource_type),
        status=str(result.status),
        message=(result.message or "").strip(),
        seconds=result.execution_time,
        file=node.original_file_path,
        tested=next((p for p in node.depends_on.nodes if p.startswith("model.")), None) if is_test else None,
    )


def _fault(project: Path, error: BaseException | None, what: str) -> Fault:
    text = " ".join(str(error or "").split())
    command = f"dbt parse --project-dir {shown(project)} --profiles-dir {shown(project)}"
    return Fault(f"{what}: {text}" if text else what, project, command=command)
