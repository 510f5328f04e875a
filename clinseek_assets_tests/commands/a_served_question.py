"""One question of a home, served as a process of its own: `HOME RELEASE CORPUS CLIENT TRANSPORT`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinseek_assets.commands.tool_server import serve_question
from clinseek_assets.faults import Fault
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.models.registry import Attestation
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.tools.specs import ToolReply, ToolSpec
from clinseek_assets.resources.home import Home


@dataclass(frozen=True)
class Entry:
    """An endpoint of the registry."""

    name: str
    kind: str = "mcp_client"
    url: str | None = None
    attestation: Attestation | None = None

    def api_key(self) -> str | None:
        return None


@dataclass(frozen=True)
class Counting:
    """One tool over the real pinned record: how many rows of a table are visible."""

    record: PinnedRecord
    version: str = "1"

    @property
    def specs(self) -> Sequence[ToolSpec]:
        parameters = {"type": "object", "properties": {"table_name": {"type": "string"}}, "required": ["table_name"]}
        return [ToolSpec("ehr.count", "Visible rows of a table.", parameters)]

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolReply:
        table = arguments.get("table_name")
        if table not in self.record.tables:
            return ToolReply("There is no such table.", "not_found")
        return ToolReply(str(self.record.query(f"SELECT count(*) FROM {table}").rows[0][0]))


def main() -> None:
    home_folder, release, corpus, client, transport = sys.argv[1:]
    home = Home.of(
        load_settings(
            {
                "CLINSEEK_HOME": home_folder,
                "CLINSEEK_RELEASE_ROOT": f"{release}/release",
                "MIMIC_IV_ROOT": f"{release}/sources/mimic_iv",
                "CLINSEEK_MODELS": f"{release}/models.yaml",
                **({"CLINSEEK_CORPUS": corpus} if corpus else {}),
            }
        )
    )
    question = home.questions()[0]
    databases, reference = home.layout.patient_databases("text"), home.layout.reference_tables
    ledger = Path(home_folder) / "ledger.jsonl"

    @contextmanager
    def opened() -> Iterator[Counting]:
        with PinnedRecord(Pin.of(question), "strict", databases=databases, reference=reference) as record:
            yield Counting(record)

    def recorded(kind: str, endpoint: str, host: str, size: int, qid_sha256: str) -> None:
        with ledger.open("a") as lines:
            lines.write(json.dumps([kind, endpoint, host, size, qid_sha256]) + "\n")

    serve_question(
        home,
        question,
        opened,
        client=client,
        endpoints=[Entry("listed")],
        ledger=recorded,
        transport=transport,  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        sys.exit(f"refused: {fault}")
