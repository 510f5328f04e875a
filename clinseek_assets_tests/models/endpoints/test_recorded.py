"""Recorded endpoints: nothing is paid for twice, nothing leaves unwritten, caps and ceilings hold."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.budget import Caps, Cost
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.endpoints import patience
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.endpoints.recorded import BYTES_A_TOKEN_AT_LEAST, full_key
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.ledger import Ledger
from clinseek_assets_tests.models.cases import chat_model, keeping_in
from clinseek_assets_tests.models.endpoints.asking import (
    ask,
    ask_all,
    calls_kept,
    endpoint_in,
    ledger_rows,
    request,
    sends,
)
from clinseek_assets_tests.models.loopback import Reply, block, chat, cut_short, failing, hanging, serving


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.005)


def slowly(seconds: float, then: Reply) -> Reply:
    def reply(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        time.sleep(seconds)
        then(handler, body)

    return reply


def test_the_same_key_is_sent_once_and_recalled_as_it_was(tmp_path: Path) -> None:
    with serving(chat("yes", reasoning_content="because"), block("no")) as endpoint:
        first = ask(tmp_path, chat_model(endpoint.url))
        again = ask(tmp_path, chat_model(endpoint.url))
        other = ask(tmp_path, chat_model(endpoint.url), key="another")
    assert first == again != other
    assert len(endpoint.requests) == 2


def test_two_who_ask_the_same_at_once_pay_once(tmp_path: Path) -> None:
    with serving(slowly(0.05, block("yes"))) as endpoint:
        answers = ask_all(tmp_path, chat_model(endpoint.url), [(request(), "key")] * 5)
    assert len(endpoint.requests) == 1
    assert all(answer == answers[0] for answer in answers)


def test_whoever_waits_for_a_call_that_fails_asks_for_itself(tmp_path: Path) -> None:
    with serving(slowly(0.05, failing(400)), block("yes")) as endpoint:
        failed, answered = ask_all(tmp_path, chat_model(endpoint.url), [(request(), "key")] * 2)
    assert isinstance(failed, CallError) and isinstance(answered, Completion)
    assert len(endpoint.requests) == 2


def test_a_cancelled_call_leaves_the_others_their_turn(tmp_path: Path) -> None:
    async def run(url: str) -> Completion:
        async with endpoint_in(tmp_path, chat_model(url, max_concurrency=1)) as endpoint:
            first = asyncio.ensure_future(endpoint.ask(request(), "key"))
            second = asyncio.ensure_future(endpoint.ask(request(), "key"))
            await asyncio.sleep(0.15)
            first.cancel()
            return await second

    with serving(hanging(1.0), block("yes")) as endpoint:
        assert "yes" in asyncio.run(run(endpoint.url)).text
    assert ledger_rows(tmp_path) == [("failed", "cancelled"), ("settled", None)]


def test_an_answer_is_in_the_journal_when_it_is_given(tmp_path: Path) -> None:
    async def run(url: str) -> None:
        model = chat_model(url)
        async with endpoint_in(tmp_path, model) as endpoint:
            answer = await endpoint.ask(request(), "key")
            with Journal(keeping_in(tmp_path).journal) as journal:
                assert journal.recall(full_key(model, endpoint.base_url, "served-model", "key")) == answer

    with serving(block("yes")) as endpoint:
        asyncio.run(run(endpoint.url))


def test_every_attempt_is_in_the_ledger_before_its_first_byte(tmp_path: Path) -> None:
    """The server itself reads the ledger, while it is asked."""
    seen: list[tuple[int, str, str]] = []

    def looks(then: Reply) -> Reply:
        def reply(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
            with sqlite3.connect(keeping_in(tmp_path).ledger) as ledger:
                (row,) = ledger.execute(
                    "SELECT bytes, host, qid_sha256 FROM calls LEFT JOIN endings USING (call) WHERE outcome IS NULL"
                ).fetchall()
            seen.append((row[0] - int(handler.headers["Content-Length"]), row[1], row[2]))
            then(handler, body)

        return reply

    with serving(looks(failing(500)), looks(cut_short), looks(block("yes"))) as endpoint:
        ask(tmp_path, chat_model(endpoint.url))
    assert seen == [(0, endpoint.url.removeprefix("http://"), "hash of a qid")] * 3
    assert ledger_rows(tmp_path) == [("failed", "http_500"), ("failed", "connection"), ("settled", None)]


def test_the_ledger_holds_nothing_of_what_was_said(tmp_path: Path) -> None:
    with serving(block("CANARY-ANSWER")) as endpoint:
        ask(tmp_path, chat_model(endpoint.url))
    with sqlite3.connect(keeping_in(tmp_path).ledger) as ledger:
        dumped = "\n".join(ledger.iterdump())
    assert "served-model" not in dumped and "CANARY" not in dumped and "Will it happen" not in dumped
    assert "a model" in dumped


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_every_question_will_meet_is_a_fault_at_once(status: int, tmp_path: Path) -> None:
    with serving(failing(status)) as endpoint, pytest.raises(EndpointFault, match=str(status)):
        ask(tmp_path, chat_model(endpoint.url))
    assert len(endpoint.requests) == 1
    assert ledger_rows(tmp_path) == [("failed", "refused")]


PRICES = {"input": 1_000_000.0, "output": 1_000_000.0}  # a dollar a token


def usage(prompt: int, answer: int) -> Reply:
    body = {
        "choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": answer},
    }
    return sends(body)


def test_what_calls_cost_is_charged_as_the_endpoint_counts(tmp_path: Path) -> None:
    prices = {"input": 2_000_000.0, "output": 3_000_000.0, "cached_input": 1_000_000.0}
    body = {
        "choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}},
    }
    with serving(sends(body)) as endpoint:
        ask(tmp_path, chat_model(endpoint.url, prices=prices))
    with Ledger(keeping_in(tmp_path).ledger) as ledger:
        assert ledger.spent() == Cost(14, 4 * 2 + 6 * 1 + 4 * 3)


def test_an_endpoint_that_does_not_count_is_charged_by_length(tmp_path: Path) -> None:
    body = {"choices": [{"message": {"content": "y" * 400}, "finish_reason": "stop"}]}
    with serving(sends(body)) as endpoint:
        ask(tmp_path, chat_model(endpoint.url))
    size = len(json.dumps(endpoint.requests[0], separators=(",", ":")))
    with Ledger(keeping_in(tmp_path).ledger) as ledger:
        assert ledger.spent().tokens == size // 4 + 100


@pytest.mark.parametrize(("reply", "charged"), [(failing(500), False), (cut_short, True), (hanging(0.5), True)])
def test_failures_cost_what_may_have_been_worked_on(reply: Reply, charged: bool, tmp_path: Path) -> None:
    model = {"patience": {"attempts": 1, "attempt_seconds": 0.25}}
    with serving(reply) as endpoint, pytest.raises(CallError):
        ask(tmp_path, chat_model(endpoint.url, **model))
    with Ledger(keeping_in(tmp_path).ledger) as ledger:
        assert (ledger.spent().tokens > 0) == charged


def test_over_budget_nothing_is_sent_and_nothing_is_tried_again(tmp_path: Path) -> None:
    with serving(block("yes")) as endpoint:
        model = chat_model(endpoint.url, sampling={"max_tokens": 100})
        (answer,) = ask_all(tmp_path, model, [(request(), "key")], Caps(tokens=100))
        assert isinstance(answer, CallError) and (answer.kind, answer.again) == ("over_budget", False)
        assert endpoint.requests == []
        with Ledger(keeping_in(tmp_path).ledger) as ledger:
            assert ledger.spent() == Cost() and ledger.totals() == []


@pytest.mark.parametrize("capped", ["tokens", "dollars"])
def test_calls_at_once_do_not_overshoot_a_cap(capped: str, tmp_path: Path) -> None:
    """Each may cost up to some 250 and costs 60; as many go through as the cap has room for."""
    cap = 1_000
    with serving(slowly(0.01, usage(50, 10))) as endpoint:
        model = chat_model(endpoint.url, prices=PRICES, sampling={"max_tokens": 150})
        asked = [(request(), str(number)) for number in range(30)]
        answers = ask_all(tmp_path, model, asked, Caps(**{capped: cap}))
        body = json.dumps(endpoint.requests[0], separators=(",", ":"))
    paid = [answer for answer in answers if isinstance(answer, Completion)]
    refused = [answer.kind for answer in answers if isinstance(answer, CallError)]
    assert set(refused) == {"over_budget"} and len(paid) == len(endpoint.requests)
    with Ledger(keeping_in(tmp_path).ledger) as ledger:
        spent = ledger.spent()
    assert spent == Cost(60 * len(paid), 60.0 * len(paid))
    worst = len(body) // BYTES_A_TOKEN_AT_LEAST + 150
    assert spent.tokens <= cap < spent.tokens + worst  # not one more would have fitted


def test_what_is_paid_for_is_given_also_when_the_budget_is_used_up(tmp_path: Path) -> None:
    with serving(block("yes")) as endpoint:
        first = ask(tmp_path, chat_model(endpoint.url))
        again = ask_all(tmp_path, chat_model(endpoint.url), [(request(), "key")], Caps(tokens=0))
    assert again == [first]


KILLED = """
import sys
from pathlib import Path
from clinseek_assets_tests.models.cases import chat_model
from clinseek_assets_tests.models.endpoints.asking import ask_all, request
asked = [(request(), str(number)) for number in range(6)]
ask_all(Path(sys.argv[2]), chat_model(sys.argv[1]), asked)
"""


def test_a_kill_repeats_what_was_under_way_and_the_ledger_counts_it(tmp_path: Path) -> None:
    replies = [block("yes")] * 2 + [hanging(20.0)]
    with serving(*replies) as endpoint:
        run = subprocess.Popen([sys.executable, "-c", KILLED, endpoint.url, str(tmp_path)])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (len(endpoint.requests) < 6 or calls_kept(tmp_path) < 2):
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        sent, answered = len(endpoint.requests), calls_kept(tmp_path)
        endpoint.script[:] = [block("yes")]
        ask_all(tmp_path, chat_model(endpoint.url), [(request(), str(number)) for number in range(6)])
    assert (sent, answered) == (6, 2)
    assert len(endpoint.requests) == 6 + 4
    with Ledger(keeping_in(tmp_path).ledger) as ledger:
        (total,) = ledger.totals()
    assert (total.calls, total.lost, total.open) == (10, 4, 0)
    assert total.settled == 6


def test_the_ceiling_holds_and_the_limit_falls_when_the_endpoint_pushes_back(tmp_path: Path) -> None:
    async def run(url: str) -> list[tuple[int, str]]:
        async with endpoint_in(tmp_path, chat_model(url, max_concurrency=6)) as endpoint:
            await asyncio.gather(*(endpoint.ask(request(), str(number)) for number in range(40)))
            return [(change.allowed, change.reason) for change in endpoint.gate.limit.history]

    with serving(*[slowly(0.01, block("yes"))] * 10, failing(429), slowly(0.01, block("yes"))) as endpoint:
        history = asyncio.run(run(endpoint.url))
    assert endpoint.busiest <= 6
    assert history[:2] == [(6, "start"), (3, "pushed_back")] and history[-1][1] == "grown"


def test_auto_is_asked_for_once_and_stands_in_the_identity(tmp_path: Path) -> None:
    async def run(url: str) -> dict[str, str]:
        async with endpoint_in(tmp_path, chat_model(url, model_id="auto")) as endpoint:
            await asyncio.gather(*(endpoint.ask(request(), str(number)) for number in range(5)))
            return await endpoint.identity()

    with serving(models=["first", "second"]) as endpoint:
        identity = asyncio.run(run(endpoint.url))
    assert identity["model_id"] == "first" and endpoint.paths.count("/v1/models") == 1
    assert {body["model"] for body in endpoint.requests} == {"first"}
    assert set(identity) == {"dialect", "base_url", "model_id", "sampling"}


def test_auto_without_a_model_is_a_fault(tmp_path: Path) -> None:
    with serving(models=[]) as endpoint, pytest.raises(EndpointFault, match="lists no models"):
        ask(tmp_path, chat_model(endpoint.url, model_id="auto"))


@given(st.text("0123456789abcdef"), st.text("0123456789abcdef"))
def test_a_key_is_of_one_call_of_one_endpoint(one: str, other: str) -> None:
    model = chat_model("http://127.0.0.1:9")
    keys = {
        full_key(model, "http://a/v1", "m", one),
        full_key(model, "http://b/v1", "m", one),
        full_key(model, "http://a/v1", "n", one),
        full_key(chat_model("http://127.0.0.1:9", sampling={"seed": 1}), "http://a/v1", "m", one),
        full_key(model, "http://a/v1", "m", f"{one} {other}"),
    }
    assert len(keys) == 5
