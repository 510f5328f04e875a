"""`clinseek tools serve`, started as a client starts it: for one that may see the data, and for one that may not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from clinseek_assets.models.ledger import Ledger
from clinseek_assets.resources.home import Home
from clinseek_assets_tests.conftest import Graph

CLINSEEK = str(Path(sys.executable).with_name("clinseek"))
LISTED = """
endpoints:
  - {name: listed, kind: mcp_client}
"""


def environment(graph: Graph, release: Path, **further: str) -> dict[str, str]:
    return {
        **os.environ,
        "CLINSEEK_HOME": str(graph.settings.home),
        "CLINSEEK_RELEASE_ROOT": str(release / "release"),
        "MIMIC_IV_ROOT": str(release / "sources" / "mimic_iv"),
        "CLINSEEK_MODELS": str(release / "models.yaml"),
        **further,
    }


def serving(graph: Graph, client: str, *options: str) -> list[str]:
    qid = Home.of(graph.settings).questions()[0].qid
    return ["tools", "serve", "--qid", qid, "--client", client, *options]


def test_a_client_works_on_the_record_of_one_question(finished: Graph, tiny_release: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "sepsis.txt").write_text("Sepsis\nAntibiotics within the hour.")
    question = Home.of(finished.settings).questions()[0]
    server = StdioServerParameters(
        command=CLINSEEK,
        args=serving(finished, "anybody"),
        env=environment(finished, tiny_release, CLINSEEK_CORPUS=str(corpus)),
        cwd=Path.cwd(),
    )

    async def work() -> None:
        with anyio.fail_after(60):
            async with Client(server) as client:
                names = [tool.name for tool in (await client.list_tools()).tools]
                assert {"ehr.load_ehr", "ehr.finish", "browser.search", "browser.find"} <= set(names)
                assert client.instructions and str(question.prediction_time) in client.instructions
                other = await client.call_tool("ehr.get_table_names", {"subject_id": "1"})
                assert other.is_error
                counted = await client.call_tool("ehr_run_sql_query", {
                    "subject_id": str(question.subject_id), "sql_query": "SELECT count(*) AS patients FROM patients"
                })  # fmt: skip
                assert not counted.is_error and "patients" in counted.content[0].text  # type: ignore[union-attr]
                found = await client.call_tool("browser_search", {"query": "antibiotic"})
                assert "sepsis.txt" in found.content[0].text  # type: ignore[union-attr]

    anyio.run(work)
    with Ledger(finished.settings.layout.ledger) as ledger:
        told = {(total.kind, total.endpoint, total.calls, total.questions) for total in ledger.totals()}
    assert ("mcp_client", "anybody", 3, 1) in told


def test_a_client_without_attestation_gets_nothing_of_credentialed_data(finished: Graph, copied_release: Path) -> None:
    for record in copied_release.rglob("SYNTHETIC.json"):
        record.unlink()
    registry = copied_release / "models.yaml"
    registry.write_text(registry.read_text() + LISTED)
    no_entry, no_attestation = "models.yaml has no such entry", "it has no attestation"
    for client, transport, reason in (("unlisted", "stdio", no_entry), ("listed", "http", no_attestation)):
        ran = subprocess.run(
            [CLINSEEK, *serving(finished, client, "--transport", transport)],
            env=environment(finished, copied_release),
            input="",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 1 and ran.stdout == "" and reason in ran.stderr and "Bearer" not in ran.stderr
    assert not finished.settings.layout.ledger.exists()
