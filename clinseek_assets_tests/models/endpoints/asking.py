"""Recorded endpoints over files of a folder, asked to the end: what the tests of this folder share."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clinseek_assets.models.budget import Caps
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.endpoints.recorded import RecordedEndpoint
from clinseek_assets.models.messages import ChatRequest, Turn
from clinseek_assets.models.registry import Model
from clinseek_assets.records.tools.specs import ToolSpec
from clinseek_assets_tests.models.cases import keeping_in
from clinseek_assets_tests.models.loopback import Reply, send_json

LOAD = ToolSpec("ehr.load_ehr", "Loads.", {"type": "object", "properties": {"subject_id": {"type": "string"}}})
FINISH = ToolSpec("ehr.finish", "Ends.", {"type": "object", "properties": {"response": {"type": "array"}}})
USER = Turn("user", "Will it happen?")


def request(*turns: Turn, **more: Any) -> ChatRequest:
    return ChatRequest(turns or (USER,), "hash of a qid", **more)


def endpoint_in(folder: Path, model: Model, caps: Caps = Caps()) -> RecordedEndpoint:  # noqa: B008
    """All that it keeps is in the folder."""
    keeping = keeping_in(folder, caps)
    return RecordedEndpoint(
        model,
        journal=keeping.journal,
        ledger=keeping.ledger,
        leases=keeping.leases,
        budget=keeping.caps,
        arm="seeking",
    )


def ask_all(
    folder: Path,
    model: Model,
    asked: Sequence[tuple[ChatRequest, str]],
    caps: Caps = Caps(),  # noqa: B008
) -> list[Completion | CallError]:
    """What comes of requests that are made at once, each under its key; faults are raised."""

    async def one(endpoint: RecordedEndpoint, said: ChatRequest, key: str) -> Completion | CallError:
        try:
            return await endpoint.ask(said, key)
        except CallError as failure:
            return failure

    async def run() -> list[Completion | CallError]:
        async with endpoint_in(folder, model, caps) as endpoint:
            return await asyncio.gather(*(one(endpoint, said, key) for said, key in asked))

    return asyncio.run(run())


def ask(folder: Path, model: Model, said: ChatRequest | None = None, key: str = "key") -> Completion:
    """The completion of one request.

    Raises:
        CallError, EndpointFault: as `RecordedEndpoint.ask`.
    """
    (answer,) = ask_all(folder, model, [(said or request(), key)])
    if isinstance(answer, CallError):
        raise answer
    return answer


def ledger_rows(folder: Path) -> list[tuple[str | None, str | None]]:
    """(outcome, failure) of every call in the ledger, in their order; None where a call has no ending."""
    with sqlite3.connect(keeping_in(folder).ledger) as ledger:
        return ledger.execute(
            "SELECT outcome, failure FROM calls LEFT JOIN endings USING (call) ORDER BY sent_at, calls.rowid"
        ).fetchall()


def calls_kept(folder: Path) -> int:
    """How many answers the journal has; none where there is no journal yet."""
    try:
        with sqlite3.connect(f"{keeping_in(folder).journal.as_uri()}?mode=ro", uri=True) as journal:
            return int(journal.execute("SELECT count(*) FROM completions").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def sends(body: Any) -> Reply:
    """A server that answers with this JSON."""
    return lambda handler, _: send_json(handler, body)
