"""From what was typed to what is checked: the products, and the commit that they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from meshwright.check.git import Repository
from meshwright.check.subject import Base, Subject
from meshwright.config import Settings
from meshwright.errors import Fault, InputError
from meshwright.spec.index import Index, index

Say = Callable[[str], None]
EVERYTHING = ("policies/", "pyproject.toml")
"""Files that every product depends on."""


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
    touched, gone = _touched(place, base, say)
    if everything:
        return Subject(settings, place, tuple(place.products), base, gone, say)
    if selectors:
        given = {s.partition("/")[0].partition(".")[0] for s in selectors}
        return Subject(settings, place, selected, base, tuple(k for k in gone if k.partition("/")[0] in given), say)
    return Subject(settings, place, touched, base, gone, say)


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
    return Base(repository, commit, name, repository.changed(commit))


def _state(repository: Repository) -> str:
    said = ["the head is detached"] if repository.branch is None else []
    said += ["files that are not committed are checked as they are"] if repository.is_dirty else []
    return "".join(f"; {text}" for text in said)


def _touched(place: Index, base: Base, say: Say) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The products that the changed files belong to, and those that are gone."""
    found: set[str] = set()
    gone: dict[str, None] = {}
    for path in base.changed:
        domain, product = place.owner_of(Path(path))
        if path.startswith(EVERYTHING):
            say(f"{path} changed, on which every product depends")
            found |= place.products.keys()
        elif product is not None and product not in place.products:
            gone[product] = None
        elif product is not None:
            found.add(product)
        elif domain is not None:
            found |= set(place.of_domain(domain))
    return tuple(key for key in place.products if key in found), tuple(gone)


def _differing(files: int) -> str:
    return "1 file differs" if files == 1 else f"{files} files differ"
