"""A real Postgres server on the loopback interface, where Debian's package is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
ACCOUNT = "postgres"


@dataclass(frozen=True)
class Server:
    """A running server."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://{ACCOUNT}@127.0.0.1:{self.port}/postgres"

    def stop(self) -> None:
        """End it at once, with all connections."""
        control(self.folder, "stop", "-m", "immediate")

    def start(self) -> None:
        """Start it (again)."""
        options = f"-p {self.port} -k {self.folder} -c fsync=off -c listen_addresses=127.0.0.1"
        control(self.folder, "start", "-w", "-o", options, "-l", str(self.folder / "log"))


def available() -> bool:
    """Whether a server can be started here."""
    return PROGRAMS is not None and (os.geteuid() != 0 or shutil.which("runuser") is not None)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server of its own; `folder` must be one that its account may enter."""
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run("initdb", "-D", str(folder / "data"), "-U", ACCOUNT, "-A", "trust", "--no-sync")
    server = Server(folder, port)
    server.start()
    try:
        yield server
    finally:
        control(folder, "stop", "-m", "immediate", check=False)


def control(folder: Path, *command: str, check: bool = True) -> None:
    run("pg_ctl", "-D", str(folder / "data"), *command, check=check)


def run(program: str, *arguments: str, check: bool = True) -> None:
    assert PROGRAMS is not None
    command = [str(PROGRAMS / program), *arguments]
    if os.geteuid() == 0:
        command = ["runuser", "-u", ACCOUNT, "--", *command]
    subprocess.run(command, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
