"""Baselines as agents: what they call, that they read on, and that they know nothing but what they found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.strict import Published, Records, render_strict
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.baselines.lookups import LOOK_BACK
from clinseek_assets.models.baselines.seekers import MOST_CALLS, pictures_in, seeker, seeker_version, tables_in
from clinseek_assets.models.completions import ToolCall
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.messages import Turn
from clinseek_assets.models.priors import COLUMNS, CandidatePriors
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.tools.specs import Picture
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.windows import Beginning
from clinseek_assets_tests.models import cases, xrays
from clinseek_assets_tests.models.baselines.a_life import LIFE
from clinseek_assets_tests.models.baselines.some_tools import SomeTools, Sought, request_of, sought
from clinseek_assets_tests.records.pinned.lives import OWN, PATIENT, T, at, write_database

READERS = [name for name, participant in PARTICIPANTS.items() if participant.kind == "evidence"]
FLOORS = [name for name, participant in PARTICIPANTS.items() if participant.kind == "floor"]
PRIORS = CandidatePriors(
    pd.DataFrame(
        [("poe", "Lab", 30, 100, 1.0), ("poe", "Consults", 40, 100, 1.0), ("poe", "Medications", 30, 100, 1.0)],
        columns=list(COLUMNS),
    )
)
RISK = cases.question(subject_id=PATIENT, hadm_id=OWN, prediction_time=T)
ORDER = cases.question(
    qid="q2", task="poe", subject_id=PATIENT, hadm_id=OWN, prediction_time=T, label=["Consults"], gold=("Consults",),
    candidates=("Consults", "Lab", "Medications"),
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_database(tmp_path, LIFE)
    return tmp_path


@pytest.fixture
def seek(folder: Path, reference: Path) -> Iterator[Any]:
    """Let a participant seek the answer to a question about the life of `a_life`, as it stands in the folder."""

    def seek(name: str, asked: Question, policy: Any = "strict", **tools: Any) -> Sought:
        record = PinnedRecord(Pin.of(asked), policy, databases=folder, reference=reference)
        with closing(record):
            return sought(seeker(name, [asked], PRIORS), asked, SomeTools(record, **tools))

    yield seek


@pytest.mark.parametrize("asked", [RISK, ORDER], ids=["risk", "decision"])
@pytest.mark.parametrize("policy", ["strict", "compat"])
@pytest.mark.parametrize("name", READERS)
def test_the_record_is_loaded_then_asked_in_one_turn_then_the_answer_is_given(
    seek: Any, name: str, policy: str, asked: Question
) -> None:
    found = seek(name, asked, policy)
    rounds = [[call.name for call in turn.tool_calls] for turn in found.turns if turn.role == "assistant"]
    assert rounds[0] == ["ehr.load_ehr"]
    assert set(rounds[1]) == {"ehr.run_sql_query"} and len(rounds[1]) > 3
    assert rounds[2:] == [["ehr.finish"]]
    assert found.failed == 0
    assert set(found.answers) <= set(asked.candidates or ())


@pytest.mark.parametrize("asked", [RISK, ORDER], ids=["risk", "decision"])
@pytest.mark.parametrize("name", READERS)
def test_the_answer_is_the_one_that_is_given_over_a_strict_context_of_the_same_window(
    seek: Any,
    folder: Path,
    reference: Path,
    name: str,
    asked: Question,
) -> None:
    window = Published(Pin.of(asked), "", Beginning(T - LOOK_BACK, "edstays"))
    context = render_strict(Records(folder, reference, Dictionaries.load(reference)), window)
    assert list(seek(name, asked).answers) == PARTICIPANTS[name].answer(asked, context, PRIORS)


@pytest.mark.parametrize("name", FLOORS)
def test_a_floor_row_looks_at_nothing(seek: Any, name: str) -> None:
    found = seek(name, ORDER)
    assert found.called == ("ehr.finish",)
    assert list(found.answers) == PARTICIPANTS[name].answer(ORDER, "", PRIORS)


@pytest.mark.parametrize("name", list(PARTICIPANTS))
def test_no_label_takes_part(seek: Any, name: str) -> None:
    told = replace(ORDER, label=["Lab"], gold=("Lab",), input="Lab", question="Lab", decided=True, extra={"a": "Lab"})
    assert seek(name, told) == seek(name, ORDER)


@pytest.mark.parametrize("name", READERS)
def test_what_a_reply_announces_is_read_on_within_bounds(seek: Any, folder: Path, name: str) -> None:
    orders = [{"poe_id": f"p{n}", "hadm_id": OWN, "ordertime": at(-5, n), "order_type": "Lab"} for n in range(60)]
    write_database(folder, {**LIFE, "poe": orders})
    asked_at_once, paged, cut = (seek(name, ORDER, page_size=size) for size in (1_000, 30, 5))
    assert len(paged.called) > len(asked_at_once.called)
    assert paged.answers == asked_at_once.answers
    assert "page" in next(
        json.loads(call.arguments) for turn in paged.turns for call in turn.tool_calls if "page" in call.arguments
    )
    assert len(cut.called) == MOST_CALLS
    assert cut.called[-1] == "ehr.finish"


def test_no_two_calls_of_an_exchange_have_the_same_id(seek: Any) -> None:
    found = seek(READERS[0], ORDER, page_size=1)
    ids = [call.id for turn in found.turns for call in turn.tool_calls]
    assert len(set(ids)) == len(ids)


def test_a_call_goes_on_from_the_turns_alone(seek: Any) -> None:
    """A replayed exchange, asked of a new caller, gets the same calls in every round."""
    found = seek("evidence_counts", ORDER)
    for place, turn in enumerate(found.turns):
        if turn.role == "assistant":
            again = ask(seeker("evidence_counts", [ORDER], PRIORS), ORDER, *found.turns[:place])
            assert again.tool_calls == turn.tool_calls


def test_a_forced_last_turn_is_answered_with_what_was_found(seek: Any) -> None:
    found = seek("evidence_counts", ORDER)
    loaded = next(place for place, turn in enumerate(found.turns) if turn.role == "tool")
    caller = seeker("evidence_counts", [ORDER], PRIORS)
    (call,) = ask(caller, ORDER, *found.turns[: loaded + 1], must_call="ehr.finish").tool_calls
    assert call.name == "ehr.finish"
    assert json.loads(call.arguments)["response"]


@pytest.mark.parametrize("reply", ["The record is not there.", ""])
def test_without_a_record_the_answer_rests_on_nothing_found(reply: str) -> None:
    load = ToolCall("call_1", "ehr.load_ehr", "{}")
    turns = (Turn("assistant", "", tool_calls=(load,)), Turn("tool", reply, call_id="call_1", failed=True))
    (call,) = ask(seeker("evidence_counts", [ORDER], PRIORS), ORDER, *turns).tool_calls
    assert (call.name, call.id) == ("ehr.finish", "call_2")


def test_costs_are_not_made_up() -> None:
    completion = ask(seeker("always_yes", [RISK], PRIORS), RISK)
    assert (completion.prompt_tokens, completion.completion_tokens, completion.seconds) == (None, None, 0.0)


def test_a_question_of_somebody_else_is_not_answered() -> None:
    with pytest.raises(CallError, match="unknown_question"):
        ask(seeker("always_yes", [ORDER], PRIORS), RISK)


@pytest.mark.parametrize("name", FLOORS)
def test_a_floor_row_needs_frequencies(name: str) -> None:
    with pytest.raises(EndpointFault, match="frequencies"):
        ask(seeker(name, [ORDER], None), ORDER)


def test_versions_differ_and_stay() -> None:
    assert len({seeker_version(name) for name in PARTICIPANTS}) == len(PARTICIPANTS)
    assert seeker_version("always_no") == seeker_version("always_no")


@pytest.mark.parametrize(
    ("reply", "tables"),
    [
        ("- labevents: 1,204 rows\n- poe: 0 rows", {"labevents"}),
        ("| labevents | 1204 |\n| emar | 7 |", {"labevents", "emar"}),
        ("labevents (12 rows), chartevents (0 rows)", {"labevents"}),
        ("lab_tests_of_candidates: 12\nnothing here", set()),
    ],
)
def test_tables_with_rows_are_read_out_of_the_reply(reply: str, tables: set[str]) -> None:
    assert tables_in(reply) == tables


def ask(caller: Any, asked: Question, *turns: Turn, **request: Any) -> Any:
    return asyncio.run(caller.ask(request_of(asked, *turns, **request), "a key"))


@pytest.mark.parametrize("name", PARTICIPANTS)
def test_what_images_alone_can_tell_is_answered_at_once_by_the_pictures_shown(name: str, tmp_path: Path) -> None:
    about = xrays.asked(images=2)
    pictures = xrays.shelf_of(tmp_path, [about], (400, 400)).of(about).pictures
    opening = (Turn("system", "s"), Turn("user", "q", images=pictures))
    (call,) = ask(seeker(name, [about], None), about, *opening).tool_calls
    assert call.name == "ehr.finish"
    assert json.loads(call.arguments)["response"] == PARTICIPANTS[name].answer(about, "", None, pictures)


def test_only_the_pictures_of_the_opening_are_the_questions() -> None:
    own, tools = Picture(b"own", ""), Picture(b"tool's", "")
    turns = (Turn("user", "q", images=(own,)), Turn("assistant", "a"), Turn("user", "shown", images=(tools,)))
    assert pictures_in(turns) == (own,)
    assert pictures_in(turns[:1]) == (own,)
    assert pictures_in(()) == ()
