"""Every way to break a file gives line, key, reason and, where there is one, the right spelling."""
# ruff: noqa: E501 - the cases are a table, read across

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from spec.faults import CUSTOMERS, DOMAIN, ORDERS, PRODUCT, WEEKLY, WEEKLY_SALES, faults_of, only_fault
from support.mesh_files import edited


@dataclass(frozen=True)
class Case:
    """A change of the tiny mesh and the one fault that it makes."""

    name: str
    changes: Mapping[str, str | None]
    line: int | None
    key: str | None
    reason: str
    suggestion: str | None = None


def orders(*replacements: tuple[str, str]) -> dict[str, str]:
    return edited(ORDERS, *replacements)


INPUT = """\
inputPorts:
  - name: {port}
    version: 1.0.0
    contractId: {contract}
outputPorts:"""
C0, C1, C2, C3 = (f"schema[0].properties[{i}]" for i in range(4))

SYNTAX = [
    Case("tab", orders(("        required: true", "\trequired: true")), 19, f"{C0}.physicalType", "a tab is used"),
    Case("open quote", orders(("name: Orders", 'name: "Orders')), 4, "name", "the file ends inside this quoted text"),
    Case("open list", orders(("status: active", "tags: [a, b")), 6, "tags[2]", "this '[' is not closed"),
    Case("open mapping", orders(("status: active", "status: {a: b")), 6, "status", "this '{' is not closed"),
    Case("colon in text", orders(("purpose: One", "purpose: One: more")), 10, "description", "a ':' follows"),
    Case("no colon", orders(("version: 1.0.0", "version 1.0.0")), 5, None, "expected ':' after this key"),
    Case("indent", orders(("        logicalType", "       logicalType")), 17, C1, "expected '- ' at this indentation"),
    Case("text after quote", orders(("name: Orders", 'name: "Orders" x')), 4, None, "expected a key"),
    Case("at sign", orders(("status: active", "status: @active")), 6, "status", "this character cannot begin a value"),
    Case("dash in value", orders(("status: active", "status: - active")), 6, "status", "'- ' cannot stand here"),
    Case("key twice", orders(("kind:", "status: x\nkind:")), 7, "status", "key 'status' is given twice; first on line 2"),
    Case("no anchor", orders(("status: active", "status: *there")), 6, "status", "the alias 'there' names no anchor"),
    Case("tag", orders(("version: 1.0.0", "version: !!str 1")), 5, "version", "the tag 'tag:yaml.org,2002:str' has no"),
    Case("two documents", orders(("kind:", "---\nkind:")), 2, None, "a second document begins here"),
    Case("a list", {ORDERS: "- a\n- b\n"}, 1, None, "expected keys and values, got list"),
    Case("a text", {ORDERS: "hello\n"}, 1, None, "expected keys and values, got string 'hello'"),
    Case("empty", {ORDERS: ""}, 1, None, "the file is empty"),
    Case("comments only", {ORDERS: "# nothing\n"}, 1, None, "the file is empty"),
    Case("NUL", orders(("status: active", "status: act\0ive")), 6, None, "holds the control character U+0000"),
    Case("escaped bell", orders(("name: Orders", r'name: "\a"')), 4, "name", "holds the control character U+0007"),
    Case("not finite", orders(("minimum: 0", "minimum: .nan")), 39, f"{C3}.logicalTypeOptions.minimum", "must be finite"),
    Case("merge key", orders(("status: active", "status: active\n<<: {a: b}")), 7, "<<", "unknown key '<<'"),
    Case("key with anchor", orders(("status: active", "&a status: active")), 6, None, "a key cannot have an anchor"),
    Case("list as key", orders(("status: active", "? [a]\n: b\nstatus: active")), 6, None, "a key must be plain text"),
]  # fmt: skip

STANDARD = [
    Case("version is a number", orders(("1.0.0", "1.10")), 5, "version", "wrong type: expected string, got number 1.10", '"1.10"'),
    Case("yes is no boolean", orders(("required: true", "required: yes")), 19, f"{C0}.required",
         "wrong type: expected boolean, got string 'yes'", "true"),
    Case("case of a key", orders(("physicalType: table", "physicaltype: table")), 13, "schema[0].physicaltype",
         "unknown key 'physicaltype'", "physicalType"),
    Case("no version", orders(("version: 1.0.0\n", "")), 1, "version", "missing key 'version'"),
    Case("no apiVersion", orders(("apiVersion: v3.1.0\n", "")), 1, "apiVersion", "missing key 'apiVersion'", "apiVersion: v3.2.0"),
    Case("apiVersion", orders(("v3.1.0", "3.1.0")), 1, "apiVersion", "apiVersion '3.1.0' is not one of 'v3.0.0'", "v3.1.0"),
    Case("old apiVersion", orders(("v3.1.0", "v2.2.2")), 1, "apiVersion", "apiVersion 'v2.2.2' is not one of", "v3.2.0"),
    Case("other kind", orders(("DataContract", "DataProduct")), 2, "kind", "this file is a DataContract, not", "DataContract"),
    Case("metric", orders(("rowCount", "rowcounts")), 43, "schema[0].quality[0].metric",
         "string 'rowcounts' is not one of 'nullValues'", "rowCount"),
    Case("operator", orders(("mustBeGreaterThan", "mustBeGreater")), 44, "schema[0].quality[0].mustBeGreater",
         "unknown key 'mustBeGreater'", "mustBeGreaterThan"),
    Case("no operator", orders(("        mustBeGreaterThan: 0\n", "")), 41, "schema[0].quality[0]", "missing key: one of 'mustBe'"),
    Case("two operators", orders(("mustBeGreaterThan: 0", "mustBeGreaterThan: 0\n        mustBeLessThan: 9")), 41,
         "schema[0].quality[0]", "only one of 'mustBeGreaterThan' or 'mustBeLessThan' can stand here"),
    Case("operand", orders(("mustBeGreaterThan: 0", "mustBeGreaterThan: '0'")), 44, "schema[0].quality[0].mustBeGreaterThan",
         "wrong type: expected number, got string '0'", "0"),
    Case("query without type", orders(("metric: rowCount", "query: select 1\n        metric: rowCount")), 43,
         "schema[0].quality[0].query", "key 'query' has no place here: it goes with `type: sql`"),
    Case("later key", orders(("    description: One row for each order.\n", "    deprecated: true\n")), 14, "schema[0].deprecated",
         "key 'deprecated' has no place here: it goes with `apiVersion: v3.2.0`"),
    Case("from on a column", orders(("- to: shop", "- from: orders.customer_id\n            to: shop")), 27,
         f"{C1}.relationships[0].from", "key 'from' has no place here"),
    Case("no reference", orders(("shop.customers.customer_id", "customer_id")), 27, f"{C1}.relationships[0].to",
         "string 'customer_id' is no reference: write <domain>.<port>.<column>"),
    Case("option of another type", orders(("minimum: 0", "maxLength: 3")), 39, f"{C3}.logicalTypeOptions.maxLength",
         "unknown key 'maxLength'"),
    Case("options without type", orders(("        logicalType: number\n", "")), 38, f"{C3}.logicalTypeOptions",
         "logicalTypeOptions need a logicalType beside them"),
    Case("element id", orders(("id: has_rows", "id: has rows")), 41, "schema[0].quality[0].id", "string 'has rows' is no id"),
    Case("ODPS status", edited(PRODUCT, ("status: active\n", "")), 1, "status", "missing key 'status'"),
    Case("ODPS key", edited(PRODUCT, ("contractId", "contractID")), 13, "outputPorts[0].contractID",
         "unknown key 'contractID'", "contractId"),
    Case("ODPS later key", edited(PRODUCT, ("domain: shop", "domain: shop\ntype: aggregate")), 8, "type",
         "key 'type' has no place here: it goes with `apiVersion: v1.1.0`"),
    Case("domain key", edited(DOMAIN, ("owner:", "owners:")), 5, "owners", "unknown key 'owners'", "owner"),
    Case("email", edited(DOMAIN, ("shop-data@example.com", "nobody")), 7, "owner.email", "string 'nobody' is no e-mail"),
    Case("short email", edited(DOMAIN, ("shop-data@example.com", "t@x.y")), 7, "owner.email", "such as team@example.com"),
    Case("empty team", edited(DOMAIN, ("team: Shop data", 'team: ""')), 6, "owner.team", "must not be empty"),
]  # fmt: skip

OURS = [
    Case("type spelling", orders(("decimal(12,2)", "NUMERIC(12, 2)")), 36, f"{C3}.physicalType",
         "'NUMERIC(12, 2)' is no type", "decimal(12,2)"),
    Case("type range", orders(("decimal(12,2)", "decimal(39,2)")), 36, f"{C3}.physicalType", "decimal(39,2): precision is 1 to 38"),
    Case("types contradict", orders(("physicalType: int\n", "physicalType: string\n")), 30, f"{C2}.physicalType",
         "physicalType 'string' contradicts logicalType 'integer'", "long"),
    Case("no type", edited(CUSTOMERS, ("        logicalType: string\n", "")), 15, C1, "needs a logicalType or a physicalType"),
    Case("column twice", orders(("name: amount", "name: week")), 34, f"{C3}.name", "column 'week' is there already, on line 28"),
    Case("column name", orders(("name: amount", "name: grossAmount")), 34, f"{C3}.name", "must be lower-case letters", "gross_amount"),
    Case("look-alike", orders(("name: amount", "name: аmount")), 34, f"{C3}.name", "CYRILLIC SMALL LETTER A"),
    Case("double underscore", orders(("name: amount", "name: the__amount")), 34, f"{C3}.name", "holds '__'", "the_amount"),
    Case("bounds", orders(("minimum: 0", "minimum: 9\n          maximum: 3")), 39, f"{C3}.logicalTypeOptions.minimum",
         "minimum 9 is greater than maximum 3"),
    Case("key position", edited(WEEKLY_SALES, ("primaryKeyPosition: 2", "primaryKeyPosition: 3")), 22,
         f"{C1}.primaryKeyPosition", "the key's positions are 1, 3; 2 columns have 1 to 2"),
    Case("key position missing", edited(WEEKLY_SALES, ("        primaryKeyPosition: 2\n", "")), 21, f"{C1}.primaryKey",
         "key column 'customer_id' has no primaryKeyPosition"),
    Case("transform", orders(("partitionKeyPosition: 1", "customProperties: [{property: partitionTransform, value: months}]")),
         33, f"{C2}.customProperties[0].value", "'months' is no partition transform", "month"),
    Case("transform and type", orders(("partitionKeyPosition: 1", "customProperties: [{property: partitionTransform, value: month}]")),
         33, f"{C2}.customProperties[0].value", "a column of type int has no month partitions"),
    Case("partition by decimals", orders(("minimum: 0", "minimum: 0\n        partitioned: true"), ("        partitioned: true\n        partitionKeyPosition: 1\n", "")),
         38, f"{C3}.partitioned", "a column of type decimal(12,2) has no identity partitions"),
    Case("classified partition", orders(("partitionKeyPosition: 1", "partitionKeyPosition: 1\n        classification: confidential")), 32,
         f"{C2}.partitioned", "'week' is classified confidential, and plans, records and paths tell the names of partitions"),
    Case("two partitions", orders(("minimum: 0", "minimum: 0\n        partitioned: true")), 40, f"{C3}.partitioned",
         "a port is partitioned by one column; 'week' is it already"),
    Case("two tables", orders(("schema:\n", "schema:\n  - name: more\n    properties: [{name: x, logicalType: string}]\n")),
         14, "schema[1]", "a contract promises one table; `schema` holds more"),
    Case("no table", edited(CUSTOMERS, ("schema:\n", "schema: []\ndescription:\n  customProperties:\n"),
                            ("  - name: customers", "  - property: customers"), ("    physicalType: table\n    properties:", "    value:")),
         6, "schema", "a contract promises one table; `schema` holds none"),
    Case("table name", edited(CUSTOMERS, ("- name: customers", "- name: customer")), 7, "schema[0].name",
         "the schema object is the port 'customers', not 'customer'", "customers"),
    Case("contract's domain", orders(("domain: shop", "domain: shops")), 7, "domain", "domain is 'shops', its folder 'shop'", "shop"),
    Case("contract's product", orders(("dataProduct: orders", "dataProduct: order")), 8, "dataProduct",
         "dataProduct is 'order', its folder 'orders'", "orders"),
    Case("product's name", edited(PRODUCT, ("name: orders\n", "name: order\n")), 4, "name", "name is 'order', its folder 'orders'", "orders"),
    Case("product's domain", edited(PRODUCT, ("domain: shop", "domain: shops")), 7, "domain", "domain is 'shops'", "shop"),
    Case("domain's name", edited(DOMAIN, ("name: shop", "name: shops")), 3, "name", "name is 'shops', its folder 'shop'", "shop"),
    Case("output's contract", edited(PRODUCT, ("contractId: shop-orders-orders", "contractId: shop-orders")), 13,
         "outputPorts[0].contractId", "contractId 'shop-orders' is not the id of orders.contract.yaml", "shop-orders-orders"),
    Case("input's contract", edited(WEEKLY, ("contractId: shop-orders-orders", "contractId: shop-orders")), 9,
         "inputPorts[0].contractId", "contractId 'shop-orders' is not that of shop.orders", "shop-orders-orders"),
    Case("input unknown", edited(WEEKLY, ("name: shop.orders", "name: shop.order")), 7, "inputPorts[0].name",
         "no product publishes a port 'shop.order'", "shop.orders"),
    Case("input without domain", edited(WEEKLY, ("name: shop.orders", "name: orders")), 7, "inputPorts[0].name",
         "'orders' is no port: an input port is named <domain>.<port>", "shop.orders"),
    Case("input twice", edited(WEEKLY, ("outputPorts:", "  - name: shop.orders\n    version: '1'\n    contractId: x\noutputPorts:")),
         13, "inputPorts[1].name", "input port 'shop.orders' is listed twice; first on line 7"),
    Case("output twice", edited(PRODUCT, ("  - name: customers", "  - {name: orders, version: '2'}\n  - name: customers")),
         14, "outputPorts[1].name", "output port 'orders' is listed twice; first on line 11"),
    Case("mapping", edited(WEEKLY, ("value: same", "value: sam")), 12, "inputPorts[0].customProperties[0].value",
         "mapping 'sam' is not 'same' or 'all'", "same"),
    Case("reference to no port", orders(("shop.customers.customer_id", "shop.customer.customer_id")), 27,
         f"{C1}.relationships[0].to", "no product publishes a port 'shop.customer'", "shop.customers"),
    Case("reference to no column", orders(("shop.customers.customer_id", "shop.customers.customer")), 27,
         f"{C1}.relationships[0].to", "customers.contract.yaml has no column 'customer'", "customer_id"),
    Case("reference of another type", orders(("shop.customers.customer_id", "shop.customers.name")), 27,
         f"{C1}.relationships[0].to", "column 'customer_id' is long, shop.customers.name is string", "string"),
    Case("no contract file", {ORDERS: None}, 11, "outputPorts[0].name",
         "output port 'orders' has no contract: orders.contract.yaml is missing"),
    Case("no product file", {PRODUCT: None}, None, "name", "product shop/orders has no product.yaml"),
    Case("no domain file", {DOMAIN: None}, None, "name", "domain 'shop' has no domain.yaml"),
    Case("reads itself", edited(PRODUCT, ("outputPorts:", INPUT.format(port="shop.customers", contract="shop-orders-customers"))),
         11, "inputPorts[0].name", "shop/orders reads itself"),
    Case("circle", edited(PRODUCT, ("outputPorts:", INPUT.format(port="insight.weekly_sales", contract="insight-weekly-sales"))),
         7, "inputPorts[0].name", "products read each other in a circle: insight/weekly -> shop/orders -> insight/weekly"),
]  # fmt: skip


@pytest.mark.parametrize("case", [*SYNTAX, *STANDARD, *OURS], ids=lambda case: case.name.replace(" ", "-"))
def test_broken(case: Case, tmp_path: Path) -> None:
    fault = only_fault(tmp_path, case.changes)
    assert case.reason in fault.reason
    assert (fault.line, fault.key, fault.suggestion) == (case.line, case.key, case.suggestion)
    changed = next(iter(case.changes))
    assert fault.file is not None
    # A circle and a missing contract are told where the product says what it wants.
    assert fault.file == tmp_path / changed or fault.file.name == "product.yaml"
    assert fault.command is not None
    assert str(fault.file) in fault.command or "no column" in fault.reason


def test_a_misnamed_contract_is_offered_for_the_port_that_lacks_one(tmp_path: Path) -> None:
    text = orders(("- name: orders", "- name: order"))[ORDERS]
    faults = faults_of(tmp_path, {ORDERS: None, ORDERS.replace("orders.c", "order.c"): text})
    assert [(f.reason, f.suggestion) for f in faults] == [
        ("no output port 'order' in product.yaml has this contract", "orders"),
        ("output port 'orders' has no contract: orders.contract.yaml is missing", "order"),
    ]


def test_yml_is_to_be_renamed(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, {DOMAIN: None, "domains/shop/domain.yml": "name: shop"})
    assert [(f.reason, f.suggestion) for f in faults] == [("rename 'domain.yml' to 'domain.yaml'", "domain.yaml")]


def test_one_broken_contract_does_not_make_its_readers_wrong(tmp_path: Path) -> None:
    only_fault(tmp_path, {CUSTOMERS: "a: [\n"})


def test_names_of_folders(tmp_path: Path) -> None:
    product = "apiVersion: v1.0.0\nkind: DataProduct\nid: x\nstatus: a\noutputPorts: [{name: main, version: '1'}]\n"
    faults = faults_of(tmp_path, {"domains/shop/Big-Orders/product.yaml": product})
    assert [(f.key, f.suggestion) for f in faults] == [("name", "big_orders"), ("outputPorts[0].name", "main_data")]


def test_a_port_name_belongs_to_one_product_of_a_domain(tmp_path: Path) -> None:
    product = "apiVersion: v1.0.0\nkind: DataProduct\nid: x\nstatus: a\noutputPorts: [{name: orders, version: '1'}]\n"
    contract = orders(("dataProduct: orders\n", ""))[ORDERS]
    changes = {"domains/shop/zoo/product.yaml": product, "domains/shop/zoo/orders.contract.yaml": contract}
    fault = only_fault(tmp_path, changes)
    assert fault.reason == "port shop.orders belongs to shop/orders already: a domain has one of that name"
    assert (fault.file, fault.line) == (tmp_path / "domains/shop/zoo/product.yaml", 5)
