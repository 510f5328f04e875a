"""`clinseek worker`: executes steps that the head hands out through Celery's broker."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from clinseek_assets.assets.queues import QUEUES
from clinseek_assets.automation.executors import require_cluster_parts
from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.locations.settings import load_settings

APP = "clinseek_assets.automation.celery_app"
PATIENCE = 5.0  # seconds that the broker has to answer
QUIET = {"DAGSTER_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore"}


@click.command()
@click.option(
    "--queue",
    "queues",
    type=click.Choice(QUEUES),
    multiple=True,
    help="A kind of step to take, repeatable; by default all.",
)
@click.option("--slots", type=click.IntRange(1), default=2, show_default=True, help="How many steps at a time.")
@click.option("--name", default="clinseek", show_default=True, help="The worker's name before its host's name.")
def command(queues: tuple[str, ...], slots: int, name: str) -> None:
    """Execute steps of runs for the head, until Ctrl-C: a machine's part in a cluster.

    It needs the settings of this machine (inputs, CLINSEEK_HOME, CLINSEEK_BROKER, the keys of the models), the same
    checkout at the same path as the head, and the environment variable of the head's Postgres. Two workers of one
    machine need two names. A first Ctrl-C waits for the steps at work, a second one interrupts them.

    \b
    clinseek-models   predictions: they wait for endpoints, many slots do
    clinseek-build    tables, databases, contexts, scores: cores and disk
    clinseek-tables   the warehouse and the reports: one worker in the whole cluster

    \b
    Examples:
      clinseek worker --queue clinseek-models --slots 8
      clinseek worker --queue clinseek-build --queue clinseek-tables --slots 2 --name build
    """
    require_cluster_parts()
    settings = load_settings()
    if settings.broker is None:
        raise SettingsFault(
            "No broker is named.", mend="Name it as CLINSEEK_BROKER, for example redis://HOST:6379/0, as on the head."
        )
    reach(settings.broker.get_secret_value())
    os.environ.update(QUIET)
    celery = Path(sys.executable).with_name("celery")
    arguments = ["-A", APP, "--quiet", "worker", "-n", f"{name}@%h", "-c", str(slots), "-Q", ",".join(queues or QUEUES)]
    os.execv(celery, [str(celery), *arguments, "--loglevel", "INFO", "--without-gossip", "--without-mingle"])


def reach(broker: str) -> None:
    """See that the broker answers; its URL is not shown, since it may hold a password.

    Raises:
        Fault: it does not.
    """
    from redis import Redis
    from redis.exceptions import AuthenticationError, RedisError

    where = urlsplit(broker)
    shown = f"{where.hostname}:{where.port or 6379}"
    try:
        with Redis.from_url(broker, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE) as server:
            server.ping()
    except AuthenticationError:
        raise Fault(
            f"The broker at {shown} refuses this password.", mend="Correct the password in CLINSEEK_BROKER."
        ) from None
    except (RedisError, ValueError) as error:
        raise Fault(
            f"The broker at {shown} does not answer ({type(error).__name__}).",
            mend="Start the Redis server there, or correct CLINSEEK_BROKER.",
        ) from None
