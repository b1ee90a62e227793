"""``<port>.contract.yaml``: from YAML to :class:`Contract`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from meshwright.errors import Fault
from meshwright.spec import odcs
from meshwright.spec.columns import Dialect, columns, partition
from meshwright.spec.documents import Document, checked
from meshwright.spec.model import Contract, Role, Server, ServiceLevel
from meshwright.spec.node import At
from meshwright.spec.quality import Report, qualities
from meshwright.spec.references import Home, of_property, of_table

SUFFIX = ".contract.yaml"
PROPOSED = "# proposed:"
"""Marks a line that was derived from data and that its owner has not decided on yet."""
_READ = frozenset(
    {"apiVersion", "kind", "id", "name", "version", "status", "description", "schema", "slaProperties", "tags"}
    | {"customProperties", "roles", "servers", "slaDefaultElement"}
)
_READ_OF_TABLE = frozenset(
    {"name", "physicalName", "description", "properties", "quality", "relationships", "tags", "customProperties"}
)


def read_contract(
    file: Path,
    domain: str | None,
    port: str | None,
    report: Report,
    text: bytes | None = None,
    *,
    foreign: bool = False,
) -> tuple[Document, Contract] | None:
    """The contract of ``<domain>.<port>`` in ``file``, or in ``text``; what is wrong with it goes to ``report``.

    Without ``port`` it is the one that its schema object names. A ``foreign`` contract may use names and physical
    types that the mesh does not have. None where nothing can be made of it. Its
    references are not resolved yet.
    """
    document = checked(file, "DataContract", odcs.VERSIONS, odcs.schema, report, text)
    if document is None:
        return None
    contract = _contract(document, domain, port, report, foreign=foreign)
    return None if contract is None else (document, contract)


def _contract(
    document: Document, domain: str | None, port: str | None, report: Report, *, foreign: bool
) -> Contract | None:
    root = document.root
    tables = [t for t in root.items("schema") if isinstance(t.node.value, dict)]
    if len(tables) != 1:
        place, state = (tables[1], "holds more") if tables else (root.at("schema"), "holds none")
        report(place.fault(f"a contract promises one table; `schema` {state}"))
        return None
    table = tables[0]
    name = table.string("name")
    port = name or "" if port is None else port
    if name is not None and name != port:
        report(table.at("name").fault(f"the schema object is the port {port!r}, not {name[:80]!r}", suggestion=port))
    if not list(table.items("properties")):
        report(table.at("properties").fault("a table needs at least one column: `properties` is empty or missing"))
    dialect = Dialect(document.version, foreign)
    found = columns(table, dialect, report)
    home = Home(domain or root.string("domain") or "", port, table.string("id"))
    references = of_table(table, home, report)
    for item in table.items("properties"):
        if column := item.string("name"):
            references += of_property(item, column, home, report)
    about = root.get("description")
    return Contract(
        id=root.string("id") or "",
        version=root.string("version") or "",
        status=root.string("status") or "",
        where=root.where,
        columns=found,
        name=root.string("name"),
        description=table.string("description") or "",
        purpose=(about.string("purpose") if about else None) or "",
        usage=(about.string("usage") if about else None) or "",
        limitations=(about.string("limitations") if about else None) or "",
        partition=partition(table, found, dialect, report),
        quality=qualities(table, report),
        references=tuple(references),
        service_levels=tuple(_service_level(item) for item in root.items("slaProperties")),
        tags=(*root.strings("tags"), *table.strings("tags")),
        custom={**root.custom_plain(), **table.custom_plain()},
        table=port,
        physical_name=table.string("physicalName"),
        default_element=root.string("slaDefaultElement"),
        roles=tuple(_roles(root)),
        servers=tuple(_server(item) for item in root.items("servers")),
        about={**root.rest(_READ), **{f"schema.{k}": v for k, v in table.rest(_READ_OF_TABLE).items()}},
        places=root.node.keys,
    )


def _roles(owner: At) -> Iterator[Role]:
    for item in owner.items("roles"):
        yield Role(item.string("role") or "", item.where, item.string("access"), item.rest(("role", "access")))


def _server(item: At) -> Server:
    about = ("description", "environment", "id", "customProperties")
    return Server(
        name=item.string("server") or "",
        where=item.where,
        connection=item.rest(("server", "roles", *about)),
        roles=tuple(_roles(item)),
        about={key: value for key in about if (value := item.plain(key)) is not None},
    )


def _service_level(item: At) -> ServiceLevel:
    return ServiceLevel(
        property=item.string("property") or "",
        value=item.plain("value"),
        unit=item.string("unit"),
        element=item.string("element"),
        where=item.where,
        extended=item.plain("valueExt"),
        about=item.rest(("property", "value", "unit", "element", "valueExt")),
    )


def port_of(file: Path) -> str:
    """The port whose contract ``file`` is by its name."""
    return file.name.removesuffix(SUFFIX)


def proposed_lines(file: Path) -> list[int]:
    """The lines of a contract that wait for a decision of its owner."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if PROPOSED in line]


def load_contract(file: Path) -> Contract:
    """One contract on its own, as ``domains/<domain>/<product>/<port>.contract.yaml``.

    References are not looked up. Raises SpecError with all faults of the file.
    """
    path = file.absolute()
    return _alone(path, path.parent.parent.name, port_of(path))


def parse_contract(
    text: bytes | str, file: Path, domain: str | None = None, port: str | None = None, *, foreign: bool = False
) -> Contract:
    """As :func:`load_contract`, from the text of ``file``, which need not exist and may lie outside of a mesh.

    Without ``port`` the contract is that of the table that it names, without ``domain`` that of its ``domain``. A
    ``foreign`` one may use names and physical types that the mesh does not have, as long as ODCS accepts it.
    """
    return _alone(file, domain, port, text.encode() if isinstance(text, str) else text, foreign=foreign)


def _alone(
    file: Path, domain: str | None, port: str | None, text: bytes | None = None, *, foreign: bool = False
) -> Contract:
    from meshwright.spec.documents import raise_all

    faults: list[Fault] = []
    found = read_contract(file, domain, port, faults.append, text, foreign=foreign)
    raise_all(faults)
    if found is None:
        raise AssertionError("a contract without faults is there")
    return found[1]
