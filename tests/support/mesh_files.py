"""A tiny valid mesh on disk: two domains, two products, three ports.

``shop/orders`` publishes ``shop.orders`` (by week) and ``shop.customers``; ``insight/weekly`` reads the
first week by week and publishes ``insight.weekly_sales``, with a reference back to ``shop.customers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FILES: Mapping[str, str] = {
    "domains/shop/domain.yaml": """\
apiVersion: meshwright/v1
kind: Domain
name: shop
description: What is sold, and to whom.
owner:
  team: Shop data
  email: shop-data@example.com
""",
    "domains/shop/orders/product.yaml": """\
apiVersion: v1.0.0
kind: DataProduct
id: shop-orders
name: orders
version: 1.0.0
status: active
domain: shop
description:
  purpose: Orders as they were placed.
outputPorts:
  - name: orders
    version: 1.0.0
    contractId: shop-orders-orders
  - name: customers
    version: 1.0.0
    contractId: shop-orders-customers
""",
    "domains/shop/orders/orders.contract.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: shop-orders-orders
name: Orders
version: 1.0.0
status: active
domain: shop
dataProduct: orders
description:
  purpose: One row for each order.
schema:
  - name: orders
    physicalType: table
    description: One row for each order.
    properties:
      - name: order_id
        logicalType: integer
        physicalType: long
        required: true
        primaryKey: true
        primaryKeyPosition: 1
      - name: customer_id
        logicalType: integer
        physicalType: long
        required: true
        relationships:
          - to: shop.customers.customer_id
      - name: week
        logicalType: integer
        physicalType: int
        required: true
        partitioned: true
        partitionKeyPosition: 1
      - name: amount
        logicalType: number
        physicalType: decimal(12,2)
        required: true
        logicalTypeOptions:
          minimum: 0
    quality:
      - id: has_rows
        type: library
        metric: rowCount
        mustBeGreaterThan: 0
""",
    "domains/shop/orders/customers.contract.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: shop-orders-customers
version: 1.0.0
status: active
schema:
  - name: customers
    physicalType: table
    properties:
      - name: customer_id
        logicalType: integer
        physicalType: long
        required: true
        primaryKey: true
      - name: name
        logicalType: string
        classification: restricted
""",
    "domains/insight/domain.yaml": """\
apiVersion: meshwright/v1
kind: Domain
name: insight
owner:
  team: Insight
""",
    "domains/insight/weekly/product.yaml": """\
apiVersion: v1.0.0
kind: DataProduct
id: insight-weekly
name: weekly
status: active
inputPorts:
  - name: shop.orders
    version: 1.0.0
    contractId: shop-orders-orders
    customProperties:
      - property: mapping
        value: same
outputPorts:
  - name: weekly_sales
    version: 1.0.0
    contractId: insight-weekly-sales
""",
    "domains/insight/weekly/weekly_sales.contract.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: insight-weekly-sales
version: 1.0.0
status: active
schema:
  - name: weekly_sales
    physicalType: table
    properties:
      - name: week
        logicalType: integer
        physicalType: int
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        partitioned: true
      - name: customer_id
        logicalType: integer
        physicalType: long
        required: true
        primaryKey: true
        primaryKeyPosition: 2
        relationships:
          - to: shop.customers.customer_id
            customProperties:
              - property: severity
                value: warning
              - property: maxOrphansPercent
                value: 0.5
      - name: amount
        logicalType: number
        physicalType: decimal(18,2)
""",
}


def write_mesh(root: Path, changes: Mapping[str, str | None] | None = None) -> Path:
    """Write the mesh under ``root`` and return ``root``.

    ``changes`` adds files or replaces them whole by path; None leaves a file out.
    """
    for path, text in {**FILES, **(changes or {})}.items():
        if text is not None:
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return root


def edited(path: str, *replacements: tuple[str, str]) -> dict[str, str]:
    """A change for :func:`write_mesh`: ``path`` with each first text replaced once by the second.

    Raises ValueError where a text is not there, so that no test passes by missing its aim.
    """
    text = FILES[path]
    for old, new in replacements:
        if old not in text:
            raise ValueError(f"{path} does not hold {old!r}")
        text = text.replace(old, new, 1)
    return {path: text}
