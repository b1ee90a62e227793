"""ODCS quality items: from YAML to :class:`Quality`, with what the standard's schema cannot say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from meshwright.errors import Fault, SpecError
from meshwright.spec.model import Quality, Severity
from meshwright.spec.node import At
from meshwright.spec.words import nearest
from meshwright.spec.yaml_reader import parse_yaml

Report = Callable[[Fault], None]
BETWEEN = ("mustBeBetween", "mustNotBeBetween")
OPERATORS = (
    "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo",
    *BETWEEN,
)  # fmt: skip
WARNINGS = frozenset(["warning", "warn", "info", "information", "informational", "notice", "low", "minor", "trivial"])
"""ODCS leaves severity to its users; these words, in any case, do not stop a publish."""
_UNITS: Mapping[str, Literal["rows", "percent"]] = {
    **dict.fromkeys(("rows", "row", "count"), "rows"),
    **dict.fromkeys(("percent", "percentage", "%"), "percent"),
}
_KINDS: tuple[Literal["library", "sql", "custom", "text"], ...] = ("library", "sql", "custom", "text")
_READ = frozenset(
    {"type", "id", "name", "description", "severity", "dimension", "metric", "rule", "query", "engine"}
    | {"implementation", "unit", "arguments", "validValues", *OPERATORS}
)


def qualities(owner: At, report: Report) -> tuple[Quality, ...]:
    """The ``quality`` list of a schema object or a property."""
    ids: dict[str, At] = {}
    found = []
    for item in owner.items("quality"):
        if isinstance(item.node.value, dict):
            found.append(_quality(item, report))
            if (id_ := item.string("id")) and ids.setdefault(id_, item) is not item:
                report(item.at("id").fault(f"id {id_!r} is given twice; first on line {ids[id_].node.line}"))
    return tuple(found)


def severity(word: str | None) -> Severity:
    """``warning`` for the words of :data:`WARNINGS`, else ``error``."""
    return "warning" if word is not None and word.strip().lower() in WARNINGS else "error"


def _quality(item: At, report: Report) -> Quality:
    kind = _kind(item)
    operator = next((name for name in OPERATORS if item.get(name)), None)
    quality = Quality(
        kind=kind,
        where=item.where,
        id=item.string("id"),
        name=item.string("name"),
        description=item.string("description"),
        severity=severity(item.string("severity")),
        dimension=item.string("dimension"),
        metric=item.string("metric") or item.string("rule"),
        query=item.string("query"),
        engine=item.string("engine"),
        implementation=item.plain("implementation"),
        operator=operator,
        operand=item.plain(operator) if operator else None,
        unit=_unit(item, report),
        arguments=_arguments(item),
        about=item.rest(_READ),
    )
    for fault in _checks(quality, item):
        report(fault)
    if kind == "custom" and quality.engine == "greatExpectations":
        return _expectation(quality, item, report)
    return quality


def _kind(item: At) -> Literal["library", "sql", "custom", "text"]:
    written = item.string("type")
    for kind in _KINDS:
        if written == kind:
            return kind
    return "library" if item.get("metric") or item.get("rule") else "text"


def _unit(item: At, report: Report) -> Literal["rows", "percent"]:
    written = item.string("unit")
    if written is None:
        return "rows"
    unit = _UNITS.get(written.strip().lower())
    if unit is None:
        near = nearest(written, ("rows", "percent"))
        report(item.at("unit").fault(f"unit {written[:60]!r} is neither 'rows' nor 'percent'", suggestion=near))
    return unit or "rows"


def _arguments(item: At) -> Mapping[str, Any]:
    given = item.plain("arguments")
    arguments = dict(given) if isinstance(given, dict) else {}
    # ODCS 3.0 wrote the value set beside the rule.
    if (values := item.plain("validValues")) is not None:
        arguments.setdefault("validValues", values)
    return arguments


def _checks(quality: Quality, item: At) -> Iterator[Fault]:
    if quality.kind == "sql" and quality.query is not None and not quality.query.strip():
        yield item.at("query").fault("the query is empty")
    if quality.operator is None:
        return
    at = item.at(quality.operator)
    operand = quality.operand
    if quality.operator in BETWEEN:
        if isinstance(operand, list) and len(operand) == 2 and all(map(_is_number, operand)):
            yield from _range(quality, at, operand[0], operand[1])
        return
    if quality.operator in ("mustBe", "mustNotBe") and not _is_number(operand):
        if quality.kind == "library" or isinstance(operand, dict | list):
            yield at.fault(f"{quality.operator} needs a number here")
        return
    if quality.kind == "library" and _is_number(operand):
        yield from _range(quality, at, operand, operand)


def _range(quality: Quality, at: At, low: float, high: float) -> Iterator[Fault]:
    if low > high:
        text = f"[{high}, {low}]"
        yield at.fault(f"the lower bound {low} is greater than the upper bound {high}", suggestion=text)
    elif quality.kind == "library" and (low < 0 or (quality.unit == "percent" and high > 100)):
        what = "a share in percent lies between 0 and 100" if quality.unit == "percent" else "a count is never negative"
        yield at.fault(f"{what}, got {low if low < 0 else high}")
    if quality.kind == "library" and quality.unit == "percent" and quality.metric == "rowCount":
        yield at.fault("a row count has no percentage: leave `unit` out")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _expectation(quality: Quality, item: At, report: Report) -> Quality:
    """The same with its implementation as a mapping, which must name an expectation."""
    from dataclasses import replace

    at = item.at("implementation")
    implementation = quality.implementation
    if isinstance(implementation, str):
        try:
            node, _ = parse_yaml(implementation.encode("utf-8", "replace"), Path("implementation"))
        except SpecError as e:
            report(at.fault(f"the implementation is text, but not YAML or JSON: {e.faults[0].reason}"))
            return quality
        implementation = node.plain()
    if isinstance(implementation, dict):
        name = implementation.get("type", implementation.get("expectation_type"))
        if not isinstance(name, str) or not name:
            report(
                at.fault(
                    "the implementation needs the `type` of an expectation, such as expect_column_max_to_be_between"
                )
            )
        return replace(quality, implementation=implementation)
    return quality
