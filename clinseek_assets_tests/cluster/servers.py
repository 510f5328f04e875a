"""Postgres and Redis from their own binaries, in folders of their own and with passwords, on one address."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import redis

PASSWORD = "not-a-secret"
SECONDS = 60.0


def postgres_binaries() -> Path | None:
    """The newest folder with `initdb` and `postgres`, where there is one."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    return max(folders, key=lambda folder: folder.parent.name, default=Path(on_path).parent if on_path else None)


def missing() -> str:
    """What has to be installed first; nothing where all is there."""
    lacking = []
    if postgres_binaries() is None:
        lacking.append("a Postgres server (Debian: postgresql)")
    if shutil.which("redis-server") is None:
        lacking.append("a Redis server (Debian: redis-server)")
    return " and ".join(lacking)


def free_port(address: str) -> int:
    with socket.socket() as listening:
        listening.bind((address, 0))
        return int(listening.getsockname()[1])


def wait_until(there: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Look again and again until something is there.

    Raises:
        TimeoutError: it was not within that time.
    """
    end = time.monotonic() + seconds
    while not there():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.2)


def ended(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(stop)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    address: str
    port: int

    @property
    def url(self) -> str:
        return f"postgresql+psycopg2://postgres:{PASSWORD}@{self.address}:{self.port}/postgres"

    @property
    def plain_url(self) -> str:
        return self.url.replace("+psycopg2", "")

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.plain_url, connect_timeout=3).close()
        except psycopg2.OperationalError:
            return False
        return True


@contextmanager
def postgres(folder: Path, address: str) -> Iterator[Postgres]:
    """A server on the address; root starts it as the user `postgres`, since it refuses root."""
    folder.mkdir(parents=True)
    for above in (folder, *folder.parents[:-1]):  # it has to reach its folder
        if above.owner() == pwd.getpwuid(os.getuid()).pw_name and above.stat().st_mode & 0o111 != 0o111:
            above.chmod(above.stat().st_mode | 0o111)
    as_user: list[str] = []
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    binaries, data = postgres_binaries(), folder / "data"
    assert binaries is not None
    make = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "scram-sha-256", "--no-sync"]
    subprocess.run([*as_user, *make, f"--pwfile={folder / 'password'}"], check=True, capture_output=True, cwd=folder)
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 10.231.77.0/24 scram-sha-256\n")
    server = Postgres(address, free_port(address))
    options = {"listen_addresses": address, "port": server.port, "unix_socket_directories": folder, "fsync": "off"}
    command = [str(binaries / "postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([*as_user, *command], stdout=log, stderr=log, cwd=folder, start_new_session=True)
    try:
        wait_until(server.answers, "Postgres")
        yield server
    finally:
        with suppress(FileNotFoundError):
            os.kill(int((data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGINT)
        ended(process, signal.SIGINT)


@contextmanager
def broker(folder: Path, address: str) -> Iterator[str]:
    """A Redis server on the address, with a password, each message on the disk; its URL."""
    folder.mkdir(parents=True)
    port = free_port(address)
    options = {"bind": address, "port": port, "requirepass": PASSWORD, "dir": folder, "appendonly": "yes", "save": ""}
    command = ["redis-server", *(part for name, value in options.items() for part in (f"--{name}", str(value)))]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    url = f"redis://:{PASSWORD}@{address}:{port}/0"
    try:
        wait_until(lambda: pings(url), "Redis")
        yield url
    finally:
        ended(process, signal.SIGTERM)


def pings(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as server:
            return bool(server.ping())
    except redis.exceptions.RedisError:
        return False
