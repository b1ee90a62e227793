"""The published schema of domain.yaml and the loader agree."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from meshwright.errors import SpecError
from meshwright.spec import load
from support.mesh_files import write_mesh

SCHEMA = json.loads(resources.files("meshwright.spec").joinpath("schemas/domain.schema.json").read_text("utf-8"))
GOOD: dict[str, Any] = {
    "apiVersion": "meshwright/v1",
    "kind": "Domain",
    "name": "shop",
    "owner": {"team": "Shop data"},
}
CHANGES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"description": "What is sold."}, True),
    ({"owner": {"team": "T", "email": "a@b.example", "slack": "#t", "url": "https://t.example/x"}}, True),
    ({"tags": ["a"], "customProperties": [{"property": "p", "value": {"any": 1}, "description": "d"}]}, True),
    ({"apiVersion": "meshwright/v2"}, False),
    ({"apiVersion": None}, False),
    ({"kind": "Domains"}, False),
    ({"kind": None}, False),
    ({"name": None}, False),
    ({"name": "Shop"}, False),
    ({"name": "shop__a"}, False),
    ({"name": "shop\n"}, False),
    ({"name": 7}, False),
    ({"owner": None}, False),
    ({"owner": "Shop data"}, False),
    ({"owner": {}}, False),
    ({"owner": {"team": ""}}, False),
    ({"owner": {"team": "T", "phone": "1"}}, False),
    ({"owner": {"team": "T", "email": "o'brien@data.photography"}}, True),
    ({"owner": {"team": "T", "email": "nobody"}}, False),
    ({"owner": {"team": "T", "email": "a@b"}}, False),
    ({"owner": {"team": "T", "email": "a@b.c"}}, False),
    ({"owner": {"team": "T", "email": "a@b.example."}}, False),
    ({"owner": {"team": "T", "url": "ftp://x"}}, False),
    ({"tags": "a"}, False),
    ({"tags": [1]}, False),
    ({"customProperties": [{"property": "p"}]}, False),
    ({"products": []}, False),
]


def test_the_schema_is_one() -> None:
    jsonschema.Draft201909Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("change", "accepted"), CHANGES, ids=[json.dumps(change)[:40] for change, _ in CHANGES])
def test_loader_and_schema_agree(change: dict[str, Any], accepted: bool, tmp_path: Path) -> None:
    document = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    # Python's `$` lets a line break through; the format does not.
    honest = jsonschema.Draft201909Validator(SCHEMA).is_valid(document) and document["name"] == document["name"].strip()
    assert honest == accepted
    root = write_mesh(tmp_path, {"domains/shop/domain.yaml": json.dumps(document)})
    if accepted:
        assert load(root).domains["shop"].owner == document["owner"]["team"]
    else:
        with pytest.raises(SpecError) as caught:
            load(root)
        assert {f.file.name for f in caught.value.faults if f.file} == {"domain.yaml"}


@pytest.mark.parametrize(("owner", "contact"), [({"slack": "#t", "url": "https://x.example"}, "#t"), ({}, None)])
def test_the_contact_is_the_first_that_is_there(owner: dict[str, str], contact: str | None, tmp_path: Path) -> None:
    document = {**GOOD, "owner": {"team": "T", **owner}}
    root = write_mesh(tmp_path, {"domains/shop/domain.yaml": json.dumps(document)})
    assert load(root).domains["shop"].contact == contact
