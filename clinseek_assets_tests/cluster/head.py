"""A head as `deploy/` describes it: code server, daemon, web page and a worker for tables."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets_tests.cluster.hosts import Host
from clinseek_assets_tests.services.page import Page
from clinseek_assets_tests.services.waiting import free_port

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
START_SECONDS = 400.0  # a busy machine loads the graph slowly


def binary(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@dataclass
class Head:
    """The head's processes and its page."""

    host: Host
    home: Path
    environment: Mapping[str, str]
    web_port: int = 0

    def start(self) -> None:
        """Code server, daemon, web page: each as `deploy/celery/Procfile` has it, on free ports of the head."""
        folder = self.home / "dagster"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(DEPLOY / "postgres" / "dagster.yaml", folder / "dagster.yaml")
        code, web = free_port(self.host.address), free_port(self.host.address)
        workspace = self.home / "workspace.yaml"
        told = (DEPLOY / "celery" / "workspace.yaml").read_text()
        workspace.write_text(told.replace("127.0.0.1", self.host.address).replace("4266", str(code)))
        self.web_port = web
        self.run("code", [binary("dagster"), "code-server", "start", "-m", "clinseek_assets.definitions",
                          "-h", self.host.address, "-p", str(code)])  # fmt: skip
        self.run("daemon", [binary("dagster-daemon"), "run", "-w", str(workspace)])
        self.run("web", [binary("dagster-webserver"), "-w", str(workspace), "-h", self.host.address, "-p", str(web)])
        self.page.wait_until_loaded(START_SECONDS)

    @property
    def page(self) -> Page:
        """Its page."""
        return Page(f"http://{self.host.address}:{self.web_port}")

    def run(self, name: str, command: Sequence[str]) -> None:
        self.host.start(command, self.home / f"{name}.log", self.environment, PROJECT)
