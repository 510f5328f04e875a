"""Chat Completions over a real server: what goes over the wire, what comes back, and shapes that nobody promised."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.endpoints.openai_chat import OpenAIChat
from clinseek_assets.models.messages import Turn
from clinseek_assets.records.tools.specs import Picture
from clinseek_assets_tests.models.cases import chat_model
from clinseek_assets_tests.models.endpoints.asking import FINISH, LOAD, USER, ask, request, sends
from clinseek_assets_tests.models.loopback import chat, serving

PATIENCE = {"attempts": 1}


def called(name: str, arguments: Any, call_id: Any = "c1") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def answered(folder: Path, body: Any, **more: Any) -> Completion:
    with serving(sends(body)) as endpoint:
        return ask(folder, chat_model(endpoint.url, patience=PATIENCE), request(**more))


def sent(folder: Path, *turns: Turn, model: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The body that reaches the server."""
    with serving(chat("yes")) as endpoint:
        ask(folder, chat_model(endpoint.url, **(model or {})), request(*turns, **more))
    (body,) = endpoint.requests
    return body


def choice(message: dict[str, Any], finish: Any = "stop", **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": finish}], **more}


def test_a_plain_prompt_and_only_what_the_registry_says(tmp_path: Path) -> None:
    assert sent(tmp_path, Turn("system", "Be brief."), USER) == {
        "model": "served-model",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Will it happen?"}],
        "stream": False,
        "temperature": 0.0,
        "max_tokens": 16384,
    }


def test_sampling_and_extra_body_have_the_last_word(tmp_path: Path) -> None:
    sampling = {
        "temperature": None,
        "top_p": 0.9,
        "seed": 7,
        "max_tokens": 50,
        "extra_body": {"max_tokens": 40, "chat_template_kwargs": {"enable_thinking": False}},
    }
    body = sent(tmp_path, model={"sampling": sampling})
    assert "temperature" not in body
    assert (body["top_p"], body["seed"], body["max_tokens"]) == (0.9, 7, 40)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


@pytest.mark.parametrize(("asked", "most"), [(None, 50), (20, 20), (80, 50)])
def test_a_request_may_want_a_shorter_answer_but_no_longer_one(asked: int | None, most: int, tmp_path: Path) -> None:
    assert sent(tmp_path, model={"sampling": {"max_tokens": 50}}, max_tokens=asked)["max_tokens"] == most


def test_the_path_the_key_and_the_address_of_a_url_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_OF_A_TEST", "secret")
    with serving(chat("yes")) as endpoint:
        ask(tmp_path, chat_model(f"{endpoint.url}/v1/chat/completions", api_key_env="KEY_OF_A_TEST"))
    assert endpoint.paths == ["/v1/chat/completions"]
    headers = {name.lower(): value for name, value in endpoint.headers[0].items()}
    assert (headers["authorization"], headers["content-type"]) == ("Bearer secret", "application/json")


def test_tools_go_with_names_that_the_api_allows_and_come_back_with_their_own(tmp_path: Path) -> None:
    reply = chat(None, "tool_calls", tool_calls=[called("ehr_load_ehr", '{"subject_id": "7"}')])
    with serving(reply) as endpoint:
        answer = ask(tmp_path, chat_model(endpoint.url), request(tools=(LOAD, FINISH)))
    (body,) = endpoint.requests
    assert [tool["function"]["name"] for tool in body["tools"]] == ["ehr_load_ehr", "ehr_finish"]
    assert body["tools"][0] == {
        "type": "function",
        "function": {"name": "ehr_load_ehr", "description": "Loads.", "parameters": dict(LOAD.parameters)},
    }
    assert body["tool_choice"] == "auto"
    assert answer.tool_calls == (ToolCall("c1", "ehr.load_ehr", '{"subject_id": "7"}'),)
    assert (answer.text, answer.finish_reason) == ("", "tool_calls")


def test_a_call_that_has_to_be_made(tmp_path: Path) -> None:
    body = sent(tmp_path, tools=(LOAD, FINISH), must_call="ehr.finish")
    assert body["tool_choice"] == {"type": "function", "function": {"name": "ehr_finish"}}


def test_parallel_calls_and_names_that_nobody_offered_stay_as_they_are(tmp_path: Path) -> None:
    calls = [called("ehr_load_ehr", "{}", "a"), called("ehr_finish", "{broken", "b"), called("made_up", "{}", "c")]
    answer = answered(tmp_path, choice({"content": "", "tool_calls": calls}, "tool_calls"), tools=(LOAD, FINISH))
    assert answer.tool_calls == (
        ToolCall("a", "ehr.load_ehr", "{}"),
        ToolCall("b", "ehr.finish", "{broken"),
        ToolCall("c", "made_up", "{}"),
    )


@pytest.mark.parametrize(("arguments", "read"), [({"subject_id": "é"}, '{"subject_id": "é"}'), (None, "{}")])
def test_arguments_that_a_server_has_parsed_or_left_out(arguments: Any, read: str, tmp_path: Path) -> None:
    answer = answered(tmp_path, choice({"tool_calls": [called("ehr_load_ehr", arguments, None)]}), tools=(LOAD,))
    assert answer.tool_calls == (ToolCall("", "ehr.load_ehr", read),)


def test_an_exchange_goes_back_with_its_calls_results_and_thinking(tmp_path: Path) -> None:
    made = (ToolCall("a", "ehr.load_ehr", '{"subject_id":"7"}'), ToolCall("b", "ehr.finish", "{broken"))
    turns = [
        USER,
        Turn("assistant", "", tool_calls=made, reasoning="Let me see."),
        Turn("tool", "14 tables", call_id="a"),
        Turn("tool", "No JSON.", call_id="b", failed=True),
        Turn("assistant", "Hm."),
    ]
    first, second, *results, last = sent(tmp_path, *turns, tools=(LOAD, FINISH))["messages"]
    assert first == {"role": "user", "content": "Will it happen?"}
    assert second["content"] == "" and second["reasoning_content"] == "Let me see."
    # A server parses what it gets back: arguments that are no JSON would fail every later request.
    assert second["tool_calls"] == [
        called("ehr_load_ehr", '{"subject_id":"7"}', "a"),
        called("ehr_finish", "{}", "b"),
    ]
    assert results == [
        {"role": "tool", "tool_call_id": "a", "content": "14 tables"},
        {"role": "tool", "tool_call_id": "b", "content": "No JSON."},
    ]
    assert last == {"role": "assistant", "content": "Hm."}


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_thinking_goes_back_under_the_name_that_it_came_under(key: str, tmp_path: Path) -> None:
    answer = answered(tmp_path / "first", choice({"content": "yes", key: "because"}))
    assert (answer.text, answer.reasoning) == ("yes", "because")
    again = Turn("assistant", answer.text, reasoning=answer.reasoning, raw=answer.raw)
    message = sent(tmp_path / "second", USER, again, USER)["messages"][1]
    assert message == {"role": "assistant", "content": "yes", key: "because"}


def test_images_follow_the_text_each_after_its_caption(tmp_path: Path) -> None:
    png, jpeg = b"\x89PNG\r\n", b"\xff\xd8\xff"
    pictures = (Picture(png, "Image 1 of 2"), Picture(jpeg, "Image 2 of 2"))
    (message,) = sent(tmp_path, Turn("user", "Look.", images=pictures))["messages"]
    text, first, one, second, other = message["content"]
    assert [part["text"] for part in (text, first, second)] == ["Look.", "Image 1 of 2", "Image 2 of 2"]
    assert one["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(png).decode()
    assert other["image_url"]["url"] == "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


@pytest.mark.parametrize(
    ("content", "text"),
    [("yes", "yes"), (None, ""), ([{"type": "text", "text": "ye"}, {"type": "text", "text": "s"}, 3], "yes"), (7, "")],
)
def test_content_is_a_text_parts_or_nothing(content: Any, text: str, tmp_path: Path) -> None:
    assert answered(tmp_path, choice({"role": "assistant", "content": content})).text == text


def test_half_a_surrogate_pair_is_made_whole(tmp_path: Path) -> None:
    answer = answered(tmp_path, choice({"content": "cut \ud83d", "reasoning": "\ud83d"}))
    assert answer.text.startswith("cut ") and answer.text.encode() and answer.reasoning.encode()


@pytest.mark.parametrize(
    ("said", "kept", "refused"),
    [
        ("stop", "stop", False),
        ("length", "length", False),
        ("max_tokens", "length", False),
        ("tool_use", "tool_calls", False),
        ("function_call", "tool_calls", False),
        ("eos", "stop", False),
        ("content_filter", "content_filter", True),
        (None, None, False),
        (3, None, False),
    ],
)
def test_why_it_ended(said: Any, kept: str | None, refused: bool, tmp_path: Path) -> None:
    answer = answered(tmp_path, choice({"content": "yes"}, said))
    assert (answer.finish_reason, answer.refused) == (kept, refused)
    assert answer.truncated == (kept == "length")


def test_a_refusal_in_the_message(tmp_path: Path) -> None:
    assert answered(tmp_path, choice({"content": None, "refusal": "I cannot."})).refused


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5}}, (9, 3, 5)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "prompt_cache_hit_tokens": 4}, (9, 3, 4)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": None}, (9, 3, None)),
        ({"prompt_tokens": "9", "completion_tokens": -1, "prompt_tokens_details": {}}, (None, None, None)),
        ({"prompt_tokens": True, "completion_tokens": 2**63}, (None, None, None)),
        (None, (None, None, None)),
        ("many", (None, None, None)),
    ],
)
def test_usage(usage: Any, counts: tuple[int | None, ...], tmp_path: Path) -> None:
    answer = answered(tmp_path, choice({"content": "yes"}, usage=usage))
    assert (answer.prompt_tokens, answer.completion_tokens, answer.cached_tokens) == counts


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "yes",
        {"choices": []},
        {"choices": None},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": [{"message": "yes"}]},
        {"choices": [None]},
        {"error": {"message": "overloaded"}},
        choice({"tool_calls": [None]}),
        choice({"tool_calls": [{"id": "a"}]}),
        choice({"tool_calls": [{"function": "load"}]}),
        choice({"content": "half"}, "abort"),
        choice({"content": "half"}, "error"),
    ],
)
def test_other_shapes_are_no_answers(body: Any, tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"^bad_response$"):
        answered(tmp_path, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "content": JSON,
        "reasoning": JSON,
        "refusal": JSON,
        "tool_calls": JSON | st.lists(st.fixed_dictionaries({"id": JSON, "function": JSON}), max_size=2)
        | st.lists(st.builds(lambda name, given: {"function": {"name": name, "arguments": given}}, JSON, JSON)),
    },
)  # fmt: skip


@given(st.builds(lambda message, finish, usage: choice(message, finish, usage=usage), MESSAGES | JSON, JSON, JSON))
def test_whatever_comes_it_is_a_completion_or_a_bad_response(body: Any) -> None:
    try:
        answer = OpenAIChat().read(body, request(tools=(LOAD,)), 1.0)
    except CallError as failure:
        assert failure.kind == "bad_response"
    else:
        json.dumps([answer.text, answer.reasoning, answer.finish_reason], ensure_ascii=False).encode()
        for call in answer.tool_calls:
            assert call.name and (call.name + call.arguments).encode()
