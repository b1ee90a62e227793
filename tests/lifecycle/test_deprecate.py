"""Deprecating a port, and how its readers are warned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from check.repository import ORDERS, kept, repository
from meshwright.errors import InputError, RefusedError, SpecError
from meshwright.lifecycle.deprecate import deprecate
from meshwright.spec.compatibility import compare
from support import tiny
from support.commands import Outcome
from support.tiny import TinyMesh

TODAY = date(2026, 3, 1)
END = "2027-01-31"
Run = Callable[..., Outcome]


def texts(mesh: TinyMesh) -> dict[str, str]:
    """Every file that teams write."""
    return {str(f.relative_to(mesh.root)): f.read_text() for f in sorted((mesh.root / "domains").rglob("*.yaml"))}


def test_what_is_written_and_nothing_else(tiny_mesh: TinyMesh) -> None:
    tiny_mesh.edit(tiny.ORDERS_CONTRACT, ("version: 1.0.0\n", "version: 1.0.0   # as merged\n"))
    before, old = texts(tiny_mesh), tiny_mesh.mesh.ports["shop.orders"].contract
    done = deprecate(tiny_mesh.mesh, "shop.orders", END, "shop.lines", TODAY)
    after, new = texts(tiny_mesh), tiny_mesh.mesh.ports["shop.orders"].contract
    assert (done.version, len(done.files)) == ("1.1.0", 2)
    assert {path for path in before if before[path] != after[path]} == {tiny.ORDERS_CONTRACT, ORDERS}
    assert after[tiny.ORDERS_CONTRACT] == before[tiny.ORDERS_CONTRACT].replace(
        "version: 1.0.0   # as merged\nstatus: active", "version: 1.1.0   # as merged\nstatus: deprecated"
    ) + (
        f'slaProperties:\n  - property: endOfSupport\n    value: "{END}"\n  - property: endOfLife\n    value: "{END}"\n'
        "customProperties:\n  - property: replacedBy\n    value: shop.lines\n"
    )
    assert after[ORDERS] == before[ORDERS].replace(
        "- name: orders\n    version: 1.0.0", "- name: orders\n    version: 1.1.0"
    )
    judged = compare(old, new)
    assert (judged.verdict, judged.version.enough) == ("minor", True)


def test_said_again_nothing_is_written(tiny_mesh: TinyMesh) -> None:
    deprecate(tiny_mesh.mesh, "shop.orders", END, "shop.lines", TODAY)
    before = texts(tiny_mesh)
    assert deprecate(tiny_mesh.mesh, "mesh.shop.orders", END, "mesh.shop.lines", TODAY).files == ()
    assert texts(tiny_mesh) == before


def test_the_version_rises_once_for_one_branch(tiny_mesh: TinyMesh) -> None:
    repo = repository(kept(tiny_mesh))
    for end in (END, "2027-02-28", "2027-01-01"):
        assert deprecate(tiny_mesh.mesh, "shop.orders", end, "shop.lines", TODAY).version == "1.1.0"
    repo.commit()
    assert deprecate(tiny_mesh.mesh, "shop.orders", END, "shop.lines", TODAY).version == "1.2.0"


def test_a_day_that_was_promised_does_not_move_nearer(tiny_mesh: TinyMesh) -> None:
    repo = repository(kept(tiny_mesh))
    deprecate(tiny_mesh.mesh, "shop.orders", END, "shop.lines", TODAY)
    repo.commit()
    before = texts(tiny_mesh)
    with pytest.raises(RefusedError, match="readers planned with the later day"):
        deprecate(tiny_mesh.mesh, "shop.orders", "2026-12-31", "shop.lines", TODAY)
    assert texts(tiny_mesh) == before


@pytest.mark.parametrize(
    ("port", "until", "use", "key", "suggestion"),
    [
        ("shop.ordrs", END, "shop.lines", "PORT", "shop.orders"),
        ("orders", END, "shop.lines", "PORT", "shop.orders"),
        ("shop.orders", END, "shop.line", "--use", "shop.lines"),
        ("shop.orders", END, "shop.orders", "--use", None),
        ("shop.orders", "2026-03-01", "shop.lines", "--until", None),
        ("shop.orders", "31.1.2027", "shop.lines", "--until", None),
        ("shop.orders", END, "shop.customers", "--use", "shop.lines"),
    ],
)
def test_wrong_input_is_refused_and_nothing_written(
    tiny_mesh: TinyMesh, port: str, until: str, use: str, key: str, suggestion: str | None
) -> None:
    deprecate(tiny_mesh.mesh, "shop.customers", END, "shop.lines", TODAY)
    before = texts(tiny_mesh)
    with pytest.raises(InputError) as caught:
        deprecate(tiny_mesh.mesh, port, until, use, TODAY)
    assert (caught.value.faults[0].key, caught.value.faults[0].suggestion) == (key, suggestion)
    assert texts(tiny_mesh) == before


def test_files_that_would_not_load_are_not_written(tiny_mesh: TinyMesh) -> None:
    mesh = tiny_mesh.mesh
    tiny_mesh.edit(tiny.LINES_CONTRACT_FILE, ("logicalType: number", "logicalType: nmber"))
    before = texts(tiny_mesh)
    with pytest.raises(SpecError, match="nothing was written"):
        deprecate(mesh, "shop.orders", END, "shop.lines", TODAY)
    assert texts(tiny_mesh) == before


def test_a_file_that_cannot_be_written_leaves_all_as_they_were(
    tiny_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, rename = texts(tiny_mesh), Path.rename

    def failing(self: Path, target: Path) -> Path:
        if target.name == "product.yaml":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="No space"):
        deprecate(tiny_mesh.mesh, "shop.orders", END, "shop.lines", TODAY)
    assert texts(tiny_mesh) == before
    assert not list(tiny_mesh.root.rglob("*.partial"))


def test_every_reader_is_warned(built_mesh: TinyMesh, run: Run) -> None:
    root = built_mesh.root
    done = run(root, "deprecate", "shop.orders", "--until", "2099-01-31", "--use", "shop.lines")
    assert done.code == 0, done.err
    notice = "shop.orders is deprecated and ends on 2099-01-31; use shop.lines"
    asked = run(root, "query", "--format", "csv", "select count(*) as n from mesh.shop.orders")
    assert (asked.out, asked.err) == ("n\r\n24\r\n", f"warning: {notice}\n")
    assert run(root, "query", "--format", "csv", "select count(*) as n from mesh.shop.lines").err == ""
    assert f"warning: insight/weekly reads a port that ends: {notice}\n" in run(root, "build", "--plan", "insight").err
    assert notice not in run(root, "build", "--plan", "shop").err
    assert f"warning: insight/weekly reads a port that ends: {notice}\n" in run(root, "prepare").err
    assert notice in " ".join(run(root, "show", "shop.orders").out.split())


def test_the_check_of_a_reader_names_the_replacement(tiny_mesh: TinyMesh, run: Run) -> None:
    kept(tiny_mesh)
    deprecate(tiny_mesh.mesh, "shop.orders", END, "shop.lines", TODAY)
    checked = run(tiny_mesh.root, "check", "insight", "--only", "spec")
    assert checked.code == 0
    assert "warning spec/deprecated-input  domains/insight/weekly/product.yaml:7" in checked.out.replace(
        f"{tiny_mesh.root}/", ""
    )
    assert "next: read shop.lines instead" in checked.out
