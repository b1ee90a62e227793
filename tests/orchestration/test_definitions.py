"""What Dagster sees of a mesh: keys, edges, groups, owners, columns, checks."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from meshwright.errors import SpecError
from meshwright.orchestration.definitions import domain_definitions
from meshwright.orchestration.session import Session
from meshwright.orchestration.specs import LAYER, check_name, port_key
from meshwright.orchestration.tree import component_tree
from meshwright.quality.rules import rules_of
from support.tiny import STG_LINES, TinyMesh

LINES, ORDERS, CUSTOMERS = (dg.AssetKey(["shop", name]) for name in ("lines", "orders", "customers"))
WEEKLY = dg.AssetKey(["insight", "weekly_sales"])
STAGED = dg.AssetKey(["shop", "orders", "stg_lines"])
LANDED = dg.AssetKey(["shop", "landing", "lines"])


def specs_of(definitions: dg.Definitions) -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in definitions.resolve_all_asset_specs()}


@pytest.fixture
def shop_specs(session: Session) -> dict[dg.AssetKey, dg.AssetSpec]:
    return specs_of(domain_definitions(session, "shop"))


def parents(spec: dg.AssetSpec) -> set[dg.AssetKey]:
    return {dep.asset_key for dep in spec.deps}


def test_keys_say_what_is_a_port_an_inner_model_and_a_landing(shop_specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    landings = {LANDED, dg.AssetKey(["shop", "landing", "people"])}
    assert set(shop_specs) == {LINES, ORDERS, CUSTOMERS, STAGED, *landings}
    layers = {key: spec.tags[LAYER] for key, spec in shop_specs.items()}
    assert {key for key, layer in layers.items() if layer == "landing"} == landings
    assert {key for key, layer in layers.items() if layer == "inner"} == {STAGED}
    assert {key for key, layer in layers.items() if layer == "port"} == {LINES, ORDERS, CUSTOMERS}


def test_edges_follow_models_sources_and_sibling_ports(shop_specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    assert parents(shop_specs[STAGED]) == {LANDED}
    assert parents(shop_specs[LINES]) == {STAGED}
    assert parents(shop_specs[ORDERS]) == {LINES}
    assert parents(shop_specs[LANDED]) == set()


def test_ports_of_others_are_dependencies_and_no_assets(session: Session) -> None:
    definitions = domain_definitions(session, "insight")
    (asset,) = definitions.resolve_asset_graph().assets_defs_for_keys([WEEKLY])
    assert set(asset.keys) == {WEEKLY}
    (spec,) = [spec for spec in asset.specs if spec.key == WEEKLY]
    assert parents(spec) == {ORDERS, CUSTOMERS}, "what its models read, and what its rules refer to"


def test_groups_owners_kinds_and_descriptions_come_from_the_specs(shop_specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    orders = shop_specs[ORDERS]
    assert orders.group_name == "shop__orders"
    assert shop_specs[LANDED].group_name == "shop__landing"
    assert orders.owners == ["shop-data@example.com"]
    assert orders.kinds == {"dbt", "iceberg"}
    assert shop_specs[STAGED].kinds == {"dbt", "duckdb"}
    assert shop_specs[LANDED].kinds == {"python"}
    assert orders.description is not None
    assert orders.description.startswith("One row for each order.")
    assert 'mesh query "select * from mesh.shop.orders limit 10"' in orders.description
    assert shop_specs[LANDED].description == "Order lines, one file a week."


def test_a_team_without_a_mail_address_owns_as_a_team(session: Session) -> None:
    spec = next(s for s in domain_definitions(session, "insight").resolve_all_asset_specs() if s.key == WEEKLY)
    assert spec.owners == ["team:insight"]


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("{team: Shop data, email: o'brien@example.com}", "team:shop-data"),
        ("{team: Shop data, email: shop@data.photography}", "team:shop-data"),
        ("{team: 店舗, email: 店舗@example.jp}", "team:shop"),
        ("{team: Shop data, slack: '#shop'}", "team:shop-data"),
    ],
)
def test_address_that_dagster_does_not_know_stops_nothing(tiny_mesh: TinyMesh, owner: str, expected: str) -> None:
    file = tiny_mesh.root / "domains/shop/domain.yaml"
    head = file.read_text(encoding="utf-8").partition("owner:")[0]
    file.write_text(f"{head}owner: {owner}\n", encoding="utf-8")
    session = Session(tiny_mesh.settings, tiny_mesh.mesh)
    specs = specs_of(domain_definitions(session, "shop"))
    session.database.close()
    assert {tuple(spec.owners) for spec in specs.values()} == {(expected,)}


def test_columns_are_those_of_the_contract(shop_specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    schema = shop_specs[CUSTOMERS].metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    number, name = schema.columns
    assert (number.name, number.type, number.constraints.nullable) == ("customer_id", "long", False)
    assert (name.name, name.type, name.constraints.nullable) == ("name", "string", True)
    assert name.tags == {"classification": "restricted"}


def test_code_points_to_the_model_and_changes_with_it(shop: TinyMesh) -> None:
    def specs() -> dict[dg.AssetKey, dg.AssetSpec]:
        return specs_of(domain_definitions(Session(shop.settings, shop.mesh), "shop"))

    before = specs()
    assert str(before[LINES].metadata["code"].value).endswith("dbt_projects/shop/models/orders/ports/lines.sql:1")
    shop.edit(STG_LINES, ("cast(line_no as bigint)", "1 + cast(line_no as bigint) - 1"))
    after = specs()
    assert after[STAGED].code_version != before[STAGED].code_version
    assert after[LINES].code_version == before[LINES].code_version, "its own model is what it was"


def test_every_rule_and_only_rules_are_checks(session: Session) -> None:
    checks = domain_definitions(session, "shop").resolve_asset_graph().asset_check_keys
    wanted = {
        dg.AssetCheckKey(port_key(port.key), check_name(rule))
        for port in session.mesh.domains["shop"].products["orders"].ports
        for rule in rules_of(port)
    }
    assert checks == wanted
    assert dg.AssetCheckKey(LINES, "reconciles_with_orders") in checks


def test_a_product_is_one_step_and_its_ports_share_partitions(session: Session) -> None:
    graph = domain_definitions(session, "shop").resolve_asset_graph()
    (asset,) = graph.assets_defs_for_keys([LINES, ORDERS, CUSTOMERS, STAGED])
    assert not asset.can_subset
    assert asset.backfill_policy == dg.BackfillPolicy.single_run()
    named = {key: graph.get(key).partitions_def for key in (LINES, ORDERS, CUSTOMERS)}
    assert named[LINES] == named[ORDERS] == dg.DynamicPartitionsDefinition(name="week")
    assert named[CUSTOMERS] is None


def test_all_locations_merge_into_one_set(session: Session) -> None:
    merged = dg.Definitions.merge(*(domain_definitions(session, name) for name in session.mesh.domains))
    keys = [spec.key for spec in merged.resolve_all_asset_specs()]
    assert len(keys) == len(set(keys)) == 7
    dg.Definitions.validate_loadable(merged)


@pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated")
def test_a_location_that_cannot_load_says_why(shop: TinyMesh) -> None:
    shop.edit("domains/shop/domain.yaml", ("kind: Domain", "kind: Domian"))
    with pytest.raises(Exception, match="building definitions") as refused:
        component_tree().build_defs()
    causes: list[BaseException] = [refused.value]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    assert isinstance(causes[-1], SpecError)
    assert "domain.yaml" in str(causes[-1])


@pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated", "ignore:Class `")
def test_a_location_shows_what_is_sound(shop: TinyMesh) -> None:
    """Files of another domain, or of another product of its own, that cannot be read take nothing away from it."""
    shop.write("domains/insight/weekly/product.yaml", "no: [mapping")
    shop.write("domains/shop/broken/product.yaml", "no: [mapping")
    found = component_tree().build_defs_at_path(Path("shop"))
    assert len(list(found.resolve_all_asset_specs())) == 6
    with pytest.raises(Exception, match="building definitions") as refused:
        component_tree().build_defs_at_path(Path("insight"))
    assert isinstance(refused.value.__cause__, SpecError)
    assert "weekly/product.yaml" in str(refused.value.__cause__)
    assert "shop/broken" not in str(refused.value.__cause__)
