from __future__ import annotations

import asyncio
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.prompts import curated_prompt
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models import arm_run
from clinseek_assets.models.answer_book import AnswerBook
from clinseek_assets.models.answered import COLUMNS
from clinseek_assets.models.curated_arm import answer_curated
from clinseek_assets.models.endpoints import patience
from clinseek_assets.models.identities import MEANINGS, question_part
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.outcomes import ANSWERS, MISSING, SCORED_ZERO, Outcome
from clinseek_assets.models.registry import Model
from clinseek_assets.storage import fingerprint
from clinseek_assets_tests.models.cases import CONTEXT, baseline, chat_model, contexts_of, keeping_in, question
from clinseek_assets_tests.models.endpoints.asking import calls_kept
from clinseek_assets_tests.models.loopback import block, chat, failing, hanging, serving

QUESTIONS = [question(f"q{number}", row_number=number) for number in range(1, 7)]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.005)


def answers(
    model: Model, folder: Path, questions: Any = None, contexts: pd.DataFrame | None = None, **more: Any
) -> pd.DataFrame:
    asked = QUESTIONS if questions is None else questions
    more = {"data_class": "open", "priors": None, **more}
    given = contexts_of(asked) if contexts is None else contexts
    return answer_curated(model, asked, given, keeping=keeping_in(folder), **more)


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
    monkeypatch.setattr(arm_run, "GIVE_UP_AFTER", 3)
    many = [question(f"q{number}", row_number=number) for number in range(1, 31)]
    with serving(failing(500)) as endpoint:
        frame = answers(chat_model(endpoint.url, max_concurrency=1), tmp_path, many)
    assert set(frame["outcome"]) == {"endpoint_failed"}
    kinds = frame["error_kind"].tolist()
    assert kinds == ["http_500"] * (asked := kinds.count("http_500")) + ["given_up"] * (30 - asked)
    assert 3 <= asked <= 6 and len(endpoint.requests) == 3 * asked


def test_what_was_paid_for_is_recalled_from_an_endpoint_that_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arm_run, "GIVE_UP_AFTER", 1)
    with serving(block("yes")) as endpoint:
        model = chat_model(endpoint.url, max_concurrency=1)
        answers(model, tmp_path, QUESTIONS[3:])
        forget_answers(tmp_path)  # the calls stay
        endpoint.script[0] = failing(500)
        frame = answers(model, tmp_path)
    assert frame["outcome"].tolist()[3:] == ["finished"] * 3
    assert frame["outcome"].tolist()[0] == "endpoint_failed"


def forget_answers(folder: Path) -> None:
    with sqlite3.connect(keeping_in(folder).journal) as journal:
        journal.execute("DELETE FROM identities")


def test_answers_out_of_a_journal_of_the_first_format_are_found(tmp_path: Path) -> None:
    with serving(block("no")) as endpoint:
        model = chat_model(endpoint.url)
        asked = QUESTIONS[0]
        prompt = curated_prompt(asked, CONTEXT)
        key = fingerprint.of_value(
            ["openai_chat", f"{endpoint.url}/v1", "served-model", model.sampling.model_dump(), asked.qid, prompt, 1]
        )
        with sqlite3.connect(keeping_in(tmp_path).journal) as journal:
            journal.execute(
                "CREATE TABLE completions (call_key TEXT PRIMARY KEY, text TEXT NOT NULL, reasoning TEXT NOT NULL, "
                "finish_reason TEXT, refused INTEGER NOT NULL, prompt_tokens INTEGER, completion_tokens INTEGER, "
                "seconds REAL NOT NULL) STRICT"
            )
            text = "<answer>\nyes\n</answer>"
            journal.execute("INSERT INTO completions VALUES (?, ?, '', 'stop', 0, 1, 2, 0.5)", (key, text))
            journal.execute("PRAGMA user_version = 1")
        frame = answers(model, tmp_path, QUESTIONS[:2])
    assert frame["answer"].tolist() == [["yes"], ["no"]]
    assert len(endpoint.requests) == 1


def test_runs_are_kept_apart_and_added_to(tmp_path: Path) -> None:
    with serving(*[block("yes")] * 6, block("no")) as endpoint:
        one = answers(chat_model(endpoint.url), tmp_path)
        three = answers(chat_model(endpoint.url), tmp_path, runs=3)
    assert len(endpoint.requests) == 18
    assert three["qid"].tolist() == [asked.qid for asked in QUESTIONS for _ in range(3)]
    assert three["run_index"].tolist() == [1, 2, 3] * 6
    assert three["answer"].tolist() == [["yes"], ["no"], ["no"]] * 6
    assert three["identity"].nunique() == 18
    first_runs = three[three["run_index"] == 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(first_runs, one)


def test_another_arm_has_its_name(tmp_path: Path) -> None:
    with serving() as endpoint:
        frame = answers(chat_model(endpoint.url), tmp_path, arm="curated_strict")
    assert set(frame["arm"]) == {"curated_strict"}


def test_what_an_answer_cost(tmp_path: Path) -> None:
    with serving() as endpoint:
        frame = answers(chat_model(endpoint.url, prices={"input": 1.0, "output": 10.0}), tmp_path)
    assert frame["dollars"].tolist() == pytest.approx([(11 + 70) / 1e6] * 6)
    assert frame["rounds"].tolist() == [1] * 6


LONG = CONTEXT + "".join(
    f"\n\n\n\n## Services [2150-01-02 03:{minute:02}:05]\n- Curr_Service: S{minute}" for minute in range(5, 50)
)


def at_most(characters: int) -> Any:
    """An endpoint whose window takes so many characters."""

    def reply(handler: Any, body: dict[str, Any]) -> None:
        fits = sum(len(message["content"]) for message in body["messages"]) <= characters
        (block("yes") if fits else failing(400))(handler, body)

    return reply


def test_a_context_too_long_for_the_model_loses_its_oldest_events_visibly(tmp_path: Path) -> None:
    with serving(at_most(2200)) as endpoint:
        model = chat_model(endpoint.url, context_window=1024, sampling={"max_tokens": 64})
        frame = answers(model, tmp_path, QUESTIONS[:1], contexts_of(QUESTIONS, LONG))
        again = answers(model, tmp_path, QUESTIONS[:1], contexts_of(QUESTIONS, LONG))
    assert (frame["outcome"].tolist(), frame["notices"].tolist()) == (["finished"], [1])
    shown = endpoint.requests[-1]["messages"][0]["content"]
    assert "earlier events of this timeline are left out" in shown
    assert "Will it happen?" in shown and "Anchor_Age" in shown and "S49" in shown and "S5\n" not in shown
    pd.testing.assert_frame_equal(frame, again)


def test_a_refusal_that_no_length_can_have_caused_is_final(tmp_path: Path) -> None:
    with serving(failing(400)) as endpoint:
        frame = answers(chat_model(endpoint.url, context_window=100_000), tmp_path, QUESTIONS[:1])
    assert frame["error_kind"].tolist() == ["http_400"]
    assert len(endpoint.requests) == 1


def test_the_whole_exchange_and_the_parts_of_its_identity_are_kept(tmp_path: Path) -> None:
    with serving(block("yes")) as endpoint:
        answers(chat_model(endpoint.url), tmp_path, QUESTIONS[:1])
    place = (fingerprint.of_text("q1"), 1)
    with Journal(keeping_in(tmp_path).journal) as journal:
        book = AnswerBook(journal)
        asked, reply = book.steps(place)
        kept = book.one(place)
    assert CONTEXT in asked.text and "<answer>" in reply.text
    assert kept is not None and kept.answered.answer == ("yes",)
    assert set(kept.parts) <= set(MEANINGS)
    assert kept.parts["context"] == fingerprint.of_text(CONTEXT)


def test_thousands_of_finished_questions_are_taken_again_at_once(tmp_path: Path) -> None:
    many = [question(f"q{number}", row_number=number) for number in range(1, 2_001)]
    with serving() as endpoint:
        model = chat_model(endpoint.url)
        answers(model, tmp_path, QUESTIONS[:1])
        copy_answer(tmp_path, many)
        started = time.monotonic()
        frame = answers(model, tmp_path, many)
        seconds = time.monotonic() - started
    assert len(endpoint.requests) == 1
    assert set(frame["outcome"]) == {"finished"}
    assert seconds < 3 * len(many) / 50_000 + 0.5


def copy_answer(folder: Path, questions: Sequence[Question]) -> None:
    """The one answer that is kept, for all of these questions, as if each had been asked."""
    with Journal(keeping_in(folder).journal) as journal:
        document = journal.identity(fingerprint.of_text("q1"), 1)
        for asked in questions:
            parts = {**document["parts"], "question": question_part(asked)}
            journal.put_identity(fingerprint.of_text(asked.qid), 1, {**document, "parts": parts})


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
                chat_model(endpoint.url), QUESTIONS, contexts_of(QUESTIONS), keeping=keeping_in(tmp_path), priors=None
            )
        assert endpoint.paths == []
    assert list(tmp_path.iterdir()) == []


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
from clinseek_assets_tests.models.cases import chat_model, contexts_of, keeping_in, question
questions = [question(f"q{number}", row_number=number) for number in range(1, 7)]
answer_curated(
    chat_model(sys.argv[1], max_concurrency=1), questions, contexts_of(questions),
    keeping=keeping_in(Path(sys.argv[2])), priors=None, data_class="open",
)
"""


def test_a_killed_run_replays_what_it_paid_for(tmp_path: Path) -> None:
    with serving(block("yes"), block("yes"), hanging(5.0)) as endpoint:
        run = subprocess.Popen([sys.executable, "-c", KILLED_RUN, endpoint.url, str(tmp_path)])
        deadline = time.monotonic() + 30
        while (len(endpoint.requests) < 3 or calls_kept(tmp_path) < 2) and time.monotonic() < deadline:
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
    assert list(tmp_path.iterdir()) == []


def test_the_ledger_names_questions_by_hash_only(tmp_path: Path) -> None:
    with serving() as endpoint:
        answers(chat_model(endpoint.url), tmp_path)
    with sqlite3.connect(keeping_in(tmp_path).ledger) as ledger:
        dump = "\n".join(ledger.iterdump())
    assert all(fingerprint.of_text(asked.qid) in dump for asked in QUESTIONS)
    assert "'q1'" not in dump and CONTEXT not in dump
