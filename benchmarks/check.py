"""``mesh check`` of one product in a large mesh against the same in a mesh of two.

    python benchmarks/check.py [--products 200] [--rounds 9]

Both meshes are made of the same pairs: a product that lands a source, and one of another domain that reads it, under
git, with one model changed. Cost follows the change, so the target is 1.15 times: what is left is listing folders and
git's look at more files.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from timing import in_turns, report

COLUMNS = 12
STAGES = "spec,policy,code"
MESH = str(Path(sys.executable).with_name("mesh"))


def domain_of(name: str) -> dict[str, str]:
    """The files of a domain that are the same for all."""
    return {
        f"domains/{name}/domain.yaml": (
            f"apiVersion: meshwright/v1\nkind: Domain\nname: {name}\nowner:\n  team: Team {name}\n"
            f"  email: {name}@example.com\n"
        ),
        f"domains/{name}/defs.yaml": "type: meshwright.orchestration.DomainComponent\n",
        f"dbt_projects/{name}/dbt_project.yml": f"name: {name}\nprofile: meshwright\nmodel-paths: [models]\n",
    }


def product_of(domain: str, port: str, reads: str | None) -> dict[str, str]:
    """The files of a product ``core`` with one port; it reads a source, or a port of another domain."""
    inputs = (
        f"inputPorts:\n  - name: {reads}.items\n    version: 1.0.0\n    contractId: {reads}.items\n" if reads else ""
    )
    columns = "".join(
        f"      - name: c{i}\n        logicalType: integer\n        physicalType: long\n        description: It.\n"
        + ("        required: true\n        primaryKey: true\n" if i == 0 else "")
        for i in range(COLUMNS)
    )
    source = f"source('{reads}', 'items')" if reads else "source('landing', 'raw')"
    selected = ", ".join(f"cast(c{i} as bigint) as c{i}" for i in range(COLUMNS))
    files = {
        f"domains/{domain}/core/product.yaml": (
            f"apiVersion: v1.0.0\nkind: DataProduct\nid: {domain}.core\nname: core\nversion: 1.0.0\nstatus: active\n"
            f"description:\n  purpose: What {domain} offers.\n{inputs}"
            f"outputPorts:\n  - name: {port}\n    version: 1.0.0\n    contractId: {domain}.{port}\n"
        ),
        f"domains/{domain}/core/{port}.contract.yaml": (
            f"apiVersion: v3.1.0\nkind: DataContract\nid: {domain}.{port}\nversion: 1.0.0\nstatus: active\n"
            f"slaProperties:\n  - property: freshness\n    value: 8\n    unit: d\n"
            f"schema:\n  - name: {port}\n    physicalType: table\n    properties:\n{columns}"
        ),
        f"dbt_projects/{domain}/models/core/ports/{port}.sql": f"select {selected} from {{{{ {source} }}}}\n",
    }
    if reads is None:
        files[f"domains/{domain}/ingest.py"] = (
            "from pathlib import Path\n\nfrom meshwright import ingest\n\n\n@ingest\ndef raw() -> Path:\n"
            "    return Path('raw.parquet')\n"
        )
    return files


def write(root: Path, products: int) -> Path:
    """A mesh of so many products, an even number, with everything committed and one model changed since."""
    located = []
    for i in range(products // 2):
        for name, port, reads in ((f"made{i}", "items", None), (f"used{i}", "sums", f"made{i}")):
            located.append(f"  - python_module: {{module_name: m, attribute: {name}, location_name: {name}}}\n")
            for path, text in {**domain_of(name), **product_of(name, port, reads)}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
    (root / "workspace.yaml").write_text("load_from:\n" + "".join(located), encoding="utf-8")
    (root / ".gitignore").write_text(".mesh/\ndbt_projects/*/models/_mesh/\ndbt_projects/*/profiles.yml\n")
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), (*identity, "commit", "-qm", "First")):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    with (root / "dbt_projects/used0/models/core/ports/sums.sql").open("a", encoding="utf-8") as model:
        model.write("-- changed\n")
    return root


def check(root: Path, selectors: tuple[str, ...]) -> None:
    """One whole command, which must pass."""
    command = [MESH, "-C", str(root), "check", *selectors, "--only", STAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout.startswith("passed: 1 product"):
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}\n{done.stdout}")


def main() -> None:
    """Measure a named product, and what changed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    os.environ.pop("MESH_ROOT", None)
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as large:
        two, many = write(Path(small), 2), write(Path(large), given.products)
        for title, selectors in (("mesh check used0/core", ("used0/core",)), ("mesh check, one model changed", ())):
            things = {
                "in a mesh of 2": partial(check, two, selectors),
                f"in a mesh of {given.products}": partial(check, many, selectors),
            }
            report(title, in_turns(given.rounds, things), floor="in a mesh of 2", target="1.15 times")


if __name__ == "__main__":
    main()
