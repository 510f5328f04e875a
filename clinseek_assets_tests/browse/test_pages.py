"""The pages over finished homes: from a cell to the answers behind it."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

from starlette.testclient import TestClient

from clinseek_assets.browse.app import application
from clinseek_assets.browse.library import Library
from clinseek_assets.models.agent.exchange import CallSaid, Step
from clinseek_assets.models.answer_book import AnswerBook, Kept
from clinseek_assets.models.answered import Answered
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets_tests.browse.conftest import library_over

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)> & "quoted"'


def client_of(library: Library) -> TestClient:
    return TestClient(application(library))


def links(page: str, within: str) -> list[str]:
    """The addresses of a page that hold some text."""
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', page) if within in link]


def words(page: str) -> str:
    """What a reader sees of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@contextmanager
def kept(library: Library, model: str, arm: str, row: int, answered: Answered, *steps: Step) -> Iterator[AnswerBook]:
    """A journal in which an answer is kept; it is open meanwhile, as in a run that goes on."""
    question = library.question("text", row)
    with Journal(library.home.layout.journal("text", arm, model)) as journal:
        book = AnswerBook(journal)
        place = (of_text(question.qid), 1)
        book.keep(place, Kept({"run": "1"}, answered), steps)
        asyncio.run(
            journal.record("a key", Completion("", "", None, False, None, None, 0.0))
        )  # what was written before it is safe now, too
        yield book


def test_a_cell_leads_to_its_questions_and_a_question_to_its_exchange(text_library: Library):
    client = client_of(text_library)
    cells = client.get("/").text
    to_list = links(cells, "model=evidence_counts&amp;arm=seeking")[0]
    questions = client.get(to_list).text
    to_question = links(questions, "/question/text/")
    assert to_question
    row = int(re.search(r"/question/text/(\d+)", to_question[0])[1])
    question = text_library.question("text", row)
    shown = words(client.get(to_question[0]).text)
    assert question.qid in shown and ", ".join(question.gold) in shown
    assert all(arm in shown for arm in ("curated", "curated_strict", "seeking", "seeking_compat"))
    for name in ("floor/always_no", "evidence_counts"):
        assert name in shown


def test_calls_of_tools_are_folded_with_their_arguments_and_results(text_library: Library):
    row = text_library.answers()["row_number"][0]
    page = client_of(text_library).get(f"/question/text/{row}?model=evidence_counts").text
    calls = re.findall(r'<details class="call">.*?</details>', page, re.DOTALL)
    assert len(calls) > 4 and all("<h5>arguments</h5>" in call and "<h5>result</h5>" in call for call in calls)
    assert any("ehr.run_sql_query" in call and "SELECT" in call for call in calls)
    assert not re.search(r"<details[^>]* open", page)


def test_the_filters_of_a_list_hold_for_its_answers_and_for_the_next_question(text_library: Library):
    client = client_of(text_library)
    query = "split=text&model=floor%2Falways_no&arm=curated&score=wrong"
    wrong = text_library.answers().filter(model="floor/always_no", arm="curated", f1=0.0)
    page = client.get(f"/questions?{query}").text
    rows = [int(row) for row in re.findall(r"/question/text/(\d+)", page)]
    assert sorted(rows) == sorted(wrong["row_number"]) and len(rows) > 1
    first = client.get(f"/question/text/{rows[0]}?{query}").text
    assert f"/question/text/{rows[1]}?{query}" in unescape(first) and "previous question" not in first
    last = client.get(f"/question/text/{rows[-1]}?{query}").text
    assert "next question" not in last and "previous question" in last


def test_pictures_of_a_question_are_shown_from_their_prepared_copies(seeing_library: Library):
    client = client_of(seeing_library)
    question = next(each for each in seeing_library.questions()["multimodal"] if each.image_paths)
    page = client.get(f"/question/multimodal/{question.row_number}?model=evidence_counts").text
    addresses = set(re.findall(r'src="(/picture/[0-9a-f]{64}\.jpg)"', page))
    assert addresses and "Image 1 of" in page
    for address in addresses:
        picture = client.get(address)
        assert picture.headers["content-type"] == "image/jpeg" and picture.content[:2] == b"\xff\xd8"


def test_a_picture_that_was_not_prepared_is_named_without_being_made(
    multimodal_home: Path, multimodal_release: Path, tmp_path: Path
):
    shutil.copytree(multimodal_home / "assets", tmp_path / "assets")
    library = library_over(tmp_path, multimodal_release)
    question = next(each for each in library.questions()["multimodal"] if each.image_paths)
    page = client_of(library).get(f"/question/multimodal/{question.row_number}").text
    assert "no copy was prepared yet" in page and "<img" not in page
    assert not library.home.layout.prepared_images.exists()


def test_looking_changes_nothing_in_the_home(text_library: Library, finished_home: Path):
    def state() -> dict[str, tuple[int, int]]:
        found = {path: path.stat() for path in finished_home.rglob("*")}
        return {str(path): (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}

    before = state()
    client = client_of(text_library)
    row = text_library.answers()["row_number"][0]
    for address in ("/", "/questions", f"/question/text/{row}?model=evidence_counts"):
        assert client.get(address).status_code == 200
    assert state() == before


def test_what_a_model_or_a_record_says_is_text_and_nothing_else(unanswered: Library):
    steps = (
        Step("user", HOSTILE),
        Step("assistant", HOSTILE, reasoning=HOSTILE, calls=(CallSaid("c1", HOSTILE, HOSTILE),)),
        Step("tool", HOSTILE, call_id="c1", problem=HOSTILE),
        Step("tool", HOSTILE, call_id="of nobody"),
        Step("note", HOSTILE),
    )
    with kept(unanswered, "evidence_counts", "seeking", 1, Answered(Outcome.FINISHED, (HOSTILE,)), *steps):
        page = client_of(unanswered).get("/question/text/1").text
    assert "<script" not in page and "<img" not in page
    assert page.count("&lt;script&gt;") >= 8
    hostile = client_of(unanswered).get("/questions", params={"model": HOSTILE, "subtask": HOSTILE}).text
    assert "<script" not in hostile and "No answer fits" in hostile


def test_answers_of_a_run_that_goes_on_are_there_before_its_partition_is(unanswered: Library):
    client = client_of(unanswered)
    assert "Nobody was asked anything" in client.get("/").text
    with kept(
        unanswered, "floor/always_no", "seeking", 2, Answered(Outcome.TRUNCATED), Step("user", "What comes next?")
    ):
        (answer,) = unanswered.answers().to_dicts()
        assert (answer["model"], answer["arm"], answer["row_number"]) == ("floor/always_no", "seeking", 2)
        assert (answer["outcome"], answer["f1"]) == ("truncated", None)
        page = words(client.get("/question/text/2").text)
        assert "only in the journal" in page and "What comes next?" in page
    assert len(unanswered.answers()) == 1  # and after its end


def test_without_answers_or_questions_the_page_says_what_to_do(unanswered: Library, tiny_release: Path, tmp_path: Path):
    answer = client_of(unanswered).get("/questions")
    assert answer.status_code == 409 and "clinseek evaluate --model MODEL" in answer.text
    nothing = client_of(library_over(tmp_path / "empty", tiny_release)).get("/")
    assert nothing.status_code == 404 and "clinseek demo" in nothing.text
    assert not (tmp_path / "empty").exists()


def test_a_damaged_file_is_a_reason_without_its_content(finished_home: Path, tiny_release: Path, tmp_path: Path):
    for folder in ("manifests", "predictions"):
        shutil.copytree(finished_home / "assets" / folder, tmp_path / "assets" / folder)
    library = library_over(tmp_path, tiny_release)
    assert library.answers()["f1"].null_count() == len(library.answers())  # no scores were copied
    next(tmp_path.glob("assets/predictions/text/curated/*/*.parquet")).write_bytes(b"PAR1 secret PAR1")
    answer = client_of(library).get("/")
    assert answer.status_code == 409 and "cannot be read" in answer.text and "secret" not in answer.text
