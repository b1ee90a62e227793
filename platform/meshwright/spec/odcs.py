"""ODCS v3.0.0 to v3.2.0: which documents the Open Data Contract Standard accepts.

The schema is the one inside the package ``open-data-contract-standard`` (v3.2.0). Earlier versions are
that schema with what came later taken away; the versions' own schemas (bitol-io, Apache-2.0) are the
source of every difference written here. Three deviations, all on purpose:

- an unknown key is a fault everywhere, also where v3.0 leaves an object open;
- a shorthand reference may have three parts (``domain.port.column``) in v3.1.0 too: the text of that
  version shows it, the pattern of its schema followed in v3.2.0;
- in v3.2.0 as packaged a property without ``logicalType`` would need a ``map``; later prints of the
  schema mend that, and so do we.
"""

from __future__ import annotations

import copy
import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

from meshwright.spec.schema import Schema

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
LATEST = VERSIONS[-1]
Json = dict[str, Any]

_LATER_SERVERS = (
    "btrieve",
    "exasol",
    "fastobjects",
    "hana",
    "iceberg",
    "ingres",
    "poet",
    "teradata",
    "vectorwise",
    "versant",
)
_SERVERS_SINCE_3_1 = ("hive", "impala", "zen")
_ENCODED_SERVERS = ("Azure", "Custom", "Glue", "Kafka", "Kinesis", "Local", "S3", "Sftp")
_OPERATORS = (
    "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo",
    "mustBeBetween", "mustNotBeBetween",
)  # fmt: skip


@cache
def schema(version: str) -> Schema:
    """What ``version`` (one of :data:`VERSIONS`) accepts. Raises KeyError for others."""
    if version not in VERSIONS:
        raise KeyError(version)
    document = _packaged()
    _mend(document)
    if version < "v3.2.0":
        _as_3_1(document)
    if version < "v3.1.0":
        _as_3_0(document, version)
    return Schema(document)


def _packaged() -> Json:
    found = importlib.util.find_spec("open_data_contract_standard")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("open-data-contract-standard is not installed")
    path = Path(found.submodule_search_locations[0], "schema.json")
    document: Json = json.loads(path.read_text(encoding="utf-8"))
    return document


def _mend(document: Json) -> None:
    defs = document["$defs"]
    document["properties"]["apiVersion"]["enum"] = list(VERSIONS)
    document["properties"]["description"]["additionalProperties"] = False
    base = defs["SchemaBaseProperty"]
    for part in base["allOf"]:
        if part.get("if", {}).get("properties", {}).get("logicalType", {}).get("const") in ("map", "vector"):
            part["if"]["required"] = ["logicalType"]
    for end in ("from", "to"):
        relation = defs["RelationshipBase"]["properties"][end]
        words = "is no reference: write <domain>.<port>.<column>"
        relation["oneOf"][0] = {"type": "string", **relation["oneOf"][0], "x-reason": words}
        relation["oneOf"][1]["items"] = {"type": "string", **relation["oneOf"][1]["items"], "x-reason": words}
    defs["StableId"]["x-reason"] = "is no id: letters, digits, '_' and '-' only"


def _options_of(base: Json) -> dict[str, Json]:
    """``logicalTypeOptions`` of each ``if`` of a property, by the logical type that it is for."""
    found = {}
    for part in base["allOf"]:
        tests = part.get("if", {}).get("anyOf", [part.get("if", {})])
        for test in tests:
            name = test.get("properties", {}).get("logicalType", {}).get("const")
            options = part.get("then", {}).get("properties", {}).get("logicalTypeOptions")
            if name and options:
                found[name] = options
    return found


def _take_away(holder: Json, version: str, *keys: str) -> None:
    """Make ``keys`` unknown to ``holder``, remembering the version that brings them."""
    for key in keys:
        if holder["properties"].pop(key, None) is not None:
            holder.setdefault("x-later", {})[key] = version


def _as_3_1(document: Json) -> None:
    defs, since = document["$defs"], "v3.2.0"
    document["required"].append("status")
    _take_away(document, since, "context")
    _take_away(defs["SchemaObject"], since, "context")
    _take_away(defs["SchemaElement"], since, "deprecated", "synonyms")
    _take_away(defs["CustomProperty"], since, "vendor")
    _take_away(defs["ServiceLevelAgreementProperty"], since, "customProperties", "authoritativeDefinitions")
    _take_away(defs["RelationshipBase"], since, "id")
    qualified = defs["FullyQualifiedReference"]
    qualified["pattern"] = qualified["pattern"].replace("ya?ml", "yaml")
    base = defs["SchemaBaseProperty"]
    _take_away(base, since, "enum", "semanticType")
    base["allOf"] = [p for p in base["allOf"] if p.get("if", {}).get("required") != ["logicalType"]]
    base["x-later"]["map"] = since
    _drop(base["properties"]["logicalType"], "map", "vector")
    _drop(defs["Server"]["properties"]["type"], *_LATER_SERVERS)
    for name in _ENCODED_SERVERS:
        _take_away(defs["ServerSource"][f"{name}Server"], since, "encoding")
    _take_away(defs["ServerSource"]["AthenaServer"], since, "workgroup")
    defs["ServerSource"]["AthenaServer"]["required"] = ["stagingDir", "schema"]


def _drop(holder: Json, *members: str) -> None:
    holder["enum"] = [m for m in holder["enum"] if m not in members]


def _as_3_0(document: Json, version: str) -> None:
    defs, since = document["$defs"], "v3.1.0"
    _open_objects(defs)
    _take_away(defs["SchemaElement"], since, "id")
    _take_away(defs["SchemaObject"], since, "relationships")
    base = defs["SchemaBaseProperty"]
    base.pop("unevaluatedProperties")
    _take_away(base, since, "relationships")
    _drop(base["properties"]["logicalType"], "timestamp", "time")
    base["allOf"] = [p for p in base["allOf"] if "timestamp" not in json.dumps(p.get("if", {}))]
    for name in ("date", "integer", "number"):
        options = _options_of(base)[name]["properties"]
        options["exclusiveMinimum"] = options["exclusiveMaximum"] = {"type": "boolean"}
    _drop(defs["Server"]["properties"]["type"], *_SERVERS_SINCE_3_1)
    document["properties"]["team"] = {"type": "array", "items": {"$ref": "#/$defs/TeamMember"}}
    defs["SupportItem"]["required"] = ["channel", "url"]
    defs["DataQuality"] = _quality_3_0(defs["DataQuality"])
    if version < "v3.0.2":
        _take_away(base, "v3.0.2", "physicalName")
    if version < "v3.0.1":
        _take_away(document, "v3.0.1", "authoritativeDefinitions")


def _open_objects(defs: Json) -> None:
    """v3.0 leaves these open: the keys that later versions name are accepted, unchecked."""
    later = {
        "CustomProperty": ("id", "description", "vendor"),
        "Pricing": ("id",),
        "Role": ("id",),
        "SupportItem": ("id", "customProperties"),
        "ServiceLevelAgreementProperty": (
            *("id", "description", "schedule", "scheduler", "customProperties", "authoritativeDefinitions"),
        ),
        "TeamMember": ("id", "tags", "customProperties", "authoritativeDefinitions"),
        "Server": ("id",),
    }
    holders = {name: defs[name] for name in later}
    holders["links"], later["links"] = defs["AuthoritativeDefinitions"]["items"], ("id", "description")
    for name, keys in later.items():
        for key in keys:
            holders[name]["properties"][key] = True
    for name in ("CustomProperty", "TeamMember"):
        defs[name].pop("required", None)


def _quality_3_0(quality: Json) -> Json:
    """v3.0 asks a library rule for ``rule``, which is also what no ``type`` means, and has no ``metric``."""
    quality = copy.deepcopy(quality)
    properties = quality["properties"]
    number, pair = (
        {"type": "number"},
        {"type": "array", "minItems": 2, "maxItems": 2, "uniqueItems": True, "items": {"type": "number"}},
    )
    operators: Json = {name: pair if name.endswith("Between") else number for name in _OPERATORS}
    operators["mustBe"] = operators["mustNotBe"] = True
    library = {"required": ["rule"], "properties": {"rule": {"type": "string"}, **operators}}
    sql = {"required": ["query"], "properties": {"query": {"type": "string"}}}
    custom = {
        "required": ["engine", "implementation"],
        "properties": {"engine": {"type": "string"}, "implementation": {"type": ["string", "object"]}},
    }

    def when(kind: str, then: Json, *, required: bool) -> Json:
        test: Json = {"properties": {"type": {"const": kind}}, **({"required": ["type"]} if required else {})}
        return {"if": test, "then": then}

    quality["allOf"] = [
        when("library", library, required=False),
        when("sql", sql, required=True),
        when("custom", custom, required=True),
    ]
    properties["id"] = True
    quality["x-extra"] = [
        *_OPERATORS, "rule", "metric", "arguments", "validValues", "query", "engine", "implementation",
    ]  # fmt: skip
    return quality
