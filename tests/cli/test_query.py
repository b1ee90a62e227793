"""``mesh query``: one SELECT, and nothing on stdout but its answer."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.commands import FIRST, MESH, REFUSED, SECOND, Outcome, shell
from support.terminal import on_terminal
from support.tiny import TinyMesh

Run = Callable[..., Outcome]
COUNT = "select count(*) as orders, sum(amount) as amount from mesh.shop.orders"


def test_a_table_for_people_json_and_csv_for_programs(run: Run, story: TinyMesh) -> None:
    table = run(story.root, "query", COUNT)
    assert (table.code, table.err) == (0, "")
    heads, line, cells = table.out.splitlines()
    assert (heads.split(), set(line)) == (["orders", "amount"], {"-", " "})
    (answer,) = json.loads(run(story.root, "query", "--format", "json", COUNT).out)
    assert cells.split() == [str(answer["orders"]), f"{answer['amount']:.2f}"]
    rows = list(csv.DictReader(io.StringIO(run(story.root, "query", "--format", "csv", COUNT).out)))
    assert rows == [{"orders": cells.split()[0], "amount": cells.split()[1]}]


def test_sql_comes_as_an_argument_by_a_pipe_or_from_a_file(run: Run, story: TinyMesh, tmp_path: Path) -> None:
    wanted = run(story.root, "query", COUNT).out
    file = tmp_path / "count.sql"
    file.write_text(COUNT + ";\n", encoding="utf-8")
    assert run(story.root, "query", "-", stdin=COUNT).out == wanted
    assert run(story.root, "query", stdin=COUNT).out == wanted
    assert run(story.root, "query", "--file", str(file)).out == wanted
    both = run(story.root, "query", COUNT, "--file", str(file))
    assert (both.code, both.out) == (2, "")
    absent = run(story.root, "query", "--file", str(tmp_path / "none.sql"))
    assert absent.code == 2
    assert "none.sql" in absent.err


@pytest.mark.parametrize(
    "sql",
    [
        "", "  -- nothing", "drop table mesh.shop.orders", "insert into mesh.shop.orders values (1)",
        "select 1; select 2", "copy (select 1) to '/tmp/x.csv'", "attach 'x.db'", "pragma version", "selct 1",
        "select * from read_csv('/etc/passwd')", "select nothing from mesh.shop.orders", "set threads = 1",
        "explain select 1", "load iceberg",
    ],
)  # fmt: skip
def test_everything_that_is_not_one_plain_select_is_refused(run: Run, story: TinyMesh, sql: str) -> None:
    outcome = run(story.root, "query", sql)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("error: ")
    assert "Traceback" not in outcome.err


def test_a_wrong_name_is_shown_with_the_nearest(run: Run, story: TinyMesh) -> None:
    outcome = run(story.root, "query", "select *\nfrom mesh.shop.order")
    assert outcome.code == 2
    assert "    2 | from mesh.shop.order\n      |      ^\n" in outcome.err
    assert "did you mean 'mesh.shop.orders'?" in outcome.err


def test_a_port_that_was_never_published_names_its_build(run: Run, tiny_mesh: TinyMesh) -> None:
    outcome = run(tiny_mesh.root, "query", COUNT)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "error: mesh.shop.orders was never published\n  next: mesh build shop.orders\n"
    assert not (tiny_mesh.settings.state_dir / "catalog.db").exists()


@pytest.mark.parametrize("name", [REFUSED, REFUSED[:7]])
def test_what_a_refused_run_made_can_be_looked_into(run: Run, story: TinyMesh, name: str) -> None:
    worst = "select min(amount) from mesh.shop.orders"
    assert "-4.00" in run(story.root, "query", "--env", name, worst).out
    assert "-4.00" not in run(story.root, "query", worst).out
    others = run(story.root, "query", "--env", name, "select count(*) from mesh.insight.weekly_sales")
    assert others.out.split()[-1] == "18"
    assert others.err == f"from {REFUSED}: nothing; all else as published\n"


@pytest.mark.parametrize("name", [FIRST, SECOND, "nobody", "re"])
def test_an_environment_that_is_not_there_is_refused(run: Run, story: TinyMesh, name: str) -> None:
    outcome = run(story.root, "query", "--env", name, COUNT)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"is called '{name}'; there is {REFUSED}" in outcome.err


def test_it_needs_no_valid_yaml(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "domains" / "shop" / "domain.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("kind: [", encoding="utf-8")
    assert run(tmp_path, "query", "select 6 * 7 as answer", "--format", "csv").out == "answer\r\n42\r\n"
    assert "there is no port 'mesh.shop.orders'" in run(tmp_path, "query", COUNT).err


def test_a_reader_that_has_seen_enough_ends_it_quietly(story: TinyMesh) -> None:
    sql = "select a.order_id, b.i from mesh.shop.lines as a, range(5000) as b(i)"
    for form in ("csv", "json", "table"):
        done = shell(story.root, f'mesh query --format {form} "{sql}" | head -1')
        assert (done.returncode, done.stderr) == (0, "")
        assert len(done.stdout.splitlines()) == 1


def test_a_terminal_gets_200_rows_and_a_count_and_a_pipe_every_row(story: TinyMesh) -> None:
    sql = "select i from range(5000) as r(i), (from mesh.shop.orders limit 1)"
    shown = on_terminal([MESH, "query", sql], story.root, "stdout")
    assert (shown.code, len(shown.out.splitlines())) == (0, 202)
    assert shown.err == "… 4,800 more rows; --format csv or json gives all\n"
    whole = on_terminal([MESH, "query", "--format", "csv", sql], story.root, "stdout")
    assert (len(whole.out.splitlines()), whole.err) == (5_001, ""), "what was asked for by name is not cut"
    piped = shell(story.root, f'mesh query "{sql}"')
    assert (len(piped.stdout.splitlines()), piped.stderr) == (5_002, "")


def test_ctrl_c_stops_a_query(story: TinyMesh) -> None:
    endless = "select count(*) from range(100000000000) as a(i), range(1000000) as b(j) where i * j % 7 = 3"
    process = subprocess.Popen(
        [MESH, "query", endless], cwd=story.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    _wait_for_cpu(process.pid, 1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert err.strip() == "interrupted; what was published stays as it was"


def test_no_colours_outside_a_terminal(story: TinyMesh) -> None:
    for command in ('mesh query "from mesh.shop.orders"', "mesh status", "mesh show shop.orders"):
        done = shell(story.root, command, FORCE_COLOR="1", CLICOLOR_FORCE="1", TERM="xterm-256color")
        assert "\x1b" not in done.stdout + done.stderr


def _wait_for_cpu(process: int, seconds: float) -> None:
    """Wait until a process has worked for longer than it takes to start."""
    tick = os.sysconf("SC_CLK_TCK")
    for _ in range(600):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        if (int(fields[11]) + int(fields[12])) / tick > seconds:
            return
        time.sleep(0.1)
    raise TimeoutError
