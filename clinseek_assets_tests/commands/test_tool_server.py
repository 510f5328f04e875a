"""One question's tools served over a real home, to a client that may see them and to one that may not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from clinseek_assets.resources.home import Home
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets_tests.conftest import Graph

SERVED = ["-m", "clinseek_assets_tests.commands.a_served_question"]


def arguments(graph: Graph, release: Path, corpus: Path | str, client: str, transport: str = "stdio") -> list[str]:
    return [*SERVED, str(graph.settings.home), str(release), str(corpus), client, transport]


def test_a_client_works_on_the_record_of_one_question(finished: Graph, tiny_release: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "sepsis.txt").write_text("Sepsis\nAntibiotics within the hour.")
    question = Home.of(finished.settings).questions()[0]
    server = StdioServerParameters(
        command=sys.executable, args=arguments(finished, tiny_release, corpus, "anybody"), cwd=Path.cwd()
    )

    async def work() -> None:
        with anyio.fail_after(60):
            async with Client(server) as client:
                names = [tool.name for tool in (await client.list_tools()).tools]
                assert names == ["ehr.count", "browser.search", "browser.open", "browser.find"]
                assert client.instructions and str(question.prediction_time) in client.instructions
                counted = await client.call_tool("ehr.count", {"table_name": "patients"})
                assert [part.text for part in counted.content] == ["1"]  # type: ignore[union-attr]
                found = await client.call_tool("browser_search", {"query": "antibiotic"})
                assert "sepsis.txt" in found.content[0].text  # type: ignore[union-attr]

    anyio.run(work)
    lines = (finished.settings.home / "ledger.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    assert [entry[:3] for entry in told] == [["mcp_client", "anybody", "stdio"]] * 2
    assert told[0][3:] == [1, of_text(question.qid)]


def test_a_client_without_attestation_gets_nothing_of_credentialed_data(finished: Graph, copied_release: Path) -> None:
    for record in copied_release.rglob("SYNTHETIC.json"):
        record.unlink()
    no_entry, no_attestation = "models.yaml has no such entry", "it has no attestation"
    for client, transport, reason in (("unlisted", "stdio", no_entry), ("listed", "http", no_attestation)):
        command = [sys.executable, *arguments(finished, copied_release, "", client, transport)]
        ran = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 1 and ran.stdout == "" and reason in ran.stderr and "Bearer" not in ran.stderr
    assert not (finished.settings.home / "ledger.jsonl").exists()
