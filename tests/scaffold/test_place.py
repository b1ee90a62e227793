"""Scaffolds are placed whole or not at all: whatever fails, is killed or comes at the same time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path, PurePosixPath

import pytest

from meshwright.config import Settings
from meshwright.errors import InputError
from meshwright.scaffold.domain import NewDomain, new_domain
from meshwright.scaffold.place import Placer, scaffolding
from meshwright.spec import load
from support.commands import MESH

from .conftest import Scaffold, snapshot

FILES = {PurePosixPath("domains/x/p/a"): b"1", PurePosixPath("dbt_projects/x/m/b"): b"2", PurePosixPath("c"): b"3"}
TESTS = Path(__file__).parents[1]
REPLACED = {PurePosixPath("workspace.yaml"): b"load_from: []\n", PurePosixPath("two.yaml"): b"new\n"}
GONE = PurePosixPath("gone.yaml")
WHOLE = {str(path): content for path, content in {**FILES, **REPLACED}.items()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "domains").mkdir()
    for name in ("workspace.yaml", "two.yaml", "gone.yaml"):
        (tmp_path / name).write_bytes(f"old {name}\n".encode())
    return tmp_path


def place(root: Path) -> None:
    with scaffolding(root, root / ".mesh") as placer:
        placer.place(FILES, {**REPLACED, GONE: None})


def test_all_of_it(root: Path) -> None:
    place(root)
    assert snapshot(root) == WHOLE
    assert [p.name for p in (root / ".mesh" / "scaffold").iterdir()] == ["lock"]


@pytest.mark.parametrize("fails", range(5))
def test_none_of_it_when_a_step_fails(root: Path, monkeypatch: pytest.MonkeyPatch, fails: int) -> None:
    """Disk full, interrupted or anything else, at each rename."""
    before, done = snapshot(root), []
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        done.append(self)
        if len(done) > fails:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(KeyboardInterrupt):
        place(root)
    assert snapshot(root) == before
    assert not (root / "dbt_projects").exists()


@pytest.mark.parametrize("after", range(7))
def test_killed_at_any_rename(root: Path, after: int) -> None:
    """What a kill -9 left is undone by the next scaffold; what was complete stays."""
    before = snapshot(root)
    code = f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(TESTS)!r})
from scaffold.test_place import place
rename, done = Path.rename, []
def killing(self, target):
    if len(done) == {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(self)
    return rename(self, target)
Path.rename = killing
unlink = Path.unlink
def last(self, missing_ok=False):
    if self.name == {GONE.name!r} and {after} == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    unlink(self, missing_ok=missing_ok)
Path.unlink = last
place(Path({str(root)!r}))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode == (-signal.SIGKILL if after < 6 else 0), ended.stderr
    with scaffolding(root, root / ".mesh"):
        pass
    assert snapshot(root) == (before if after < 6 else WHOLE)
    if after < 6:
        place(root)
        assert snapshot(root) == WHOLE


def test_state_on_another_disk(root: Path, tmp_path: Path) -> None:
    disk = tmp_path.parent / "other disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        with scaffolding(root, disk / "state") as placer:
            placer.place(FILES, {**REPLACED, GONE: None})
        assert snapshot(root) == WHOLE
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_what_others_wrote_meanwhile_is_not_undone(root: Path) -> None:
    """A killed scaffold whose files were placed by hand since."""
    with scaffolding(root, root / ".mesh") as placer:
        staging = placer.staging
        (staging / "files" / "c").parent.mkdir(parents=True)
        (staging / "files" / "c").write_bytes(b"3")
    (root / "c").write_bytes(b"mine")
    with scaffolding(root, root / ".mesh"):
        pass
    assert (root / "c").read_bytes() == b"mine"


@pytest.mark.parametrize("there", ["domains/x/p/a", "dbt_projects/x/m/b/inner", "dbt_projects", "c/inner"])
def test_nothing_over_what_is_there(root: Path, there: str) -> None:
    (root / there).parent.mkdir(parents=True, exist_ok=True)
    (root / there).write_bytes(b"mine")
    before = snapshot(root)
    with pytest.raises(InputError, match="nothing was written"):
        place(root)
    assert snapshot(root) == before


def test_two_at_once(fresh: Path) -> None:
    """Two domains and the same domain twice, at the same moment: each is whole, once."""
    settings, ended = Settings.of(fresh), []

    def make(name: str) -> None:
        try:
            new_domain(settings, NewDomain(name, "Team", "t@example.com", "About."))
            ended.append(name)
        except InputError as error:
            ended.append(str(error))

    threads = [threading.Thread(target=make, args=(name,)) for name in ("left", "right", "left")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(load(fresh).domains) == ["left", "right", "shop"]
    assert (fresh / "workspace.yaml").read_text().count("attribute: left,") == 1
    assert sum("already" in end for end in ended) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_read_only_folder(fresh: Path, product: Scaffold) -> None:
    (fresh / "dbt_projects/shop/models").chmod(0o555)
    before = snapshot(fresh)
    with pytest.raises(OSError, match="denied"):
        product("shop/other")
    assert snapshot(fresh) == before


@pytest.mark.parametrize("milliseconds", [50, 150, 300, 500, 700, 900, 60_000])
def test_command_that_is_killed_leaves_nothing(fresh: Path, milliseconds: int) -> None:
    before = snapshot(fresh)
    command = [str(MESH), "-C", str(fresh), "new", "product", "shop/other", "--kind", "source"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(milliseconds / 1000)
        except subprocess.TimeoutExpired:
            process.kill()
    with scaffolding(fresh, fresh / ".mesh"):
        pass
    after = snapshot(fresh)
    whole = {name for name in after if "other" in name}
    assert after == before or (len(whole) == 7 and after.keys() - whole == before.keys())


def test_staging_is_inside_the_state_folder(root: Path) -> None:
    assert Placer(root, root / ".mesh" / "scaffold" / "x").staging.is_relative_to(root / ".mesh")


def test_full_disk(fresh_template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """On a disk with no room left: told, and nothing half-written."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("needs to mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("may not mount")
    try:
        fresh = Path(shutil.copytree(fresh_template, disk / "mesh"))
        before = snapshot(fresh)
        subprocess.run(["dd", "if=/dev/zero", f"of={disk / 'filler'}"], capture_output=True, check=False)
        from meshwright.cli import main

        assert main(["-C", str(fresh), "new", "domain", "more", "--email", "e@example.com"]) == 3
        assert "No space left" in capfd.readouterr().err
        assert snapshot(fresh) == before
    finally:
        subprocess.run(["umount", str(disk)], check=False)
