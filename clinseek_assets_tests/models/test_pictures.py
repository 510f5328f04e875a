"""Pictures on the wire: a server on loopback gets the right ones, in order, with captions; a text-only model none."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image, ImageChops, ImageStat

from clinseek_assets.contexts.multimodal_prompts import ANSWER_TRAILER
from clinseek_assets.models.answer_book import AnswerBook
from clinseek_assets.models.curated_arm import answer_curated
from clinseek_assets.models.endpoints import patience
from clinseek_assets.models.identities import MEANINGS
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.registry import Model
from clinseek_assets.models.seeking_arm import answer_seeking
from clinseek_assets.storage import fingerprint
from clinseek_assets_tests.models.cases import chat_model, keeping_in
from clinseek_assets_tests.models.loopback import Reply, chat, send_json, serving
from clinseek_assets_tests.models.xrays import asked, contexts_for, drawn, links_of, shelf_of, tools_over

TWO = asked(images=2)
CAPTIONS = [
    "Image 1 of 2: study 50000001, 2150-01-01 10:00:00",
    "Image 2 of 2: study 50000002, 2150-01-02 10:00:00",
]
DIALECTS = ("openai_chat", "anthropic_messages")
VISUALIZER = "image_image_visualizer"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.005)


def model_at(url: str, dialect: str, **changes: Any) -> Model:
    return chat_model(url, dialect=dialect, **{"vision": True, **changes})


def replying(dialect: str, text: str = "", *calls: tuple[str, dict[str, Any]]) -> Reply:
    """A turn of a model in either dialect."""
    if dialect == "openai_chat":
        made = [
            {"id": f"c{place}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
            for place, (name, given) in enumerate(calls)
        ]
        return chat(text or None, "tool_calls" if calls else "stop", **({"tool_calls": made} if made else {}))
    content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    content += [
        {"type": "tool_use", "id": f"c{place}", "name": name, "input": given}
        for place, (name, given) in enumerate(calls)
    ]
    usage = {"input_tokens": 11, "output_tokens": 7}
    stop = "tool_use" if calls else "end_turn"
    return lambda handler, _: send_json(handler, {"content": content, "stop_reason": stop, "usage": usage})


def in_turn(*turns: Reply) -> Reply:
    """A model that takes these turns in each exchange."""

    def reply(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        said = sum(message["role"] == "assistant" for message in body["messages"])
        turns[min(said, len(turns) - 1)](handler, body)

    return reply


def parts_of(message: dict[str, Any]) -> list[str | Image.Image]:
    """A message's content, in its order: texts, and images as they decode."""
    content = message["content"]
    if isinstance(content, str):
        return [content]
    return [part for block in content for part in _read(block)]


def _read(block: dict[str, Any]) -> list[str | Image.Image]:
    if block["type"] == "text":
        return [block["text"]]
    if block["type"] == "tool_result":
        return [f"RESULT {block.get('content', '')}"]
    data = block["source"]["data"] if block["type"] == "image" else block["image_url"]["url"].split("base64,")[1]
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    image.load()
    return [image]


def looks_like(image: str | Image.Image, other: Image.Image) -> bool:
    """Whether two images are the same but for what JPEG takes away."""
    assert isinstance(image, Image.Image)
    same = image.size == other.size
    return same and ImageStat.Stat(ImageChops.difference(image.convert("L"), other.convert("L"))).mean[0] < 6


def images_sent(bodies: list[dict[str, Any]]) -> int:
    return sum(str(body).count("base64,") + str(body).count("'type': 'base64'") for body in bodies)


def curated(model: Model, folder: Path, questions: Any = (TWO,), **more: Any) -> pd.DataFrame:
    usual = {"keeping": keeping_in(folder), "priors": None, "data_class": "open"}
    return answer_curated(model, list(questions), contexts_for(questions), **{**usual, **more})


def seeking(model: Model, folder: Path, questions: Any = (TWO,), **more: Any) -> pd.DataFrame:
    usual = {"arm": "seeking", "keeping": keeping_in(folder), "priors": None, "data_class": "open"}
    return answer_seeking(model, list(questions), **{**usual, **more})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_curated_request_shows_text_then_each_picture_after_its_caption(dialect: str, tmp_path: Path) -> None:
    with serving(replying(dialect, "I see.\n<answer>\nyes\n</answer>")) as endpoint:
        frame = curated(model_at(endpoint.url, dialect), tmp_path, pictures=shelf_of(tmp_path, [TWO]))
    (body,) = endpoint.requests
    (message,) = body["messages"]
    text, first, one, second, other = parts_of(message)
    assert "system" not in body and message["role"] == "user"
    assert text == contexts_for([TWO])["context"].item() + ANSWER_TRAILER
    assert [first, second] == CAPTIONS
    assert looks_like(one, drawn(1)) and looks_like(other, drawn(2))
    assert (frame["outcome"].item(), frame["answer"].item()) == ("finished", ["yes"])
    assert "GOLD" not in str(body)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("native", [True, False], ids=["native tools", "tools in the prompt"])
def test_a_seeking_exchange_shows_the_questions_pictures_and_those_of_tools(
    dialect: str, native: bool, tmp_path: Path
) -> None:
    looks = [
        ("ehr_load_ehr", {"subject_id": "1"}),
        (VISUALIZER, {"image_path": "2", "cmap": "gray"}),
        (VISUALIZER, {"image_path": "1"}),
    ]
    finish = ("ehr_finish", {"response": ["yes"]})
    if native:
        turns = [replying(dialect, "", *looks), replying(dialect, "", finish)]
    else:
        written = [json.dumps({"name": name, "arguments": given}) for name, given in (*looks, finish)]
        blocks = [f"<tool_call>\n{call}\n</tool_call>" for call in written]
        turns = [replying(dialect, "\n".join(blocks[:3])), replying(dialect, blocks[3])]
    shelf = shelf_of(tmp_path, [TWO], (400, 300))
    with serving(in_turn(*turns)) as endpoint:
        model = model_at(endpoint.url, dialect, native_tools=native)
        frame = seeking(model, tmp_path, tools=tools_over(shelf), pictures=shelf)
    assert (frame["outcome"].item(), frame["answer"].item(), frame["rounds"].item()) == ("finished", ["yes"], 2)
    first, last = endpoint.requests
    (opening,) = [message for message in first["messages"] if message["role"] == "user"]
    text, *shown = parts_of(opening)
    assert isinstance(text, str) and TWO.question in text and "Images: 2 attached" in text
    assert shown[0::2] == CAPTIONS
    assert looks_like(shown[1], drawn(1, (400, 300))) and looks_like(shown[3], drawn(2, (400, 300)))
    later = [part for message in last["messages"] if message["role"] in ("user", "tool") for part in parts_of(message)]
    made = later[-4:]
    assert str(made[0]).startswith(CAPTIONS[1]) and str(made[2]).startswith(CAPTIONS[0])
    assert made[1].size[0] > 100 and made[3].size[0] > 100  # type: ignore[union-attr]
    results = [place for place, part in enumerate(later) if isinstance(part, str) and "Shown next" in part]
    assert results and max(results) < len(later) - 4  # all results come before the pictures
    assert images_sent([last]) == 4 and "GOLD" not in str(endpoint.requests)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_model_without_vision_gets_no_picture_and_runs(dialect: str, tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, [TWO])
    with serving(replying(dialect, "<answer>\nno\n</answer>")) as endpoint:
        shown = curated(model_at(endpoint.url, dialect, vision=False), tmp_path / "c", pictures=shelf)
        sought = seeking(
            model_at(endpoint.url, dialect, vision=False), tmp_path / "s", tools=tools_over(shelf), pictures=shelf
        )
    assert images_sent(endpoint.requests) == 0
    for body in endpoint.requests:
        assert "2 images belong to this question. They cannot be shown to you" in str(body)
    assert "image_visualizer" not in str(endpoint.requests)
    assert (shown["outcome"].item(), sought["outcome"].item()) == ("finished", "salvaged")


def test_a_model_without_vision_reads_a_tools_words_instead_of_its_picture(tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, [TWO])
    hidden = replying("openai_chat", "", (VISUALIZER, {"image_path": "1"}))
    finish = replying("openai_chat", "", ("ehr_finish", {"response": ["no"]}))
    with serving(in_turn(hidden, finish)) as endpoint:
        frame = seeking(chat_model(endpoint.url), tmp_path, tools=tools_over(shelf, seeing=True), pictures=shelf)
    assert frame["answer"].item() == ["no"]
    assert "There is no tool" in str(endpoint.requests[-1]) and images_sent(endpoint.requests) == 0


def test_more_than_four_images_are_cut_with_a_word(tmp_path: Path) -> None:
    six = asked(images=6)
    shelf = shelf_of(tmp_path, [six])
    with serving(replying("openai_chat", "<answer>\nno\n</answer>")) as endpoint:
        curated(model_at(endpoint.url, "openai_chat"), tmp_path / "c", [six], pictures=shelf)
        seeking(model_at(endpoint.url, "openai_chat"), tmp_path / "s", [six], tools=tools_over(shelf), pictures=shelf)
    for body in endpoint.requests:
        assert images_sent([body]) == 4
        assert "2 more linked images are not shown" in str(body)


@pytest.mark.parametrize("arm", ["curated", "seeking"])
def test_records_of_an_exchange_hold_hashes_and_captions_but_no_pixels(arm: str, tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, [TWO])
    look = replying("openai_chat", "", (VISUALIZER, {"image_path": "1"}))
    finish = replying("openai_chat", "<answer>\nyes\n</answer>")
    with serving(in_turn(look, finish) if arm == "seeking" else finish) as endpoint:
        model = model_at(endpoint.url, "openai_chat")
        if arm == "curated":
            frame = curated(model, tmp_path, pictures=shelf)
        else:
            frame = seeking(model, tmp_path, tools=tools_over(shelf), pictures=shelf)
    place = (fingerprint.of_text(TWO.qid), 1)
    with Journal(keeping_in(tmp_path).journal) as journal:
        book = AnswerBook(journal)
        steps, kept = book.steps(place), book.one(place)
        exchange = json.dumps(journal.exchange(*place))
    shown = [picture for step in steps for picture in step.pictures]
    assert [picture.caption for picture in shown[:2]] == CAPTIONS
    assert [picture.sha256 for picture in shown[:2]] == [picture.sha256 for picture in shelf.of(TWO).pictures]
    assert len(shown) == (2 if arm == "curated" else 3)
    assert len(exchange) < 20_000 and "base64" not in exchange
    assert kept is not None and set(kept.parts) <= set(MEANINGS)
    assert (kept.parts["vision"], {"pictures", "question"} <= kept.parts.keys()) == ("yes", True)
    assert frame["identity"].notna().all()
    for file in tmp_path.glob("*.sqlite"):
        with sqlite3.connect(file) as database:
            assert not any("/9j/" in str(row) for row in database.iterdump())  # how a JPEG begins in base64


@pytest.mark.parametrize("arm", ["curated", "seeking"])
def test_what_is_kept_is_taken_again_until_a_picture_changes(arm: str, tmp_path: Path) -> None:
    links = links_of(tmp_path, [TWO])
    with serving(replying("openai_chat", "<answer>\nyes\n</answer>")) as endpoint:

        def run(shelf: Any, **model: Any) -> pd.DataFrame:
            asking = model_at(endpoint.url, "openai_chat", **model)
            if arm == "curated":
                return curated(asking, tmp_path, pictures=shelf)
            return seeking(asking, tmp_path, tools=tools_over(shelf), pictures=shelf)

        shelf = shelf_of(tmp_path, [TWO])
        first, again = run(shelf), run(shelf)
        pd.testing.assert_frame_equal(first, again)
        assert len(endpoint.requests) == 1
        drawn(77).save(links["path"][1], "JPEG")
        from clinseek_assets.imaging.pictures import PictureShelf

        other = PictureShelf(
            links.assign(sha256=[fingerprint.of_file(Path(path)) for path in links["path"]]), tmp_path / "copies"
        )
        changed = run(other)
        assert len(endpoint.requests) == 2
        blind = run(other, vision=False)
        assert len(endpoint.requests) == 3
    identities = [frame["identity"].item() for frame in (first, changed, blind)]
    assert len(set(identities)) == 3


def test_forgotten_answers_are_found_call_by_call(tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, [TWO])
    look = replying("openai_chat", "", (VISUALIZER, {"image_path": "1"}))
    finish = replying("openai_chat", "", ("ehr_finish", {"response": ["yes"]}))
    with serving(in_turn(look, finish)) as endpoint:
        model = model_at(endpoint.url, "openai_chat")
        first = seeking(model, tmp_path, tools=tools_over(shelf), pictures=shelf)
        with sqlite3.connect(keeping_in(tmp_path).journal) as journal:
            journal.execute("DELETE FROM identities")
        again = seeking(model, tmp_path, tools=tools_over(shelf), pictures=shelf)
    assert len(endpoint.requests) == 2
    pd.testing.assert_frame_equal(first, again)


@pytest.mark.parametrize("arm", ["curated", "seeking"])
def test_a_question_with_a_bad_image_is_not_run_and_a_model_without_vision_runs_it(arm: str, tmp_path: Path) -> None:
    from clinseek_assets.imaging.pictures import PictureShelf

    good, bad = asked("good"), asked("bad", row_number=2)
    links = links_of(tmp_path, [good, bad])
    links.loc[links["qid"].eq("bad") & links["position"].eq(2), "status"] = "truncated"
    shelf = PictureShelf(links, tmp_path / "copies")
    with serving(replying("openai_chat", "<answer>\nyes\n</answer>")) as endpoint:

        def outcomes(folder: str, **model: Any) -> list[str]:
            asking = model_at(endpoint.url, "openai_chat", **model)
            if arm == "curated":
                frame = curated(asking, tmp_path / folder, [good, bad], pictures=shelf)
            else:
                frame = seeking(asking, tmp_path / folder, [good, bad], tools=tools_over(shelf), pictures=shelf)
            return list(frame["outcome"])

        answered = "finished" if arm == "curated" else "salvaged"
        assert outcomes("seeing") == [answered, "not_run"]
        assert outcomes("unseeing", vision=False) == [answered, answered]


@pytest.mark.parametrize("arm", ["curated", "seeking"])
def test_an_image_that_was_changed_since_it_was_verified_is_never_sent(arm: str, tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, [TWO])
    drawn(5).save(tmp_path / "0-1.jpg", "JPEG")
    with serving() as endpoint:
        model = model_at(endpoint.url, "openai_chat")
        frame = (
            curated(model, tmp_path, pictures=shelf)
            if arm == "curated"
            else seeking(model, tmp_path, tools=tools_over(shelf), pictures=shelf)
        )
    assert (frame["outcome"].item(), frame["error_kind"].item()) == ("not_run", "image_changed")
    assert not endpoint.requests


def test_a_model_with_vision_needs_a_shelf(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs the pictures"):
        curated(model_at("http://127.0.0.1:1", "openai_chat"), tmp_path)


def test_reports_are_shown_where_they_are_switched_on_and_known_by_the_identity(tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, [TWO])
    with serving(replying("openai_chat", "<answer>\nyes\n</answer>")) as endpoint:
        model = model_at(endpoint.url, "openai_chat")
        given = {"tools": tools_over(shelf), "pictures": shelf}
        off = seeking(model, tmp_path, **given)
        on = seeking(model, tmp_path, **given, reports={TWO.qid: ["IMPRESSION: clear lungs."]})
        none = seeking(model, tmp_path, **given, reports={})
    assert ["IMPRESSION: clear lungs." in str(body) for body in endpoint.requests] == [False, True]
    assert len({frame["identity"].item() for frame in (off, on, none)}) == 3


def test_a_budget_reserves_pictures_by_their_size_and_not_by_their_bytes(tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, [TWO], (1500, 1200))
    with serving(replying("openai_chat", "<answer>\nyes\n</answer>")) as endpoint:
        curated(model_at(endpoint.url, "openai_chat", sampling={"max_tokens": 100}), tmp_path, pictures=shelf)
    sent = len(json.dumps(endpoint.requests[0]))
    with sqlite3.connect(keeping_in(tmp_path).ledger) as ledger:
        size, worst = ledger.execute("SELECT bytes, worst_tokens FROM calls").fetchone()
    assert size > 0.9 * sent and size > 100_000
    estimate = 2 * 1500 * 1200 / 750
    assert 2 * estimate < worst < 5 * estimate
