"""The seeking arms over real records and real tools, against a server on loopback that plays a model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.agent.pinned_tools import PinnedTools
from clinseek_assets.models.answer_book import AnswerBook
from clinseek_assets.models.answered import COLUMNS
from clinseek_assets.models.budget import Caps
from clinseek_assets.models.endpoints import patience
from clinseek_assets.models.identities import MEANINGS
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.registry import Model
from clinseek_assets.models.seeking_arm import answer_seeking
from clinseek_assets.records import candidate_tables, sqlite_tables
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.sqlite_tables import SqliteTable
from clinseek_assets.records.table_descriptions import build_table_descriptions
from clinseek_assets.storage import fingerprint
from clinseek_assets_tests.models.cases import baseline, chat_model, keeping_in, question
from clinseek_assets_tests.models.endpoints.asking import calls_kept
from clinseek_assets_tests.models.loopback import Reply, chat, failing, hanging, serving
from clinseek_assets_tests.records.pinned.lives import BASE, OWN, PATIENT, T, at, write_database, write_reference

QUESTIONS = [
    question(
        f"q{number}",
        row_number=number,
        subject_id=PATIENT,
        hadm_id=OWN,
        prediction_time=T,
        instruction=f"Will event {number} happen?",
    )
    for number in range(1, 5)
]
CANARY = "CANARY-OF-THE-RECORD"
LIFE = {
    **BASE,
    "labevents": [{"itemid": 50801, "charttime": at(-2), "storetime": at(-1), "value": "7.1", "comments": CANARY}],
}
LOAD = ("ehr_load_ehr", {"subject_id": str(PATIENT), "timestamp": str(T)})
LABS = ("ehr_run_sql_query", {"subject_id": str(PATIENT), "sql_query": "SELECT itemid, value, comments FROM labevents"})
OTHER = ("ehr_load_ehr", {"subject_id": "1", "timestamp": str(T)})
FINISH = ("ehr_finish", {"response": ["yes"]})


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.005)


def write_record(folder: Path) -> None:
    """One patient's database, and the files beside it."""
    write_database(folder, LIFE)
    write_reference(folder / "reference.db", {})
    tables = {each.name: each.columns for each in candidate_tables.FROM_REFERENCE}
    written = [SqliteTable(name, columns, (), (("candidate",),)) for name, columns in tables.items()]
    sqlite_tables.write_tables(folder / "candidates.db", written, "0" * 64)
    build_table_descriptions(folder)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("record")
    write_record(folder)
    return folder


def tools_in(folder: Path, policy: Policy = "strict") -> PinnedTools:
    return PinnedTools(
        policy,
        databases=folder,
        reference=folder / "reference.db",
        candidates=folder / "candidates.db",
        descriptions=folder,
    )


def answers(model: Model, record: Path, folder: Path, **more: Any) -> pd.DataFrame:
    usual: dict[str, Any] = {"arm": "seeking", "data_class": "open", "priors": None, "tools": tools_in(record)}
    given = {**usual, "keeping": keeping_in(folder), "questions": QUESTIONS, **more}
    return answer_seeking(model, given.pop("questions"), **given)


def turn(*calls: tuple[str, Mapping[str, Any]]) -> Reply:
    """A model's turn that calls these tools."""
    made = [
        {"id": f"c{place}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for place, (name, given) in enumerate(calls)
    ]
    return chat(None, "tool_calls", tool_calls=made)


def seeker(*turns: Reply) -> Reply:
    """A model that takes these turns in each exchange, the last one for good."""

    def reply(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        said = sum(message["role"] == "assistant" for message in body["messages"])
        turns[min(said, len(turns) - 1)](handler, body)

    return reply


ROUNDS = 3
MODEL = seeker(turn(LOAD), turn(LABS, OTHER), turn(FINISH))


def test_an_exchange_over_a_real_record(record: Path, tmp_path: Path) -> None:
    with serving(MODEL) as endpoint:
        frame = answers(chat_model(endpoint.url), record, tmp_path)
    assert list(frame.columns) == list(COLUMNS)
    assert frame["qid"].tolist() == [asked.qid for asked in QUESTIONS]
    assert frame["answer"].tolist() == [["yes"]] * 4 and set(frame["outcome"]) == {"finished"}
    assert frame["rounds"].tolist() == [3] * 4 and frame["tool_calls"].tolist() == [4] * 4
    assert frame["prompt_tokens"].tolist() == [33] * 4
    assert frame["record_sha256"].nunique() == 1 and frame["identity"].nunique() == 4
    last = max(endpoint.requests, key=lambda body: len(body["messages"]))
    assert {"ehr_load_ehr", "ehr_finish"} <= {tool["function"]["name"] for tool in last["tools"]}
    loaded, labs, other = [message["content"] for message in last["messages"] if message["role"] == "tool"]
    assert "labevents" in loaded and CANARY in labs and str(PATIENT) in other


def test_what_went_wrong_is_in_the_exchange(record: Path, tmp_path: Path) -> None:
    with serving(MODEL) as endpoint:
        answers(chat_model(endpoint.url), record, tmp_path)
    with Journal(keeping_in(tmp_path).journal) as journal:
        place = (fingerprint.of_text("q1"), 1)
        steps = AnswerBook(journal).steps(place)
        kept = AnswerBook(journal).one(place)
    assert [step.role for step in steps] == [
        "system", "user", "assistant", "tool", "assistant", "tool", "tool", "assistant", "tool",
    ]  # fmt: skip
    assert [step.problem for step in steps if step.role == "tool"] == [None, None, "other_patient", None]
    assert kept is not None and set(kept.parts) <= set(MEANINGS)


def test_the_policies_show_other_records(record: Path, tmp_path: Path) -> None:
    dod = ("ehr_run_sql_query", {"subject_id": str(PATIENT), "sql_query": "SELECT dod FROM patients"})
    shown = {}
    for policy in ("strict", "compat"):
        with serving(seeker(turn(dod), turn(FINISH))) as endpoint:
            answers(chat_model(endpoint.url), record, tmp_path, tools=tools_in(record, policy), questions=QUESTIONS[:1])
        shown[policy] = endpoint.requests[-1]["messages"][-1]["content"]
    assert "2151" in shown["compat"] and "2151" not in shown["strict"]


def test_a_patient_without_a_database_is_not_run(record: Path, tmp_path: Path) -> None:
    stranger = replace(QUESTIONS[0], qid="stranger", subject_id=1)
    with serving(MODEL) as endpoint:
        frame = answers(chat_model(endpoint.url), record, tmp_path, questions=[stranger, QUESTIONS[1]], runs=2)
    assert frame["outcome"].tolist() == ["not_run", "not_run", "finished", "finished"]
    assert len(endpoint.requests) == 2 * ROUNDS


def test_a_second_run_asks_nothing_and_opens_no_record(
    record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(MODEL) as endpoint:
        first = answers(chat_model(endpoint.url), record, tmp_path)
        monkeypatch.setattr(PinnedTools, "opened", None)
        again = answers(chat_model(endpoint.url), record, tmp_path)
    pd.testing.assert_frame_equal(first, again)
    assert len(endpoint.requests) == 4 * ROUNDS


@pytest.mark.parametrize("calls", [0, 1, 2, 4, 9, 11])
def test_stopped_after_any_call_it_goes_on_from_there(calls: int, record: Path, tmp_path: Path) -> None:
    with serving(MODEL) as endpoint:
        undisturbed = answers(chat_model(endpoint.url), record, tmp_path / "undisturbed")
        endpoint.requests.clear()
        endpoint.script[:] = [MODEL] * calls + [failing(401), MODEL]
        model = chat_model(endpoint.url, max_concurrency=1)
        with pytest.raises(EndpointFault, match="401"):
            answers(model, record, tmp_path)
        asked = len(endpoint.requests)
        endpoint.script[:] = [MODEL]
        frame = answers(model, record, tmp_path)
    answered = calls_kept(tmp_path)
    assert answered == 4 * ROUNDS
    assert len(endpoint.requests) - asked == answered - calls
    same = [name for name in COLUMNS if name != "seconds"]
    pd.testing.assert_frame_equal(frame[same], undisturbed[same])


KILLED_RUN = """
import sys
from pathlib import Path
from clinseek_assets_tests.models.cases import chat_model
from clinseek_assets_tests.models.test_seeking_arm import answers
answers(chat_model(sys.argv[1], max_concurrency=1), Path(sys.argv[2]), Path(sys.argv[3]))
"""


def test_a_killed_run_sends_nothing_again_that_was_answered(record: Path, tmp_path: Path) -> None:
    with serving(*[MODEL] * 4, hanging(5.0)) as endpoint:
        run = subprocess.Popen([sys.executable, "-c", KILLED_RUN, endpoint.url, str(record), str(tmp_path)])
        deadline = time.monotonic() + 60
        while (len(endpoint.requests) < 5 or calls_kept(tmp_path) < 4) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        answered, sent = calls_kept(tmp_path), len(endpoint.requests)
        endpoint.script[:] = [MODEL]
        frame = answers(chat_model(endpoint.url, max_concurrency=1), record, tmp_path)
    assert set(frame["outcome"]) == {"finished"} and answered >= 4
    assert len(endpoint.requests) - sent == 4 * ROUNDS - answered
    repeated = [json.dumps(body) for body in endpoint.requests]
    assert len(repeated) - len(set(repeated)) <= sent - answered


def test_a_failed_round_is_tried_again_and_its_transcript_kept_meanwhile(record: Path, tmp_path: Path) -> None:
    broken = seeker(turn(LOAD), failing(500))
    with serving(broken) as endpoint:
        model = chat_model(endpoint.url, patience={"attempts": 1})
        failed = answers(model, record, tmp_path, questions=QUESTIONS[:1])
        with Journal(keeping_in(tmp_path).journal) as journal:
            steps = AnswerBook(journal).steps((fingerprint.of_text("q1"), 1))
        endpoint.script[:] = [MODEL]
        frame = answers(model, record, tmp_path, questions=QUESTIONS[:1])
    assert (failed["outcome"].tolist(), failed["error_kind"].tolist()) == (["endpoint_failed"], ["http_500"])
    assert failed["identity"].isna().all() and failed["rounds"].tolist() == [1]
    assert [step.role for step in steps] == ["system", "user", "assistant", "tool"]
    assert frame["outcome"].tolist() == ["finished"]
    assert len(endpoint.requests) == 2 + 2  # the first round is paid for


def test_over_budget_is_no_answer_and_goes_on_with_a_larger_budget(record: Path, tmp_path: Path) -> None:
    with serving(MODEL) as endpoint:
        model = chat_model(endpoint.url, sampling={"max_tokens": 100})
        frame = answers(model, record, tmp_path, keeping=keeping_in(tmp_path, Caps(tokens=10)))
        assert set(frame["outcome"]) == {"over_budget"} and endpoint.requests == []
        frame = answers(model, record, tmp_path)
    assert set(frame["outcome"]) == {"finished"}


@pytest.mark.parametrize(
    ("reply", "changes", "outcome"),
    [
        (turn(FINISH), {}, "finished"),
        (chat("<answer>\nyes\n</answer>"), {}, "salvaged"),
        (chat("It cannot be told."), {}, "unparsable"),
        (chat("yes", "length"), {}, "truncated"),
        (chat(None, "content_filter"), {}, "refused"),
        (turn(LOAD), {"max_rounds": 2}, "out_of_rounds"),
        (failing(400), {}, "endpoint_failed"),
    ],
)
def test_outcomes(reply: Reply, changes: dict[str, Any], outcome: str, record: Path, tmp_path: Path) -> None:
    with serving(reply) as endpoint:
        frame = answers(chat_model(endpoint.url, **changes), record, tmp_path, questions=QUESTIONS[:1])
    assert frame["outcome"].tolist() == [outcome]


def test_the_last_turn_has_to_call_finish(record: Path, tmp_path: Path) -> None:
    with serving(turn(LOAD)) as endpoint:
        answers(chat_model(endpoint.url, max_rounds=2), record, tmp_path, questions=QUESTIONS[:1])
    assert endpoint.requests[-1]["tool_choice"] == {"type": "function", "function": {"name": "ehr_finish"}}


def test_a_server_without_tools_gets_text(record: Path, tmp_path: Path) -> None:
    def call(name: str, given: Mapping[str, Any]) -> Reply:
        return chat(f"<tool_call>\n{json.dumps({'name': name, 'arguments': given})}\n</tool_call>")

    with serving(seeker(call(*LOAD), call(*LABS), call(*FINISH))) as endpoint:
        frame = answers(chat_model(endpoint.url, native_tools=False), record, tmp_path, questions=QUESTIONS[:1])
    assert (frame["outcome"].tolist(), frame["repaired"].tolist()) == (["finished"], [3])
    assert all("tools" not in body and "tool_choice" not in body for body in endpoint.requests)
    assert CANARY in endpoint.requests[-1]["messages"][-1]["content"]


def test_many_questions_are_asked_at_a_time_and_as_many_as_allowed(record: Path, tmp_path: Path) -> None:
    def slowly(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        time.sleep(0.05)
        MODEL(handler, body)

    many = [replace(QUESTIONS[0], qid=f"q{number}") for number in range(24)]
    with serving(slowly) as endpoint:
        frame = answers(chat_model(endpoint.url, max_concurrency=4), record, tmp_path, questions=many)
    assert set(frame["outcome"]) == {"finished"}
    assert 2 <= endpoint.busiest <= 4


@pytest.mark.parametrize(
    "change",
    [
        {"sampling": {"temperature": 0.7}},
        {"max_rounds": 7},
        {"native_tools": False},
        {"context_window": 32_000},
        {"policy": "compat"},
        {"instruction": "Another?"},
        {"life": {**LIFE, "labevents": []}},
    ],
)
def test_what_shapes_an_answer_is_part_of_its_identity(change: dict[str, Any], record: Path, tmp_path: Path) -> None:
    entry = {key: value for key, value in change.items() if key in Model.model_fields}
    more: dict[str, Any] = {}
    if "policy" in change:
        more["tools"] = tools_in(record, change["policy"])
    if "instruction" in change:
        more["questions"] = [replace(asked, instruction=change["instruction"]) for asked in QUESTIONS]
    if "life" in change:
        write_record(tmp_path)
        write_database(tmp_path, change["life"])
        more["tools"] = tools_in(tmp_path)
    with serving(turn(FINISH)) as endpoint:
        first = answers(chat_model(endpoint.url), record, tmp_path)
        other = answers(chat_model(endpoint.url, **entry), record, tmp_path, **more)
    assert not set(first["identity"]) & set(other["identity"])


def test_credentialed_is_the_default_and_is_refused_before_the_first_byte(record: Path, tmp_path: Path) -> None:
    with serving(MODEL) as endpoint:
        with pytest.raises(EndpointFault, match="Credentialed"):
            answers(chat_model(endpoint.url), record, tmp_path, data_class="credentialed")
        assert endpoint.paths == [] and list(tmp_path.iterdir()) == []


def test_baselines_go_through_the_same_loop_and_their_exchanges_are_kept(record: Path, tmp_path: Path) -> None:
    frame = answers(baseline("always_yes"), record, tmp_path, data_class="credentialed")
    again = answers(baseline("always_yes"), record, tmp_path)
    assert frame["answer"].tolist() == [["yes"]] * 4 and set(frame["answer_rule"]) == {"finish"}
    pd.testing.assert_frame_equal(frame, again)
    with Journal(keeping_in(tmp_path).journal) as journal:
        steps = AnswerBook(journal).steps((fingerprint.of_text("q2"), 1))
    assert [step.role for step in steps] == ["system", "user", "assistant", "tool"]


def test_progress_counts_answers_over_all_runs(record: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with serving(turn(FINISH)) as endpoint:
        model = chat_model(endpoint.url)
        answers(model, record, tmp_path, runs=2, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(done, 8) for done in range(1, 9)]
