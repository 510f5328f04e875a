"""What a ledger tells of attempts: retries that helped, retries that did not, dates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.budget import Cost
from clinseek_assets.models.ledger import Ledger
from clinseek_assets.models.ledger_figures import attempts
from clinseek_assets_tests.models.test_ledger import PAID, USED, WORST, kill_with_open_calls, sending, with_ledger

PLACE = ("model", "m", "seeking")


def test_what_was_tried_again_and_what_came_of_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    kill_with_open_calls(path, "lost", "open")

    async def work(ledger: Ledger) -> None:
        ledger.settled(await ledger.opened(sending("plain", qid_sha256="p")), USED, PAID)
        ledger.failed(await ledger.opened(sending("helped", qid_sha256="h")), "http_500", Cost())
        ledger.settled(await ledger.opened(sending("helped", qid_sha256="h")), USED, PAID)
        for _ in range(2):
            ledger.failed(await ledger.opened(sending("given up", qid_sha256="g")), "timeout", PAID)
        ledger.settled(await ledger.opened(sending("lost")), USED, PAID)

    with_ledger(path, work)
    before = dt.datetime.now(dt.UTC)
    found = attempts(path)[PLACE]
    assert (found.calls, found.settled, found.failed, found.lost, found.open) == (8, 3, 3, 1, 1)
    assert found.failures == {"timeout": 2, "http_500": 1}
    assert (found.troubled, found.recovered) == (3, 2)
    assert found.troubled_questions == {"q", "h", "g"}
    assert found.tokens == 6 * PAID.tokens + WORST.tokens  # both of `lost`, of `open` its worst case
    assert dt.timedelta(0) < found.last - found.first < before - found.first


def test_it_reads_while_a_ledger_is_open_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger"

    async def work(ledger: Ledger) -> None:
        await ledger.opened(sending("a"))
        assert attempts(path)[PLACE].open == 1

    with_ledger(path, work)
    assert attempts(tmp_path / "no ledger") == {}
    assert not (tmp_path / "no ledger").exists()


def test_another_file_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(b"no database" * 200)
    with pytest.raises(EndpointFault, match="ledger"):
        attempts(path)
