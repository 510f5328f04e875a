"""The web page as programs use it: GraphQL, by which the page itself asks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from clinseek_assets_tests.services.waiting import wait_until

UNDER_WAY = ("REQUESTED", "")
LAUNCH = """mutation ($wanted: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $wanted) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
STATUS = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
  __typename ... on PartitionBackfill { status } } }"""
RUNS = """query ($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}) { ... on Runs { results {
  runId status jobName tags { key value } } } } }"""
LOADED = "{ repositoriesOrError { __typename ... on RepositoryConnection { nodes { name } } } }"


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        address: with its scheme.
        patience: for how many seconds an answer is asked for again while there is none.
    """

    address: str
    patience: float = 0.0

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer.

        Raises:
            httpx.HTTPError, ValueError: there is none.
        """
        until = time.monotonic() + self.patience
        while True:
            try:
                asked = {"query": query, "variables": variables}
                told = httpx.post(f"{self.address}/graphql", json=asked, timeout=60).raise_for_status().json()
                if "errors" in told:
                    raise ValueError(told["errors"])
                return told["data"]
            except (httpx.HTTPError, ValueError):
                if time.monotonic() > until:
                    raise
                time.sleep(1.0)

    def wait_until_loaded(self, seconds: float) -> None:
        """Wait until it has a code location."""
        wait_until(self._has_a_location, "the page with its code location", seconds, every=1.0)

    def _has_a_location(self) -> bool:
        try:
            return bool(self.ask(LOADED)["repositoriesOrError"].get("nodes"))
        except httpx.HTTPError:
            return False

    def backfill(self, assets: Sequence[str], partitions: Sequence[str]) -> str:
        """Launch a backfill; its id."""
        wanted = {"assetSelection": [{"path": [name]} for name in assets], "partitionNames": list(partitions)}
        told = self.ask(LAUNCH, wanted=wanted)["launchPartitionBackfill"]
        assert told["__typename"] == "LaunchBackfillSuccess", told
        return str(told["backfillId"])

    def status(self, backfill: str) -> str:
        """REQUESTED, COMPLETED_SUCCESS, COMPLETED_FAILED, ...; empty while nobody can tell."""
        return str(self.ask(STATUS, id=backfill)["partitionBackfillOrError"].get("status", ""))

    def ended(self, backfill: str, seconds: float) -> str:
        """How a backfill has ended.

        Raises:
            TimeoutError: it has not, within that time.
        """

        def end() -> str:
            status = self.status(backfill)
            return "" if status in UNDER_WAY else status

        return wait_until(end, "the backfill's end", seconds, every=2.0)

    def runs(self, **tags: str) -> list[dict[str, Any]]:
        """The runs with these tags (`clinseek/model` is written `model`), the newest first, with all tags by key."""
        wanted = [{"key": f"clinseek/{key}", "value": value} for key, value in tags.items()]
        found = self.ask(RUNS, tags=wanted)["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]
