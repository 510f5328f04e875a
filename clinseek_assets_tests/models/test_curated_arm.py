from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models import curated_arm, openai_chat
from clinseek_assets.models.curated_arm import COLUMNS, answer_curated
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.outcomes import ANSWERS, MISSING, SCORED_ZERO, Outcome
from clinseek_assets.models.registry import Model
from clinseek_assets_tests.models.cases import CONTEXT, baseline, chat_model, contexts_of, question
from clinseek_assets_tests.models.loopback import block, chat, failing, hanging, serving

QUESTIONS = [question(f"q{number}", row_number=number) for number in range(1, 7)]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_chat, "FIRST_PAUSE", 0.005)


def answers(
    model: Model, folder: Path, questions: Any = None, contexts: pd.DataFrame | None = None, **more: Any
) -> pd.DataFrame:
    asked = QUESTIONS if questions is None else questions
    more = {"data_class": "open", "priors": None, **more}
    given = contexts_of(asked) if contexts is None else contexts
    return answer_curated(model, asked, given, journal=folder / "journal", **more)


def test_every_outcome_is_of_one_kind() -> None:
    assert set(Outcome) == ANSWERS | SCORED_ZERO | MISSING
    assert len(ANSWERS) + len(SCORED_ZERO) + len(MISSING) == len(Outcome)


def test_an_answer_a_question_in_their_order(tmp_path: Path) -> None:
    with serving(block("yes")) as endpoint:
        frame = answers(chat_model(endpoint.url, max_concurrency=3), tmp_path)
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["qid"]) == [asked.qid for asked in QUESTIONS]
    assert list(frame["answer"]) == [["yes"]] * 6
    assert set(frame["outcome"]) == {"finished"}
    assert set(frame["answer_rule"]) == {"answer_block"}
    assert (frame["arm"].unique().item(), frame["model"].unique().item(), frame["run_index"].unique().item()) == (
        "curated",
        "a model",
        1,
    )
    assert frame["identity"].nunique() == 6
    assert frame["prompt_tokens"].tolist() == [11] * 6


def test_the_prompt_holds_the_context_and_no_gold(tmp_path: Path) -> None:
    gold = question(gold=("GOLD-ANSWER",), label="GOLD-ANSWER")
    with serving() as endpoint:
        answers(chat_model(endpoint.url), tmp_path, [gold])
    (message,) = endpoint.requests[0]["messages"]
    assert CONTEXT in message["content"]
    assert "GOLD" not in str(endpoint.requests)


@pytest.mark.parametrize(
    ("reply", "outcome", "answer"),
    [
        (block("yes"), "finished", ["yes"]),
        (chat("I would say.\n\nAnswer: yes"), "salvaged", ["yes"]),
        (chat("<answer>\nye", finish="length"), "truncated", []),
        (chat("<answer>\nyes\n</answer>", finish="length"), "truncated", []),
        (chat(None, finish="content_filter"), "refused", []),
        (chat(None, refusal="I cannot help with that."), "refused", []),
        (chat("The record does not tell."), "unparsable", []),
        (chat(None), "unparsable", []),
        (failing(400), "endpoint_failed", []),
    ],
)
def test_outcomes_are_kept_apart(reply: Any, outcome: str, answer: list[str], tmp_path: Path) -> None:
    with serving(reply) as endpoint:
        frame = answers(chat_model(endpoint.url), tmp_path, QUESTIONS[:1])
    assert frame["outcome"].tolist() == [outcome]
    assert frame["answer"].tolist() == [answer]
    assert (frame["answer_rule"].notna() == (len(answer) > 0)).all()


def test_a_question_without_a_context_is_not_run(tmp_path: Path) -> None:
    contexts = pd.concat([contexts_of(QUESTIONS[:2]), contexts_of(QUESTIONS[2:4], None)])
    with serving() as endpoint:
        frame = answers(chat_model(endpoint.url), tmp_path, contexts=contexts)
    assert frame["outcome"].tolist() == ["finished"] * 2 + ["not_run"] * 4
    assert frame["identity"].isna().tolist() == [False] * 2 + [True] * 4
    assert len(endpoint.requests) == 2


def test_no_context_at_all_asks_nobody(tmp_path: Path) -> None:
    frame = answers(chat_model("http://127.0.0.1:1"), tmp_path, contexts=contexts_of(QUESTIONS, None))
    assert set(frame["outcome"]) == {"not_run"}


def test_a_second_run_replays_and_asks_nothing(tmp_path: Path) -> None:
    with serving(block("yes"), block("no")) as endpoint:
        first = answers(chat_model(endpoint.url), tmp_path)
        again = answers(chat_model(endpoint.url), tmp_path)
    pd.testing.assert_frame_equal(first, again)
    assert len(endpoint.requests) == 6


@pytest.mark.parametrize(
    "change",
    [
        {"sampling": {"temperature": 0.7}},
        {"sampling": {"max_tokens": 99}},
        {"sampling": {"seed": 1}},
        {"sampling": {"extra_body": {"k": 1}}},
        {"model_id": "other"},
        {"run_index": 2},
        {"contexts": contexts_of(QUESTIONS, CONTEXT + "\n")},
        {"questions": [replace(asked, qid=f"other {asked.qid}") for asked in QUESTIONS]},
    ],
)
def test_what_shapes_an_answer_is_part_of_its_identity(change: dict[str, Any], tmp_path: Path) -> None:
    entry = {key: value for key, value in change.items() if key in Model.model_fields}
    call = {key: value for key, value in change.items() if key not in entry}
    with serving() as endpoint:
        first = answers(chat_model(endpoint.url), tmp_path)
        other = answers(chat_model(endpoint.url, **entry), tmp_path, **call)
    assert not set(first["identity"]) & set(other["identity"])
    assert len(endpoint.requests) == 12


def test_another_endpoint_is_another_answer(tmp_path: Path) -> None:
    with serving() as one, serving() as other:
        first = answers(chat_model(one.url), tmp_path)
        second = answers(chat_model(other.url), tmp_path)
    assert not set(first["identity"]) & set(second["identity"])
    assert len(other.requests) == 6


def test_prices_and_ceilings_do_not_change_an_answer(tmp_path: Path) -> None:
    with serving() as endpoint:
        answers(chat_model(endpoint.url), tmp_path)
        answers(chat_model(endpoint.url, max_concurrency=2, prices={"input": 1.0, "output": 2.0}), tmp_path)
    assert len(endpoint.requests) == 6


def test_failed_calls_are_never_kept(tmp_path: Path) -> None:
    with serving(failing(400), block("yes")) as endpoint:
        model = chat_model(endpoint.url, max_concurrency=1)
        first = answers(model, tmp_path)
        again = answers(model, tmp_path)
    assert first["outcome"].tolist() == ["endpoint_failed"] + ["finished"] * 5
    assert first["error_kind"].tolist()[0] == "http_400"
    assert first["identity"].isna().tolist() == [True] + [False] * 5
    assert set(again["outcome"]) == {"finished"}
    assert len(endpoint.requests) == 7


def test_a_dead_endpoint_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curated_arm, "GIVE_UP_AFTER", 3)
    with serving(failing(500)) as endpoint:
        frame = answers(chat_model(endpoint.url, max_concurrency=1), tmp_path)
    assert set(frame["outcome"]) == {"endpoint_failed"}
    assert frame["error_kind"].tolist() == ["http_500"] * 3 + ["given_up"] * 3
    assert len(endpoint.requests) == 9


def test_auto_on_a_dead_endpoint_fails_once_for_all(tmp_path: Path) -> None:
    with serving() as endpoint:
        pass
    many = [question(f"q{number}", row_number=number) for number in range(1, 101)]
    started = time.monotonic()
    frame = answers(chat_model(endpoint.url, model_id="auto"), tmp_path, many)
    assert set(frame["error_kind"]) == {"connection"}
    assert time.monotonic() - started < 2


def test_a_refused_key_ends_the_run_and_keeps_what_is_paid(tmp_path: Path) -> None:
    with serving(block("yes"), block("yes"), failing(401), block("no")) as endpoint:
        model = chat_model(endpoint.url, max_concurrency=1)
        with pytest.raises(EndpointFault, match="401"):
            answers(model, tmp_path)
        frame = answers(model, tmp_path)
    assert frame["answer"].tolist() == [["yes"], ["yes"], ["no"], ["no"], ["no"], ["no"]]
    assert len(endpoint.requests) == 7


def test_credentialed_is_the_default_and_is_refused_before_the_first_byte(tmp_path: Path) -> None:
    with serving() as endpoint:
        with pytest.raises(EndpointFault, match="Credentialed"):
            answer_curated(
                chat_model(endpoint.url), QUESTIONS, contexts_of(QUESTIONS), journal=tmp_path / "j", priors=None
            )
        assert endpoint.paths == []
    assert not (tmp_path / "j").exists()


def test_a_dialect_without_a_client_says_so(tmp_path: Path) -> None:
    model = Model(name="claude", dialect="anthropic_messages", base_url="http://h", model_id="x")
    with pytest.raises(EndpointFault, match="no client"):
        answers(model, tmp_path)


def test_nothing_of_prompt_or_answer_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    contexts = contexts_of(QUESTIONS, CONTEXT + "\nCANARY-CONTEXT")
    with serving(failing(500), block("CANARY-ANSWER")) as endpoint:
        answers(chat_model(endpoint.url), tmp_path, contexts=contexts)
    assert "CANARY" not in caplog.text
    assert QUESTIONS[0].qid not in caplog.text


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with serving() as endpoint:
        answers(chat_model(endpoint.url), tmp_path, progress=lambda done, of: seen.append((done, of)))
    assert [done for done, _ in seen] == [1, 2, 3, 4, 5, 6]
    assert {of for _, of in seen} == {6}


def test_it_runs_inside_a_notebooks_event_loop(tmp_path: Path) -> None:
    async def cell(url: str) -> pd.DataFrame:
        return answers(chat_model(url), tmp_path)

    with serving() as endpoint:
        frame = asyncio.run(cell(endpoint.url))
    assert set(frame["outcome"]) == {"finished"}


KILLED_RUN = """
import sys
from pathlib import Path
from clinseek_assets.models.curated_arm import answer_curated
from clinseek_assets_tests.models.cases import chat_model, contexts_of, question
questions = [question(f"q{number}", row_number=number) for number in range(1, 7)]
answer_curated(
    chat_model(sys.argv[1], max_concurrency=1), questions, contexts_of(questions),
    journal=Path(sys.argv[2]), priors=None, data_class="open",
)
"""


def test_a_killed_run_replays_what_it_paid_for(tmp_path: Path) -> None:
    with serving(block("yes"), block("yes"), hanging(5.0)) as endpoint:
        run = subprocess.Popen([sys.executable, "-c", KILLED_RUN, endpoint.url, str(tmp_path / "journal")])
        deadline = time.monotonic() + 30
        while len(endpoint.requests) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        assert len(endpoint.requests) == 3
        endpoint.script[2] = block("no")
        frame = answers(chat_model(endpoint.url, max_concurrency=1), tmp_path)
    assert frame["answer"].tolist() == [["yes"], ["yes"], ["no"], ["no"], ["no"], ["no"]]
    assert len(endpoint.requests) == 3 + 4


def test_baselines_go_the_same_way_without_a_journal(tmp_path: Path) -> None:
    first = answers(baseline("always_yes"), tmp_path, data_class="credentialed")
    again = answers(baseline("always_yes"), tmp_path)
    assert list(first.columns) == list(COLUMNS)
    assert first["answer"].tolist() == [["yes"]] * 6
    assert first["identity"].tolist() == again["identity"].tolist()
    assert first["identity"].nunique() == 6
    assert not (tmp_path / "journal").exists()


def test_the_ledger_names_questions_by_hash_only(tmp_path: Path) -> None:
    with serving() as endpoint:
        answers(chat_model(endpoint.url), tmp_path)
    with Journal(tmp_path / "journal") as journal:
        ledger = journal.ledger()
    assert len({qid for _, _, qid in ledger}) == 6
    assert all(qid and len(qid) == 64 for _, _, qid in ledger)
