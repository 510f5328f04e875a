"""The processes behind the web page, each started by itself, to be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from clinseek_assets.resources.instance import WAITING
from clinseek_assets_tests.services.page import Page
from clinseek_assets_tests.services.waiting import SECONDS, free_port, wait_until

BEHIND_A_RUN = "multiprocessing.spawn"


@dataclass
class Servers:
    """Code server, web server and daemon over one home.

    Attributes:
        environment: names the home, the release and the registry of models.
        folder: for logs and the workspace file.
    """

    environment: Mapping[str, str]
    folder: Path
    code_port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def commands(self) -> dict[str, list[str]]:
        """The servers by name, in the order in which they are started."""
        beside = Path(sys.executable).parent
        workspace = self.folder / "workspace.yaml"
        server = {"host": "127.0.0.1", "port": self.code_port, "location_name": "clinseek"}
        workspace.write_text(json.dumps({"load_from": [{"grpc_server": server}]}))  # JSON is YAML
        module = ["-m", "clinseek_assets.definitions"]
        return {
            "code server": [f"{beside}/dagster", "api", "grpc", "-h", "127.0.0.1", "-p", str(self.code_port), *module],
            "web server": [f"{beside}/dagster-webserver", "-h", "127.0.0.1", "-p", str(self.web_port)],
            "daemon": [f"{beside}/dagster-daemon", "run"],
        }

    def start(self) -> None:
        """Start whatever does not run."""
        for name, command in self.commands().items():
            if name in self.running and self.running[name].poll() is None:
                continue
            of_workspace = [] if name == "code server" else ["-w", str(self.folder / "workspace.yaml")]
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    [*command, *of_workspace],
                    env={**os.environ, **self.environment},
                    stdout=log,
                    stderr=log,
                    preexec_fn=heed_signals,
                )
            if name == "code server":
                wait_until(self.listening, "the code server")

    def listening(self) -> bool:
        """Whether the code server has loaded the graph: the others look for it once, and then a minute later."""
        with socket.socket() as trying:
            return trying.connect_ex(("127.0.0.1", self.code_port)) == 0

    def stop(self) -> None:
        """End everything, runs too."""
        for process in self.processes().values():
            for each in process:
                kill(each)
        for server in self.running.values():
            server.wait()

    def processes(self) -> dict[str, list[psutil.Process]]:
        """The living processes by what they are; those of runs outlive their code server."""
        found = {name: [psutil.Process(server.pid)] for name, server in self.running.items() if server.poll() is None}
        return {**found, "run": self.runs()}

    def runs(self) -> list[psutil.Process]:
        """The processes that execute runs over this home."""
        found = []
        for process in psutil.process_iter():
            try:
                of_home = process.environ().get("CLINSEEK_HOME") == self.environment["CLINSEEK_HOME"]
                if of_home and BEHIND_A_RUN in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    @property
    def page(self) -> Page:
        """The page; while a server behind it is not there, it is asked again."""
        return Page(f"http://127.0.0.1:{self.web_port}", patience=SECONDS)

    def logged(self) -> str:
        """The ends of the servers' logs, for who wants to know what went wrong."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs)


@contextmanager
def serving_home(environment: Mapping[str, str], folder: Path) -> Iterator[Servers]:
    """The servers over a home, ended afterwards with all runs."""
    folder.mkdir(parents=True, exist_ok=True)
    usual = {**WAITING, "DAGSTER_DISABLE_TELEMETRY": "1"}  # as `clinseek ui`
    servers = Servers({**environment, **usual, "PYTHONWARNINGS": "ignore"}, folder)
    try:
        servers.start()
        servers.page.wait_until_loaded(SECONDS)
        yield servers
    finally:
        servers.stop()


def kill(process: psutil.Process) -> None:
    """SIGKILL, and wait until it is gone."""
    try:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    except psutil.Error:
        pass


def heed_signals() -> None:
    """A shell that starts tests in the background hands down ignored signals."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_DFL)
