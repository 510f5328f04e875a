from __future__ import annotations

import asyncio
import email.utils
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models import openai_chat
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.openai_chat import CallError, OpenAIChat, Request, retry_after
from clinseek_assets.models.registry import Model
from clinseek_assets_tests.models.cases import chat_model
from clinseek_assets_tests.models.loopback import (
    block,
    chat,
    cut_short,
    dripping,
    failing,
    hanging,
    not_json,
    send_json,
    serving,
)

PROMPT = "SECRET-PROMPT of a patient"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_chat, "FIRST_PAUSE", 0.01)


def ask(model: Model, folder: Path, times: int = 1) -> Sequence[Completion]:
    async def run() -> Sequence[Completion]:
        with Journal(folder / "journal") as journal:
            async with OpenAIChat(model, journal) as client:
                request = Request(PROMPT, "hash-of-the-qid")
                return await asyncio.gather(*(client.complete(request) for _ in range(times)))

    return asyncio.run(run())


def test_a_question_and_its_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "secret")
    sampling = {"temperature": 0.5, "max_tokens": 64, "seed": 3, "extra_body": {"chat_template_kwargs": {"t": False}}}
    with serving(block("yes")) as endpoint:
        (completion,) = ask(chat_model(endpoint.url, sampling=sampling, api_key_env="SOME_KEY"), tmp_path)
    assert completion.text == "Thinking aloud.\n<answer>\nyes\n</answer>"
    assert (completion.prompt_tokens, completion.completion_tokens, completion.finish_reason) == (11, 7, "stop")
    assert endpoint.paths == ["/v1/chat/completions"]
    assert endpoint.headers[0]["Authorization"] == "Bearer secret"
    assert endpoint.requests == [
        {
            "model": "served-model",
            "messages": [{"role": "user", "content": PROMPT}],
            "stream": False,
            "temperature": 0.5,
            "max_tokens": 64,
            "seed": 3,
            "chat_template_kwargs": {"t": False},
        }
    ]


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_reasoning_comes_under_either_name(field: str, tmp_path: Path) -> None:
    with serving(chat("<answer>no</answer>", **{field: "because"})) as endpoint:
        (completion,) = ask(chat_model(endpoint.url), tmp_path)
    assert (completion.text, completion.reasoning) == ("<answer>no</answer>", "because")


def test_content_may_be_null_or_parts(tmp_path: Path) -> None:
    parts: Any = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    with serving(chat(None), chat(parts)) as endpoint:
        model = chat_model(endpoint.url)
        assert [ask(model, tmp_path)[0].text for _ in range(2)] == ["", "ab"]


def test_what_no_file_can_hold_becomes_what_one_can(tmp_path: Path) -> None:
    reply = {
        "choices": [{"message": {"content": "cut \ud83d"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 2**63, "completion_tokens": -1},
    }
    with serving(lambda handler, body: send_json(handler, reply)) as endpoint:
        (completion,) = ask(chat_model(endpoint.url), tmp_path)
    assert (completion.text, completion.prompt_tokens, completion.completion_tokens) == ("cut ?", None, None)


def test_auto_is_the_first_listed_model(tmp_path: Path) -> None:
    with serving(models=["first", "second"]) as endpoint:
        ask(chat_model(endpoint.url, model_id="auto"), tmp_path, times=3)
    assert {body["model"] for body in endpoint.requests} == {"first"}
    assert endpoint.paths.count("/v1/models") == 1


def test_auto_needs_a_listed_model(tmp_path: Path) -> None:
    with serving(models=[]) as endpoint, pytest.raises(EndpointFault, match="auto"):
        ask(chat_model(endpoint.url, model_id="auto"), tmp_path)


@pytest.mark.parametrize("bad", [failing(500), failing(503), failing(429), cut_short, not_json, failing(529)])
def test_a_passing_failure_is_tried_again(bad: Any, tmp_path: Path) -> None:
    with serving(bad, block("yes")) as endpoint:
        (completion,) = ask(chat_model(endpoint.url), tmp_path)
    assert "yes" in completion.text
    assert len(endpoint.requests) == 2


def test_retry_after_is_waited_for(tmp_path: Path) -> None:
    with serving(failing(429, Retry_After="1"), block("yes")) as endpoint:
        started = time.monotonic()
        ask(chat_model(endpoint.url), tmp_path)
    assert time.monotonic() - started >= 1.0


def test_a_wait_beyond_all_patience_is_not_begun(tmp_path: Path) -> None:
    with serving(failing(429, Retry_After="3600")) as endpoint, pytest.raises(CallError, match="http_429"):
        ask(chat_model(endpoint.url), tmp_path)
    assert len(endpoint.requests) == 1


def test_retry_after_may_be_a_date_or_nonsense() -> None:
    soon = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert 50 < retry_after(httpx.Headers({"Retry-After": soon})) <= 60
    past = email.utils.formatdate(time.time() - 60, usegmt=True)
    assert [retry_after(httpx.Headers(h)) for h in ({}, {"Retry-After": past}, {"Retry-After": "soon"})] == [0, 0, 0]
    assert retry_after(httpx.Headers({b"Retry-After": b"\xb2"})) == 0


@pytest.mark.parametrize(
    ("bad", "kind", "asked"),
    [
        (failing(500), "http_500", 3),
        (failing(400), "http_400", 1),
        (cut_short, "connection", 3),
        (not_json, "bad_response", 3),
    ],
)
def test_a_lasting_failure_has_its_kind_and_nothing_else(bad: Any, kind: str, asked: int, tmp_path: Path) -> None:
    with serving(bad) as endpoint, pytest.raises(CallError) as failure:
        ask(chat_model(endpoint.url), tmp_path)
    assert str(failure.value) == kind
    assert failure.value.__cause__ is None
    assert len(endpoint.requests) == asked


@pytest.mark.parametrize("slow", [hanging(2.0), dripping])
def test_an_attempt_ends_in_time(slow: Any, tmp_path: Path) -> None:
    patience = {"attempt_seconds": 0.3, "total_seconds": 1.0, "attempts": 2}
    started = time.monotonic()
    with serving(slow) as endpoint, pytest.raises(CallError, match="timeout"):
        ask(chat_model(endpoint.url, patience=patience), tmp_path)
    assert time.monotonic() - started < 1.9


def test_nobody_listening_is_a_connection_failure(tmp_path: Path) -> None:
    with serving() as endpoint:
        pass
    with pytest.raises(CallError, match="connection"):
        ask(chat_model(endpoint.url), tmp_path)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_fails_for_every_question_is_a_fault(status: int, tmp_path: Path) -> None:
    with serving(failing(status)) as endpoint, pytest.raises(EndpointFault, match=str(status)) as fault:
        ask(chat_model(endpoint.url), tmp_path)
    assert PROMPT not in str(fault.value)
    assert len(endpoint.requests) == 1


def test_the_ceiling_holds(tmp_path: Path) -> None:
    def slowly(handler: Any, body: dict[str, Any]) -> None:
        time.sleep(0.05)
        block("yes")(handler, body)

    with serving(slowly) as endpoint:
        ask(chat_model(endpoint.url, max_concurrency=3), tmp_path, times=12)
    assert 1 < endpoint.busiest <= 3


def test_the_ledger_knows_every_attempt_and_no_prompt(tmp_path: Path) -> None:
    with serving(failing(500), block("yes")) as endpoint:
        ask(chat_model(endpoint.url), tmp_path)
    with Journal(tmp_path / "journal") as journal:
        ledger = journal.ledger()
    assert [(host, qid) for host, _, qid in ledger] == [(f"127.0.0.1:{endpoint.port}", "hash-of-the-qid")] * 2
    assert all(size > len(PROMPT) for _, size, _ in ledger)
    assert PROMPT.encode() not in (tmp_path / "journal").read_bytes()
