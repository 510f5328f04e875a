"""A Redis server of the machine's own package, as the broker of a cluster."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from clinseek_assets_tests.services.waiting import free_port, wait_until

PASSWORD = "not-a-secret"


def absent() -> str:
    """Why there can be no server; empty where there can."""
    return "" if shutil.which("redis-server") else "a Redis server is not installed (Debian: redis-server)"


@contextmanager
def broker(folder: Path, address: str = "127.0.0.1") -> Iterator[str]:
    """A server with a password that writes each message to the disk; its URL."""
    folder.mkdir(parents=True)
    port = free_port(address)
    options = {"bind": address, "port": port, "requirepass": PASSWORD, "dir": folder, "appendonly": "yes", "save": ""}
    command = ["redis-server", *(part for name, value in options.items() for part in (f"--{name}", str(value)))]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    url = f"redis://:{PASSWORD}@{address}:{port}/0"
    try:
        wait_until(lambda: _pings(url), "Redis")
        yield url
    finally:
        process.kill()  # its folder goes as well
        process.wait()


def _pings(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as server:
            return bool(server.ping())
    except redis.exceptions.RedisError:
        return False
