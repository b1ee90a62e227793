"""``mesh up``: the UI with all code locations, what a browser shows, and nothing left when it stops."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from conftest import REPOSITORY
from support import tiny
from support.commands import MESH
from support.tiny import TinyMesh

example = pytest.mark.xdist_group("example")
ASKED = """{
  workspaceOrError { ... on Workspace { locationEntries {
    name loadStatus locationOrLoadError { __typename
      ... on PythonError { message }
      ... on RepositoryLocation { repositories { assetNodes { assetKey { path } groupName
        assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization { status } } } }
      } } } } } } }
}"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A ``mesh up`` that answers."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def ask(self, query: str) -> Any:
        body = json.dumps({"query": query}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def group(self) -> set[int]:
        """All processes below it."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(stat.parent.name)] = int(fields[1])
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def stop(self, number: signal.Signals) -> set[int]:
        """Send a signal; the processes that outlive it."""
        group = self.group()
        assert len(group) > 3, "the UI, the daemon and code servers are running"
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        return {pid for pid in group if _runs(pid)}


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def serve(mesh: TinyMesh, log: Path) -> Served:
    """Start it and wait until the UI answers."""
    port = free_port()
    with log.open("wb") as err:
        process = subprocess.Popen([MESH, "up", "--port", str(port)], cwd=mesh.root, stderr=err)
    served = Served(process, f"http://127.0.0.1:{port}", log)
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and process.poll() is None:
        try:
            served.ask("{ version }")
            return served
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text()[-3000:])


@pytest.fixture(scope="module")
def up(
    example_mesh: TinyMesh, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Served]:
    """The example mesh, told to Dagster and served; stopping it is a test of its own."""
    if hasattr(pytestconfig, "workerinput"):
        assert "@example" in os.environ["PYTEST_CURRENT_TEST"], "one worker serves the example"
    for name in ("pyproject.toml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, example_mesh.root / name)
    subprocess.run([MESH, "build"], cwd=example_mesh.root, check=True, capture_output=True, timeout=280)
    served = serve(example_mesh, tmp_path_factory.mktemp("up") / "log")
    yield served
    if served.process.poll() is None:
        served.stop(signal.SIGTERM)


@example
def test_five_locations_with_all_assets_and_their_checks(up: Served) -> None:
    entries = up.ask(ASKED)["workspaceOrError"]["locationEntries"]
    loaded = {e["name"]: e["locationOrLoadError"] for e in entries}
    assert set(loaded) == {"merchandising", "sales", "marketing", "customers", "growth"}
    assert {e["__typename"] for e in loaded.values()} == {"RepositoryLocation"}, loaded
    nodes = [n for location in loaded.values() for r in location["repositories"] for n in r["assetNodes"]]
    ours = {"/".join(n["assetKey"]["path"]): n for n in nodes if n["groupName"]}
    assert {"sales/baskets", "growth/campaign_type_impact", "marketing/landing/coupons"} <= set(ours)
    checks = ours["sales/baskets"]["assetChecksOrError"]["checks"]
    assert len(checks) > 5
    told = {c["name"]: (c["executionForLatestMaterialization"] or {}).get("status") for c in checks}
    assert set(told.values()) == {"SUCCEEDED"}, told


@example
def test_the_page_of_a_port_shows_its_columns_and_passed_checks(up: Served) -> None:
    browser_of_the_system = (
        shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    )
    assert browser_of_the_system, "there is no chromium; next: apt-get install chromium"
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_of_the_system, args=quiet)
        page = browser.new_page(viewport={"width": 1500, "height": 1200})
        page.goto(f"{up.url}/assets/sales/baskets", wait_until="domcontentloaded")
        for column in ("basket_id", "fuel_sales_value", "coupon_match_disc"):
            page.get_by_text(column, exact=True).first.wait_for(timeout=90_000)
        page.goto(f"{up.url}/assets/sales/baskets?view=checks", wait_until="domcontentloaded")
        page.get_by_text("primary_key", exact=True).first.wait_for(timeout=90_000)
        page.get_by_text("Passed", exact=False).first.wait_for(timeout=90_000)
        browser.close()


@example
def test_stopping_it_leaves_no_process(up: Served) -> None:
    assert up.stop(signal.SIGINT) == set()
    assert up.process.returncode == 0
    assert "Traceback" not in up.log.read_text(), up.log.read_text()[-3000:]


def test_a_terminated_one_with_a_broken_product_leaves_no_process_either(tiny_mesh: TinyMesh, tmp_path: Path) -> None:
    location = "python_module: {module_name: meshwright.orchestration.locations, attribute: shop, location_name: shop}"
    tiny_mesh.write("workspace.yaml", f"load_from:\n  - {location}\n")
    tiny_mesh.write("domains/shop/defs.yaml", "type: meshwright.orchestration.DomainComponent\n")
    shutil.copy(REPOSITORY / "pyproject.toml", tiny_mesh.root)
    tiny_mesh.edit(tiny.WEEKLY_CONTRACT, ("status: active", "status: [active"))
    served = serve(tiny_mesh, tmp_path / "log")
    (entry,) = served.ask(ASKED)["workspaceOrError"]["locationEntries"]
    nodes = [n for r in entry["locationOrLoadError"]["repositories"] for n in r["assetNodes"]]
    assert ["shop", "orders"] in [n["assetKey"]["path"] for n in nodes]
    assert served.stop(signal.SIGTERM) == set()
    log = served.log.read_text()
    assert served.process.returncode == 2
    assert "weekly_sales.contract.yaml" in log
    assert "Warning" not in log, "of Dagster's own calls, which nobody here can change"


def test_a_port_that_is_taken_is_3_with_one_that_is_free(tiny_mesh: TinyMesh) -> None:
    with socket.socket() as taken, socket.socket() as next_one:
        for port in range(21_000, 32_000, 10):
            try:
                taken.bind(("127.0.0.1", port))
                next_one.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            break
        taken.listen()
        next_one.listen()
        told = subprocess.run(
            [MESH, "up", "--port", str(port)], cwd=tiny_mesh.root, capture_output=True, text=True, check=False,
            timeout=60, env=os.environ,
        )  # fmt: skip
    assert told.returncode == 3
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use" in told.stderr
    hint = told.stderr.split("next: mesh up --port ")[1].split()[0]
    assert int(hint) > port + 1
