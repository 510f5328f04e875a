"""The window: the question never goes, what is left out says so, and the estimate stays on the safe side."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinseek_assets.models.agent.transcript import Transcript
from clinseek_assets.models.agent.window import TAKEN_OUT, Gauge, cut_text, make_room
from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.messages import ChatRequest, Turn
from clinseek_assets_tests.models.agent.scripted import RULES, SPECS, Tools, calling, finishing, sought

WINDOW, ANSWER = 8192, 1024
RULES_OF_A_WINDOW = replace(RULES, context_window=WINDOW, max_tokens=ANSWER, max_rounds=30)


def tokens_of(request: ChatRequest, density: float) -> int:
    """A tokenizer that takes every text for so many tokens a byte, and a bit for each turn and tool."""
    texts = [text for turn in request.turns for text in (turn.text, *(c.name + c.arguments for c in turn.tool_calls))]
    listed = json.dumps([[tool.name, tool.description, dict(tool.parameters)] for tool in request.tools])
    return int(density * len("".join([*texts, listed]).encode())) + 4 * len(request.turns)


def server(
    density: float, window: int, then: Callable[[ChatRequest], Completion]
) -> Callable[[ChatRequest], Completion]:
    """An endpoint with that window: it refuses what does not fit, as vLLM does."""

    def reply(request: ChatRequest) -> Completion:
        tokens = tokens_of(request, density)
        if tokens + (request.max_tokens or ANSWER) > window:
            raise CallError("http_400", again=False)
        return replace(then(request), prompt_tokens=tokens)

    return reply


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 30_000), min_size=1, max_size=12),
    density=st.sampled_from([0.2, 0.25, 0.33]),
    native=st.booleans(),
    counted=st.booleans(),
)
def test_every_request_fits_and_the_question_stays(
    sizes: list[int], density: float, native: bool, counted: bool
) -> None:
    left = list(sizes)

    def model(request: ChatRequest) -> Completion:
        assert request.turns[0].role == "system" and "Will it happen?" in request.turns[1].text
        if left and not request.must_call and "Answer now" not in request.turns[-1].text:
            return calling(("ehr.run_sql_query", {"sql_query": f"SELECT {left.pop()}"}))
        return finishing("yes")

    tools = Tools(result=lambda _, given_: ("2150-01-02 03:04:05 | 7.25\n" * 1200)[: int(given_["sql_query"][7:])])
    endpoint = server(density, WINDOW, model)
    refused = []

    def watched(request: ChatRequest) -> Completion:
        try:
            completion = endpoint(request)
        except CallError:
            refused.append(request)
            raise
        return completion if counted else replace(completion, prompt_tokens=None)

    found, _ = sought(watched, tools=tools, rules=replace(RULES_OF_A_WINDOW, native_tools=native))
    assert (found.answered.outcome, found.answered.answer) == ("finished", ("yes",))
    assert not refused


def test_a_denser_tokenizer_than_any_estimate_is_met_by_smaller_requests() -> None:
    calls = iter(range(6))

    def model(request: ChatRequest) -> Completion:
        more = next(calls, None) is not None and not request.must_call
        return calling(("ehr.run_sql_query", {"sql_query": "SELECT 1"})) if more else finishing("yes")

    tools = Tools(result=lambda *_: "9" * 6_000)
    found, _ = sought(server(0.95, WINDOW, model), tools=tools, rules=RULES_OF_A_WINDOW)
    assert found.answered.outcome == "finished" and found.answered.notices


def test_the_oldest_results_go_first_and_say_what_they_were() -> None:
    def model(request: ChatRequest) -> Completion:
        return finishing("yes") if len(request.turns) >= 2 + 2 * 6 else calling(("load_ehr", {"subject_id": "10"}))

    tools = Tools(result=lambda *_: "labevents: 1,204 rows\n" + "x" * 6000)
    found, script = sought(server(0.25, WINDOW, model), tools=tools, rules=RULES_OF_A_WINDOW)
    results = [turn.text for turn in script.requests[-1].turns if turn.role == "tool"]
    gone = [text.startswith(TAKEN_OUT) for text in results]
    assert gone == sorted(gone, reverse=True) and any(gone) and not gone[-1]
    assert "ehr.load_ehr" in results[0] and "6,022 characters" in results[0] and "«labevents: 1,204 rows»" in results[0]
    assert found.answered.notices == sum(gone)
    assert [step.text for step in found.steps if step.role == "tool"][0].startswith("labevents")  # noqa: RUF015
    assert any(step.role == "note" for step in found.steps)


def test_one_result_that_is_too_large_by_itself_is_cut_visibly() -> None:
    def model(request: ChatRequest) -> Completion:
        return finishing("yes") if request.turns[-1].role == "tool" else calling(("load_ehr", {"subject_id": "10"}))

    tools = Tools(result=lambda *_: "x" * 90_000)
    found, script = sought(server(0.25, WINDOW, model), tools=tools, rules=RULES_OF_A_WINDOW)
    assert (found.answered.outcome, found.answered.forced) == ("finished", None)
    assert "of 90,000 characters are shown" in script.requests[1].turns[-1].text
    assert len(script.requests[1].turns[-1].text) > 5_000


def test_where_nothing_more_can_go_the_next_turn_is_the_last() -> None:
    def model(request: ChatRequest) -> Completion:
        if request.must_call:
            return finishing("yes")
        return calling(("load_ehr", {"subject_id": "10"}), text="I think about this. " * 150)

    found, script = sought(server(0.25, WINDOW, model), rules=RULES_OF_A_WINDOW)
    assert (found.answered.outcome, found.answered.forced) == ("finished", "window")
    assert "no room left" in script.requests[-1].turns[-1].text


def test_the_answer_gets_what_room_the_window_leaves() -> None:
    rules = replace(RULES_OF_A_WINDOW, max_tokens=6000)
    _, script = sought(
        calling(("load_ehr", {})), finishing("yes"), rules=rules, tools=Tools(result=lambda *_: "x" * 9000)
    )
    assert script.requests[0].max_tokens is None
    assert WINDOW // 4 <= (script.requests[1].max_tokens or 0) < 6000


def test_without_a_known_window_nothing_is_left_out() -> None:
    tools = Tools(result=lambda *_: "x" * 50_000)
    found, script = sought(*[calling(("load_ehr", {}))] * 5, finishing("yes"), tools=tools)
    assert found.answered.notices == 0
    assert sum(len(turn.text) for turn in script.requests[-1].turns) > 250_000


def test_a_replayed_exchange_has_the_same_keys() -> None:
    def run() -> list[str]:
        def model(request: ChatRequest) -> Completion:
            return finishing("yes") if len(request.turns) > 16 else calling(("load_ehr", {"subject_id": "10"}))

        tools = Tools(result=lambda *_: "labevents\n" + "x" * 6000)
        return sought(server(0.25, WINDOW, model), tools=tools, rules=RULES_OF_A_WINDOW)[1].keys

    assert run() == run()


def exchange(*results: str) -> Transcript:
    transcript = Transcript({}, SPECS)
    transcript.add(Turn("system", "s" * 400))
    transcript.add(Turn("user", "QUESTION"))
    for place, text in enumerate(results):
        transcript.add(Turn("assistant", "", tool_calls=(ToolCall(f"c{place}", "ehr.load_ehr", "{}"),)))
        transcript.add(Turn("tool", text, call_id=f"c{place}"))
    return transcript


@given(st.lists(st.integers(0, 20_000), max_size=10), st.integers(4_000, 20_000))
def test_room_is_made_out_of_results_alone(sizes: list[int], limit: int) -> None:
    transcript = exchange(*("y" * size for size in sizes))
    before = list(transcript.turns)
    gauge = Gauge()
    room = make_room(transcript, gauge, limit)
    assert room.fits == (gauge.tokens(transcript.size) <= limit) and room.fits
    for was, now in zip(before, transcript.turns, strict=True):
        assert was == now or (
            was.role == "tool" and now.text.startswith((TAKEN_OUT, "y" * 100)) and now.text != was.text
        )
    assert len([1 for was, now in zip(before, transcript.turns, strict=True) if was != now]) == room.notices
    again = make_room(transcript, gauge, limit)
    assert (again.fits, again.notices) == (True, 0)


def test_the_hash_and_the_size_follow_what_is_replaced() -> None:
    one, other = exchange("a", "b"), exchange("a", "b")
    assert one.key([1]) == other.key([1]) != one.key([2])
    one.replace({3: replace(one.turns[3], text="changed")})
    assert one.key([1]) != other.key([1]) and one.size == other.size + 6
    one.replace({3: other.turns[3]})
    assert (one.key([1]), one.size) == (other.key([1]), other.size)


@given(st.text(max_size=3000), st.integers(0, 3000))
def test_a_cut_text_keeps_its_beginning_and_its_length_in_bounds(text: str, most: int) -> None:
    cut = cut_text(text, most)
    assert cut == text or (len(cut.encode()) <= max(most, 650) and text.startswith(cut.split("\n[Cut here")[0]))


@pytest.mark.parametrize("density", [0.15, 0.25, 0.5, 0.9])
def test_the_gauge_learns_an_endpoints_density(density: float) -> None:
    gauge = Gauge()
    for size in (1_000, 5_000, 20_000, 60_000):
        gauge.learn(size, round(size * density))
    assert density * 70_000 <= gauge.tokens(70_000) <= density * 70_000 * 1.1 + 100
    assert density * 30_000 <= gauge.tokens(30_000) <= density * 30_000 * 1.1 + 100
