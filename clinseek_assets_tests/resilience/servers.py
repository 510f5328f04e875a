"""The processes behind the web page, each started by itself, to be killed and started again; talked to by GraphQL."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from clinseek_assets.commands.ui import PATIENCE_SECONDS
from clinseek_assets_tests.web.test_lineage_page import free_port

SECONDS = 240.0  # on a machine that is busy with other work
BEHIND_A_RUN = "multiprocessing.spawn"
LAUNCH = """mutation ($wanted: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $wanted) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
STATUS = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
    __typename ... on PartitionBackfill { status } ... on PythonError { message } } }"""
LOADED = (
    "{ workspaceOrError { __typename ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }"
)


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
                self.wait_until_listening()

    def wait_until_listening(self) -> None:
        """Wait until the code server has loaded the graph: the others look for it once, and then a minute later."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", self.code_port)) == 0:
                    return
            time.sleep(0.5)

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

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """What GraphQL answers; asked again while the web server is not there."""
        until = time.monotonic() + SECONDS
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.web_port}/graphql", body, {"Content-Type": "application/json"}
        )
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    told: dict[str, Any] = json.loads(answer.read())
                    return told
            except (OSError, ValueError):
                if time.monotonic() > until:
                    raise
                time.sleep(1.0)

    def wait_until_loaded(self) -> None:
        """Wait until the web server has the code location."""
        until = time.monotonic() + SECONDS
        while "RepositoryLocation" not in json.dumps(self.ask(LOADED)):
            assert time.monotonic() < until, "the code location was not loaded in time"
            time.sleep(1.0)

    def backfill(self, assets: Sequence[str], partitions: Sequence[str]) -> str:
        """Start a backfill as the web page does; returns its id."""
        wanted = {"assetSelection": [{"path": [name]} for name in assets], "partitionNames": list(partitions)}
        told = self.ask(LAUNCH, wanted=wanted)
        return str(told["data"]["launchPartitionBackfill"]["backfillId"])

    def status(self, backfill: str) -> str:
        """REQUESTED, COMPLETED_SUCCESS, COMPLETED_FAILED, ...; empty while nobody can tell."""
        told = (self.ask(STATUS, id=backfill).get("data") or {}).get("partitionBackfillOrError") or {}
        return str(told.get("status", ""))

    def logged(self) -> str:
        """The ends of the servers' logs, for who wants to know what went wrong."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs)


@contextmanager
def serving_home(environment: Mapping[str, str], folder: Path) -> Iterator[Servers]:
    """The servers over a home, ended afterwards with all runs."""
    folder.mkdir(parents=True, exist_ok=True)
    usual = {"DAGSTER_GRPC_TIMEOUT_SECONDS": PATIENCE_SECONDS, "DAGSTER_DISABLE_TELEMETRY": "1"}  # as `clinseek ui`
    servers = Servers({**environment, **usual, "PYTHONWARNINGS": "ignore"}, folder)
    try:
        servers.start()
        servers.wait_until_loaded()
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
