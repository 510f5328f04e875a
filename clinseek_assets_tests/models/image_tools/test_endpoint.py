"""Image tools behind an endpoint: a real server on loopback, asked as the contract says."""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.imaging.tools.engines import Reading, Unavailable
from clinseek_assets.imaging.tools.names import CLASSIFIER, GROUNDING, MODEL_TOOLS
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models import json_posts
from clinseek_assets.models.image_tools.configured import configured_engines
from clinseek_assets.models.image_tools.endpoint import ImageToolEndpoint
from clinseek_assets.models.registry import Attestation, Endpoint
from clinseek_assets_tests.models.loopback import Endpoint as Server
from clinseek_assets_tests.models.loopback import cut_short, not_json, send_json, serving

IMAGE = b"\xff\xd8 a film \xff\xd9"
ATTESTED = Attestation(location="local", retention="none", training=False, human_review=False, date=date(2026, 1, 31))
TOOLS = ("chest_xray_classifier", "xray_phrase_grounding")


def answers(body: Any, status: int = 200, **headers: str) -> Any:
    return lambda handler, _: send_json(handler, body, status, **headers)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_posts, "PAUSE_SECONDS", 0.0)


@dataclass
class Asked:
    """An endpoint over a scripted server, and what its ledger was told: bytes, question, requests until then."""

    server: Server
    kept: Path
    sent: list[tuple[int, str, int]] = field(default_factory=list)

    def endpoint(self, *, data_class: DataClass = "open", **entry: Any) -> ImageToolEndpoint:
        told = {"name": "tools", "kind": "image_tool", "url": f"{self.server.url}/tools", "tools": TOOLS, **entry}
        return ImageToolEndpoint(Endpoint(**told), data_class=data_class, kept=self.kept, leaving=self.leaving)

    def leaving(self, size: int, qid: str) -> None:
        self.sent.append((size, qid, len(self.server.requests)))


@pytest.fixture
def asked(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Asked]:
    with serving(*getattr(request, "param", [answers({"output": {"Edema": 0.7}, "model": "v1"})])) as server:
        yield Asked(server, tmp_path / "private" / "kept.sqlite")


def test_the_contract_is_kept_to(asked: Asked) -> None:
    endpoint = asked.endpoint()
    assert endpoint.tools == {CLASSIFIER, GROUNDING}
    reading = endpoint.read(GROUNDING, IMAGE, {"phrase": "effusion", "max_new_tokens": 50}, "h")
    assert reading == Reading({"Edema": 0.7})
    assert asked.server.requests == [
        {
            "tool": "xray_phrase_grounding",
            "image": base64.b64encode(IMAGE).decode(),
            "arguments": {"phrase": "effusion", "max_new_tokens": 50},
        }
    ]


@pytest.mark.parametrize(
    "asked", [[answers({"output": [], "picture": base64.b64encode(b"PNG").decode()})]], indirect=True
)
def test_a_picture_comes_along(asked: Asked) -> None:
    assert asked.endpoint().read(CLASSIFIER, IMAGE, {}, "h") == Reading([], b"PNG")


def test_every_image_is_in_the_ledger_before_it_is_sent_and_asked_about_once(asked: Asked) -> None:
    for _ in range(2):
        asked.endpoint().read(CLASSIFIER, IMAGE, {}, "h")
    ((size, qid, before),) = asked.sent
    assert (qid, before) == ("h", 0) and size > len(IMAGE)
    assert len(asked.server.requests) == 1
    asked.endpoint().read(CLASSIFIER, IMAGE + b"2", {}, "h")
    asked.endpoint().read(GROUNDING, IMAGE, {"phrase": "a"}, "h")
    asked.endpoint().read(GROUNDING, IMAGE, {"phrase": "b"}, "h")
    assert len(asked.server.requests) == len(asked.sent) == 4
    assert stat.S_IMODE(asked.kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("asked", [[answers({}, 503), answers({}, 429), answers({"output": 1})]], indirect=True)
def test_a_busy_endpoint_is_asked_again_and_each_attempt_told(asked: Asked) -> None:
    assert asked.endpoint().read(CLASSIFIER, IMAGE, {}, "h").output == 1
    assert len(asked.sent) == len(asked.server.requests) == 3


BROKEN = [
    (answers({}, 500), 3),
    (answers({}, 403), 1),
    (answers({}, 302, Location="http://127.0.0.1:1/"), 1),
    (cut_short, 3),
    (not_json, 1),
    (answers([]), 1),
    (answers({"picture": None}), 1),
    (answers({"output": 1, "picture": "§"}), 1),
    (answers({"output": 1, "picture": 7}), 1),
]


@pytest.mark.parametrize(("asked", "attempts"), [([reply], times) for reply, times in BROKEN], indirect=["asked"])
def test_what_is_no_answer_is_told_and_not_kept(asked: Asked, attempts: int) -> None:
    endpoint = asked.endpoint()
    for times in (1, 2):
        with pytest.raises(Unavailable):
            endpoint.read(CLASSIFIER, IMAGE, {}, "h")
        assert len(asked.server.requests) == times * attempts


def test_an_endpoint_that_is_down_is_told(asked: Asked) -> None:
    with pytest.raises(Unavailable, match="did not answer"):
        asked.endpoint(url="http://127.0.0.1:9/tools").read(CLASSIFIER, IMAGE, {}, "h")


def test_the_key_goes_along_where_there_is_one(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLS_KEY", "k-1")
    asked.endpoint(api_key_env="TOOLS_KEY").read(CLASSIFIER, IMAGE, {}, "h")
    assert asked.server.headers[0]["Authorization"] == "Bearer k-1"


def test_credentialed_images_never_meet_an_unattested_endpoint(asked: Asked) -> None:
    with pytest.raises(EndpointFault, match="the image tools' endpoint 'tools': it has no attestation"):
        asked.endpoint(data_class="credentialed")
    assert asked.server.requests == [] and not asked.kept.exists()
    asked.endpoint(data_class="credentialed", attestation=ATTESTED).read(CLASSIFIER, IMAGE, {}, "h")
    assert len(asked.server.requests) == 1


def test_what_the_ledger_refuses_is_not_sent(asked: Asked) -> None:
    def full(size: int, qid: str) -> None:
        raise EndpointFault("The ledger cannot be written.")

    entry = Endpoint(name="tools", kind="image_tool", url=f"{asked.server.url}/t", tools=TOOLS)
    with pytest.raises(EndpointFault):
        ImageToolEndpoint(entry, data_class="open", kept=asked.kept, leaving=full).read(CLASSIFIER, IMAGE, {}, "h")
    assert asked.server.requests == []


def test_engines_are_those_of_the_registry_each_with_its_own_notes(asked: Asked) -> None:
    entries = [
        Endpoint(name="a", kind="image_tool", url=f"{asked.server.url}/a", tools=("chest_xray_classifier",)),
        Endpoint(name="search", kind="search", url=f"{asked.server.url}/s"),
        Endpoint(name="b", kind="image_tool", url=f"{asked.server.url}/b", tools=TOOLS),
    ]
    noted: list[str] = []
    engines = configured_engines(
        entries,
        folder=asked.kept.parent,
        data_class="open",
        leaving=lambda entry: lambda size, qid: noted.append(entry.name),
    )
    assert [engine.tools for engine in engines] == [{CLASSIFIER}, {CLASSIFIER, GROUNDING}]
    assert len({engine.version for engine in engines}) == 2
    for engine in engines:
        engine.read(CLASSIFIER, IMAGE, {}, "h")
    assert noted == ["a", "b"] and asked.server.paths == ["/a", "/b"]


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "image_tool", "url": "http://a/"},
        {"kind": "image_tool", "url": "http://a/", "tools": ["image_visualizer"]},
        {"kind": "image_tool", "url": "http://a/", "tools": ["chest_xray_classifier"] * 2},
        {"kind": "image_tool", "tools": ["chest_xray_classifier"]},
        {"kind": "search", "url": "http://a/", "tools": ["chest_xray_classifier"]},
    ],
)
def test_an_entry_says_which_tools_it_runs(entry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"tools|url"):
        Endpoint(name="tools", **entry)
    whole = [name.removeprefix("image.") for name in MODEL_TOOLS]
    assert Endpoint(name="t", kind="image_tool", url="http://a/", tools=whole).tools == tuple(whole)
