"""What git knows of the mesh: its default branch, what changed since a commit, files as they were.

The real ``git`` does the work, without a shell: fixed arguments, names after ``--``, nothing of the mesh is run.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from meshwright.errors import Fault, InputError, UnavailableError
from meshwright.spec.words import nearest

SECONDS = 120
"""The longest that one call may take."""
TEAMS = ("domains", "dbt_projects", "policies", "tests")
"""The folders of a mesh in which its teams write."""
_CONFIG = ("core.quotepath=off", "core.fsmonitor=false", "color.ui=false")
# git sets these for hooks; with them it would look at the repository of the hook and not at that of the mesh.
_LOCAL = frozenset(
    {
        *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_INDEX_FILE"),
        *("GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_WORK_TREE"),
        *("GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
    }
)


@dataclass(frozen=True)
class Repository:
    """The repository around a mesh. ``root`` is the mesh's folder, ``top`` that of the work tree."""

    root: Path
    top: Path

    @classmethod
    def around(cls, root: Path) -> Repository:
        """The repository in whose work tree ``root`` lies.

        InputError where there is none, it is bare or has no commit, or git will not look into it.
        """
        done = _run(root, ["rev-parse", "--show-toplevel"])
        if done.returncode:
            raise InputError(_no_repository(root, _text(done.stderr)))
        top = Path(_text(done.stdout).removesuffix("\n"))
        if _run(root, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).returncode:
            reason = f"the repository {top} has no commit yet"
            raise InputError(Fault(reason, key="git", command="git add -A && git commit -m 'First commit'"))
        return cls(root, top)

    @cached_property
    def prefix(self) -> str:
        """The mesh's folder as seen from ``top``: empty or ending in ``/``."""
        inside = self.root.resolve().relative_to(self.top.resolve()).as_posix()
        return "" if inside == "." else f"{inside}/"

    @cached_property
    def is_shallow(self) -> bool:
        """Whether history is cut off."""
        return self._line("rev-parse", "--is-shallow-repository") == "true"

    @cached_property
    def branch(self) -> str | None:
        """The branch that is checked out; None where none is."""
        return self._line("symbolic-ref", "--quiet", "--short", "HEAD")

    def commit_of(self, ref: str) -> str:
        """The commit that a branch, tag or other name means. InputError, with near names, where it means none."""
        if ref.startswith("-") or not ref.strip() or any(c.isspace() or not c.isprintable() for c in ref):
            raise InputError(Fault(f"{ref[:80]!r} cannot be a git ref", key="--against", suggestion=self._near(ref)))
        found = self._line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found is None:
            reason = f"git knows no branch, tag or commit {ref[:80]!r}"
            command = "git fetch --unshallow" if self.is_shallow else "git branch --all && git tag"
            raise InputError(Fault(reason, key="--against", suggestion=self._near(ref), command=command))
        return found

    @cached_property
    def default_branch(self) -> str | None:
        """The branch that changes are merged into, as ``origin/main`` or ``main``; None where none can be told."""
        remotes = (self._line("remote") or "").split("\n")
        remote = "origin" if "origin" in remotes or not remotes[0] else remotes[0]
        head = self._line("symbolic-ref", "--quiet", f"refs/remotes/{remote}/HEAD")
        if head and self._exists(head):
            return head.removeprefix("refs/remotes/")
        usual = dict.fromkeys(filter(None, (self._line("config", "init.defaultBranch"), "main", "master")))
        remote_ones = (f"refs/remotes/{remote}/{name}" for name in usual)
        for ref in (*remote_ones, *(f"refs/heads/{name}" for name in usual)):
            if self._exists(ref):
                return ref.removeprefix("refs/remotes/").removeprefix("refs/heads/")
        return None

    def merge_base(self, ref: str) -> str:
        """The newest commit that ``ref`` and what is checked out have in common.

        InputError where there is none, or a shallow clone does not reach it.
        """
        commit = self.commit_of(ref)
        if found := self._line("merge-base", commit, "HEAD"):
            return found
        if self.is_shallow:
            reason = f"this clone is shallow: its history does not reach where it left {ref}"
            raise InputError(Fault(reason, key="git", command="git fetch --unshallow"))
        reason = f"{ref} and what is checked out have no commit in common"
        raise InputError(Fault(reason, key="git", command="mesh check --against A_COMMIT"))

    def changed(self, commit: str) -> tuple[str, ...]:
        """The files of the mesh, as seen from ``root``, that differ from ``commit`` now; untracked ones too."""
        compared = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative", commit, "--", "."]
        return tuple(sorted({*self._paths(*compared), *self._untracked()}))

    def differing(self, commit: str, paths: Collection[Path]) -> frozenset[Path]:
        """The files at or under ``paths``, anywhere in the work tree, that differ from ``commit`` now.

        ``paths`` and what is found are absolute; what lies outside the work tree is not there.
        """
        top = self.top.resolve()
        inside = [path.relative_to(top).as_posix() for path in sorted(paths) if path.is_relative_to(top)]
        if not inside:
            return frozenset()
        wanted = [f":(top,literal){path}" for path in inside]
        tracked = self._paths("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", commit, "--", *wanted)
        others = self._paths("ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", *wanted)
        return frozenset(top / path for path in (*tracked, *others))

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The symbolic links among the files of teams, as seen from ``root``."""
        return tuple(path for _, mode, path in self._indexed if mode == "120000")

    @cached_property
    def passed_over(self) -> int:
        """The files of teams of which git is told not to look whether they differ."""
        return sum(tag.islower() or tag == "S" for tag, _, _ in self._indexed)

    @cached_property
    def _indexed(self) -> tuple[tuple[str, str, str], ...]:
        """Tag, mode and path of the files of teams that git knows."""
        rows = (os.fsdecode(row).partition("\t") for row in self._rows("ls-files", "-s", "-v", "-z", "--", *TEAMS))
        return tuple((about.split()[0], about.split()[1], path) for about, _, path in rows)

    @cached_property
    def is_dirty(self) -> bool:
        """Whether files of the mesh differ from what is checked out."""
        return bool(self.changed("HEAD"))

    def read(self, commit: str, path: str) -> bytes | None:
        """A file of the mesh as it was; ``path`` as seen from ``root``. None where there was none."""
        return next((content for _, content in self.files(commit, [path])), None)

    def files(
        self, commit: str, paths: Sequence[str], wanted: Callable[[str], bool] = lambda _: True
    ) -> Iterator[tuple[str, bytes]]:
        """The files at or under ``paths`` as they were, by path as seen from ``root``.

        What lies in a submodule is not there.
        """
        ids = {
            path: hash_ for path, (kind, hash_) in self.listed(commit, paths).items() if kind == "blob" and wanted(path)
        }
        yield from zip(ids, self._contents(list(ids.values())), strict=True)

    def listed(self, commit: str, paths: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Kind (``blob``, or ``commit`` of a submodule) and object of what ``paths`` held, by path from ``root``."""
        wanted = [f"{self.prefix}{path}" for path in paths]
        said = self._out("ls-tree", "-r", "-z", "--full-tree", commit, "--", *wanted)
        found = {}
        for row in filter(None, said.split(b"\0")):
            about, _, name = row.partition(b"\t")
            mode, kind, hash_ = about.decode().split()
            path = os.fsdecode(name).removeprefix(self.prefix)
            # A symbolic link holds a path, not a file.
            if mode != "120000" and ".." not in PurePosixPath(path).parts:
                found[path] = (kind, hash_)
        return found

    def _contents(self, objects: Sequence[str]) -> Iterator[bytes]:
        if not objects:
            return
        said = self._out("cat-file", "--batch", given="".join(f"{o}\n" for o in objects).encode())
        at = 0
        for _ in objects:
            end = said.index(b"\n", at)
            size = int(said[at:end].split()[2])
            yield said[end + 1 : end + 1 + size]
            at = end + 1 + size + 1

    def _untracked(self) -> tuple[str, ...]:
        return self._paths("ls-files", "--others", "--exclude-standard", "-z", "--", ".")

    def _paths(self, *arguments: str) -> tuple[str, ...]:
        return tuple(map(os.fsdecode, self._rows(*arguments)))

    def _rows(self, *arguments: str) -> list[bytes]:
        return [row for row in self._out(*arguments).split(b"\0") if row]

    def _near(self, ref: str) -> str | None:
        names = self._line("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
        return nearest(ref, (names or "").split("\n")) or None

    def _exists(self, ref: str) -> bool:
        return self._line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}") is not None

    def _line(self, *arguments: str) -> str | None:
        """What git says; None where it fails or says nothing."""
        done = _run(self.root, arguments)
        return _text(done.stdout).strip() or None if done.returncode == 0 else None

    def _out(self, *arguments: str, given: bytes | None = None) -> bytes:
        done = _run(self.root, arguments, given)
        if done.returncode:
            said = _text(done.stderr).strip().splitlines()
            reason = f"git {arguments[0]} failed: {said[0] if said else f'exit code {done.returncode}'}"
            raise UnavailableError(Fault(reason, self.top, key="git", command="git fsck"))
        return done.stdout


def _run(folder: Path, arguments: Sequence[str], given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    own = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    environment = {**own, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", *(word for pair in _CONFIG for word in ("-c", pair)), *arguments]
    try:
        # Without anything to say, standard input is empty, so that nothing waits for the terminal.
        return subprocess.run(
            command, cwd=folder, input=given or b"", capture_output=True, check=False, timeout=SECONDS, env=environment
        )
    except FileNotFoundError as error:
        raise InputError(Fault("git is not installed", key="git", command="install git, see git-scm.com")) from error
    except OSError as error:
        raise InputError(Fault(f"git cannot be run: {error.strerror or error}", key="git")) from error
    except subprocess.TimeoutExpired as error:
        reason = f"git {arguments[0]} did not end within {SECONDS} s"
        raise UnavailableError(Fault(reason, folder, key="git", command="git status")) from error


def _no_repository(root: Path, said: str) -> Fault:
    if "dubious ownership" in said:
        reason = f"git will not look into {root}: it belongs to another user"
        command = f"git config --global --add safe.directory {shlex.quote(str(root))}"
        return Fault(reason, key="git", command=command)
    if "work tree" in said:
        return Fault(f"{root} is a bare repository: no files are checked out", key="git", command="git clone . ../work")
    if "not a git repository" in said and any((folder / ".git").exists() for folder in (root, *root.parents)):
        return Fault(
            f"git cannot read the repository around {root}: its .git is damaged", key="git", command="git fsck"
        )
    if "not a git repository" in said:
        return Fault(f"{root} is in no git repository", key="git", command="git init && git add -A && git commit")
    first = next(iter(said.strip().splitlines()), "it said nothing")
    return Fault(f"git cannot tell of {root}: {first}", key="git", command="git status")


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="surrogateescape")
