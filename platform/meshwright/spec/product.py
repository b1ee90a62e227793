"""``product.yaml`` and ``domain.yaml``: from YAML to what the mesh is made of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from meshwright.spec import odps
from meshwright.spec.documents import Document, Report, checked
from meshwright.spec.model import Input, Mapping_
from meshwright.spec.names import name_fault
from meshwright.spec.node import At
from meshwright.spec.schema import Schema
from meshwright.spec.words import listed, nearest

PRODUCT_FILE = "product.yaml"
DOMAIN_FILE = "domain.yaml"


@dataclass(frozen=True, slots=True)
class Output:
    """An output port as its product lists it."""

    name: str
    at: At
    contract_id: str | None
    version: str | None = None


NO_EMAIL = "is no e-mail address; write one such as team@example.com"


@cache
def domain_schema(version: str = "meshwright/v1") -> Schema:
    """The published schema of ``domain.yaml``."""
    del version
    document = _domain_document()
    owner = document["properties"]["owner"]["properties"]
    owner["email"]["x-reason"] = NO_EMAIL
    owner["url"]["x-reason"] = "is no http address"
    document["properties"]["name"]["x-reason"] = "must be lower-case letters, digits and single '_', a letter first"
    return Schema(document)


def is_email(text: str) -> bool:
    """Whether ``text`` may stand as an owner's ``email`` in ``domain.yaml``."""
    return bool(re.fullmatch(_domain_document()["properties"]["owner"]["properties"]["email"]["pattern"], text))


def _domain_document() -> dict[str, Any]:
    path = Path(__file__).parent / "schemas" / "domain.schema.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def read_domain(file: Path, report: Report) -> Document | None:
    """A judged ``domain.yaml`` whose name is that of its folder."""
    document = checked(file, "Domain", ("meshwright/v1",), domain_schema, report)
    if document:
        check_name(document.root, "name", file.parent.name, report)
    return document


def read_product(file: Path, domain: str, report: Report) -> Document | None:
    """A judged ``product.yaml`` whose names are those of its folders."""
    document = checked(file, "DataProduct", odps.VERSIONS, odps.schema, report)
    if document:
        check_name(document.root, "name", file.parent.name, report)
        check_name(document.root, "domain", domain, report)
    return document


def check_name(root: At, key: str, folder: str, report: Report) -> None:
    """What is written under ``key``, if anything, must be the name of the folder."""
    written = root.string(key)
    if written is not None and written != folder:
        report(root.at(key).fault(f"{key} is {written[:80]!r}, its folder {folder!r}", suggestion=folder))


def outputs(root: At, report: Report) -> Iterator[Output]:
    """The output ports that a product lists."""
    first: dict[str, At] = {}
    for item in root.items("outputPorts"):
        name = item.string("name")
        if name is None:
            continue
        if wrong := name_fault(name, "port"):
            report(item.at("name").fault(wrong[0], suggestion=wrong[1]))
        elif first.setdefault(name, item) is not item:
            report(
                item.at("name").fault(f"output port {name!r} is listed twice; first on line {first[name].where.line}")
            )
        else:
            yield Output(name, item, item.string("contractId"), item.string("version"))
    if not first and not list(root.items("outputPorts")):
        report(root.at("outputPorts").fault("a product needs at least one output port"))


def inputs(root: At, report: Report) -> Iterator[tuple[At, Input]]:
    """The input ports that a product lists, with their places."""
    first: dict[str, At] = {}
    for item in root.items("inputPorts"):
        name = item.string("name")
        if name is None:
            continue
        if first.setdefault(name, item) is not item:
            line = first[name].where.line
            report(item.at("name").fault(f"input port {name[:80]!r} is listed twice; first on line {line}"))
            continue
        place, contract_id = item.at("name").where, item.string("contractId")
        yield item, Input(name, _mapping(item, report), place, contract_id, item.string("version"))


def _mapping(item: At, report: Report) -> Mapping_:
    written = item.custom().get("mapping")
    if written is None:
        return Mapping_.ALL
    words = [m.value for m in Mapping_]
    text = written.node.value
    if isinstance(text, str) and text in words:
        return Mapping_(text)
    reason = f"mapping {written.node.text[:60]!r} is not {listed(words)}"
    report(written.fault(reason, suggestion=nearest(written.node.text, words)))
    return Mapping_.ALL
