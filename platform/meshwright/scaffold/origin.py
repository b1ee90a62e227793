"""Where a new mesh installs meshwright from: where the running one came from, never a bare name of an index."""

from __future__ import annotations

import json
import re
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from meshwright.errors import Fault, InputError

_OPTION = "--meshwright PATH_OR_URL"
_URL = re.compile(r"(?:(?:git|hg)\+)?(?:https?|ssh|file)://\S+")


def requirement(source: str | None) -> str:
    """The requirement (PEP 508, a direct reference) that installs meshwright from ``source``.

    ``source`` is a wheel, a source folder, a URL or a requirement of that kind; None: what is running. InputError
    where it is none of these or is not there, or where nobody noted where the running one came from.
    """
    return f"meshwright @ {_url(source) if source is not None else _installed()}"


def is_local(requirement_: str) -> bool:
    """Whether a requirement names a place on this machine, where other machines find nothing."""
    return requirement_.partition("@")[2].strip().startswith("file:")


def _url(source: str) -> str:
    place = re.sub(r"^meshwright\s*@\s*", "", source.strip())
    if _URL.fullmatch(place):
        if place.startswith("file:"):
            _require_package(Path(unquote(urlsplit(place).path)), place)
        return place
    path = Path(place).expanduser().absolute()
    if not path.exists() and "/" not in place and not place.endswith(".whl"):
        reason = f"{place[:80]!r} is a bare name, for which an index may answer with anybody's package"
        raise InputError(Fault(reason, key="--meshwright", command=_OPTION))
    _require_package(path, place)
    return path.as_uri()


def _require_package(path: Path, given: str) -> None:
    if path.is_dir() and not (path / "pyproject.toml").is_file():
        raise InputError(
            Fault("holds no pyproject.toml, so nothing can be installed from it", path, key="--meshwright")
        )
    if not path.exists():
        raise InputError(Fault(f"there is no {given[:200]}", key="--meshwright", command=_OPTION))
    if path.is_file() and path.suffix != ".whl" and not path.name.endswith(".tar.gz"):
        raise InputError(Fault("is neither a wheel nor a source archive", path, key="--meshwright", command=_OPTION))


def _installed() -> str:
    """Where pip or uv noted that the running distribution came from (PEP 610)."""
    noted = distribution("meshwright").read_text("direct_url.json")
    if noted is None:
        reason = "nobody noted where this meshwright was installed from, and its name alone is no source"
        raise InputError(Fault(reason, key="--meshwright", command=f"mesh init DIR {_OPTION}"))
    origin = json.loads(noted)
    if vcs := origin.get("vcs_info"):
        return f"{vcs['vcs']}+{origin['url']}@{vcs['commit_id']}"
    return str(origin["url"])
