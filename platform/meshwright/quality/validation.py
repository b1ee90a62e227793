"""One validation of many expectations: all metrics that fit go into one statement, hence one pass.

Great Expectations' validator would build every graph twice, draw progress bars and keep the counts to itself
when only booleans are asked for. The same public steps are taken here by hand: dependencies of each
expectation, one graph, one resolution, then each expectation's own judgement.
"""

from __future__ import annotations

import contextlib
import difflib
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

from meshwright.quality.engine import DuckDBExecutionEngine
from meshwright.quality.gx import (
    ValidationError,
    ValidationGraph,
    get_expectation_impl,
    list_registered_expectation_implementations,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An expectation by type and arguments, to be judged on the rows of a view.

    ``counted``: only how many rows break it is asked for; whether that is too many, somebody else decides.
    """

    type: str
    kwargs: Mapping[str, Any]
    view: str
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """What an expectation found, or why it could not be run (``error``).

    Where it judges row by row (``rows``), ``failed`` of ``checked`` rows break it and ``nulls`` were passed
    over; elsewhere ``observed`` is the value that it judged. ``met``: whether an error can tell of the data.
    """

    success: bool
    met: bool = True
    rows: bool = False
    failed: int = 0
    nulls: int = 0
    checked: int = 0
    observed: object = None
    error: str | None = None


def measure(con: duckdb.DuckDBPyConnection, asked: Sequence[Asked]) -> list[Measured]:
    """Judge all expectations, in one pass over each view as far as their metrics allow.

    An expectation that cannot be built or run is measured as failed, with its own reason as ``error``.
    """
    with _quiet():
        engine = DuckDBExecutionEngine(con, {ask.view for ask in asked})
        runs = [_prepared(engine, ask) for ask in asked]
        metrics = _resolved(engine, [run for run in runs if isinstance(run, _Run)])
        return [run.judged(metrics) if isinstance(run, _Run) else run for run in runs]


def unexpected(con: duckdb.DuckDBPyConnection, ask: Asked, key: tuple[str, ...], count: int) -> list[dict[str, Any]]:
    """Up to ``count`` rows that break the expectation: its columns and those of ``key``; [] where none are told."""
    level = "COMPLETE" if ask.type == "unexpected_rows_expectation" else "SUMMARY"
    wanted: dict[str, Any] = {"result_format": level, "partial_unexpected_count": count}
    if key:
        wanted["unexpected_index_column_names"] = list(key)
    with _quiet():
        try:
            engine = DuckDBExecutionEngine(con, {ask.view})
            run = _Run(engine, ask, wanted)
            metrics, _ = run.graph().resolve({"catch_exceptions": False}, show_progress_bars=False)
            result = run.validated(metrics).result or {}
        except Exception:  # noqa: BLE001 - the verdict is reached already, and stands without samples
            return []
    rows = result.get("partial_unexpected_index_list") or (result.get("details") or {}).get("unexpected_rows")
    if rows is None:
        column = str(ask.kwargs.get("column", "value"))
        values = result.get("partial_unexpected_list") or []
        rows = [v if isinstance(v, Mapping) else {column: v} for v in values]
    return [dict(row) for row in rows[:count]]


class _Run:
    """One expectation on one batch: what it needs to know, and its judgement once that is known."""

    def __init__(
        self, engine: DuckDBExecutionEngine, ask: Asked, result_format: Mapping[str, Any] | None = None
    ) -> None:
        self._engine = engine
        self._expectation = _expectation(ask)
        self._format = {"result_format": dict(result_format or {"result_format": "BOOLEAN_ONLY"})}
        self._needs = self._dependencies()
        count = f"{getattr(self._expectation, 'map_metric', None)}.unexpected_count"
        self._count = self._needs.get(count)
        self._counted = ask.counted and self._count is not None
        if self._count is None and result_format is None:
            # Booleans alone would keep the observed value back; it costs no further metric here.
            self._format = {"result_format": {"result_format": "BASIC"}}
            self._needs = self._dependencies()
        # Two expectations of quantiles share the id of a metric that differs, and would share its value.
        self.alone = any(
            need.metric_value_kwargs.to_id() != need.id.metric_value_kwargs_id for need in self._needs.values()
        )

    def _dependencies(self) -> dict[str, Any]:
        needs = self._expectation.get_validation_dependencies(self._engine, self._format)
        return dict(needs.metric_configurations)

    def graph(self) -> ValidationGraph:
        """Every metric that the expectation needs, with what those need."""
        graph = ValidationGraph(execution_engine=self._engine)
        for metric in self._needs.values():
            graph.build_metric_dependency_graph(metric, self._format)
        return graph

    def validated(self, metrics: dict[Any, Any]) -> Any:
        """Great Expectations' own result."""
        return self._expectation.metrics_validate(
            metrics=metrics, execution_engine=self._engine, runtime_configuration=dict(self._format)
        )

    def judged(self, metrics: dict[Any, Any]) -> Measured:
        """The judgement; a metric that is missing is asked for again, alone, to learn why."""
        try:
            if self.alone or any(need.id not in metrics for need in self._needs.values()):
                metrics, _ = self.graph().resolve({"catch_exceptions": False}, show_progress_bars=False)
            result = None if self._counted else self.validated(metrics)
            if result is not None and self._count is None:
                return Measured(bool(result.success), observed=(result.result or {}).get("observed_value"))
            assert self._count is not None
            nulls = self._needs.get("column_values.nonnull.unexpected_count")
            return Measured(
                success=result is None or bool(result.success),
                rows=True,
                failed=metrics[self._count.id] or 0,
                nulls=(metrics[nulls.id] or 0) if nulls else 0,
                checked=metrics[self._needs["table.row_count"].id],
            )
        except Exception as error:  # noqa: BLE001 - SQL and values come from a contract; any fault is the rule's
            return Measured(False, error=reason(error))


def _prepared(engine: DuckDBExecutionEngine, ask: Asked) -> _Run | Measured:
    try:
        return _Run(engine, ask)
    except Exception as error:  # noqa: BLE001 - arguments come from a contract; any fault is the rule's
        return Measured(False, met=False, error=reason(error))


def _expectation(ask: Asked) -> Any:
    if ask.type not in _names():
        near = difflib.get_close_matches(ask.type, _names(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise LookupError(f"Great Expectations has no {ask.type!r}{hint}")
    return get_expectation_impl(ask.type)(**{**ask.kwargs, "batch_id": ask.view})


@cache
def _names() -> tuple[str, ...]:
    return tuple(list_registered_expectation_implementations())


def _resolved(engine: DuckDBExecutionEngine, runs: list[_Run]) -> dict[Any, Any]:
    edges = {}
    for run in [run for run in runs if not run.alone]:
        with contextlib.suppress(Exception):  # judged() builds the graph again and reports what is wrong
            edges.update({edge.id: edge for edge in run.graph().edges})
    graph = ValidationGraph(execution_engine=engine, edges=list(edges.values()))
    metrics, _ = graph.resolve({"catch_exceptions": True}, show_progress_bars=False)
    return metrics


def reason(error: BaseException) -> str:
    """The first line of an error, without the class that Great Expectations wrapped it in."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return lines[0] if lines else type(error).__name__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Faults are returned, so Great Expectations need not log them too; and stdout is data, not its hints."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        logger.setLevel(level)
