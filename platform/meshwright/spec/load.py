"""The whole mesh from its files, or every fault of every file; or the sound part of it, or of some products."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from meshwright.errors import Fault, SpecError
from meshwright.spec.contract import SUFFIX, port_of, read_contract
from meshwright.spec.cross import check_inputs, resolve_references
from meshwright.spec.documents import Document, Report, in_file_order, raise_all
from meshwright.spec.graph import in_order, reads_of
from meshwright.spec.index import Folder, Index, index, is_spec
from meshwright.spec.model import Contract, Domain, Input, Mesh, Port, Product
from meshwright.spec.names import Kind, name_fault
from meshwright.spec.node import At
from meshwright.spec.product import DOMAIN_FILE, PRODUCT_FILE, Output, inputs, outputs, read_domain, read_product
from meshwright.spec.words import nearest


@dataclass(frozen=True)
class Sound:
    """What can be made of the files of a mesh, faulty ones or not.

    ``mesh`` holds the products that are sound and rest on sound ones alone. ``broken`` are the faults of each
    product that has some, ``stranded`` the products that are sound by themselves and rest on a broken one, which
    is named. ``faults`` are all, those of domains without products too.
    """

    mesh: Mesh
    faults: tuple[Fault, ...] = ()
    broken: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)
    stranded: Mapping[str, tuple[Product, str]] = field(default_factory=dict)


@dataclass
class _Loading:
    """What is known so far. ``promised`` are the ports that somebody lists, sound or not, ``inputs`` all
    input ports with their places.
    """

    index: Index
    faults: list[Fault] = field(default_factory=list)
    promised: set[str] = field(default_factory=set)
    inputs: list[tuple[At, Input]] = field(default_factory=list)
    products: dict[str, Product | None] = field(default_factory=dict)

    def take(self, keys: Iterable[str]) -> None:
        """Read some products, and whatever they rest on."""
        todo = list(keys)
        while todo:
            key = todo.pop()
            if key not in self.products:
                found = self.products[key] = _product(self.index.products[key], self)
                reads = reads_of(found) if found else ()
                todo += [self.index.ports[port] for port, _ in reads if port in self.index.ports]

    def domain(self, name: str) -> Domain | None:
        """A domain with those of its products that were read."""
        folder, products = self.index.domains[name]
        return _domain(folder, products, self)


def load(root: Path) -> Mesh:
    """The mesh under ``root``, the folder that holds ``domains/``.

    Raises SpecError with all faults of all files at once.
    """
    domains, faults = _loaded(index(root), None)
    try:
        in_order(_products(domains))
    except SpecError as e:
        faults += e.faults
    raise_all(faults)
    return Mesh(root.absolute(), domains)


def load_sound(root: Path, only: Collection[str] | None = None) -> Sound:
    """What can be made of the mesh under ``root``, with the faults of the rest.

    ``only`` are products (``<domain>/<product>``) that are wanted; they and what they rest on are read, and nothing
    else. SpecError where there is no mesh at all.
    """
    place = index(root)
    domains, faults = _loaded(place, only)
    broken = _by_product(place, in_file_order(faults))
    while True:
        found = _without(place, domains, broken)
        try:
            in_order([p for p in _products(domains) if p.key not in broken and p.key not in found])
            break
        except SpecError as e:
            faults += e.faults
            broken = _by_product(place, in_file_order(faults))
    gone = {*broken, *found}
    kept = {
        name: replace(domain, products={k: p for k, p in domain.products.items() if p.key not in gone})
        for name, domain in domains.items()
    }
    return Sound(Mesh(place.root, kept), in_file_order(faults), broken, found)


def _loaded(place: Index, only: Collection[str] | None) -> tuple[dict[str, Domain], list[Fault]]:
    """Every domain that was read, with its products, and the faults but those of the graph."""
    state = _Loading(place)
    report = state.faults.append
    try:
        state.take(place.products if only is None else [key for key in only if key in place.products])
        wanted = {key.partition("/")[0] for key in state.products}
        names = [name for name in place.domains if only is None or name in wanted]
        loaded = [state.domain(name) for name in names]
    except OSError as e:
        raise SpecError(*state.faults, Fault(f"cannot be read: {e.strerror or e}", Path(e.filename or ""))) from e
    state.promised.update(port for port, key in place.ports.items() if key not in state.products)
    domains = {domain.name: domain for domain in loaded if domain}
    domains = resolve_references(domains, state.promised, report)
    check_inputs(state.inputs, domains, state.promised, report)
    return domains, state.faults


def _products(domains: Mapping[str, Domain]) -> list[Product]:
    return [p for d in domains.values() for p in d.products.values()]


def _by_product(place: Index, faults: Iterable[Fault]) -> dict[str, tuple[Fault, ...]]:
    """The faults of each product; those of a domain's own files are faults of all its products."""
    found: dict[str, tuple[Fault, ...]] = {}
    for fault in faults:
        domain, product = place.owner_of(Path.cwd() / fault.file) if fault.file else (None, None)
        for key in [product] if product else place.of_domain(domain or ""):
            found[key] = (*found.get(key, ()), fault)
    return found


def _without(
    place: Index, domains: Mapping[str, Domain], broken: Mapping[str, object]
) -> dict[str, tuple[Product, str]]:
    """The products that rest on broken ones, however far, each with the broken one; not those that are broken too."""
    loaded = {port.key: p.key for p in _products(domains) for port in p.ports}

    def maker(port: str) -> str | None:
        # A port without a readable contract is made by whatever is broken in its domain.
        here = (key for key in broken if key.partition("/")[0] == port.partition(".")[0])
        return loaded.get(port) or place.ports.get(port) or next(here, None)

    found: dict[str, tuple[Product, str]] = {}
    more = True
    while more:
        more = False
        for product in _products(domains):
            if product.key in broken or product.key in found:
                continue
            reads = [maker(port) for port, _ in reads_of(product)]
            cause = next((m for m in reads if m in broken or m in found), None)
            if cause is not None:
                found[product.key] = (product, found[cause][1] if cause in found else cause)
                more = True
    return found


def _domain(folder: Folder, products: Sequence[Folder], state: _Loading) -> Domain | None:
    report, path = state.faults.append, folder.path
    if DOMAIN_FILE not in folder.files:
        _missing_domain(path, folder.files, bool(products), report)
        if not products:
            return None
        document = None
    else:
        document = read_domain(path / DOMAIN_FILE, report)
    _check_folder(path, DOMAIN_FILE, "domain", report)
    found = {f.path.name: product for f in products if (product := state.products.get(f.key))}
    _check_unique([port for product in found.values() for port in product.ports], report)
    if document is None:
        return None
    at, owner = document.root, document.root.get("owner")
    contacts = (owner.string(key) for key in ("email", "slack", "url")) if owner else iter(())
    return Domain(
        name=path.name,
        where=at.where,
        owner=(owner.string("team") if owner else None) or "",
        products=found,
        contact=next(filter(None, contacts), None),
        description=at.string("description") or "",
        folders=frozenset(f.path.name for f in products),
    )


def _missing_domain(folder: Path, names: Sequence[str], has_products: bool, report: Report) -> None:
    near = nearest(DOMAIN_FILE, [n for n in names if n.endswith((".yaml", ".yml"))])
    if near:
        report(Fault(f"rename {near!r} to {DOMAIN_FILE!r}", folder / near, suggestion=DOMAIN_FILE))
    elif has_products:
        report(Fault(f"domain {folder.name!r} has no {DOMAIN_FILE}", folder / DOMAIN_FILE, key="name"))


def _check_folder(folder: Path, file: str, kind: Kind, report: Report) -> None:
    if wrong := name_fault(folder.name, kind):
        report(Fault(wrong[0], folder / file, 1, 1, "name", wrong[1]))


def _product(place: Folder, state: _Loading) -> Product | None:
    report, folder, files = state.faults.append, place.path, place.files
    for name in files:
        if is_spec(name) and name.endswith(".yml"):
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
        custom_at=root.custom_places(),
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
        yield Port(domain, folder.name, output.name, read[1], output.at.where, output.version)


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
