"""From a contract's columns to an Iceberg schema and partition spec, and from one version to the next."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.transforms import DayTransform, IdentityTransform, MonthTransform, Transform
from pyiceberg.types import (
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StructType,
)

from meshwright.spec import model
from meshwright.spec.types import Type, parse

ELEMENTS = "meshwright.elements"
"""Table property: JSON of ODCS element id to field id, so that a renamed column keeps its field."""

_TRANSFORMS: dict[model.Transform, Transform] = {  # type: ignore[type-arg]
    model.Transform.IDENTITY: IdentityTransform(),
    model.Transform.DAY: DayTransform(),
    model.Transform.MONTH: MonthTransform(),
}


def iceberg_type(of: Type) -> IcebergType:
    """The Iceberg type of a contract's type; nested fields get ids that mean nothing yet."""
    inner = [iceberg_type(part) for _, part in of.fields]
    if of.kind == "list":
        return ListType(element_id=-1, element=inner[0], element_required=False)
    if of.kind == "map":
        return MapType(key_id=-1, key_type=inner[0], value_id=-2, value_type=inner[1], value_required=False)
    if of.kind == "struct":
        names = (name for name, _ in of.fields)
        return StructType(
            *(NestedField(-i, n, t, required=False) for i, (n, t) in enumerate(zip(names, inner, strict=True), 1))
        )
    return IcebergType.model_validate(str(of))


def evolved_schema(
    columns: Sequence[model.Column], current: Schema | None, elements: dict[str, int], last_id: int = 0
) -> Schema:
    """The schema for ``columns``, every field optional (``required`` is a rule of the audit).

    A column keeps the field id that its element id had, else the one of its name, as long as its type is the
    same or a promotion that Iceberg reads without rewriting; all others get new ids. Ids are never reused:
    counting goes on from ``last_id``, the highest that the table ever gave.
    """
    fresh = assign_fresh_schema_ids(
        Schema(*(NestedField(i, c.name, iceberg_type(parse(c.type)), required=False) for i, c in enumerate(columns, 1)))
    )
    if current is None:
        return fresh
    offset = max(current.highest_field_id, last_id, *elements.values(), 0)
    by_id = {f.field_id: f for f in current.fields}
    by_element = {e: by_id[i] for e, i in elements.items() if i in by_id}
    named = {by_element[c.element_id].field_id for c in columns if c.element_id in by_element}
    by_name = {f.name: f for f in current.fields if f.field_id not in named}
    fields = []
    for column, field in zip(columns, fresh.fields, strict=True):
        kept = by_element.get(column.element_id or "") or by_name.get(column.name)
        if kept is not None and _reads(kept.field_type, field.field_type):
            nested = kept.field_type if not kept.field_type.is_primitive else field.field_type
            fields.append(NestedField(kept.field_id, column.name, nested, required=False))
        else:
            fields.append(_shifted(field, offset))
    return Schema(*fields)


def element_ids(columns: Sequence[model.Column], schema: Schema) -> dict[str, int]:
    """Element id to field id, for the columns that have one."""
    return {c.element_id: schema.find_field(c.name).field_id for c in columns if c.element_id}


def read_elements(properties: dict[str, str]) -> dict[str, int]:
    """The property :data:`ELEMENTS` of a table."""
    found: dict[str, int] = json.loads(properties.get(ELEMENTS, "{}"))
    return found


def partition_spec(partition: model.Partition | None, schema: Schema) -> PartitionSpec:
    """The partition spec of a port."""
    if partition is None:
        return PartitionSpec()
    source = schema.find_field(partition.column)
    name = (
        partition.column
        if partition.transform is model.Transform.IDENTITY
        else (f"{partition.column}_{partition.transform}")
    )
    return PartitionSpec(PartitionField(source.field_id, 1000, _TRANSFORMS[partition.transform], name))


def same_partitioning(spec: PartitionSpec, wanted: PartitionSpec) -> bool:
    """Whether two specs put a row into the same partition."""
    return [(f.source_id, f.transform) for f in spec.fields] == [(f.source_id, f.transform) for f in wanted.fields]


def field_ids(schema: Schema) -> str:
    """DuckDB's ``FIELD_IDS`` struct for a COPY."""

    def ids(of: IcebergType, own: int) -> str:
        if isinstance(of, ListType):
            return f"{{__duckdb_field_id: {own}, element: {ids(of.element_type, of.element_id)}}}"
        if isinstance(of, MapType):
            key, value = ids(of.key_type, of.key_id), ids(of.value_type, of.value_id)
            return f"{{__duckdb_field_id: {own}, key: {key}, value: {value}}}"
        if isinstance(of, StructType):
            inner = ", ".join(f"{_quoted(f.name)}: {ids(f.field_type, f.field_id)}" for f in of.fields)
            return f"{{__duckdb_field_id: {own}, {inner}}}"
        return str(own)

    return "{" + ", ".join(f"{_quoted(f.name)}: {ids(f.field_type, f.field_id)}" for f in schema.fields) + "}"


def _reads(old: IcebergType, new: IcebergType) -> bool:
    """Whether files of the old type read as the new one: Iceberg's table of type promotions, format version 2."""
    if not old.is_primitive or not new.is_primitive:
        return _shape(old) == _shape(new)
    if isinstance(old, DecimalType) and isinstance(new, DecimalType):
        return old.scale == new.scale and old.precision <= new.precision
    return old == new or (type(old), type(new)) in {(IntegerType, LongType), (FloatType, DoubleType)}


def _shape(of: IcebergType) -> str:
    if isinstance(of, ListType):
        return f"list<{_shape(of.element_type)}>"
    if isinstance(of, MapType):
        return f"map<{_shape(of.key_type)},{_shape(of.value_type)}>"
    if isinstance(of, StructType):
        return "struct<" + ",".join(f"{f.name}:{_shape(f.field_type)}" for f in of.fields) + ">"
    return str(of)


def _shifted(field: NestedField, offset: int) -> NestedField:
    def shift(of: IcebergType) -> IcebergType:
        if isinstance(of, ListType):
            return ListType(element_id=of.element_id + offset, element=shift(of.element_type), element_required=False)
        if isinstance(of, MapType):
            key, value = shift(of.key_type), shift(of.value_type)
            return MapType(
                key_id=of.key_id + offset, key_type=key, value_id=of.value_id + offset, value_type=value,
                value_required=False,
            )  # fmt: skip
        if isinstance(of, StructType):
            return StructType(*(_shifted(f, offset) for f in of.fields))
        return of

    return NestedField(field.field_id + offset, field.name, shift(field.field_type), required=False)


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
