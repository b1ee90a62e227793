"""A further domain with one small product: a branch of its own, or one that reads a given port."""

from __future__ import annotations

from .tiny import TinyMesh

_INGEST = '''\
"""What comes from nowhere else."""

import duckdb

from meshwright import ingest


@ingest(version=lambda: "1")
def people() -> duckdb.DuckDBPyRelation:
    """Three of them."""
    return duckdb.sql("select * from (values (1), (2), (3)) people(id)")
'''


def add_people(mesh: TinyMesh, *, domain: str = "crowd", of: str | None = None, column: str = "id") -> None:
    """Write ``<domain>/people`` with port ``<domain>.people``: three landed rows, or one column of the port ``of``."""
    inputs = ""
    if of is not None:
        contract = mesh.mesh.ports[of].contract.id
        inputs = f"inputPorts:\n  - name: {of}\n    version: 1.0.0\n    contractId: {contract}\n"
    mesh.write(
        f"domains/{domain}/domain.yaml",
        f"apiVersion: meshwright/v1\nkind: Domain\nname: {domain}\nowner:\n  team: {domain}\n",
    )
    mesh.write(
        f"domains/{domain}/people/product.yaml",
        f"apiVersion: v1.0.0\nkind: DataProduct\nid: {domain}-people\nname: people\nstatus: active\n{inputs}"
        f"outputPorts:\n  - name: people\n    version: 1.0.0\n    contractId: {domain}-people-people\n",
    )
    mesh.write(
        f"domains/{domain}/people/people.contract.yaml",
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {domain}-people-people\nversion: 1.0.0\nstatus: active\n"
        "schema:\n  - name: people\n    physicalType: table\n    properties:\n"
        "      - name: id\n        logicalType: integer\n        required: true\n",
    )
    source = ", ".join(f"'{part}'" for part in of.split(".")) if of else "'landing', 'people'"
    project = f"dbt_projects/{domain}"
    mesh.write(f"{project}/dbt_project.yml", f"name: {domain}\nprofile: meshwright\nmodel-paths: [models]\n")
    model = f"select cast({column} as bigint) as id from {{{{ source({source}) }}}}\n"
    mesh.write(f"{project}/models/people/ports/people.sql", model)
    if of is None:
        mesh.write(f"domains/{domain}/ingest.py", _INGEST)
