"""How files of data are read: one SQL for landings, builds and the derivation of contracts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from meshwright.duck import SAFE_CONFIG, literal, quote

FORMATS = {
    ".parquet": "parquet", ".pq": "parquet",
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip
_DATES = "%Y-%m-%d"
_READERS = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json"}
_SAMPLED_ROWS, _SAMPLED_BYTES, _BLOCK = 20_480, 32 << 20, 1 << 20
"""As many rows, of so many bytes at most, does DuckDB look at before it decides on the types of a CSV."""
_RUN = b"0" * 19
_DIGITS = bytes(48 if chr(i) in "0123456789" else 32 for i in range(256))
_WIDEST = 38


def format_of(path: Path) -> str | None:
    """The format of a file that lands, by its name; None where it is none of them."""
    return FORMATS.get(path.suffix.lower())


def scan_of(files: Sequence[tuple[Path, str]]) -> str:
    """SQL that reads files of one format, which have the same columns.

    Whole numbers of a CSV beyond 64 bits stay what they are, where DuckDB alone would make them doubles. Its dates are
    those of ISO 8601; what is written otherwise stays text, since a later row may show that day and month were
    taken for each other.
    """
    formats = {format_ for _, format_ in files}
    assert len(formats) == 1
    format_ = formats.pop()
    paths = ", ".join(literal(str(path)) for path, _ in files)
    options = ", union_by_name = true" if len(files) > 1 else ""
    if format_ == "csv":
        options += f", dateformat = {literal(_DATES)}"
        if wide := _wide_numbers(files[0][0]):
            options += f", types = {{{', '.join(f'{literal(name)}: {literal(kind)}' for name, kind in wide.items())}}}"
    return f"{_READERS[format_]}([{paths}]{options})"


def _wide_numbers(file: Path) -> dict[str, str]:
    """Columns of a CSV that hold whole numbers beyond 64 bits, as far as DuckDB looks, and the type that holds them.

    A file without a run of 19 digits, which is nearly every one, costs no more than reading its first rows.
    """
    try:
        if not _may_be_wide(file):
            return {}
        with duckdb.connect(config={**SAFE_CONFIG, "threads": "1"}) as con:
            return _measured(con, f"[{literal(str(file))}]")
    except (OSError, duckdb.Error):  # whoever reads the file is told why it cannot be read
        return {}


def _may_be_wide(file: Path) -> bool:
    rows = size = 0
    rest = b""
    with file.open("rb") as handle:
        while rows < _SAMPLED_ROWS and size < _SAMPLED_BYTES and (block := handle.read(_BLOCK)):
            if _has_run(rest + block):
                return True
            rows, size, rest = rows + block.count(b"\n"), size + len(block), block[-20:]
    return False


def _has_run(text: bytes) -> bool:
    """Whether 19 digits follow one another, the first of them not in a fraction; a pattern takes 20 times longer."""
    digits, at = text.translate(_DIGITS), 0
    while (at := digits.find(_RUN, at)) >= 0:
        if text[at - 1 : at] != b".":
            return True
        at = digits.find(b" ", at)
        if at < 0:
            break
    return False


def _measured(con: duckdb.DuckDBPyConnection, paths: str) -> dict[str, str]:
    described = con.execute(f"DESCRIBE FROM read_csv({paths})").fetchall()
    doubles = [name for name, kind, *_ in described if kind == "DOUBLE"]
    if not doubles:
        return {}
    whole = ", ".join(
        f"CASE WHEN bool_and(regexp_full_match(trim({name}), '[+-]?[0-9]+')) "
        f"THEN max(length(ltrim(trim({name}), '+-0'))) END"
        for name in map(quote, doubles)
    )
    text = f"SELECT * FROM read_csv({paths}, all_varchar = true) LIMIT {_SAMPLED_ROWS}"
    widths = con.execute(f"SELECT {whole} FROM ({text})").fetchone() or ()
    return {
        name: "HUGEINT" if width <= _WIDEST else "VARCHAR"
        for name, width in zip(doubles, widths, strict=True)
        if width is not None
    }


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
