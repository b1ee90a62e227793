"""The whole mesh from its files, or every fault of every file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from meshwright.errors import Fault, SpecError
from meshwright.spec.contract import SUFFIX, port_of, read_contract
from meshwright.spec.cross import check_inputs, resolve_references
from meshwright.spec.documents import Document, Report, raise_all
from meshwright.spec.graph import in_order
from meshwright.spec.model import Contract, Domain, Input, Mesh, Port, Product
from meshwright.spec.names import Kind, name_fault
from meshwright.spec.node import At
from meshwright.spec.product import DOMAIN_FILE, PRODUCT_FILE, Output, inputs, outputs, read_domain, read_product
from meshwright.spec.words import nearest

DOMAINS = "domains"


@dataclass
class _Loading:
    """What is known so far. ``promised`` are the ports that somebody lists, sound or not, ``inputs`` all
    input ports with their places.
    """

    faults: list[Fault] = field(default_factory=list)
    promised: set[str] = field(default_factory=set)
    inputs: list[tuple[At, Input]] = field(default_factory=list)


def load(root: Path) -> Mesh:
    """The mesh under ``root``, the folder that holds ``domains/``.

    Raises SpecError with all faults of all files at once.
    """
    root = root.absolute()
    folder = root / DOMAINS
    if not folder.is_dir():
        raise SpecError(Fault(f"there is no mesh here: {root} has no folder {DOMAINS!r}", key=DOMAINS))
    state = _Loading()
    report = state.faults.append
    try:
        loaded = [_domain(path, state) for path in _folders(folder)]
    except OSError as e:
        raise SpecError(*state.faults, Fault(f"cannot be read: {e.strerror or e}", Path(e.filename or folder))) from e
    domains = {domain.name: domain for domain in loaded if domain}
    domains = resolve_references(domains, state.promised, report)
    check_inputs(state.inputs, domains, state.promised, report)
    products = [p for d in domains.values() for p in d.products.values()]
    try:
        in_order(products)
    except SpecError as e:
        state.faults += e.faults
    raise_all(state.faults)
    return Mesh(root, domains)


def _folders(folder: Path) -> list[Path]:
    """The folders in ``folder`` by name, without hidden and private ones."""
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.is_dir() and not e.name.startswith((".", "_")))
    return [folder / name for name in names]


def _files(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if not e.is_dir())


def _domain(folder: Path, state: _Loading) -> Domain | None:
    report = state.faults.append
    names = _files(folder)
    inner = [(path, _files(path)) for path in _folders(folder)]
    products = [(path, files) for path, files in inner if any(map(_is_spec, files))]
    if DOMAIN_FILE not in names:
        _missing_domain(folder, names, bool(products), report)
        if not products:
            return None
        document = None
    else:
        document = read_domain(folder / DOMAIN_FILE, report)
    _check_folder(folder, DOMAIN_FILE, "domain", report)
    found = {path.name: product for path, files in products if (product := _product(path, files, state))}
    _check_unique([port for product in found.values() for port in product.ports], report)
    if document is None:
        return None
    at, owner = document.root, document.root.get("owner")
    contacts = (owner.string(key) for key in ("email", "slack", "url")) if owner else iter(())
    return Domain(
        name=folder.name,
        where=at.where,
        owner=(owner.string("team") if owner else None) or "",
        products=found,
        contact=next(filter(None, contacts), None),
        description=at.string("description") or "",
    )


def _is_spec(name: str) -> bool:
    return name.endswith((SUFFIX, SUFFIX.replace(".yaml", ".yml"))) or name in (PRODUCT_FILE, "product.yml")


def _missing_domain(folder: Path, names: Sequence[str], has_products: bool, report: Report) -> None:
    near = nearest(DOMAIN_FILE, [n for n in names if n.endswith((".yaml", ".yml"))])
    if near:
        report(Fault(f"rename {near!r} to {DOMAIN_FILE!r}", folder / near, suggestion=DOMAIN_FILE))
    elif has_products:
        report(Fault(f"domain {folder.name!r} has no {DOMAIN_FILE}", folder / DOMAIN_FILE, key="name"))


def _check_folder(folder: Path, file: str, kind: Kind, report: Report) -> None:
    if wrong := name_fault(folder.name, kind):
        report(Fault(wrong[0], folder / file, 1, 1, "name", wrong[1]))


def _product(folder: Path, files: Sequence[str], state: _Loading) -> Product | None:
    report = state.faults.append
    for name in files:
        if _is_spec(name) and name.endswith(".yml"):
            right = name.removesuffix(".yml") + ".yaml"
            report(Fault(f"rename {name!r} to {right!r}", folder / name, suggestion=right))
    contracts = {port_of(Path(name)): folder / name for name in files if name.endswith(SUFFIX)}
    domain = folder.parent.name
    if PRODUCT_FILE not in files:
        if "product.yml" not in files:
            report(Fault(f"product {domain}/{folder.name} has no {PRODUCT_FILE}", folder / PRODUCT_FILE, key="name"))
        state.promised.update(f"{domain}.{name}" for name in contracts)
        return None
    _check_folder(folder, PRODUCT_FILE, "product", report)
    document = read_product(folder / PRODUCT_FILE, domain, report)
    if document is None:
        state.promised.update(f"{domain}.{name}" for name in contracts)
        return None
    listed = list(outputs(document.root, report))
    ports = list(_ports(folder, listed, contracts, document, state))
    _check_orphans(document, listed, contracts, report)
    reads = list(inputs(document.root, report))
    state.inputs += reads
    root, about = document.root, document.root.get("description")
    return Product(
        domain=domain,
        name=folder.name,
        where=root.where,
        ports=tuple(ports),
        inputs=tuple(input_ for _, input_ in reads),
        id=root.string("id") or "",
        version=root.string("version") or "",
        status=root.string("status") or "",
        description=(about.string("purpose") if about else None) or "",
        tags=root.strings("tags"),
        custom=root.custom_plain(),
    )


def _ports(
    folder: Path, listed: Sequence[Output], contracts: dict[str, Path], document: Document, state: _Loading
) -> Iterator[Port]:
    report, domain = state.faults.append, folder.parent.name
    for output in listed:
        state.promised.add(f"{domain}.{output.name}")
        file = contracts.get(output.name)
        if file is None:
            listed_names = {o.name for o in listed}
            near = nearest(output.name, [name for name in contracts if name not in listed_names])
            reason = f"output port {output.name!r} has no contract: {output.name}{SUFFIX} is missing"
            report(output.at.at("name").fault(reason, suggestion=near))
            continue
        read = read_contract(file, domain, output.name, report)
        if read is None:
            continue
        _check_contract(output, document, *read, report)
        yield Port(domain, folder.name, output.name, read[1], output.at.where)


def _check_contract(output: Output, product: Document, document: Document, contract: Contract, report: Report) -> None:
    """What product and contract say about each other must agree."""
    file = document.root.file
    if output.contract_id is not None and contract.id and output.contract_id != contract.id:
        reason = f"contractId {output.contract_id[:80]!r} is not the id of {file.name}"
        report(output.at.at("contractId").fault(reason, suggestion=contract.id))
    domain, name = file.parent.parent.name, file.parent.name
    said = document.root.string("domain")
    if said is not None and said != domain:
        report(document.root.at("domain").fault(f"domain is {said[:80]!r}, its folder {domain!r}", suggestion=domain))
    said = document.root.string("dataProduct")
    if said is not None and said not in (name, f"{domain}/{name}", product.root.string("id")):
        reason = f"dataProduct is {said[:80]!r}, its folder {name!r}"
        report(document.root.at("dataProduct").fault(reason, suggestion=name))


def _check_orphans(document: Document, listed: Sequence[Output], contracts: dict[str, Path], report: Report) -> None:
    names = {output.name for output in listed}
    for name, file in contracts.items():
        if name not in names:
            near = nearest(name, names - set(contracts))
            reason = f"no output port {name!r} in {PRODUCT_FILE} has this contract"
            report(Fault(reason, file, 1, 1, "id", near, None))
            if wrong := name_fault(name, "port"):
                report(Fault(wrong[0], file, 1, 1, "id", wrong[1]))


def _check_unique(ports: Sequence[Port], report: Report) -> None:
    first: dict[str, Port] = {}
    for port in ports:
        if (twin := first.setdefault(port.name, port)) is not port:
            reason = f"port {port.key} belongs to {twin.domain}/{twin.product} already: a domain has one of that name"
            report(port.where.fault(reason))
