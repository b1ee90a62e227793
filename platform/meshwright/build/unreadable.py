"""Why the rows of a port cannot be read: the first of the models behind it that fails, with the value and its row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from meshwright.build.classified import Discretion
from meshwright.build.columns import for_a_value
from meshwright.build.dbt.generate import SCRATCH_DATABASE
from meshwright.build.dbt.graph import Graph, Model
from meshwright.build.reading import misfit_of, told
from meshwright.build.sources import Source
from meshwright.duck import quote
from meshwright.errors import Fault
from meshwright.spec.model import MASK, Port
from meshwright.spec.words import snake

_CAST = re.compile(r"(?:Conversion Error: )?(?P<said>.*?) when casting from source column (?P<column>.+)", re.DOTALL)
_REFUSED = re.compile(r"Invalid Input Error: '(?P<value>.*)' (?P<said>is no .*) in column (?P<column>.+)", re.DOTALL)
"""What staging says by itself of a text that it cannot read."""
_VALUE = re.compile(r"'(?P<a>.*?)'|\"(?P<b>.*?)\"|value (?P<c>\S+)", re.DOTALL)


@dataclass(frozen=True)
class Unreadable:
    """What it takes to find it: a connection to all that the build reads, and to the models that dbt left.

    ``discretion`` knows the columns whose values no message may show, of the ports that the build reads too.
    """

    con: duckdb.DuckDBPyConnection
    port: Port
    graph: Graph
    project: Path
    sources: Iterable[Source]
    discretion: Discretion

    def fault(self, error: duckdb.Error) -> Fault:
        """The fault that stands behind ``error``, which reading the port gave."""
        # Rows are counted in the order of their file.
        self.con.execute("SET preserve_insertion_order = true")
        for name in self.graph.ancestors([self.port.name]):
            model = self.graph.models[name]
            for source in self._landed(model):
                if found := self._error_of(f"mesh.landing.{quote(source.name)}"):
                    return self._of_landing(source, found)
            if found := self._error_of(_relation(name)):
                return self._of_model(model, found)
        return self._of_model(self.graph.models[self.port.name], error)

    def _landed(self, model: Model) -> Iterator[Source]:
        return (source for source in self.sources if f"landing/{source.name}" in model.sources)

    def _error_of(self, relation: str) -> duckdb.Error | None:
        try:
            self.con.execute(f"SELECT sum(hash(row)) FROM {relation} AS row")
        except duckdb.CatalogException:  # an ephemeral model is no relation
            return None
        except duckdb.Error as error:
            return error
        return None

    def _of_landing(self, source: Source, error: duckdb.Error) -> Fault:
        found = misfit_of(error)
        if found is None:
            reason = f"what landed cannot be read: {self._told(error)}"
        else:
            reason = found.told("what landed", self._shown(found.column, repr(found.value)))
        command = f"correct it at its source; then mesh build {source.domain}"
        return Fault(reason, source.file, source.line, key=source.key, command=command)

    def _of_model(self, model: Model, error: duckdb.Error) -> Fault:
        file = self.project / model.file
        key = f"{self.port.domain}/{model.product}/{model.name}"
        # It names the column, which may itself be a value.
        text = "" if self.discretion.nameless else str(error).strip()
        if refused := _REFUSED.fullmatch(text):
            column, value = refused["column"], refused["value"]
            shown = self._shown(column, repr(value))
            reason = f"{shown} {refused['said']} in column {column}{self._where(model, column, value)}"
            return Fault(reason, file, _line_of(file, column), key=key, command=for_a_value(file))
        found = _CAST.fullmatch(text)
        if found is None:
            return Fault(f"its rows cannot be read: {self._told(error)}", file, key=key)
        column, said = found["column"].strip(), found["said"]
        value = _VALUE.search(said)
        where = ""
        if value:
            raw = next(text for text in value.groups() if text is not None)
            where = self._where(model, column, raw)
            said = said.replace(value[0], self._shown(column, value[0]))
        reason = f"{said} in column {column}{where}"
        return Fault(reason, file, _line_of(file, column), key=key, command=for_a_value(file))

    def _where(self, model: Model, column: str, value: str) -> str:
        """Which row of what the model reads holds the value, and how many do."""
        for name, relation in self._inputs(model).items():
            try:
                numbered = f"SELECT row_number() OVER () AS n, {quote(column)}::VARCHAR AS v FROM {relation}"
                counted = f"SELECT min(n), count(*) FROM ({numbered}) WHERE v = ?"
                row = self.con.execute(counted, [value]).fetchone()
            except duckdb.Error:  # it has no such column, or cannot be read itself
                continue
            if row and row[1]:
                return f": row {row[0]:,} of {name}" + (f", and {row[1] - 1:,} more" if row[1] > 1 else "")
        return ""

    def _inputs(self, model: Model) -> Mapping[str, str]:
        landed = {
            f"{source.domain}/landing/{source.name}": f"mesh.landing.{quote(source.name)}"
            for source in self._landed(model)
        }
        return landed | {name: _relation(name) for name in model.models}

    def _told(self, error: duckdb.Error) -> str:
        return self.discretion.told(told(error))

    def _shown(self, column: str, value: str) -> str:
        """The value as a message may show it: what is not known to be public may tell about a person."""
        public = {c.name for c in self.port.contract.columns} - self.discretion.private
        return value if {column, snake(column, lossy=True)} & public else MASK


def _relation(model: str) -> str:
    return f"{SCRATCH_DATABASE}.main.{quote(model)}"


def _line_of(file: Path, column: str) -> int | None:
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((n for n, line in enumerate(lines, 1) if re.search(rf"\b{re.escape(column)}\b", line)), None)
