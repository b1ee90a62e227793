"""Finding the ingests of a domain: importing its modules, and hashing the code that they rest on."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import duckdb

from meshwright.build.classified import NOTHING_PRIVATE, Discretion
from meshwright.build.ingest import Ingest
from meshwright.errors import BuildError, Fault, MeshError, SpecError
from meshwright.spec.model import Domain, Mesh, private_columns


@dataclass(frozen=True, slots=True)
class Source:
    """An ingest in its domain.

    ``code`` is the sha256 of its module and all under domains/ that it imports, ``discretion`` what may be told of an
    error about its rows, by the private columns of the domain.
    """

    domain: str
    ingest: Ingest
    file: Path
    line: int
    code: str
    discretion: Discretion = NOTHING_PRIVATE

    @property
    def name(self) -> str:
        """The name under which it lands."""
        return self.ingest.name

    @property
    def key(self) -> str:
        """``<domain>/landing/<name>``."""
        return f"{self.domain}/landing/{self.name}"


_LOADED: dict[str, str] = {}
"""Module name to the hash of the code that it was loaded from."""
_roots: list[str] = []
"""The mesh whose ``domains`` can be imported."""


def sources_of(mesh: Mesh, domain: Domain) -> dict[str, Source]:
    """The ingests of a domain by name, in the order of their files.

    SpecError for two of one name; BuildError where a module cannot be imported.
    """
    found: dict[str, Source] = {}
    faults = []
    discretion = Discretion(private_columns(port for product in domain.products.values() for port in product.ports))
    for file in sorted(domain.folder.rglob("*.py")):
        for ingest in _ingests_in(mesh.root, file):
            line = ingest.function.__code__.co_firstlineno
            if ingest.name in found:
                other = found[ingest.name]
                faults.append(
                    Fault(f"{ingest.name} is declared in {other.file}:{other.line} too", file, line, key=ingest.name)
                )
            code = _code_hash(mesh.root, file)
            found.setdefault(ingest.name, Source(domain.name, ingest, file, line, code, discretion))
    if faults:
        raise SpecError(*faults)
    return found


def _ingests_in(root: Path, file: Path) -> list[Ingest]:
    if b"ingest" not in file.read_bytes():
        return []
    module = _imported(root, file)
    return [
        value
        for value in vars(module).values()
        if isinstance(value, Ingest) and value.function.__module__ == module.__name__
    ]


def _imported(root: Path, file: Path) -> ModuleType:
    """The module of ``file`` as it is now: of another mesh, or loaded before an edit, it is loaded again."""
    name = ".".join(file.relative_to(root).with_suffix("").parts)
    code = _code_hash(root, file)
    loaded = sys.modules.get(name)
    stale = loaded is not None and (Path(getattr(loaded, "__file__", None) or "") != file or _LOADED.get(name) != code)
    if stale or _roots != [str(root)]:
        _turn_to(root)
    with team_code("cannot be imported:", file, key=name):
        _LOADED[name] = code
        return importlib.import_module(name)


def _turn_to(root: Path) -> None:
    """Make ``domains`` the package of this mesh alone: with two on the path, modules of one would hide the other's."""
    for other in [m for m in sys.modules if m == "domains" or m.startswith("domains.")]:
        del sys.modules[other]
    sys.path[:] = [str(root), *(path for path in sys.path if path not in (*_roots, str(root)))]
    _roots[:] = [str(root)]
    importlib.invalidate_caches()


@contextlib.contextmanager
def team_code(
    what: str,
    file: Path,
    *,
    key: str,
    line: int | None = None,
    command: str | None = None,
    discretion: Discretion = NOTHING_PRIVATE,
) -> Iterator[None]:
    """Run what a team wrote: it may raise anything or ask to exit, and print, which is for people.

    BuildError that begins with ``what`` and names the line of ``file`` that failed, or else ``line``. What the code
    itself says is told; what DuckDB says, as far as ``discretion`` goes.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except MeshError:
        raise
    except (Exception, SystemExit) as error:  # the team's own code
        place = _line_in(error, file) or line
        told = discretion.told(said(error)) if isinstance(error, duckdb.Error) else said(error)
        raise BuildError(Fault(f"{what} {told}", file, place, key=key, command=command)) from error


def said(error: BaseException) -> str:
    """Class and first line of an error that is not ours."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__


def _line_in(error: BaseException, file: Path) -> int | None:
    """The last line of ``file`` in the error's traceback, or the line of a syntax error."""
    if isinstance(error, SyntaxError):
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _code_hash(root: Path, file: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(_closure(root, file)):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _closure(root: Path, file: Path) -> set[Path]:
    """``file`` and every module under domains/ that it imports, however deep."""
    seen: set[Path] = set()
    todo = [file]
    while todo:
        path = todo.pop()
        if path not in seen and path.is_file():
            seen.add(path)
            todo.extend(_imports(root, path))
    return seen


def resting_on(root: Path, files: Collection[Path]) -> frozenset[Path]:
    """Every module under domains/ that imports one of ``files``, however deep, and those of ``files`` themselves.

    Nothing is imported to find out; what is imported may be gone.
    """
    readers: dict[Path, list[Path]] = {}
    for module in (root / "domains").rglob("*.py"):
        for imported in _imports(root, module):
            readers.setdefault(imported, []).append(module)
    found, todo = set(files), list(files)
    while todo:
        new = [module for module in readers.get(todo.pop(), ()) if module not in found]
        found.update(new)
        todo += new
    return frozenset(found)


def _imports(root: Path, file: Path) -> Iterator[Path]:
    package = file.relative_to(root).parent.parts
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):  # importing it will say so
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            stem = [*base, *(node.module or "").split(".")] if node.module else base
            names = [stem, *([*stem, alias.name] for alias in node.names)]
        else:
            continue
        for parts in names:
            if parts[:1] == ["domains"]:
                yield root.joinpath(*parts).with_suffix(".py")
                yield root.joinpath(*parts, "__init__.py")
