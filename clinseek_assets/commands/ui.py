"""`clinseek ui`: the web page."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import click

from clinseek_assets.automation.reloading import PAGE_VARIABLE
from clinseek_assets.faults import Fault
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.instance import dagster_home
from clinseek_assets.storage.served import serve_alone


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="The port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
def command(port: int, host: str) -> None:
    """Serve the web page: lineage, checks, backfills, schedules (Dagster's own, over CLINSEEK_HOME).

    The page shows counts, hashes and aggregates, never a patient's row; still, keep it on this machine. Stop it with
    Ctrl-C. The same without this command: `DAGSTER_HOME=.clinseek/dagster dagster dev -w workspace.yaml`. A home is
    served once at a time; `clinseek evaluate` may run beside it.

    \b
    Example:
      clinseek ui --port 3001
    """
    settings = load_settings()
    folder = dagster_home(settings.layout)
    # Before the port: who is turned away is told where the home is served, not only that a port is taken.
    serve_alone(folder, f"http://{host}:{port}")
    require_free(host, port)
    os.environ["PYTHONWARNINGS"] = "ignore"
    os.environ[PAGE_VARIABLE] = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
    # A shell that starts this in the background hands down ignored signals, and an ignored Ctrl-C would leave the
    # servers behind for good: Dagster maps its own stop signal to the one that is ignored.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_DFL)
    os.chdir(settings.project_root)
    click.echo(f"http://{host}:{port} (state in {folder})", err=True)
    dagster = Path(sys.executable).with_name("dagster")
    arguments = ["dev", "-w", "workspace.yaml", "-h", host, "-p", str(port)]
    os.execv(dagster, [str(dagster), *arguments])


def require_free(host: str, port: int) -> None:
    """Refuse an address that is taken, before servers are started that would fail over it.

    Raises:
        Fault: it cannot be listened on.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind(address)
        except OSError as error:
            raise Fault(
                f"{host}:{port} cannot be listened on ({error.strerror}).",
                mend="Name another port with --port, or stop what listens there.",
            ) from None
