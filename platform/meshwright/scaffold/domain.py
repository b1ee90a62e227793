"""A new domain: who owns it, an empty dbt project and a code location."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from meshwright.config import Settings
from meshwright.errors import Fault, InputError
from meshwright.scaffold import workspace
from meshwright.scaffold.place import scaffolding
from meshwright.scaffold.render import render
from meshwright.scaffold.templates import newest
from meshwright.spec.index import WORKSPACE
from meshwright.spec.names import Kind, name_fault
from meshwright.spec.product import NO_EMAIL, is_email


@dataclass(frozen=True, slots=True)
class NewDomain:
    """What is to be known of a domain that is to be."""

    name: str
    team: str
    email: str
    description: str


def new_domain(settings: Settings, domain: NewDomain) -> list[Path]:
    """Write a domain; the files that are new. InputError, and nothing written, where a name or file is in the way.

    SpecError where ``workspace.yaml`` cannot be read.
    """
    check_name(domain.name, "domain", _names(settings.root / "domains"))
    check_email(domain.email)
    with scaffolding(settings.root, settings.state_dir) as placer:
        files = domain_files(settings.root, domain, settings.trusted)
        placer.place(files, {PurePosixPath(WORKSPACE): workspace.with_domain(settings.root, domain.name)})
    return [settings.root / path for path in files]


def domain_files(root: Path | None, domain: NewDomain, trusted: frozenset[str]) -> dict[PurePosixPath, bytes]:
    """The files of a domain by their path in the mesh."""
    answers = {
        "domain": domain.name,
        "description": plain(domain.description),
        "team": plain(domain.team),
        "email": domain.email,
    }
    return render(newest("domain", root), answers, trusted=trusted)


def plain(text: str) -> str:
    """Text in one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def check_email(address: str) -> None:
    """InputError where ``address`` is none at which an owner is reached."""
    if not is_email(address):
        raise InputError(Fault(f"{address[:80]!r} {NO_EMAIL}", key="--email"))


def check_name(name: str, kind: Kind, taken: Iterable[str]) -> None:
    """InputError where ``name`` cannot name a ``kind``, or has been given, whatever its case."""
    if wrong := name_fault(name, kind):
        raise InputError(Fault(wrong[0], key=kind, suggestion=wrong[1]))
    folded = {other.casefold(): other for other in taken}
    if twin := folded.get(name.casefold()):
        what = f"there is a {kind} {twin!r} already"
        raise InputError(Fault(what if twin == name else f"{what}, which some disks do not tell apart", key=kind))


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208  names alone
