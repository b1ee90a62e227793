"""``mesh up``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import click

from meshwright.build.dbt.manifests import graph_of
from meshwright.build.health import workspace
from meshwright.cli.build import tell_parsing
from meshwright.cli.output import say, settings_of
from meshwright.cli.selection import selected
from meshwright.config import Settings
from meshwright.errors import Fault, InputError, MeshError, UnavailableError
from meshwright.spec.workspace import code_locations

EXAMPLES = """\b
Examples:
  mesh up
  mesh up --port 3001
"""
_UNTOLD = "ignore:Class ,ignore:Function `dev_command` is superseded"
"""Dagster's warnings of itself, by how they begin: of its classes in beta, at every start of every location, and of the
command that is started here. Who runs a mesh can do nothing about either."""


@click.command("up", epilog=EXAMPLES, short_help="Start the Dagster UI and daemon with all code locations.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the UI listens.")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Its port.")
@click.pass_context
def command(ctx: click.Context, host: str, port: int) -> int:
    """Start the Dagster UI and daemon with all code locations; stopping it stops everything.

    Products whose files cannot be read are told and left out, and the exit code is 2. Nothing starts where
    workspace.yaml cannot be read.
    """
    settings = settings_of(ctx)
    _require_free(host, port)
    if not (file := settings.root / "workspace.yaml").is_file():
        raise InputError(Fault("there is no workspace.yaml", file, command="mesh doctor"))
    code_locations(settings.root)
    selection = selected(settings.root, ())
    mesh = selection.mesh
    for finding in workspace(settings.root, mesh):
        if finding.level != "ok":
            say(f"warning: {finding.message}\n  next: {finding.remedy}")
    # Five code locations would each parse a project that has changed, one after the other.
    for domain in mesh.domains.values():
        try:
            graph_of(settings, mesh, domain, tell_parsing)
        except MeshError as error:  # its own code location will say so, and the others are shown
            for fault in error.faults:
                say(f"warning: {fault}")
    return _serve(settings, host, port) or selection.exit_code


def _warnings() -> str:
    """Python's filters, of which the last that fits holds: the user's."""
    return ",".join(filter(None, (_UNTOLD, os.environ.get("PYTHONWARNINGS"))))


def _serve(settings: Settings, host: str, port: int) -> int:
    from meshwright.orchestration.instance import environment

    dagster = Path(sys.executable).with_name("dagster")
    arguments = [str(dagster), "dev", "-w", str(settings.root / "workspace.yaml"), "-h", host, "-p", str(port)]
    say(f"starting Dagster on http://{host}:{port} - Ctrl-C stops the UI, the daemon and every code location")
    variables = {**os.environ, **environment(settings), "PYTHONWARNINGS": _warnings()}
    # A shell starts background jobs deaf to SIGINT, and children inherit that; Dagster ends by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(arguments, cwd=settings.root, env=variables, stdout=2, start_new_session=True)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        return process.wait()
    except KeyboardInterrupt:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        _stop(process)
        return 0


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole group, politely first: nothing of it may outlive the command."""
    for name, patience in ((signal.SIGINT, 15.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, name)
            process.wait(timeout=patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _require_free(host: str, port: int) -> None:
    if why := _why_not(host, port):
        free = next((other for other in range(port + 1, min(port + 100, 65_536)) if not _why_not(host, other)), None)
        command = f"mesh up --port {free}" if free else "mesh up --host 127.0.0.1 --port 3000"
        raise UnavailableError(Fault(f"{host}:{port} cannot be listened on: {why}", command=command))


def _why_not(host: str, port: int) -> str | None:
    """What keeps a server from listening there; None where nothing does."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None
