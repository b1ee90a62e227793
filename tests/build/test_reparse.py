"""What dbt remembers of the last parse of a project changes how long the next one takes, never what it finds."""

from __future__ import annotations

import shutil

import pytest

from meshwright.build.dbt import generate
from meshwright.build.dbt.graph import Graph
from meshwright.build.dbt.manifests import graph_of, manifest_of
from meshwright.config import Settings
from meshwright.errors import BuildError
from support.tiny import CUSTOMERS_SQL, INGEST_PY, LINES_SQL, MODELS, ORDERS_SQL, STG_LINES, TinyMesh

MACRO = "dbt_projects/shop/macros/half.sql"


def afresh(mesh: TinyMesh) -> Graph:
    """The same as found by a dbt that remembers nothing."""
    settings = Settings.of(mesh.root, state=".other")
    try:
        loaded = mesh.mesh
        return graph_of(settings, loaded, loaded.domains["shop"])
    finally:
        shutil.rmtree(mesh.root / ".other")


@pytest.fixture
def parsed(tiny_mesh: TinyMesh) -> TinyMesh:
    """Parsed once, with a macro in use."""
    tiny_mesh.write(MACRO, "{% macro half(x) %}{{ x }} / 2{% endmacro %}\n")
    tiny_mesh.edit(ORDERS_SQL, ("min(week) as week", "min(week) as week, {{ half('1') }} as half"))
    tiny_mesh.parse("shop")
    return tiny_mesh


def test_edits_of_every_kind(parsed: TinyMesh) -> None:
    states = [parsed.parse("shop")]

    def changed() -> None:
        found = parsed.parse("shop")
        assert found == afresh(parsed)
        assert found.models != states[-1].models
        states.append(found)

    parsed.edit(MACRO, ("/ 2", "/ 3"))
    changed()
    parsed.write(f"{MODELS}/staging/stg_extra.sql", "select * from {{ ref('stg_lines') }}\n")
    parsed.edit(LINES_SQL, ("ref('stg_lines')", "ref('stg_extra')"))
    changed()
    (parsed.root / STG_LINES).rename(parsed.root / MODELS / "staging" / "stg_renamed.sql")
    parsed.edit(f"{MODELS}/staging/stg_extra.sql", ("stg_lines", "stg_renamed"))
    changed()
    (parsed.root / MACRO).unlink()
    parsed.edit(ORDERS_SQL, (", {{ half('1') }} as half", ""))
    changed()


def test_fault_is_told_each_time_and_mended(parsed: TinyMesh) -> None:
    sound = parsed.parse("shop")
    parsed.edit(ORDERS_SQL, ("half('1')", "half('1'"))
    for _ in range(2):
        with pytest.raises(BuildError, match="orders"):
            parsed.parse("shop")
    parsed.edit(ORDERS_SQL, ("half('1'", "half('1')"))
    assert parsed.parse("shop") == sound == afresh(parsed)


def test_memory_that_is_damaged_is_done_without(parsed: TinyMesh) -> None:
    remembered = parsed.settings.scratch / "parse" / "shop" / "target" / "partial_parse.msgpack"
    remembered.write_bytes(b"\x93not what dbt wrote")
    parsed.edit(MACRO, ("/ 2", "/ 4"))
    assert parsed.parse("shop") == afresh(parsed)


def test_a_new_source_has_nothing_read_anew_but_its_readers(parsed: TinyMesh) -> None:
    """A domain with a hundred products pays for the one that it adds."""

    def read_at() -> dict[str, float]:
        manifest = manifest_of(parsed.settings, parsed.parse("shop"))
        return {node.name: node.created_at for node in manifest.nodes.values() if node.resource_type == "model"}

    before = read_at()
    places = parsed.root / "dbt_projects/shop/models/_mesh"
    assert {file.name for file in places.iterdir()} == {"landing__lines.yml", "landing__people.yml"}
    parsed.edit(INGEST_PY, ("def people(", "def persons("))
    parsed.edit(CUSTOMERS_SQL, ("'people'", "'persons'"))
    after = read_at()
    assert {name for name in before if after[name] != before[name]} == {"customers"}
    assert {file.name for file in places.iterdir()} == {"landing__lines.yml", "landing__persons.yml"}


@pytest.mark.parametrize("where", ["macro-paths", "package", "link"])
def test_code_that_lies_outside_the_project_counts_as_its_own(parsed: TinyMesh, where: str) -> None:
    """Of macros that projects share, a build must not go on with what they were."""
    shared = "common/macros/half.sql"
    parsed.write(shared, (parsed.root / MACRO).read_text())
    (parsed.root / MACRO).unlink()
    if where == "macro-paths":
        parsed.edit(
            "dbt_projects/shop/dbt_project.yml", ("name: shop", "name: shop\nmacro-paths: [../../common/macros]")
        )
    elif where == "package":
        parsed.write("common/dbt_project.yml", "name: common\n")
        parsed.write("dbt_projects/shop/packages.yml", "packages: [{local: ../../common}]\n")
        (parsed.root / "dbt_projects/shop/dbt_packages").mkdir()
        (parsed.root / "dbt_projects/shop/dbt_packages/common").symlink_to(parsed.root / "common")
        parsed.edit(ORDERS_SQL, ("half('1')", "common.half('1')"))
    else:
        (parsed.root / MACRO).parent.rmdir()
        (parsed.root / MACRO).parent.symlink_to("../../common/macros")
    before = parsed.parse("shop")
    parsed.edit(shared, ("/ 2", "/ 5"))
    after = parsed.parse("shop")
    assert before.models["orders"].code != after.models["orders"].code
    assert after == afresh(parsed)


def test_a_link_that_leads_around_in_a_project_ends_nothing(parsed: TinyMesh) -> None:
    before = parsed.parse("shop")
    (parsed.root / MODELS / "again").symlink_to(parsed.root / "dbt_projects/shop")
    assert generate.project_hash(parsed.root / "dbt_projects/shop") == before.hash
