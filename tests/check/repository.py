"""Meshes in real git repositories, and one that keeps every policy."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.tiny import TinyMesh

IGNORED = ".mesh/\n__pycache__/\ndbt_projects/*/profiles.yml\ndbt_projects/*/models/_mesh/\n.made\n"
LENIENT = """\
apiVersion: meshwright/v1
kind: Policies
rules:
  - id: columns_documented
    params: {undocumented: 9}
  - id: freshness_declared
    enabled: false
  - id: product_described
    enabled: false
  - id: owner_reachable
    severity: error
"""
LOCATED = "python_module: {{module_name: meshwright.orchestration.locations, attribute: {0}, location_name: {0}}}"
WEEKLY = "domains/insight/weekly/product.yaml"
ORDERS = "domains/shop/orders/product.yaml"


@dataclass
class Repo:
    """A git repository around a mesh, or around the folder that holds it."""

    mesh: TinyMesh
    top: Path

    def git(self, *arguments: str, at: Path | None = None) -> str:
        return git(at or self.top, *arguments)

    def commit(self, message: str = "Change") -> str:
        """Commit everything; the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, "--allow-empty")
        return self.git("rev-parse", "HEAD")


def git(folder: Path, *arguments: str) -> str:
    """What git says; a failure fails the test."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def repository(mesh: TinyMesh, top: Path | None = None, branch: str = "main") -> Repo:
    """Put a mesh, or the folder ``top`` that holds it, under git, with everything committed."""
    top = top or mesh.root
    (top / ".gitignore").write_text(IGNORED if top == mesh.root else "".join(f"**/{r}\n" for r in IGNORED.split()))
    git(top, "init", "-q", "-b", branch)
    repo = Repo(mesh, top)
    repo.commit("First")
    return repo


def kept(mesh: TinyMesh) -> TinyMesh:
    """The mesh with whatever a check could warn of put right."""
    mesh.write("policies/mesh.yaml", LENIENT)
    mesh.edit("domains/insight/domain.yaml", ("team: Insight", "team: Insight\n  slack: '#insight'"))
    names = ("insight", "shop")
    mesh.write("workspace.yaml", "load_from:\n" + "".join(f"  - {LOCATED.format(name)}\n" for name in names))
    for name in names:
        mesh.write(f"domains/{name}/defs.yaml", "type: meshwright.orchestration.DomainComponent\n")
    return mesh
