"""From what was typed to what is checked: the products, and the commit that they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from meshwright.check.git import Repository
from meshwright.check.links import changed
from meshwright.check.subject import Base, Subject
from meshwright.check.touched import touched
from meshwright.config import Settings
from meshwright.errors import Fault, InputError
from meshwright.spec.index import index

Say = Callable[[str], None]


def subject_of(
    settings: Settings, selectors: Sequence[str], against: str | None, say: Say, *, everything: bool = False
) -> Subject:
    """The subject of a check of ``selectors``, or of what changed where there is none; or of ``everything``.

    ``say`` takes lines for people: what is compared with, or why nothing is. InputError for selectors and refs that
    name nothing; a missing repository is no fault unless ``against`` asks for one.
    """
    place = index(settings.root)
    selected = place.named(selectors)
    base = _base(settings.root, against, say)
    if base is None:
        if not selectors:
            say(f"checking all {len(place.products)} products")
        return Subject(settings, place, selected or tuple(place.products), say=say)
    found = touched(place, base, say)
    given = {s.partition("/")[0].partition(".")[0] for s in selectors}
    gone = tuple(key for key in found.gone if not selectors or key.partition("/")[0] in given)
    wanted = tuple(place.products) if everything else selected if selectors else found.products
    return Subject(settings, place, wanted, base, gone, say, following=found.following)


def _base(root: Path, against: str | None, say: Say) -> Base | None:
    try:
        repository = Repository.around(root)
        base = _chosen(repository, against)
    except InputError as error:
        if against is not None:
            raise
        for fault in error.faults:
            say(f"nothing to compare with: {fault}")
        return None
    say(f"against {base.name}: {_differing(len(base.changed))}{_state(repository)}")
    return base


def _chosen(repository: Repository, against: str | None) -> Base:
    """The merge base with a ref, or with the default branch: what came to the ref since is none of our changes."""
    ref = against if against is not None else repository.default_branch
    if ref is None:
        reason = "no default branch can be told: there is no origin/HEAD, no main and no master"
        raise InputError(Fault(reason, key="git", command="mesh check --against BRANCH"))
    commit = repository.merge_base(ref)
    name = f"{ref} ({commit[:8]})" if repository.commit_of(ref) == commit else f"where {ref} was left ({commit[:8]})"
    return Base(repository, commit, name, changed(repository, commit))


def _state(repository: Repository) -> str:
    said = ["the head is detached"] if repository.branch is None else []
    said += ["files that are not committed are checked as they are"] if repository.is_dirty else []
    if passed_over := repository.passed_over:
        files = "1 file" if passed_over == 1 else f"{passed_over} files"
        said.append(f"git is told to pass over {files} of teams, whose changes select nothing: git ls-files -v")
    return "".join(f"; {text}" for text in said)


def _differing(files: int) -> str:
    return "1 file differs" if files == 1 else f"{files} files differ"
