"""Landing: source data as it arrived, immutable, addressed by content hash.

A landing is the whole of a source at one moment: its files with their hashes and the partitions that they
hold. Files that are promised to be immutable are registered where they lie; all others are copied.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import ColumnElement, Connection, func, insert, select

from meshwright.build.dialect import flaw_of
from meshwright.build.reading import FORMATS, encoding_of, format_of, misfit_of, scan_of, told
from meshwright.build.sources import Source, said, team_code
from meshwright.catalog import environments
from meshwright.catalog import tables as t
from meshwright.catalog.database import Database, now
from meshwright.catalog.locks import product_lock
from meshwright.config import PRODUCTION, Settings, in_environment
from meshwright.disk import sync
from meshwright.duck import literal
from meshwright.errors import BuildError, Fault
from meshwright.spec.model import MASK


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One immutable file. ``partitions``: the partitions of its rows; None: it counts for every one."""

    hash: str
    path: Path
    format: str
    size: int
    mtime_ns: int
    rows: int
    partitions: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Landing:
    """What a source was when it last arrived."""

    seq: int
    domain: str
    source: str
    version: str | None
    code: str
    arrived_at: str
    files: tuple[LandedFile, ...]
    environment: str = PRODUCTION

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(file.rows for file in self.files)

    def partitions(self) -> frozenset[str] | None:
        """All partitions that it holds; None where its ingest names no expression."""
        if any(file.partitions is None for file in self.files):
            return None
        return frozenset(p for file in self.files for p in file.partitions or ())

    def digest(self, partition: str | None = None) -> str:
        """sha256 over the hashes of its files, or of those with rows of ``partition``."""
        held = [f.hash for f in self.files if partition is None or f.partitions is None or partition in f.partitions]
        return hashlib.sha256("\n".join(sorted(held)).encode()).hexdigest()

    def scan(self, text: Collection[str] = ()) -> str:
        """SQL that reads all of its rows, and columns of ``text`` as the text that they are."""
        return scan_of([(file.path, file.format) for file in self.files], text)


def latest(connection: Connection, environment: str = PRODUCTION) -> dict[str, Landing]:
    """``<domain>/landing/<source>`` to its newest landing, in production or in the environment.

    One of the environment gives way to what production lands later: a change is tried on what production has.
    """
    n = t.landings.c
    newest = select(func.max(n.seq)).where(n.environment.in_({PRODUCTION, environment})).group_by(n.domain, n.source)
    return {f"{found.domain}/landing/{found.source}": found for found in _read(connection, n.seq.in_(newest))}


def numbered(connection: Connection, numbers: Collection[int]) -> dict[int, Landing]:
    """Landings by their numbers."""
    return {found.seq: found for found in _read(connection, t.landings.c.seq.in_(numbers))}


def _read(connection: Connection, which: ColumnElement[bool]) -> list[Landing]:
    rows = connection.execute(select(t.landings).where(which)).mappings().all()
    files: dict[int, list[LandedFile]] = {}
    for file in connection.execute(
        select(t.landing_files)
        .where(t.landing_files.c.landing.in_([row["seq"] for row in rows]))
        .order_by(t.landing_files.c.landing, t.landing_files.c.ordinal)
    ).mappings():
        files.setdefault(file["landing"], []).append(_file(file))
    return [
        Landing(
            row["seq"], row["domain"], row["source"], row["version"], row["code"], row["arrived_at"],
            tuple(files.get(row["seq"], [])), row["environment"],
        )
        for row in rows
    ]  # fmt: skip


def current_version(source: Source) -> str | None:
    """What the ingest says its source's version is now; BuildError where it cannot tell."""
    if source.ingest.version is None:
        return None
    with _team_code(source, "its version cannot be told:"):
        return str(source.ingest.version())


def why_due(
    source: Source, landing: Landing | None, version: str | None, *, follows: bool = True, force: bool = False
) -> str | None:
    """Why the source is to be landed; None where what has landed will do.

    ``follows``: what is new at the source is landed, as in production. In an environment whatever the same code
    brought will do: data that is new at the source would hide what a change of code does.
    """
    if force:
        return "forced"
    if landing is None:
        return "never landed"
    if version is None and follows:
        return "its ingest names no version"
    if landing.code != source.code:
        return "code of its ingest changed"
    return "the source changed" if follows and version != landing.version else None


def land(
    settings: Settings,
    database: Database,
    source: Source,
    *,
    run: str,
    version: str | None,
    environment: str = PRODUCTION,
) -> Landing:
    """Run the ingest and record what came; an arrival equal to the last one is recorded as the same files.

    BuildError where the ingest raises, returns something else than data, or a file cannot be read.
    """
    with product_lock(settings, source.key, environment=environment):
        environments.require(database, environment)
        files = _arrived(settings, source, environment)
        return _recorded(database, source, files, run, version, environment)


def _arrived(settings: Settings, source: Source, environment: str) -> list[LandedFile]:
    with _team_code(source, "raised"):
        returned = source.ingest()
    store = settings.landing / source.domain / source.name
    store.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(
        config={**settings.duckdb, "temp_directory": str(store / in_environment(".spill", environment))}
    ) as con:
        _require_lasting(con, source)
        arrived = _as_files(con, returned, store, source)
        names = ["what it returned" if path.parent == store else path.name for path in arrived]
        kept = [_kept(store, path, source) for path in arrived]
        files = [_inspected(con, path, name, source) for path, name in zip(kept, names, strict=True)]
        _require_one_shape(con, files, names, source)
    return files


def _recorded(
    database: Database, source: Source, files: Sequence[LandedFile], run: str, version: str | None, environment: str
) -> Landing:
    with database.write() as connection:
        arrived = now()
        row = {
            "domain": source.domain, "source": source.name, "version": version, "code": source.code,
            "rows": sum(f.rows for f in files), "bytes": sum(f.size for f in files), "run": run, "arrived_at": arrived,
            "environment": environment,
        }  # fmt: skip
        key = connection.execute(insert(t.landings).values(**row)).inserted_primary_key
        assert key is not None
        connection.execute(insert(t.landing_files), [_row(key[0], i, file) for i, file in enumerate(files)])
    return Landing(key[0], source.domain, source.name, version, source.code, arrived, tuple(files), environment)


def verify(landing: Landing) -> None:
    """BuildError where a landed file is gone or no longer what it was."""
    for file in landing.files:
        reason = None
        if not file.path.is_file():
            reason = "the landed file is gone"
        elif (stat := file.path.stat()).st_size != file.size or (
            stat.st_mtime_ns != file.mtime_ns and _sha256(file.path) != file.hash
        ):
            reason = "the landed file was changed after it had landed"
        if reason:
            name = f"{landing.domain}/landing/{landing.source}"
            raise BuildError(Fault(reason, file.path, key=name, command="mesh build --force " + landing.domain))


def _as_files(con: duckdb.DuckDBPyConnection, returned: Any, store: Path, source: Source) -> list[Path]:
    if isinstance(returned, (str, os.PathLike)):
        returned = [returned]
    if isinstance(returned, (list, tuple)) and all(isinstance(item, (str, os.PathLike)) for item in returned):
        paths = [source.file.parent / item for item in returned]
        if not paths:
            raise _refusal(source, "returned no file")
        return [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    target = store / f".{uuid.uuid4()}.parquet"
    kind = type(returned).__name__
    if not isinstance(returned, duckdb.DuckDBPyRelation):
        try:
            con.register("returned", returned)
        except duckdb.Error as error:
            raise _refusal(
                source, f"returned {kind}; return a path, paths, a DuckDB relation, an Arrow table or a pandas frame"
            ) from error
    try:
        if isinstance(returned, duckdb.DuckDBPyRelation):
            returned.write_parquet(str(target), compression="zstd")
        else:
            con.execute(f"COPY returned TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.Error as error:  # what was returned is often read only now
        target.unlink(missing_ok=True)
        computed = isinstance(returned, duckdb.DuckDBPyRelation)
        why = source.discretion.told(said(error)) if computed else said(error)
        raise _refusal(source, f"returned {kind}, which cannot be read: {why}") from None
    return [target]


def _kept(store: Path, path: Path, source: Source) -> Path:
    """Where the file stays: in place if that was promised, else in the store under its hash."""
    if not path.is_file():
        raise _refusal(source, f"returned {path}, which is not a file")
    ours = path.parent == store
    if source.ingest.immutable and not ours:
        return path.absolute()
    partial = path if ours else store / f".{uuid.uuid4()}{path.suffix}"
    if not ours:
        shutil.copyfile(path, partial)
    digest = _sha256(partial)
    target = store / f"{digest}{path.suffix.lower()}"
    # A name is a promise that a damaged file does not keep; then what came takes its place.
    if target.is_file() and _sha256(target) == digest:
        partial.unlink()
        return target
    sync([partial], store)
    partial.replace(target)
    sync([target], store)
    return target


def _inspected(con: duckdb.DuckDBPyConnection, path: Path, name: str, source: Source) -> LandedFile:
    """A file that stays, called ``name`` where it came from."""
    format_ = format_of(path)
    if format_ is None:
        raise _refusal(source, f"returned {name}; known are {', '.join(sorted(FORMATS))}")
    try:
        if format_ == "csv" and (flaw := flaw_of(con, path, source.ingest.text)):
            raise _refusal(source, f"{name} {flaw.reason}")
        scan = scan_of([(path, format_)], source.ingest.text)
        rows = con.sql(f"SELECT count(*) FROM {scan}").fetchall()[0][0]
        held = _partitions(con, scan, name, source) if source.ingest.partition else None
    except duckdb.Error as error:
        # What was raised is not told with it: it quotes a whole row.
        if format_ != "parquet" and (written := encoding_of(path)):
            raise _refusal(source, f"{name} {written.why()}", written.command(name)) from None
        raise _refusal(source, _unread(error, name, format_, source)) from None
    stat = path.stat()
    return LandedFile(_sha256(path), path, format_, stat.st_size, stat.st_mtime_ns, rows, held)


def _partitions(con: duckdb.DuckDBPyConnection, scan: str, name: str, source: Source) -> frozenset[str]:
    expression = source.ingest.partition
    try:
        values = con.sql(f"SELECT DISTINCT CAST(({expression}) AS VARCHAR) FROM {scan}").fetchall()
    except duckdb.BinderException as error:
        raise _refusal(source, f"partition={expression!r} does not fit {name}: {said(error)}") from None
    if any(value is None for (value,) in values):
        raise _refusal(source, f"some rows of {name} have no partition: {expression} is NULL")
    return frozenset(value for (value,) in values)


def _unread(error: duckdb.Error, name: str, format_: str, source: Source) -> str:
    """Why a file cannot be read. Which of its columns are private nobody can tell: models may rename them."""
    if misfit := misfit_of(error):
        return misfit.told(name, MASK if source.discretion.private else repr(misfit.value))
    text = told(error)
    about_a_value = source.ingest.partition or re.search("convert|cast|transform", text)
    return f"{name} cannot be read as {format_}: {source.discretion.told(text) if about_a_value else text}"


def _require_lasting(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """BuildError for a partition expression that gives a row another partition when it is asked again."""
    named = set(re.findall(r"(\w+)\s*\(", (source.ingest.partition or "").lower()))
    rows = con.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
    ).fetchall()
    if fleeting := sorted(named & {name for (name,) in rows}):
        reason = f"partition={source.ingest.partition!r} calls {fleeting[0]}(), which gives another value each time"
        raise _refusal(source, reason)


def _require_one_shape(
    con: duckdb.DuckDBPyConnection, files: Sequence[LandedFile], names: Sequence[str], source: Source
) -> None:
    if len({file.format for file in files}) > 1:
        raise _refusal(source, "returned files of several formats; return one format a source")
    scans = [scan_of([(f.path, f.format)], source.ingest.text) for f in files]
    shapes = [[(column, kind) for column, kind, *_ in con.sql(f"DESCRIBE FROM {scan}").fetchall()] for scan in scans]
    for name, shape in zip(names, shapes, strict=True):
        if set(shape) != set(shapes[0]):
            differing = sorted({f"{column} {kind}" for column, kind in set(shape) ^ set(shapes[0])})
            raise _refusal(source, f"{name} and {names[0]} differ in columns: {', '.join(differing)}")


def _team_code(source: Source, what: str) -> AbstractContextManager[None]:
    command = f"mesh build {source.domain}"
    return team_code(what, source.file, key=source.key, line=source.line, command=command, discretion=source.discretion)


def _refusal(source: Source, reason: str, command: str | None = None) -> BuildError:
    command = command or f"mesh build {source.domain}"
    return BuildError(Fault(reason, source.file, source.line, key=source.key, command=command))


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _row(landing: int, ordinal: int, file: LandedFile) -> dict[str, Any]:
    return {
        "landing": landing, "ordinal": ordinal, "hash": file.hash, "path": str(file.path), "format": file.format,
        "size": file.size, "mtime_ns": file.mtime_ns, "rows": file.rows,
        "partitions": None if file.partitions is None else json.dumps(sorted(file.partitions)),
    }  # fmt: skip


def _file(row: Mapping[Any, Any]) -> LandedFile:
    held = row["partitions"]
    return LandedFile(
        row["hash"], Path(row["path"]), row["format"], row["size"], row["mtime_ns"], row["rows"],
        None if held is None else frozenset(json.loads(held)),
    )  # fmt: skip
