"""What is tried again, how often and when, against servers that fail as real ones do."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from clinseek_assets.models.endpoints import patience
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.endpoints.patience import with_patience
from clinseek_assets.models.endpoints.wire import LONGEST_WAIT, retry_after
from clinseek_assets.models.registry import Patience
from clinseek_assets_tests.models.cases import chat_model
from clinseek_assets_tests.models.endpoints.asking import ask, ledger_rows
from clinseek_assets_tests.models.loopback import (
    Reply,
    block,
    cut_short,
    dripping,
    failing,
    hanging,
    not_json,
    serving,
)

SHORT = {"attempt_seconds": 0.3, "total_seconds": 10.0, "attempts": 3}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.005)


def hangs_up(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """Without a word."""
    handler.close_connection = True


FAILURES: list[tuple[str, Reply, str]] = [
    ("429", failing(429), "http_429"),
    ("500", failing(500), "http_500"),
    ("503", failing(503), "http_503"),
    ("529", failing(529), "http_529"),
    ("hangs", hanging(0.6), "timeout"),
    ("drips", dripping, "timeout"),
    ("cut stream", cut_short, "connection"),
    ("hung up", hangs_up, "connection"),
    ("broken JSON", not_json, "bad_response"),
]


@pytest.mark.parametrize(("reply", "kind"), [each[1:] for each in FAILURES], ids=[each[0] for each in FAILURES])
def test_what_may_pass_is_tried_again_and_every_attempt_stands_in_the_ledger(
    reply: Reply, kind: str, tmp_path: Path
) -> None:
    with serving(reply, reply, block("yes")) as endpoint:
        answer = ask(tmp_path, chat_model(endpoint.url, patience=SHORT))
    assert "yes" in answer.text and len(endpoint.requests) == 3
    assert ledger_rows(tmp_path) == [("failed", kind), ("failed", kind), ("settled", None)]


@pytest.mark.parametrize(("reply", "kind"), [each[1:] for each in FAILURES], ids=[each[0] for each in FAILURES])
def test_the_last_attempt_names_the_failure(reply: Reply, kind: str, tmp_path: Path) -> None:
    with serving(reply) as endpoint, pytest.raises(CallError, match=f"^{kind}$"):
        ask(tmp_path, chat_model(endpoint.url, patience={**SHORT, "attempts": 2}))
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("status", [400, 413, 422, 418])
def test_what_cannot_pass_is_not_tried_again(status: int, tmp_path: Path) -> None:
    with serving(failing(status)) as endpoint, pytest.raises(CallError, match=f"^http_{status}$"):
        ask(tmp_path, chat_model(endpoint.url, patience=SHORT))
    assert len(endpoint.requests) == 1


def test_nobody_listens(tmp_path: Path) -> None:
    with serving() as endpoint:
        pass
    with pytest.raises(CallError, match=r"^connection$"):
        ask(tmp_path, chat_model(endpoint.url, patience={**SHORT, "attempts": 2}))


def test_a_wait_that_the_server_asks_for_is_kept(tmp_path: Path) -> None:
    with serving(failing(429, Retry_After="1"), block("yes")) as endpoint:
        started = time.monotonic()
        ask(tmp_path, chat_model(endpoint.url, patience={**SHORT, "attempt_seconds": 5.0}))
    assert time.monotonic() - started >= 1.0
    assert len(endpoint.requests) == 2


def test_so_is_a_wait_until_a_date(tmp_path: Path) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)  # dates have whole seconds
    date = email.utils.format_datetime(moment, usegmt=True)
    with serving(failing(503, Retry_After=date), block("yes")) as endpoint:
        ask(tmp_path, chat_model(endpoint.url, patience={**SHORT, "attempt_seconds": 5.0}))
    assert dt.datetime.now(dt.UTC) >= moment.replace(microsecond=0)
    assert len(endpoint.requests) == 2


def test_a_wait_beyond_all_patience_ends_the_call_at_once(tmp_path: Path) -> None:
    with serving(failing(429, Retry_After="3600")) as endpoint:
        started = time.monotonic()
        with pytest.raises(CallError, match=r"^http_429$"):
            ask(tmp_path, chat_model(endpoint.url, patience=SHORT))
    assert time.monotonic() - started < 3 and len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("-7", 0.0),
        ("soon", 0.0),
        ("7.5", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2999 07:28:00 GMT", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        ("٧", 0.0),
    ],
)
def test_both_forms_of_a_wish_to_wait_and_none(written: str, seconds: float) -> None:
    assert retry_after(httpx.Headers([(b"retry-after", written.encode())])) == seconds


def pauses_of(monkeypatch: pytest.MonkeyPatch, limits: Patience, failures: Sequence[CallError]) -> list[float]:
    """The pauses between attempts that fail so, none of which is waited for."""
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr(patience.asyncio, "sleep", sleep)
    coming = iter(failures)

    async def attempt(seconds: float) -> None:
        raise next(coming)

    with pytest.raises(CallError):
        asyncio.run(with_patience(limits, attempt))
    return paused


def test_pauses_double_up_to_a_longest_and_are_jittered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.5)
    paused = pauses_of(monkeypatch, Patience(attempts=10), [CallError("timeout")] * 10)
    assert len(paused) == 9
    for number, seconds in enumerate(paused, start=1):
        full = min(30.0, 0.5 * 2**number)
        assert full / 2 <= seconds <= full
    assert len(set(paused)) == 9


def test_no_pause_begins_that_would_end_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [CallError("http_503", 5.0), CallError("http_503", 61.0), CallError("http_503")]
    assert pauses_of(monkeypatch, Patience(total_seconds=60.0, attempts=9), failures) == [5.0]


def test_an_attempt_gets_no_more_than_what_is_left(tmp_path: Path) -> None:
    """Two attempts of 0.4 seconds would fit; the second one has to end with the total."""
    total = {"attempt_seconds": 0.4, "total_seconds": 0.6, "attempts": 9}
    with serving(hanging(1.5)) as endpoint:
        started = time.monotonic()
        with pytest.raises(CallError, match=r"^timeout$"):
            ask(tmp_path, chat_model(endpoint.url, patience=total))
    assert 0.5 < time.monotonic() - started < 1.4
