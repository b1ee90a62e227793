"""How files of data are read: one SQL for landings, builds and the derivation of contracts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from meshwright.build.dialect import csv_scan
from meshwright.build.objects import json_scan
from meshwright.duck import file_literal

FORMATS = {
    ".parquet": "parquet", ".pq": "parquet",
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip


def format_of(path: Path) -> str | None:
    """The format of a file that lands, by its name; None where it is none of them."""
    return FORMATS.get(path.suffix.lower())


def scan_of(files: Sequence[tuple[Path, str]], text: Collection[str] = ()) -> str:
    """SQL that reads files of one format, which have the same columns; those of ``text`` as the text that they are.

    Whole numbers of CSV and JSON beyond 64 bits stay what they are, where DuckDB alone would make them doubles. Dates
    and times are those of ISO 8601; what is written otherwise stays text, since a later row may show that day and
    month were taken for each other. In Parquet a file says itself what it holds.
    """
    formats, paths = {format_ for _, format_ in files}, [path for path, _ in files]
    assert len(formats) == 1
    format_ = formats.pop()
    if format_ == "csv":
        return csv_scan(paths, text)
    if format_ == "json":
        return json_scan(paths, text)
    options = ", union_by_name = true" if len(files) > 1 else ""
    return f"read_parquet([{', '.join(map(file_literal, paths))}]{options})"


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a text file is written in, which is not UTF-8, and the first line that shows it, where lines can be read."""

    name: str
    line: int | None

    def why(self) -> str:
        """The reason why it cannot be read."""
        shown = f"line {self.line:,} shows" if self.line else "its first bytes show"
        return f"is not UTF-8 but {self.name}, as {shown}"

    def command(self, file: Path | str) -> str:
        """What makes a file of it that can be read."""
        import shlex

        name = str(file)
        stem, dot, suffix = name.rpartition(".")
        target = f"{stem}.utf8{dot}{suffix}" if dot else f"{name}.utf8"
        return f"iconv -f {self.name} -t UTF-8 {shlex.quote(name)} > {shlex.quote(target)}"


def encoding_of(file: Path) -> Encoding | None:
    """In what a file is written that is not UTF-8; None where it is UTF-8, or no text."""
    with file.open("rb") as handle:
        if wide := _utf_16(handle.read(64)):
            return Encoding(wide, None)
        handle.seek(0)
        return _eight_bits(handle)


def _utf_16(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    if len(head) > 3 and head[1::2].count(0) > len(head) // 3 and 0 not in head[::2]:
        return "UTF-16LE"
    return None


def _eight_bits(lines: Iterable[bytes]) -> Encoding | None:
    for number, line in enumerate(lines, 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            if b"\0" in line:
                return None
            odd = line[error.start]
            return Encoding("WINDOWS-1252" if 0x80 <= odd < 0xA0 else "ISO-8859-1", number)
    return None


_MISFIT = re.compile(
    r"CSV Error on Line: (?P<line>\d+).*?converting column \"(?P<column>.*?)\"\. "
    r"Could not convert string \"(?P<value>.*?)\" to '(?P<kind>.*?)'",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value in a text file that is none of the type that the lines before it made of its column."""

    line: int
    column: str
    value: str
    kind: str

    def told(self, file: str, value: str) -> str:
        """In one sentence, with ``value`` as a message may show it."""
        made = f"of which the rows before made a {self.kind}"
        return f"line {self.line:,} of {file} has {value} in column {self.column}, {made}"


def misfit_of(error: duckdb.Error) -> Misfit | None:
    """The value at which reading a text file ended; None where it ended for another reason."""
    found = _MISFIT.search(str(error))
    return Misfit(int(found["line"]), found["column"], found["value"], found["kind"]) if found else None


def told(error: duckdb.Error) -> str:
    """What DuckDB says of a file, in one line, without its advice on options that nobody here can set."""
    kept = []
    for line in (line.strip() for line in str(error).splitlines()):
        if line.startswith(("Possible ", "Column ", "This type was", "* ", "file =")):
            break
        # A whole row may hold what nobody is to see.
        if not line.startswith("Original Line:"):
            kept.append(line)
    return " ".join(" ".join(kept).split())
