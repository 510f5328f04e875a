"""A head as `deploy/` describes it: code server, daemon, web page and a worker for tables; and what is asked of it."""

from __future__ import annotations

import json
import shutil
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

from clinseek_assets_tests.cluster.hosts import Host
from clinseek_assets_tests.cluster.servers import free_port, wait_until

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
START_SECONDS = 400.0  # a busy machine loads the graph slowly
LAUNCH = """mutation ($asked: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $asked) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
STATUS = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
  __typename ... on PartitionBackfill { status } } }"""
RUNS = """query { runsOrError { ... on Runs { results { runId status jobName rootRunId
  tags { key value } } } } }"""
CANCEL = """mutation ($id: String!) { terminateRun(runId: $id) { __typename } }"""


def binary(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@dataclass
class Head:
    """The head's processes and its page."""

    host: Host
    home: Path
    environment: Mapping[str, str]
    page: str = ""

    def start(self) -> None:
        """Code server, daemon, web page: each as `deploy/celery/Procfile` has it, on free ports of the head."""
        folder = self.home / "dagster"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(DEPLOY / "postgres" / "dagster.yaml", folder / "dagster.yaml")
        code, web = free_port(self.host.address), free_port(self.host.address)
        workspace = self.home / "workspace.yaml"
        told = (DEPLOY / "celery" / "workspace.yaml").read_text()
        workspace.write_text(told.replace("127.0.0.1", self.host.address).replace("4266", str(code)))
        self.page = f"http://{self.host.address}:{web}"
        self.run("code", [binary("dagster"), "code-server", "start", "-m", "clinseek_assets.definitions",
                          "-h", self.host.address, "-p", str(code)])  # fmt: skip
        self.run("daemon", [binary("dagster-daemon"), "run", "-w", str(workspace)])
        self.run("web", [binary("dagster-webserver"), "-w", str(workspace), "-h", self.host.address, "-p", str(web)])
        wait_until(self.loaded, "the page with the code location", START_SECONDS)

    def run(self, name: str, command: Sequence[str]) -> None:
        self.host.start(command, self.home / f"{name}.log", self.environment, PROJECT)

    def loaded(self) -> bool:
        with suppress(URLError, OSError):
            told = self.ask("query { repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")
            return bool(told["repositoriesOrError"].get("nodes"))
        return False

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """An answer of the page's GraphQL."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.page}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        assert "errors" not in told, told["errors"]
        return dict(told["data"])

    def backfill(self, assets: Sequence[str], partitions: Sequence[str]) -> str:
        """Launch a backfill as the page does; its id."""
        asked = {"assetSelection": [{"path": [name]} for name in assets], "partitionNames": list(partitions)}
        told = self.ask(LAUNCH, asked=asked)["launchPartitionBackfill"]
        assert told["__typename"] == "LaunchBackfillSuccess", told
        return str(told["backfillId"])

    def status_of(self, backfill: str) -> str:
        return str(self.ask(STATUS, id=backfill)["partitionBackfillOrError"]["status"])

    def runs(self) -> list[dict[str, Any]]:
        """All runs, the newest first, with their tags by key."""
        found = self.ask(RUNS)["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]

    def cancel(self, run: str) -> None:
        self.ask(CANCEL, id=run)
