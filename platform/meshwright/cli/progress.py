"""Live progress of a build on stderr: one line a landing, a product and a verdict."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import click

from meshwright.build.plan import ProductPlan
from meshwright.build.product import ProductResult
from meshwright.build.sources import Source
from meshwright.cli.output import say, style
from meshwright.cli.words import counted
from meshwright.errors import MeshError
from meshwright.orchestration.execute import Outcome
from meshwright.orchestration.session import Listener
from meshwright.spec.model import Product

_COLOURS = {"published": "green", "unchanged": "cyan", "audited": "cyan", "failed": "red", "refused": "red"}


@dataclass
class Progress(Listener):
    """Prints as things happen; ``plans`` are those of the products on the way."""

    plans: Sequence[ProductPlan]
    debug: bool = False
    done: int = 0
    started: float = field(default_factory=perf_counter)
    results: list[ProductResult] = field(default_factory=list)
    errors: dict[str, MeshError] = field(default_factory=dict)

    def waiting(self, name: str) -> None:
        """A landing or a product waits for somebody else who is at it."""
        self._line("waiting", name, None, None, "for another build of it to end")

    def landing(self, source: Source) -> None:
        """A source is about to be landed."""
        self._now(f"landing {source.key}")

    def landed(self, source: Source, rows: int, seconds: float) -> None:
        """A source has landed."""
        self._line("landed", source.key, rows, seconds, "")

    def building(self, product: Product) -> None:
        """A product is about to be built."""
        self._now(f"[{self.done + 1}/{len(self.plans)}] building {product.key}")

    def built(self, result: ProductResult) -> None:
        """A product was built, or found to be current."""
        self.done += 1
        self.results.append(result)
        verdicts = [v for port in result.ports.values() for v in port.verdicts]
        # What breaks an error rule and stays published is told as a failure, right after this.
        warned = [v for v in verdicts if not v.passed and v.rule.severity == "warning"]
        judged = counted(len(verdicts), "rule") if verdicts else ""
        note = f"{judged}, {counted(len(warned), 'warning')}" if warned else judged
        self._line(result.verdict, result.product.key, result.rows, result.seconds, note)
        for verdict in warned:
            say(f"             {style('warning', fg='yellow')} {verdict.rule.id}: {verdict.message}")

    def failed(self, name: str, error: MeshError) -> None:
        """A landing or a product ended with an error."""
        self.done += any(plan.product.key == name for plan in self.plans)
        verdict = "refused" if type(error).__name__ == "AuditError" else "failed"
        told = next((other for other, known in self.errors.items() if str(known) == str(error)), None)
        self.errors[name] = error
        self._line(verdict, name, None, None, f"for the reason of {told}" if told else "")
        for fault in error.faults if told is None else ():
            say(_indented(str(fault)))
        if self.debug:
            traceback.print_exception(error)

    def finish(self, outcome: Outcome) -> None:
        """The last line."""
        self._clear()
        for name in outcome.skipped:
            self._line("skipped", name, None, None, f"because of {', '.join(self._causes(name))}")
        rows = sum(result.rows for result in self.results)
        seconds = perf_counter() - self.started
        ends = [counted(len(self.results), "product"), counted(rows, "row"), f"{seconds:.1f} s"]
        failed = len(outcome.failed) + sum("/landing/" in name for name in self.errors)
        ends += [f"{failed} failed"] if failed else []
        ends += [f"{len(outcome.skipped)} skipped"] if outcome.skipped else []
        run = f"; run {outcome.run}" if outcome.run else ""
        say(f"{style('done' if outcome.ok else 'not done', bold=True)}  {', '.join(ends)}{run}")

    def exit_code(self, outcome: Outcome) -> int:
        """0, or the code that all errors share, or 1 where they differ."""
        codes = {error.exit_code for error in self.errors.values()}
        return 0 if outcome.ok else codes.pop() if len(codes) == 1 else 1

    def _causes(self, name: str) -> list[str]:
        """The failures for which a product was skipped, however far above it."""
        above = {p.product.key: [*(lp.source.key for lp in p.landings), *p.after] for p in self.plans}
        causes: dict[str, None] = {}
        todo = [name]
        while todo:
            for up in above.get(todo.pop(0), ()):
                if up in self.errors:
                    causes[up] = None
                else:
                    todo.append(up)
        return list(causes)

    def as_data(self, outcome: Outcome) -> dict[str, Any]:
        """The outcome for programs."""
        products = [
            {
                "product": r.product.key,
                "verdict": r.verdict,
                "rows": r.rows,
                "seconds": round(r.seconds, 3),
                "ports": {n: {"verdict": p.verdict, "rows": p.rows, "publish": p.publish} for n, p in r.ports.items()},
                "warnings": [f"{v.rule.id}: {v.message}" for p in r.ports.values() for v in p.verdicts if not v.passed],
            }
            for r in self.results
        ]
        errors = {name: [f.reason for f in error.faults] for name, error in self.errors.items()}
        return {
            "run": outcome.run,
            "products": products,
            "errors": errors,
            "skipped": {name: self._causes(name) for name in outcome.skipped},
        }

    def _line(self, verdict: str, name: str, rows: int | None, seconds: float | None, note: str) -> None:
        self._clear()
        read = f"{rows:>12,} {'row ' if rows == 1 else 'rows'}" if rows is not None else " " * 17
        timed = f"{seconds:6.1f} s" if seconds is not None else " " * 8
        shown = style(f"{verdict:<9}", fg=_COLOURS.get(verdict))
        say(f"  {shown}  {name:<34}{read}  {timed}  {note}".rstrip())

    def _now(self, text: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[2K  … {text}", err=True, nl=False)

    def _clear(self) -> None:
        if sys.stderr.isatty():
            click.echo("\r\x1b[2K", err=True, nl=False)


def _indented(text: str) -> str:
    return "\n".join(f"             {line}" for line in text.splitlines())
