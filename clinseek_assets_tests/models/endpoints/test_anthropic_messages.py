"""The Messages API over a real server: what goes over the wire, what comes back, and shapes that nobody promised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.endpoints.anthropic_messages import AnthropicMessages
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.messages import Turn
from clinseek_assets.models.registry import Model
from clinseek_assets.records.tools.specs import Picture
from clinseek_assets_tests.models.cases import chat_model
from clinseek_assets_tests.models.endpoints.asking import FINISH, LOAD, USER, ask, request, sends
from clinseek_assets_tests.models.endpoints.test_openai_chat import JSON
from clinseek_assets_tests.models.loopback import failing, serving

MARK = {"type": "ephemeral"}
THINKING = {"type": "thinking", "thinking": "Let me see.", "signature": "c2lnbmVk"}
REDACTED = {"type": "redacted_thinking", "data": "b3BhcXVl"}


def model_at(url: str, **changes: Any) -> Model:
    return chat_model(url, **{"dialect": "anthropic_messages", "patience": {"attempts": 1}, **changes})


def message(*blocks: Any, stop: Any = "end_turn", **usage: Any) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(blocks), "stop_reason": stop, "usage": usage}


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def use(name: str, call_id: str = "toolu_1", **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def answered(folder: Path, body: Any, **more: Any) -> Completion:
    with serving(sends(body)) as endpoint:
        return ask(folder, model_at(endpoint.url), request(**more))


def sent(folder: Path, *turns: Turn, model: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The body that reaches the server."""
    with serving(sends(message(text("yes")))) as endpoint:
        ask(folder, model_at(endpoint.url, **(model or {})), request(*turns, **more))
    (body,) = endpoint.requests
    return body


def without_marks(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in block.items() if key != "cache_control"} for block in blocks]


def test_a_plain_prompt_pays_for_no_cache(tmp_path: Path) -> None:
    assert sent(tmp_path, Turn("system", "Be brief."), USER) == {
        "model": "served-model",
        "system": [text("Be brief.")],
        "messages": [{"role": "user", "content": [text("Will it happen?")]}],
        "temperature": 0.0,
        "max_tokens": 16384,
    }


def test_the_path_the_version_and_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_OF_A_TEST", "secret")
    with serving(sends(message(text("yes")))) as endpoint:
        ask(tmp_path, model_at(f"{endpoint.url}/v1/messages", api_key_env="KEY_OF_A_TEST"))
    assert endpoint.paths == ["/v1/messages"]
    headers = {name.lower(): value for name, value in endpoint.headers[0].items()}
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("secret", "2023-06-01")
    assert "authorization" not in headers


def test_turns_of_one_side_are_one_message_and_results_say_how_they_ended(tmp_path: Path) -> None:
    made = (ToolCall("a", "ehr.load_ehr", '{"subject_id": "7"}'), ToolCall("b", "ehr.finish", "{broken"))
    turns = [
        Turn("system", "Be brief."),
        USER,
        Turn("user", "Soon?"),
        Turn("assistant", "I look.", tool_calls=made),
        Turn("tool", "14 tables", call_id="a"),
        Turn("tool", "No JSON.", call_id="b", failed=True),
        Turn("user", "Go on."),
    ]
    body = sent(tmp_path, *turns, tools=(LOAD, FINISH), model={"prompt_cache": False})
    assert body["system"] == [text("Be brief.")]
    assert body["messages"] == [
        {"role": "user", "content": [text("Will it happen?"), text("Soon?")]},
        {
            "role": "assistant",
            "content": [text("I look."), use("ehr_load_ehr", "a", subject_id="7"), use("ehr_finish", "b")],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "14 tables"},
                {"type": "tool_result", "tool_use_id": "b", "content": "No JSON.", "is_error": True},
                text("Go on."),
            ],
        },
    ]


def test_no_block_is_empty(tmp_path: Path) -> None:
    """The API refuses empty texts."""
    made = (ToolCall("a", "ehr.load_ehr", "{}"),)
    turns = [
        USER,
        Turn("assistant", "  "),
        Turn("user", ""),
        Turn("assistant", "", tool_calls=made),
        Turn("tool", "", call_id="a"),
    ]
    body = sent(tmp_path, *turns, tools=(LOAD,), model={"prompt_cache": False})
    assert [said["role"] for said in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"] == [use("ehr_load_ehr", "a")]
    assert body["messages"][2]["content"] == [{"type": "tool_result", "tool_use_id": "a"}]


def test_tools_and_a_call_that_has_to_be_made(tmp_path: Path) -> None:
    body = sent(tmp_path / "free", tools=(LOAD, FINISH))
    assert [tool["name"] for tool in body["tools"]] == ["ehr_load_ehr", "ehr_finish"]
    assert body["tools"][0]["input_schema"] == LOAD.parameters and body["tool_choice"] == {"type": "auto"}
    forced = sent(tmp_path / "forced", tools=(LOAD, FINISH), must_call="ehr.finish")
    assert forced["tool_choice"] == {"type": "tool", "name": "ehr_finish"}


def exchange(rounds: int) -> list[Turn]:
    turns = [Turn("system", "Be brief."), USER]
    for number in range(rounds):
        turns.append(Turn("assistant", "", tool_calls=(ToolCall(f"t{number}", "ehr.load_ehr", "{}"),)))
        turns.append(Turn("tool", f"result {number}", call_id=f"t{number}"))
    return turns


@pytest.mark.parametrize("rounds", [0, 1, 5])
def test_the_stable_prefix_is_marked_and_at_most_four_blocks(rounds: int, tmp_path: Path) -> None:
    body = sent(tmp_path, *exchange(rounds), tools=(LOAD,))
    assert body["system"][-1]["cache_control"] == MARK
    of_user = [said["content"] for said in body["messages"] if said["role"] == "user"]
    assert [blocks[-1].get("cache_control") for blocks in of_user[-2:]] == [MARK] * min(2, rounds + 1)
    assert json.dumps(body).count('"cache_control"') == 1 + min(2, rounds + 1) <= 4


def test_what_a_request_has_written_the_next_one_reads(tmp_path: Path) -> None:
    """A marked block is found in the cache only where all before it is the same."""
    before = sent(tmp_path / "before", *exchange(3), tools=(LOAD,))
    after = sent(tmp_path / "after", *exchange(4), tools=(LOAD,))
    place = len(before["messages"]) - 1
    assert after["messages"][place]["content"][-1]["cache_control"] == MARK
    for was, now in zip(before["messages"], after["messages"], strict=False):
        assert without_marks(was["content"]) == without_marks(now["content"])


def test_without_a_system_turn_the_last_tool_is_marked_and_off_is_off(tmp_path: Path) -> None:
    body = sent(tmp_path / "on", tools=(LOAD, FINISH))
    assert [tool.get("cache_control") for tool in body["tools"]] == [None, MARK]
    off = sent(tmp_path / "off", *exchange(2), tools=(LOAD,), model={"prompt_cache": False})
    assert "cache_control" not in json.dumps(off)


def test_thinking_takes_neither_temperature_nor_a_forced_call_and_its_budget_fits(tmp_path: Path) -> None:
    thinking = {"type": "enabled", "budget_tokens": 2000}
    sampling = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 1000, "extra_body": {"thinking": thinking}}
    body = sent(tmp_path, tools=(FINISH,), must_call="ehr.finish", model={"sampling": sampling})
    assert body["thinking"] == thinking and "temperature" not in body and "top_p" not in body
    assert body["tool_choice"] == {"type": "auto"}
    assert body["max_tokens"] > thinking["budget_tokens"]


def test_thinking_goes_back_unchanged_in_its_place(tmp_path: Path) -> None:
    blocks = [THINKING, REDACTED, text("I look."), use("ehr_load_ehr", subject_id="7")]
    answer = answered(tmp_path / "first", message(*blocks, stop="tool_use"), tools=(LOAD,))
    assert (answer.text, answer.reasoning, answer.finish_reason) == ("I look.", "Let me see.", "tool_calls")
    (call,) = answer.tool_calls
    assert (call.id, call.name, json.loads(call.arguments)) == ("toolu_1", "ehr.load_ehr", {"subject_id": "7"})
    again = Turn("assistant", answer.text, answer.tool_calls, reasoning=answer.reasoning, raw=answer.raw)
    result = Turn("tool", "14 tables", call_id=call.id)
    body = sent(tmp_path / "second", USER, again, result, tools=(LOAD,), model={"prompt_cache": False})
    assert body["messages"][1] == {"role": "assistant", "content": blocks}


def test_blocks_that_go_back_name_calls_as_their_results_do(tmp_path: Path) -> None:
    raw = json.dumps([THINKING, use("ehr_load_ehr", "same"), use("ehr_finish", "same")])
    made = (ToolCall("same", "ehr.load_ehr", "{}"), ToolCall("call_2", "ehr.finish", "{}"))
    body = sent(tmp_path, USER, Turn("assistant", "", made, raw=raw), Turn("tool", "x", call_id="same"), tools=(LOAD,))
    assert [block.get("id") for block in body["messages"][1]["content"]] == [None, "same", "call_2"]


def test_an_image_follows_the_text_after_its_caption(tmp_path: Path) -> None:
    (said,) = sent(tmp_path, Turn("user", "Look.", images=(Picture(b"\x89PNG", "Image 1 of 1"),)))["messages"]
    words, caption, image = said["content"]
    assert caption == {"type": "text", "text": "Image 1 of 1"}
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}
    assert words == text("Look.")


@pytest.mark.parametrize(
    ("said", "kept", "refused"),
    [
        ("end_turn", "stop", False),
        ("stop_sequence", "stop", False),
        ("max_tokens", "length", False),
        ("model_context_window_exceeded", "length", False),
        ("tool_use", "tool_calls", False),
        ("refusal", "content_filter", True),
        ("a new one", "a new one", False),
        (None, None, False),
    ],
)
def test_why_it_ended(said: Any, kept: str | None, refused: bool, tmp_path: Path) -> None:
    answer = answered(tmp_path, message(text("yes"), stop=said))
    assert (answer.finish_reason, answer.refused) == (kept, refused)


def test_the_prompt_is_counted_in_three_parts(tmp_path: Path) -> None:
    usage = {
        "input_tokens": 3,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens": 7,
    }
    answer = answered(tmp_path, message(text("yes"), **usage))
    assert (answer.prompt_tokens, answer.completion_tokens) == (123, 7)
    assert (answer.cached_tokens, answer.cache_write_tokens) == (100, 20)


@pytest.mark.parametrize("usage", [None, "many", {"input_tokens": "3"}])
def test_no_usage_is_no_count(usage: Any, tmp_path: Path) -> None:
    answer = answered(tmp_path, {**message(text("yes")), "usage": usage})
    assert (answer.prompt_tokens, answer.completion_tokens, answer.cached_tokens) == (None, None, None)


def test_an_overloaded_api_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinseek_assets.models.endpoints.patience.FIRST_PAUSE", 0.005)
    with serving(failing(529), sends(message(text("yes")))) as endpoint:
        answer = ask(tmp_path, model_at(endpoint.url, patience={"attempts": 2}))
    assert answer.text == "yes" and len(endpoint.requests) == 2


@pytest.mark.parametrize(
    "body",
    [{}, [], None, "yes", {"content": None}, {"content": 3}, {"type": "error", "error": {"type": "overloaded_error"}}],
)
def test_other_shapes_are_no_answers(body: Any, tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"^bad_response$"):
        answered(tmp_path, body)


BLOCKS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use"]) | JSON},
    optional={"text": JSON, "thinking": JSON, "id": JSON, "name": JSON, "input": JSON},
)


@given(
    st.builds(
        lambda content, stop, usage: {"content": content, "stop_reason": stop, "usage": usage},
        JSON | st.lists(BLOCKS | JSON, max_size=3),
        JSON,
        JSON,
    )
)
def test_whatever_comes_it_is_a_completion_that_can_go_back_or_a_bad_response(body: Any) -> None:
    dialect = AnthropicMessages()
    try:
        answer = dialect.read(body, request(tools=(LOAD,)), 1.0)
    except CallError as failure:
        assert failure.kind == "bad_response"
    else:
        turn = Turn("assistant", answer.text, answer.tool_calls, reasoning=answer.reasoning, raw=answer.raw)
        sent_back = dialect.body(model_at("http://127.0.0.1:9"), "m", request(USER, turn, USER, tools=(LOAD,)))
        assert sent_back["messages"][-1]["role"] == "user"
        json.dumps(sent_back, ensure_ascii=False).encode()
