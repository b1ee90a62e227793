"""ODPS v1.0.0 and v1.1.0: which documents the Open Data Product Standard accepts.

Written from the standard (bitol-io/open-data-product-standard); a test compares the verdicts with those of
its own JSON schemas. One deviation, on purpose: an unknown key in ``team`` is a fault too.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from meshwright.spec.schema import Schema

VERSIONS = ("v1.0.0", "v1.1.0")
Json = dict[str, Any]
TEXT: Json = {"type": "string"}
FLAG: Json = {"type": "boolean"}
TAGS: Json = {"type": "array", "items": TEXT}
_LATER = "v1.1.0"


def _texts(*names: str) -> Json:
    return dict.fromkeys(names, TEXT)


def _many(name: str) -> Json:
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}


class _Objects:
    """Makes object schemas of one version of the standard."""

    def __init__(self, version: str) -> None:
        self.later = version >= _LATER
        self.links = {"customProperties": _many("custom"), "authoritativeDefinitions": _many("link")}

    def of(self, required: str, properties: Json, *, later: Json | None = None) -> Json:
        """An object with ``properties``, and with ``later`` from v1.1.0 on."""
        schema: Json = {"type": "object", "additionalProperties": False, "required": required.split()}
        if self.later:
            return {**schema, "properties": {**properties, **(later or {})}}
        return {**schema, "properties": properties, "x-later": dict.fromkeys(later or {}, _LATER)}

    def element(self, required: str, properties: Json, *, later: Json | None = None) -> Json:
        """An object with tags, links and custom properties, and with an id from v1.1.0 on."""
        return self.of(required, {**properties, "tags": TAGS, **self.links}, later={"id": TEXT, **(later or {})})


@cache
def schema(version: str) -> Schema:
    """What ``version`` (one of :data:`VERSIONS`) accepts. Raises KeyError for others."""
    if version not in VERSIONS:
        raise KeyError(version)
    make = _Objects(version)
    port = "name" if make.later else "name version"
    defs = {
        "custom": make.of(
            "property value", {**_texts("property", "description"), "value": True}, later=_texts("id", "vendor")
        ),
        "link": make.of("type url", _texts("type", "url", "description"), later=_texts("id")),
        "description": make.of("", {**_texts("purpose", "limitations", "usage"), **make.links}),
        "input": make.element(
            "name" if make.later else "name version contractId",
            _texts("name", "version", "contractId"),
            later={"deprecated": FLAG},
        ),
        "output": make.element(
            port,
            {
                **_texts("name", "description", "type", "version", "contractId"),
                "sbom": _many("sbom"),
                "inputContracts": _many("contract"),
            },
            later={"deprecated": FLAG, "synonyms": _many("synonym"), "context": {"$ref": "#/$defs/context"}},
        ),
        "sbom": make.element("", _texts("type", "url")) if make.later else make.of("url", _texts("type", "url")),
        "contract": make.of("id version", _texts("id", "version")),
        "management": make.element(
            "name content",
            _texts("name", "content", "type", "url", "channel", "description"),
            later={"deprecated": FLAG},
        ),
        "support": make.element(
            "channel url", _texts("channel", "url", "description", "tool", "scope", "invitationUrl")
        ),
        "member": make.element(
            "username",
            _texts("username", "name", "description", "role", "dateIn", "dateOut", "replacedByUsername"),
        ),
        "team": make.of("", {**_texts("name", "description"), "members": _many("member"), "tags": TAGS, **make.links}),
        "synonym": make.of(
            "synonym",
            {
                **_texts("id", "synonym", "description", "locale", "source", "status"),
                "customProperties": _many("custom"),
            },
        ),
        "statement": make.element("question", _texts("question", "answer")),
        "constraint": make.element("constraint", _texts("constraint")),
        "context": make.of(
            "",
            {**_texts("instructions"), "verifiedStatements": _many("statement"), "constraints": _many("constraint")},
        ),
    }
    return Schema({**_document(make), "$defs": defs})


def _document(make: _Objects) -> Json:
    properties = {
        "apiVersion": {"type": "string", "enum": list(VERSIONS)},
        "kind": {"type": "string", "enum": ["DataProduct"]},
        **_texts("id", "name", "version", "status", "domain", "tenant", "productCreatedTs"),
        "description": {"$ref": "#/$defs/description"},
        "tags": TAGS,
        "inputPorts": _many("input"),
        "outputPorts": _many("output"),
        "managementPorts": _many("management"),
        "support": _many("support"),
        "team": {"$ref": "#/$defs/team"},
        **make.links,
    }
    later = {"deprecated": FLAG, "synonyms": _many("synonym"), "type": TEXT, "context": {"$ref": "#/$defs/context"}}
    return make.of("apiVersion kind id" if make.later else "apiVersion kind id status", properties, later=later)
