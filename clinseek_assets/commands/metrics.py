"""`clinseek metrics`: figures of the home for Prometheus."""

from __future__ import annotations

import signal
import threading

import click
import dagster as dg

from clinseek_assets.faults import Fault
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.instance import dagster_home

LOOPBACK = "127.0.0.1"


@click.command()
@click.option("--once", is_flag=True, help="Print the figures and end, for the textfile collector of node_exporter.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=9464, show_default=True, help="Where to serve; 0: any free one."
)
def command(once: bool, port: int) -> None:
    """Figures for Prometheus: runs, answers, coverage, calls, tokens, dollars, disk, and when things were last made.

    Served at /metrics on this machine alone (127.0.0.1) until Ctrl-C, read anew at each look. Counts, sums and times
    with the names of models, arms and assets; nothing about a question or a patient.

    \b
    Examples:
      clinseek metrics --port 9464
      clinseek metrics --once
    """
    from prometheus_client import CollectorRegistry, generate_latest, start_http_server  # takes a while to load

    from clinseek_assets.monitoring.figures import HomeFigures

    settings = load_settings()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HomeFigures(Home.of(settings), instance_of(settings)))
    if once:
        click.echo(generate_latest(registry).decode(), nl=False)
        return
    try:
        server, serving = start_http_server(port, LOOPBACK, registry)
    except OSError:
        raise Fault(
            f"Port {port} cannot be used: it is taken or not yours.", mend="Name another with --port."
        ) from None
    click.echo(f"http://{LOOPBACK}:{server.server_port}/metrics  Stop with Ctrl-C.", err=True)
    wait_for_an_end()
    server.shutdown()
    serving.join()


def instance_of(settings: Settings) -> dg.DagsterInstance | None:
    """The home's event store as Dagster itself reads it, from any thread; None where nothing was ever run."""
    if not (settings.layout.dagster_home / "dagster.yaml").is_file():
        return None
    return dg.DagsterInstance.from_config(str(dagster_home(settings.layout)))


def wait_for_an_end() -> None:
    """Until Ctrl-C or a polite kill."""
    ended = threading.Event()
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: ended.set())
    while not ended.wait(1.0):
        pass
