from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.models.agent import prompts
from clinseek_assets.models.agent.exchange import Step, steps_as_json, steps_from_json
from clinseek_assets.models.agent.loop import seek
from clinseek_assets.models.agent.text_calls import calls_in
from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.messages import ChatRequest, Turn
from clinseek_assets.models.registry import Prices
from clinseek_assets_tests.models.agent.scripted import (
    RULES,
    SPECS,
    TEXT,
    Script,
    Tools,
    calling,
    finishing,
    said,
    sought,
    spec,
)
from clinseek_assets_tests.models.cases import question

LOAD = ("ehr.load_ehr", {"subject_id": "10", "timestamp": "2150-01-02 03:04:06"})
LATEST = ("ehr.get_latest_records", {"subject_id": "10", "table_name": "labevents", "top_n": 5})


def roles(request: ChatRequest) -> list[str]:
    return [turn.role for turn in request.turns]


def test_rounds_until_finish() -> None:
    tools = Tools()
    found, script = sought(calling(LOAD), calling(LATEST), finishing("yes"), tools=tools)
    assert (found.answered.outcome, found.answered.answer, found.answered.answer_rule) == (
        "finished",
        ("yes",),
        "finish",
    )
    assert (found.answered.rounds, found.answered.tool_calls, found.answered.forced) == (3, 3, None)
    assert [name for name, _ in tools.called] == ["ehr.load_ehr", "ehr.get_latest_records", "ehr.finish"]
    assert roles(script.requests[2]) == ["system", "user", "assistant", "tool", "assistant", "tool"]
    assert script.requests[0].tools == SPECS


def test_the_prompt_has_task_moment_patient_candidates_and_no_gold() -> None:
    about = question(gold=("GOLD",), label="GOLD", candidates=("Aspirin", "Heparin «5»"), answer_is_list=True)
    _, script = sought(finishing("Aspirin"), about=about)
    system, user = script.requests[0].turns
    assert system.text == prompts.SYSTEM + prompts.BROWSING
    assert "Will it happen?" in user.text and "subject_id: 10" in user.text
    assert user.text.count("2150-01-02 03:04:06") == 2
    assert '["Aspirin", "Heparin «5»"]' in user.text and "list of answers" in user.text
    assert "GOLD" not in str(script.requests)


def test_the_policies_differ_in_one_sentence() -> None:
    strict, compat = (sought(finishing("yes"), policy=policy)[1].requests[0].turns[1].text for policy in prompts.ABSENT)
    assert strict.replace(prompts.ABSENT["strict"], "") == compat.replace(prompts.ABSENT["compat"], "")


def test_a_single_answer_without_candidates() -> None:
    about = question(candidates=None, answer_is_list=False)
    found, script = sought(finishing("Lasix"), about=about)
    assert "candidate" not in script.requests[0].turns[1].text
    assert found.answered.answer == ("Lasix",)


def test_parallel_calls_are_all_answered_in_their_order_on_a_worker_thread() -> None:
    tools = Tools()
    found, script = sought(calling(LOAD, LATEST, LOAD), finishing("no"), tools=tools)
    results = script.requests[1].turns[-3:]
    assert [turn.role for turn in results] == ["tool"] * 3
    assert [turn.call_id for turn in results] == ["call_0", "call_1", "call_2"]
    assert [turn.text.split()[0] for turn in results] == ["ehr.load_ehr", "ehr.get_latest_records", "ehr.load_ehr"]
    assert threading.get_ident() not in tools.threads
    assert found.answered.tool_calls == 4


def test_the_event_loop_goes_on_while_a_tool_works() -> None:
    tools = Tools(result=lambda *_: time.sleep(0.2) or "rows")  # type: ignore[func-returns-value]

    async def beats() -> int:
        beating = asyncio.ensure_future(
            seek(question(), tools, Script([calling(LOAD), finishing("yes")]), RULES, policy="strict")
        )
        count = 0
        while not beating.done():
            await asyncio.sleep(0.01)
            count += 1
        return count

    assert asyncio.run(beats()) >= 8


def test_a_stopped_question_lets_its_tool_come_to_an_end() -> None:
    done = threading.Event()

    def slow(*_: Any) -> str:
        time.sleep(0.2)
        done.set()
        return "rows"

    async def stopped() -> bool:
        task = asyncio.ensure_future(
            seek(question(), Tools(result=slow), Script([calling(LOAD)]), RULES, policy="strict")
        )
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return done.is_set()

    assert asyncio.run(stopped())


@pytest.mark.parametrize("ids", [["", "", ""], ["a", "a", "a"], ["call_1", "", "call_1"], ["call_2", "", ""]])
def test_ids_of_calls_are_made_unique(ids: list[str]) -> None:
    calls = tuple(ToolCall(own, *[LOAD[0], json.dumps(LOAD[1])]) for own in ids)
    turn = said("", "tool_calls", tool_calls=calls, raw='[{"type": "tool_use"}]')
    _, script = sought(turn, turn, finishing("yes"))
    turns = script.requests[2].turns
    made = [call.id for one in turns for call in one.tool_calls]
    assert len(set(made)) == len(made) == 6 and all(made)
    assert [one.call_id for one in turns if one.role == "tool"] == made
    assert all(one.raw is None for one in turns if [call.id for call in one.tool_calls] != ids)


def test_a_providers_blocks_go_back_unchanged() -> None:
    _, script = sought(calling(LOAD, raw='[{"signature": "s"}]', reasoning="because"), finishing("yes"))
    turn = script.requests[1].turns[2]
    assert (turn.raw, turn.reasoning) == ('[{"signature": "s"}]', "because")


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("ehr_load_ehr", "ehr.load_ehr"),
        ("load_ehr", "ehr.load_ehr"),
        ("search", "browser.search"),
        ("browser_search", "browser.search"),
        ("browser.search", "browser.search"),
        ("nothing", "ehr.nothing"),
        ("other.tool", "other.tool"),
        ("a b\n", "ehr.a_b"),
        ("x" * 100, "ehr." + "x" * 60),
    ],
)
def test_names_are_read_by_the_published_rule(name: str, run: str) -> None:
    tools = Tools()
    found, script = sought(calling((name, {})), finishing("yes"), tools=tools)
    assert tools.called[0][0] == run
    assert script.requests[1].turns[2].tool_calls[0].name == run
    assert found.steps[2].calls[0].name == name


@pytest.mark.parametrize(
    ("written", "given", "sent", "repaired"),
    [
        ('{"subject_id": "10"}', {"subject_id": "10"}, '{"subject_id": "10"}', 0),
        ("", {}, "{}", 0),
        ("{'subject_id': '10',}", {"subject_id": "10"}, '{"subject_id": "10"}', 1),
        ('"{\\"subject_id\\": \\"10\\"}"', {"subject_id": "10"}, '{"subject_id": "10"}', 1),
        ('{"top_n": "5"}', {"top_n": 5}, '{"top_n": 5}', 1),
        ('{"subject_id": "10"', None, "{}", 0),
        ("[1]", None, "{}", 0),
        ("subject 10", None, "{}", 0),
        ("__import__('os')", None, "{}", 0),
        ("{'a': __import__('os')}", None, "{}", 0),
    ],
)
def test_arguments_are_mended_or_told_to_be_none(
    written: str, given: dict[str, Any] | None, sent: str, repaired: int
) -> None:
    tools = Tools()
    found, script = sought(calling(("ehr.get_latest_records", written)), finishing("yes"), tools=tools)
    reply = script.requests[1].turns[-1]
    assert script.requests[1].turns[2].tool_calls[0].arguments == sent
    assert found.steps[2].calls[0].arguments == written
    assert found.answered.repaired == repaired
    if given is None:
        assert reply.failed and "no JSON object" in reply.text
        assert found.steps[3].problem == "bad_arguments"
        assert [name for name, _ in tools.called] == ["ehr.finish"]
    else:
        assert tools.called[0] == ("ehr.get_latest_records", given)


def test_what_went_wrong_is_told_and_recorded() -> None:
    found, script = sought(calling(("ehr.nothing", {})), finishing("yes"))
    assert script.requests[1].turns[-1].failed
    assert found.steps[3].problem == "unknown_tool"


def test_calls_after_finish_in_its_turn_run_and_the_last_good_finish_counts() -> None:
    tools = Tools()
    turn = calling(
        ("ehr.finish", {"response": ["no"]}), LOAD, ("ehr.finish", {"response": ["yes"]}), ("ehr.finish", {})
    )
    found, _ = sought(turn, tools=tools)
    assert (found.answered.outcome, found.answered.answer) == ("finished", ("yes",))
    assert len(tools.called) == 4


def test_a_finish_that_was_refused_does_not_end_the_exchange() -> None:
    found, script = sought(calling(("ehr.finish", {"response": []})), finishing("yes"))
    assert (found.answered.outcome, len(script.requests)) == ("finished", 2)


def test_submitted_items_are_read_like_lines_of_an_answer_block() -> None:
    about = question(candidates=("Aspirin", "0.9% Sodium Chloride", "Heparin"), answer_is_list=True)
    found, _ = sought(finishing("- aspirin", "2. Heparin", "0.9% Sodium Chloride", "Aspirin", "Other"), about=about)
    assert found.answered.answer == ("Aspirin", "Heparin", "0.9% Sodium Chloride", "Other")


@pytest.mark.parametrize(
    ("lines", "outcome", "answer", "rule"),
    [
        ([said("I say.\n<answer>\nYes\n</answer>")], "salvaged", ("yes",), "answer_block"),
        ([said('So: {"response": ["no"]}')], "salvaged", ("no",), "json_response"),
        ([said("I believe\n\nyes")] * 3, "salvaged", ("yes",), "last_lines"),
        ([said("It cannot be told.")] * 3, "unparsable", (), None),
        ([said("")] * 3, "unparsable", (), None),
        ([said("yes", "length")], "truncated", (), None),
        ([said("", "content_filter", refused=True)], "refused", (), None),
        ([calling(LOAD, refused=True)], "refused", (), None),
        ([calling(LOAD)], "out_of_rounds", (), None),
        ([calling(LOAD), CallError("timeout")], "endpoint_failed", (), None),
        ([calling(LOAD), CallError("over_budget", again=False)], "over_budget", (), None),
    ],
)
def test_endings_are_kept_apart(lines: list[Any], outcome: str, answer: tuple[str, ...], rule: str | None) -> None:
    found, _ = sought(*lines)
    assert (found.answered.outcome, found.answered.answer, found.answered.answer_rule) == (outcome, answer, rule)


def test_without_candidates_prose_is_never_an_answer() -> None:
    found, script = sought(said("Let me look at the labs."), about=question(candidates=None))
    assert (found.answered.outcome, len(script.requests)) == ("unparsable", 3)


def test_a_reminder_after_a_turn_that_is_no_answer() -> None:
    found, script = sought(said("I shall look."), calling(LOAD), said(""), finishing("yes"))
    assert found.answered.outcome == "finished"
    assert script.requests[1].turns[-1] == prompts.reminder()
    assert script.requests[3].turns[-2].role == "tool"  # an empty turn is not sent back
    assert script.requests[3].turns[-1] == prompts.reminder()


def test_an_empty_first_turn_leaves_no_two_user_turns_in_a_row() -> None:
    _, script = sought(said(""), said(""), finishing("yes"))
    assert roles(script.requests[2]) == ["system", "user"]
    assert script.requests[2].turns[1].text.count(prompts.REMINDER) == 2
    assert len(set(script.keys)) == 3


def test_candidates_named_in_passing_are_no_answer_while_the_model_goes_on() -> None:
    found, _ = sought(said("I weigh these:\n\nyes\nno"), calling(LOAD), finishing("no"))
    assert (found.answered.outcome, found.answered.answer) == ("finished", ("no",))


def test_a_call_in_a_truncated_turn_runs() -> None:
    found, _ = sought(replace(calling(LOAD), finish_reason="length"), finishing("yes"))
    assert found.answered.outcome == "finished"


@pytest.mark.parametrize(
    ("changes", "reason", "rounds"),
    [
        ({"max_rounds": 3}, "rounds", 3),
        ({"max_rounds": 1}, "rounds", 1),
        ({"browser_calls": 2}, "browsing", 3),
        ({"question_seconds": 4.0}, "seconds", 5),
    ],
)
def test_limits_end_in_a_last_turn_that_must_answer(changes: dict[str, Any], reason: str, rounds: int) -> None:
    def model(request: ChatRequest) -> Completion:
        return finishing("yes") if request.must_call else calling(("browser.search", {"query": "sepsis"}))

    found, script = sought(model, rules=replace(RULES, **changes))
    assert (found.answered.outcome, found.answered.forced, found.answered.rounds) == ("finished", reason, rounds)
    assert script.requests[-1].must_call == "ehr.finish"
    assert prompts.ANSWER_NOW in script.requests[-1].turns[-1].text
    assert all(request.must_call is None for request in script.requests[:-1])


def test_in_the_last_turn_nothing_but_finish_is_called() -> None:
    tools = Tools()
    found, script = sought(calling(LOAD), rules=replace(RULES, max_rounds=2), tools=tools)
    assert found.answered.outcome == "out_of_rounds"
    assert len(tools.called) == 1 and len(script.requests) == 2
    assert found.steps[-1].problem == "unavailable"


def test_a_last_turn_in_words_is_salvaged() -> None:
    found, _ = sought(calling(LOAD), said("I am out of turns.\n\nAnswer: yes"), rules=replace(RULES, max_rounds=2))
    assert (found.answered.outcome, found.answered.answer, found.answered.forced) == ("salvaged", ("yes",), "rounds")


def test_browser_calls_beyond_the_limit_are_not_made() -> None:
    tools = Tools()
    searches = calling(*[("browser.search", {"query": str(number)}) for number in range(5)])
    found, _ = sought(searches, finishing("yes"), tools=tools, rules=replace(RULES, browser_calls=3))
    assert [name for name, _ in tools.called].count("browser.search") == 3
    assert (found.answered.browser_calls, found.answered.tool_calls) == (3, 6)


def test_a_long_result_is_cut_with_a_notice() -> None:
    tools = Tools(result=lambda *_: "x" * 5000)
    _, script = sought(calling(LOAD), finishing("yes"), tools=tools, rules=replace(RULES, tool_result_chars=2000))
    result = script.requests[1].turns[-1].text
    assert len(result) <= 2000 and "of 5,000 characters are shown" in result


def test_the_transcript_of_a_failed_question_is_kept() -> None:
    found, _ = sought(calling(LOAD), CallError("http_500"))
    assert [step.role for step in found.steps] == ["system", "user", "assistant", "tool"]
    assert (found.answered.error_kind, found.answered.rounds) == ("http_500", 1)


def test_a_request_refused_as_too_long_is_sent_again_without_its_oldest_results() -> None:
    tools = Tools(result=lambda *_: "row\n" * 8000)

    def model(request: ChatRequest) -> Completion:
        if sum(len(turn.text) for turn in request.turns) > 50_000:
            raise CallError("http_400", again=False)
        results = [turn for turn in request.turns if turn.role == "tool"]
        return finishing("yes") if len(results) == 2 else calling(LOAD, prompt_tokens=None)

    found, script = sought(model, tools=tools)
    assert (found.answered.outcome, found.answered.notices) == ("finished", 1)
    assert script.requests[-1].turns[1] == script.requests[0].turns[1]
    assert script.requests[-1].turns[3].text.startswith("[Taken out to save room: the result of ehr.load_ehr")


def test_any_other_refusal_is_final() -> None:
    found, script = sought(CallError("http_400", again=False))
    assert (found.answered.outcome, len(script.requests)) == ("endpoint_failed", 1)


def test_tokens_dollars_and_time_are_summed() -> None:
    prices = Prices(input=1.0, output=10.0, cached_input=0.1)
    found, _ = sought(calling(LOAD, cached_tokens=10), finishing("yes"), prices=prices)
    answered = found.answered
    assert (answered.prompt_tokens, answered.completion_tokens, answered.cached_tokens) == (22, 14, 10)
    assert answered.seconds == 2.0
    assert answered.dollars == pytest.approx((1 + 10 * 0.1 + 70 + 11 + 70) / 1e6)


def test_an_endpoint_that_counts_nothing_leaves_the_counts_open() -> None:
    found, _ = sought(replace(finishing("yes"), prompt_tokens=None, completion_tokens=None))
    assert (found.answered.prompt_tokens, found.answered.dollars) == (None, None)


def test_keys_depend_on_all_that_shapes_a_call_and_on_nothing_else() -> None:
    def keys(**more: Any) -> list[str]:
        return sought(calling(LOAD), finishing("yes"), **more)[1].keys

    usual = keys()
    assert usual == keys() and len(set(usual)) == 2
    others = [
        keys(run_index=2),
        keys(policy="compat"),
        keys(about=question("q2")),
        keys(about=question(instruction="Another?")),
        keys(tools=Tools(specs=SPECS[:-1])),
        keys(rules=replace(RULES, native_tools=False)),
    ]
    assert all(not set(usual) & set(other) for other in others)
    later = keys(tools=Tools(result=lambda *_: "other rows"))
    assert later[0] == usual[0] and later[1] != usual[1]


def test_without_native_tools_everything_is_text() -> None:
    lines = [said('<tool_call>\n{"name": "ehr.load_ehr", "arguments": {"subject_id": "10"}}\n</tool_call>')]
    tools = Tools()
    found, script = sought(
        *lines,
        said("```json\n" + '{"name": "finish", "arguments": {"response": ["yes"]}}' + "\n```"),
        tools=tools,
        rules=replace(RULES, native_tools=False),
    )
    assert (found.answered.outcome, found.answered.repaired) == ("finished", 2)
    for request in script.requests:
        assert not request.tools and request.must_call is None
        assert {turn.role for turn in request.turns} <= {"system", "user", "assistant"}
        assert not any(turn.tool_calls for turn in request.turns)
    assert all(tool.name in script.requests[0].turns[0].text for tool in SPECS)
    assert script.requests[1].turns[-1].text.startswith("<tool_response>\nehr.load_ehr:")
    assert script.requests[1].turns[-2].text.count("<tool_call>") == 1


def test_a_call_in_text_is_taken_from_a_server_with_native_tools_too() -> None:
    found, _ = sought(said('<tool_call>{"name": "ehr_finish", "arguments": {"response": ["yes"]}}</tool_call>'))
    assert (found.answered.outcome, found.answered.repaired) == ("finished", 1)


texts = st.text(max_size=40)
ANY_TURN = st.one_of(
    st.builds(said, texts, st.sampled_from(["stop", "length", "tool_calls"])),
    st.builds(
        lambda calls: said("", "tool_calls", tool_calls=tuple(calls)),
        st.lists(
            st.builds(
                ToolCall,
                texts,
                st.one_of(texts, st.sampled_from([tool.name for tool in SPECS])),
                st.one_of(texts, st.just("{}"), st.just('{"response": ["yes"]}')),
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    st.builds(CallError, st.sampled_from(["timeout", "over_budget", "http_400"])),
)


@given(st.lists(ANY_TURN, min_size=1, max_size=6), st.booleans())
def test_whatever_a_model_says_there_is_one_ending_and_every_call_has_its_reply(lines: list[Any], native: bool) -> None:
    found, script = sought(*lines, rules=replace(RULES, native_tools=native, max_rounds=5))
    assert len(script.requests) <= 5 + 3
    assert (found.answered.outcome in ("finished", "salvaged")) == bool(found.answered.answer)
    for request in script.requests:
        open_calls = [call.id for turn in request.turns for call in turn.tool_calls]
        assert [turn.call_id for turn in request.turns if turn.role == "tool"] == open_calls
        assert len(set(open_calls)) == len(open_calls)
        assert all(isinstance(json.loads(c.arguments), dict) for t in request.turns for c in t.tool_calls)
        assert request.turns[0].role == "system" and "Will it happen?" in request.turns[1].text
        assert not any(a.role == b.role == "user" for a, b in zip(request.turns, request.turns[1:], strict=False))
    assert len(set(script.keys)) == len(script.keys) or any(isinstance(line, CallError) for line in lines)


@given(st.lists(ANY_TURN.filter(lambda line: not isinstance(line, CallError)), min_size=1, max_size=4))
def test_an_exchange_comes_back_as_it_was_kept(lines: list[Any]) -> None:
    found, _ = sought(*lines)
    kept = json.loads(json.dumps(steps_as_json(found.steps)))
    assert tuple(steps_from_json(kept)) == found.steps


def test_a_step_without_anything_is_its_role_and_text() -> None:
    assert steps_as_json([Step("user", "")]) == [{"role": "user", "text": ""}]


def test_turns_of_one_role_in_a_row_are_one_where_tools_are_text() -> None:
    _, script = sought(calling(LOAD, LATEST), finishing("yes"), rules=replace(RULES, native_tools=False))
    assert roles(script.requests[1]) == ["system", "user", "assistant", "user"]
    assert script.requests[1].turns[3].text.count("<tool_response>") == 2
    assert isinstance(script.requests[1].turns[3], Turn)


@pytest.mark.parametrize(
    ("native", "last_key"),
    [
        (True, "bf58ceef1010e81703fada39cce277b9b6a830222a5c5d2d92f2a0211a61ae9a"),
        (False, "a45f65aacf6dfcf28524d0ec66b03da101af7f085da53fc9e1274c9e8aeb19a4"),
    ],
)
def test_keys_of_text_exchanges_stay_so_that_what_was_paid_for_is_found(native: bool, last_key: str) -> None:
    """The hashes are those before there were pictures; only another prompt, or another way of cutting, changes them."""
    tools = Tools(result=lambda *_: "labevents\n" + "row | 7.25\n" * 600)
    search = ("browser.search", {"query": "sepsis"})
    _, script = sought(
        said("I shall look."),
        calling(LOAD, prompt_tokens=900),
        calling(LOAD, search, prompt_tokens=4000, raw='[{"a":1}]', reasoning="b"),
        calling(("chest_xray", {}), prompt_tokens=None),
        calling(LOAD, prompt_tokens=5000),
        said("yes"),
        rules=replace(RULES, context_window=8192, max_tokens=1024, max_rounds=6, native_tools=native),
        tools=tools,
    )
    assert script.keys[-1] == last_key


@pytest.mark.parametrize(
    "name",
    [
        "image.chest_xray_classifier",
        "image_chest_xray_classifier",
        "chest_xray_classifier",
        "ehr.chest_xray_classifier",
    ],
)
def test_an_image_tool_is_known_by_each_of_its_names(name: str) -> None:
    tools = Tools(specs=(*SPECS, spec("image.chest_xray_classifier", image_path=TEXT)))
    found, _ = sought(calling((name, {"image_path": "1"})), finishing("yes"), tools=tools)
    assert tools.called[0][0] == "image.chest_xray_classifier" and found.answered.outcome == "finished"
    written = json.dumps({"name": name, "arguments": {"image_path": "1"}})
    (call,) = calls_in(f"<tool_call>{written}</tool_call>", "", tools.specs)
    assert call.name == "image.chest_xray_classifier"


def test_the_visualizer_is_known_by_its_bare_name() -> None:
    tools = Tools(specs=(*SPECS, spec("image.image_visualizer", image_path=TEXT)))
    for name in ("image_visualizer", "image_image_visualizer", "image.image_visualizer"):
        sought(calling((name, {})), finishing("yes"), tools=tools)
    assert [name for name, _ in tools.called if name != "ehr.finish"] == ["image.image_visualizer"] * 3
