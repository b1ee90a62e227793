"""What the standards' own schemas accept loads, what they refuse is refused."""
# ruff: noqa: E501 - tables of cases are read across

from __future__ import annotations

import copy
import importlib.util
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from meshwright.errors import SpecError
from meshwright.spec import load_contract, odcs, odps
from meshwright.spec.schema import Schema
from meshwright.spec.yaml_reader import parse_yaml

Json = dict[str, Any]


def reasons(schema: Schema, document: object) -> list[str]:
    node, _ = parse_yaml(json.dumps(document).encode(), Path("x.yaml"))
    return [problem.reason for problem in schema.problems(node)]


def contract(version: str, *columns: Json, **keys: Any) -> Json:
    head = {"apiVersion": version, "kind": "DataContract", "id": "x", "version": "1.0.0", "status": "active"}
    table = {"name": "orders", "properties": list(columns or [{"name": "a", "logicalType": "string"}])}
    document = {**head, "schema": [table], **keys}
    return {key: value for key, value in document.items() if value is not None}


LIBRARY = {"type": "library", "metric": "nullValues", "mustBe": 0}
RULE = {"type": "library", "rule": "nullCheck", "mustBe": 0}
STRING = {"name": "a", "logicalType": "string"}
TEAM = {"name": "Sales", "members": [{"username": "ann"}]}
ALL = odcs.VERSIONS

PAIRS: list[tuple[str, Callable[[str], Json], set[str]]] = [
    ("a plain contract", contract, set(ALL)),
    ("no status", lambda v: contract(v, status=None), {"v3.2.0"}),
    ("no logical type", lambda v: contract(v, {"name": "a", "physicalType": "long"}), set(ALL)),
    ("enum", lambda v: contract(v, {**STRING, "enum": [{"value": "x"}]}), {"v3.2.0"}),
    ("enum of nothing", lambda v: contract(v, {**STRING, "enum": []}), set()),
    ("timestamp", lambda v: contract(v, {"name": "a", "logicalType": "timestamp"}), {"v3.1.0", "v3.2.0"}),
    ("map", lambda v: contract(v, {"name": "a", "logicalType": "map", "map": {"key": STRING, "value": STRING}}), {"v3.2.0"}),
    ("map of nothing", lambda v: contract(v, {"name": "a", "logicalType": "map"}), set()),
    ("vector", lambda v: contract(v, {"name": "a", "logicalType": "vector", "logicalTypeOptions": {"dimensions": 3}}), {"v3.2.0"}),
    ("vector of nothing", lambda v: contract(v, {"name": "a", "logicalType": "vector", "logicalTypeOptions": {}}), set()),
    ("metric", lambda v: contract(v, {**STRING, "quality": [LIBRARY]}), {"v3.1.0", "v3.2.0"}),
    ("rule", lambda v: contract(v, {**STRING, "quality": [RULE]}), {"v3.0.0", "v3.0.1", "v3.0.2"}),
    ("rule without type", lambda v: contract(v, {**STRING, "quality": [{"rule": "nullCheck"}]}), {"v3.0.0", "v3.0.1", "v3.0.2"}),
    ("sql without operator", lambda v: contract(v, {**STRING, "quality": [{"type": "sql", "query": "x"}]}), {"v3.0.0", "v3.0.1", "v3.0.2"}),
    ("text rule", lambda v: contract(v, {**STRING, "quality": [{"type": "text", "description": "x"}]}), set(ALL)),
    ("custom rule", lambda v: contract(v, {**STRING, "quality": [{"type": "custom", "engine": "x", "implementation": {}}]}), set(ALL)),
    ("custom without engine", lambda v: contract(v, {**STRING, "quality": [{"type": "custom", "implementation": {}}]}), set()),
    ("team as list", lambda v: contract(v, team=[{"username": "ann"}]), set(ALL)),
    ("team as object", lambda v: contract(v, team=TEAM), {"v3.1.0", "v3.2.0"}),
    ("member without name", lambda v: contract(v, team=[{"role": "owner"}]), {"v3.0.0", "v3.0.1", "v3.0.2"}),
    ("relationship", lambda v: contract(v, {**STRING, "relationships": [{"to": "b.a"}]}), {"v3.1.0", "v3.2.0"}),
    ("relationship in three parts", lambda v: contract(v, {**STRING, "relationships": [{"to": "d.b.a"}]}), {"v3.1.0", "v3.2.0"}),
    ("relationship by file", lambda v: contract(v, {**STRING, "relationships": [{"to": "b.contract.yaml#/schema/b/properties/a"}]}), {"v3.1.0", "v3.2.0"}),
    ("relationship by .yml", lambda v: contract(v, {**STRING, "relationships": [{"to": "b.yml#/schema/b/properties/a"}]}), {"v3.2.0"}),
    ("relationship id", lambda v: contract(v, {**STRING, "relationships": [{"to": "b.a", "id": "x"}]}), {"v3.2.0"}),
    ("exclusive bound as number", lambda v: contract(v, {"name": "a", "logicalType": "integer", "logicalTypeOptions": {"exclusiveMinimum": 0}}), {"v3.1.0", "v3.2.0"}),
    ("exclusive bound as boolean", lambda v: contract(v, {"name": "a", "logicalType": "integer", "logicalTypeOptions": {"exclusiveMinimum": True}}), {"v3.0.0", "v3.0.1", "v3.0.2"}),
    ("support without url", lambda v: contract(v, support=[{"channel": "x"}]), {"v3.1.0", "v3.2.0"}),
    ("links at the top", lambda v: contract(v, authoritativeDefinitions=[{"url": "x", "type": "y"}]), set(ALL) - {"v3.0.0"}),
    ("physical name of a column", lambda v: contract(v, {**STRING, "physicalName": "A"}), {"v3.0.2", "v3.1.0", "v3.2.0"}),
    ("element id", lambda v: contract(v, {**STRING, "id": "a_1"}), {"v3.1.0", "v3.2.0"}),
    ("sla with links", lambda v: contract(v, slaProperties=[{"property": "p", "value": 1, "customProperties": []}]), set(ALL) - {"v3.1.0"}),
    ("items", lambda v: contract(v, {"name": "a", "logicalType": "array", "items": {"logicalType": "string"}}), set(ALL)),
    ("anything in custom properties", lambda v: contract(v, customProperties=[{"property": "p", "value": {"any": ["thing", {"x": 1}]}}]), set(ALL)),
    ("schema as mapping", lambda v: contract(v, schema={"name": "x"}), set()),
    ("unknown key", lambda v: contract(v, owner="x"), set()),
    ("server", lambda v: contract(v, servers=[{"server": "s", "type": "duckdb", "database": "d"}]), set(ALL)),
    ("server without database", lambda v: contract(v, servers=[{"server": "s", "type": "duckdb"}]), set()),
    ("server of a later kind", lambda v: contract(v, servers=[{"server": "s", "type": "iceberg", "catalog": "c", "catalogUrl": "u"}]), {"v3.2.0"}),
]  # fmt: skip


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize(("name", "make", "accepted"), PAIRS, ids=[name for name, _, _ in PAIRS])
def test_odcs_versions(name: str, make: Callable[[str], Json], accepted: set[str], version: str) -> None:
    found = reasons(odcs.schema(version), make(version))
    assert (not found) == (version in accepted), found


def test_a_refusal_names_the_version_that_would_do() -> None:
    document = contract("v3.1.0", {**STRING, "enum": [{"value": "x"}]})
    assert reasons(odcs.schema("v3.1.0"), document) == [
        "key 'enum' has no place here: it goes with `apiVersion: v3.2.0`"
    ]


@pytest.mark.parametrize("version", ["v3.0.2", "v3.1.0", "v3.2.0"])
def test_library_rules_load_in_the_words_of_their_version(version: str, tmp_path: Path) -> None:
    old = {"type": "library", "rule": "validValues", "validValues": ["a"], "mustBe": 0}
    new = {"type": "library", "metric": "invalidValues", "arguments": {"validValues": ["a"]}, "mustBe": 0}
    file = tmp_path / "shop/orders/orders.contract.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(contract(version, {**STRING, "quality": [old if version < "v3.1.0" else new]})))
    (rule,) = load_contract(file).columns[0].quality
    assert rule.arguments == {"validValues": ["a"]}
    assert rule.metric == ("validValues" if version < "v3.1.0" else "invalidValues")


def packaged_schema() -> Json:
    """The v3.2.0 schema as packaged, with the one mend that its later prints have."""
    found = importlib.util.find_spec("open_data_contract_standard")
    assert found is not None
    assert found.submodule_search_locations
    document: Json = json.loads(Path(found.submodule_search_locations[0], "schema.json").read_text(encoding="utf-8"))
    for part in document["$defs"]["SchemaBaseProperty"]["allOf"]:
        test = part.get("if", {})
        if test.get("properties", {}).get("logicalType", {}).get("const") in ("map", "vector"):
            test["required"] = ["logicalType"]
    return document


COLUMNS: list[Json] = [
    {**STRING, "enum": [{"value": "x", "id": "e"}], "relationships": [{"to": ["b.a"], "customProperties": []}]},
    {
        "name": "n",
        "logicalType": "number",
        "logicalTypeOptions": {"minimum": 0, "multipleOf": 0.5},
        "quality": [LIBRARY],
    },
    {"name": "o", "logicalType": "object", "properties": [{"name": "i", "logicalType": "integer", "unique": True}]},
    {"name": "l", "logicalType": "array", "items": {"logicalType": "object", "properties": [STRING]}},
    {"name": "m", "logicalType": "map", "map": {"key": STRING, "value": {"logicalType": "date"}}},
    {"name": "v", "logicalType": "vector", "logicalTypeOptions": {"dimensions": 3, "normalized": True}},
]
TABLE: Json = {
    "name": "orders",
    "quality": [
        {"type": "sql", "query": "q", "mustBeBetween": [1, 2], "dimension": "accuracy"},
        {"metric": "rowCount", "mustBeGreaterThan": 1, "severity": "warning"},
        {"type": "custom", "engine": "soda", "implementation": "x"},
    ],
    "relationships": [{"from": ["orders.a", "orders.n"], "to": ["b.a", "b.n"]}],
}
AROUND = contract(
    "v3.2.0",
    schema=None,
    team=TEAM,
    description={"purpose": "p", "usage": "u", "authoritativeDefinitions": [{"url": "u", "type": "t"}]},
    servers=[
        {"server": "s", "type": "kafka", "host": "h"},
        {"server": "t", "type": "local", "path": "p", "format": "f"},
    ],
    slaProperties=[{"property": "latency", "value": 4, "unit": "d", "element": "a.b"}],
    support=[{"channel": "c", "url": "u"}],
    roles=[{"role": "r", "access": "read"}],
    price={"priceAmount": 1.5, "priceCurrency": "EUR"},
    tags=["a", "b"],
    context={"instructions": "i", "verifiedStatements": [{"question": "q"}], "constraints": [{"constraint": "c"}]},
)
RICH = [AROUND, contract("v3.2.0", schema=[TABLE]), *(contract("v3.2.0", column) for column in COLUMNS)]

PRODUCT: Json = {
    "apiVersion": "v1.0.0", "kind": "DataProduct", "id": "a", "name": "n", "version": "1", "status": "s", "domain": "d",
    "tenant": "t", "tags": ["x"], "productCreatedTs": "2020-01-01T00:00:00Z",
    "description": {"purpose": "p", "limitations": "l", "usage": "u", "customProperties": [{"property": "a", "value": [1]}]},
    "authoritativeDefinitions": [{"type": "t", "url": "u", "description": "d"}],
    "inputPorts": [{"name": "a.b", "version": "1", "contractId": "c", "customProperties": [{"property": "m", "value": None}]}],
    "outputPorts": [{"name": "o", "version": "1", "contractId": "c", "type": "table", "sbom": [{"type": "t", "url": "u"}],
                     "inputContracts": [{"id": "i", "version": "1"}]}],
    "managementPorts": [{"name": "m", "content": "c", "type": "rest", "url": "u", "channel": "c"}],
    "support": [{"channel": "c", "url": "u", "scope": "s", "tool": "t", "invitationUrl": "i"}],
    "team": {"name": "t", "members": [{"username": "u", "role": "r", "dateIn": "2020-01-01"}], "tags": ["x"]},
}  # fmt: skip
LATER: Json = {
    **PRODUCT, "apiVersion": "v1.1.0", "type": "aggregate", "deprecated": False,
    "synonyms": [{"synonym": "s", "locale": "en", "customProperties": [{"property": "p", "value": 1, "vendor": "v"}]}],
    "context": {"instructions": "i", "verifiedStatements": [{"question": "q", "answer": "a"}], "constraints": [{"constraint": "c"}]},
    "outputPorts": [{"name": "o", "id": "i", "deprecated": True, "synonyms": [{"synonym": "s"}], "sbom": [{"tags": ["x"]}]}],
}  # fmt: skip
VALUES: list[Any] = [None, True, 0, -1, 1.5, "x", "a.b", "", [], {}, ["a"], [1, 2], [2, 2], {"a": 1}]


def members(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(inner, dict | list):
            yield from members(inner)


def mutated(document: Json, rng: random.Random) -> Json:
    """``document`` with a key or two dropped, added from elsewhere in it, or given another value."""
    document = copy.deepcopy(document)
    pairs = [pair for holder in members(document) if isinstance(holder, dict) for pair in holder.items()]
    for _ in range(rng.choice([0, 1, 1, 2])):
        holder = rng.choice(list(members(document)))
        draw = rng.random()
        if isinstance(holder, list):
            if holder:
                holder[rng.randrange(len(holder))] = copy.deepcopy(rng.choice(VALUES))
        elif draw < 0.3 and holder:
            del holder[rng.choice(list(holder))]
        elif draw < 0.6 and holder:
            holder[rng.choice(list(holder))] = copy.deepcopy(rng.choice(VALUES))
        else:
            key, value = rng.choice(pairs)
            holder[key] = copy.deepcopy(value)
    return document


def compare(document: Json, oracle: Json, schema: Schema, rounds: int, *, seed: int) -> tuple[int, int]:
    """How many mutants both accept and both refuse; fails on the first that they judge differently.

    An unknown key may be refused by us alone.
    """
    judge, rng, accepted, refused = jsonschema.Draft201909Validator(oracle), random.Random(seed), 0, 0
    for _ in range(rounds):
        mutant = mutated(document, rng)
        theirs = next(judge.iter_errors(mutant), None)
        ours = reasons(schema, mutant)
        if theirs is None and ours:
            assert all(reason.startswith("unknown key") for reason in ours), (ours, mutant)
        else:
            assert (theirs is None) == (not ours), (theirs and theirs.message, ours, mutant)
        accepted, refused = accepted + (not ours), refused + bool(ours)
    return accepted, refused


@pytest.mark.parametrize("document", RICH, ids=["around", "table", *(c["name"] for c in COLUMNS)])
def test_odcs_verdicts_are_those_of_its_own_schema(document: Json) -> None:
    accepted, refused = compare(document, packaged_schema(), odcs.schema("v3.2.0"), 120, seed=7)
    assert accepted > 20
    assert refused > 20


def installed(wheel: str, target: Path) -> None:
    """Install ``wheel`` alone, without what it depends on, into a folder of its own."""
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    elif uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--quiet"]
    else:
        pip = shutil.which("pip") or shutil.which("pip3")
        assert pip, "this test installs a wheel: it needs pip or uv"
        command = [pip, "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*command, "--no-deps", "--target", str(target), wheel], check=True, capture_output=True, timeout=120
    )


@pytest.fixture(scope="session")
def odps_schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("odps")
    installed("dataproduct-cli==0.3.2", target)
    return target / "dataproduct" / "schemas"


@pytest.mark.network
@pytest.mark.parametrize(
    ("version", "document"), [("v1.0.0", PRODUCT), ("v1.1.0", LATER), ("v1.1.0", {**PRODUCT, "apiVersion": "v1.1.0"})]
)
def test_odps_verdicts_are_those_of_its_own_schemas(odps_schemas: Path, version: str, document: Json) -> None:
    oracle = json.loads((odps_schemas / f"odps-{version[1:]}.schema.json").read_text(encoding="utf-8"))
    # The versions that its schema lists for other versions' sake are read by their own schema here.
    oracle["properties"]["apiVersion"]["enum"] = list(odps.VERSIONS)
    accepted, refused = compare(document, oracle, odps.schema(version), 500, seed=11)
    assert accepted > 100
    assert refused > 100


def test_unknown_versions_have_no_schema(tmp_path: Path) -> None:
    for schema in (odcs.schema, odps.schema):
        with pytest.raises(KeyError):
            schema("v9.0.0")
    file = tmp_path / "a/b/c.contract.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("apiVersion: v9.0.0\nkind: DataContract\n")
    with pytest.raises(SpecError, match=r"'v9\.0\.0' is not one of"):
        load_contract(file)
