"""``<port>.contract.yaml``: from YAML to :class:`Contract`."""

from __future__ import annotations

from pathlib import Path

from meshwright.errors import Fault
from meshwright.spec import odcs
from meshwright.spec.columns import columns, partition
from meshwright.spec.documents import Document, checked
from meshwright.spec.model import Contract, ServiceLevel
from meshwright.spec.node import At
from meshwright.spec.quality import Report, qualities
from meshwright.spec.references import Home, of_property, of_table

SUFFIX = ".contract.yaml"


def read_contract(file: Path, domain: str, port: str, report: Report) -> tuple[Document, Contract] | None:
    """The contract of ``<domain>.<port>``; what is wrong with it goes to ``report``.

    None where nothing can be made of it. Its references are not resolved yet.
    """
    document = checked(file, "DataContract", odcs.VERSIONS, odcs.schema, report)
    if document is None:
        return None
    contract = _contract(document, domain, port, report)
    return None if contract is None else (document, contract)


def _contract(document: Document, domain: str, port: str, report: Report) -> Contract | None:
    root = document.root
    tables = [t for t in root.items("schema") if isinstance(t.node.value, dict)]
    if len(tables) != 1:
        place, state = (tables[1], "holds more") if tables else (root.at("schema"), "holds none")
        report(place.fault(f"a contract promises one table; `schema` {state}"))
        return None
    table = tables[0]
    if (name := table.string("name")) is not None and name != port:
        report(table.at("name").fault(f"the schema object is the port {port!r}, not {name[:80]!r}", suggestion=port))
    if not list(table.items("properties")):
        report(table.at("properties").fault("a table needs at least one column: `properties` is empty or missing"))
    found = columns(table, document.version, report)
    home = Home(domain, port, table.string("id"))
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
        partition=partition(table, found, report),
        quality=qualities(table, report),
        references=tuple(references),
        service_levels=tuple(_service_level(item) for item in root.items("slaProperties")),
        tags=(*root.strings("tags"), *table.strings("tags")),
        custom={**root.custom_plain(), **table.custom_plain()},
    )


def _service_level(item: At) -> ServiceLevel:
    return ServiceLevel(
        property=item.string("property") or "",
        value=item.plain("value"),
        unit=item.string("unit"),
        element=item.string("element"),
        where=item.where,
    )


def port_of(file: Path) -> str:
    """The port whose contract ``file`` is by its name."""
    return file.name.removesuffix(SUFFIX)


def load_contract(file: Path) -> Contract:
    """One contract on its own, as ``domains/<domain>/<product>/<port>.contract.yaml``.

    References are not looked up. Raises SpecError with all faults of the file.
    """
    from meshwright.spec.documents import raise_all

    faults: list[Fault] = []
    path = file.absolute()
    found = read_contract(path, path.parent.parent.name, port_of(path), faults.append)
    raise_all(faults)
    if found is None:
        raise AssertionError("a contract without faults is there")
    return found[1]
