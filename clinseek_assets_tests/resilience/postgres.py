"""A Postgres server on loopback, of the machine's own package, run as another user than root, and killed at will."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from clinseek_assets_tests.web.test_lineage_page import free_port

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
USER = "postgres"
SECONDS = 120.0


@dataclass
class Postgres:
    """A cluster in a folder of its own.

    Attributes:
        folder: of the cluster; it belongs to its user.
    """

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """For Dagster."""
        return f"postgresql+psycopg2://{USER}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Make the cluster."""
        shutil.chown(self.folder, USER)
        self._as_user("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", USER, "--no-sync")

    def start(self) -> None:
        """Start it, after a kill too, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        until = time.monotonic() + SECONDS
        data = str(self.folder / "data")
        while True:
            try:
                self._as_user("pg_ctl", "-D", data, "-w", "-l", f"{self.folder}/log", "-o", options, "start")
                return
            except subprocess.CalledProcessError:  # what the killed one's children still hold
                if time.monotonic() > until:
                    raise
                time.sleep(1.0)

    def kill(self) -> None:
        """SIGKILL to the server; its children end when they notice."""
        with suppress(OSError):
            number = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(number, signal.SIGKILL)
            time.sleep(0.5)

    def _as_user(self, program: str, *arguments: str) -> None:
        command = ["runuser", "-u", USER, "--", f"{PROGRAMS}/{program}", *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def absent() -> str:
    """Why there can be no server; empty where there can."""
    if PROGRAMS is None:
        return "Postgres is not installed"
    if os.geteuid() != 0 or shutil.which("runuser") is None:
        return "only root can start a server as another user"
    try:
        import dagster_postgres  # noqa: F401
    except ImportError:
        return "dagster-postgres is not installed"
    return ""


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running server; gone afterwards with its data."""
    folder = Path(tempfile.mkdtemp(prefix="clinseek-postgres-"))
    folder.chmod(0o700)
    server = Postgres(folder)
    server.make()
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
