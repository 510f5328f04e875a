"""The window: the question never goes, what is left out says so, and the estimate stays on the safe side."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from clinseek_assets.models.agent.transcript import Transcript
from clinseek_assets.models.agent.window import TAKEN_OUT, Gauge, cut_text, make_room
from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.messages import ChatRequest, Turn
from clinseek_assets.models.picture_tokens import tokens_of_pictures, tokens_of_sent, tokens_of_size
from clinseek_assets.records.tools.specs import Picture
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
    assert len(refused) <= 1  # an estimate from below is rare, and met by a smaller request


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


def shown(*sizes: tuple[int, int], seed: int = 0) -> tuple[Picture, ...]:
    """Pictures of these sizes."""
    return tuple(Picture(png(size, seed + place), f"Picture {seed + place}") for place, size in enumerate(sizes))


def png(size: tuple[int, int], shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", size, shade).save(file, "PNG")
    return file.getvalue()


def with_pictures(rounds: int, size: tuple[int, int] = (1000, 750)) -> Transcript:
    """An exchange whose question has two pictures of its own, and in which a tool made one in each round."""
    transcript = Transcript({}, SPECS)
    transcript.add(Turn("system", "s" * 400))
    transcript.add(Turn("user", "QUESTION", images=shown(size, size)))
    for place in range(rounds):
        transcript.add(Turn("assistant", "", tool_calls=(ToolCall(f"c{place}", "image.image_visualizer", "{}"),)))
        transcript.add(Turn("tool", "Shown next.", call_id=f"c{place}"))
        transcript.add(Turn("user", "The pictures:", images=shown(size, seed=10 + place)))
    return transcript


def test_the_oldest_pictures_of_tools_go_first_with_a_word_and_the_questions_own_stay() -> None:
    transcript = with_pictures(6)
    before = list(transcript.turns)
    limit = 7_000  # eight pictures of a thousand tokens do not fit
    room = make_room(transcript, Gauge(), limit)
    assert room.fits and room.notices
    assert transcript.turns[1] == before[1]
    gone = [not turn.images for turn in transcript.turns if turn.role == "user"][1:]
    assert gone == sorted(gone, reverse=True) and any(gone) and not all(gone)
    notice = next(turn for turn in transcript.turns[2:] if turn.role == "user")
    assert TAKEN_OUT in notice.text and "«Picture 10»" in notice.text and notice.text.startswith("The pictures:")


def test_pictures_that_the_model_has_not_seen_go_last_of_all() -> None:
    transcript = with_pictures(2)
    make_room(transcript, Gauge(), 4_200)  # the question's two take two thousand, the newest one a thousand
    assert [len(turn.images) for turn in transcript.turns if turn.role == "user"] == [2, 0, 1]
    make_room(transcript, Gauge(), 3_000)
    assert [len(turn.images) for turn in transcript.turns if turn.role == "user"] == [2, 0, 0]
    assert TAKEN_OUT in transcript.turns[-1].text


@given(
    st.lists(st.tuples(st.integers(16, 1568), st.integers(16, 1568)), min_size=1, max_size=5),
    st.integers(100, 20_000),
    st.floats(0.15, 0.9),
    st.floats(0.3, 1.5),
)
@settings(max_examples=40, deadline=None)
def test_what_an_endpoint_counts_pictures_for_cancels_out(
    sizes: list[tuple[int, int]], more: int, density: float, charged: float
) -> None:
    """However an endpoint charges pictures: once it counted a request, one that adds a text is estimated well."""
    pictures = sum(tokens_of_size(*size) for size in sizes)
    real = round(2_000 * density + charged * pictures)
    gauge = Gauge()
    gauge.learn(1_000, round(1_000 * density + charged * pictures), pictures)
    gauge.learn(2_000, real, pictures)
    estimate = gauge.tokens(2_000 + more, pictures)
    assert estimate >= real + 0.95 * more * min(density, 0.9)


def test_a_picture_counts_by_its_pixels_and_by_what_it_is_sent_as() -> None:
    (picture,) = shown((1000, 750))
    assert tokens_of_pictures([picture]) == tokens_of_size(1000, 750) == 1064
    assert tokens_of_sent(2500, 3000, 1568) == tokens_of_size(1307, 1568)
    assert tokens_of_sent(300, 200, 1568) == tokens_of_size(300, 200)
    assert tokens_of_pictures([Picture(b"no picture", "")]) == tokens_of_size(1568, 1568)


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
