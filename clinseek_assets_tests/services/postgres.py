"""A Postgres server of the machine's own package: stopped, killed and started again at will."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets_tests.services.waiting import free_port

ACCOUNT = "postgres"
START_SECONDS = 120.0


def programs() -> Path | None:
    """The newest folder with `initdb`, where there is one."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    return max(folders, key=lambda folder: int(folder.parent.name), default=Path(on_path).parent if on_path else None)


def absent() -> str:
    """Why there can be no server; empty where there can."""
    if programs() is None:
        return "a Postgres server is not installed (Debian: postgresql)"
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return "root cannot start a Postgres server as another user"
    return ""


@dataclass(frozen=True)
class Postgres:
    """A server.

    Attributes:
        folder: of its data; it belongs to its account.
        address, port: where it listens.
        password: of its account; without one everybody on this machine is let in.
    """

    folder: Path
    address: str
    port: int
    password: str

    @property
    def url(self) -> str:
        secret = f":{self.password}" if self.password else ""
        return f"postgresql://{ACCOUNT}{secret}@{self.address}:{self.port}/postgres"

    @property
    def dagster_url(self) -> str:
        """As Dagster's storage wants it."""
        return self.url.replace("postgresql://", "postgresql+psycopg2://")

    def make(self) -> None:
        """Make its data."""
        secret = self.folder / "password"
        secret.write_text(self.password or "none")
        if os.geteuid() == 0:
            shutil.chown(self.folder, ACCOUNT)
            shutil.chown(secret, ACCOUNT)
        how = "scram-sha-256" if self.password else "trust"
        self._run("initdb", "-D", self._data, "-U", ACCOUNT, "-A", how, f"--pwfile={secret}", "--no-sync")
        with (self.folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {self.address}/24 {how}\n")

    def start(self) -> None:
        """Start it, after a kill too, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c fsync=off -c listen_addresses={self.address}"
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self._run("pg_ctl", "-D", self._data, "-w", "-o", options, "-l", str(self.folder / "log"), "start")
                return
            except subprocess.CalledProcessError:  # what a killed one's children still hold
                if time.monotonic() > until:
                    raise
                time.sleep(1.0)

    def stop(self) -> None:
        """End it at once, with all connections; nothing where it does not run."""
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def kill(self) -> None:
        """SIGKILL to the server; its children end when they notice."""
        number = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(number, signal.SIGKILL)
        time.sleep(0.5)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        command = [f"{programs()}/{program}", *arguments]
        if os.geteuid() == 0:  # which Postgres refuses to serve
            command = ["runuser", "-u", ACCOUNT, "--", *command]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def postgres(address: str = "127.0.0.1", password: str = "") -> Iterator[Postgres]:
    """A running server; gone afterwards with its data."""
    folder = Path(tempfile.mkdtemp(prefix="clinseek-postgres-"))  # not below a test's own, which is closed to others
    server = Postgres(folder, address, free_port(address), password)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
