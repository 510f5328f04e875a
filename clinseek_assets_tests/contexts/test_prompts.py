"""The published question layout, and the way back out of it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.prompts import ANSWER_TRAILER, curated_prompt, render_question, timeline_of_question
from clinseek_assets_tests.contexts.patients import at, question

NOW = at(10, 0, 1)
LATEST = at(10)


def rendered(context="## Services [2150-01-01 10:00:00]", **fields):
    given_fields = {
        "instruction": "Which service?", "prediction_time": NOW, "latest_event_time": LATEST,
        "answer_is_list": True, "candidates": ["MED", "SURG"],
    }  # fmt: skip
    return render_question(**(given_fields | fields), context=context)


def test_the_sections_stand_in_the_published_order():
    text = rendered()
    tags = ["task_instruction", "patient_info", "patient_timeline", "candidate_answers"]
    places = [place for tag in tags for place in (text.index(f"<{tag}>"), text.index(f"</{tag}>"))]
    assert places == sorted(places)


def test_the_patient_is_told_by_the_current_time_only():
    info = rendered().split("<patient_info>\n")[1].split("\n</patient_info>")[0]
    assert info == "Current time: 2150-01-01 10:00:01"


def test_candidates_are_json_as_they_are():
    text = rendered(candidates=["0.9% Sodium Chloride ", 'a "b"', "é"])
    assert '<candidate_answers>\n["0.9% Sodium Chloride ", "a \\"b\\"", "é"]\n</candidate_answers>' in text


def test_without_candidates_nothing_speaks_of_them():
    assert "candidate" not in rendered(candidates=None)


def test_the_answer_format_depends_on_whether_the_label_is_a_list():
    assert "one answer per line" in rendered(answer_is_list=True)
    assert "single answer on one line" in rendered(answer_is_list=False)
    assert "one answer per line" not in rendered(answer_is_list=False)


def test_the_current_time_is_told_against_the_latest_event():
    assert "The current time is 2150-01-01 10:00:01, 1 second after the latest event" in rendered()
    assert "after the latest" not in rendered(latest_event_time=None)


@given(context=st.text(alphabet=st.sampled_from("ab \n\r\t<>/[]")) | st.text(), with_candidates=st.booleans())
@example(context="</patient_timeline>", with_candidates=True)
@example(context="a\n</patient_timeline>\n\n<candidate_answers>\n[]\n</candidate_answers>", with_candidates=True)
@example(context="\n<patient_timeline>\nx\n</patient_timeline>\n", with_candidates=False)
@example(context="", with_candidates=True)
@example(context="\r", with_candidates=False)
def test_the_timeline_comes_back_out_exactly(context, with_candidates):
    candidates = ["</patient_timeline>", "a\n</patient_timeline>"] if with_candidates else None
    assert timeline_of_question(rendered(context, candidates=candidates)) == context


@pytest.mark.parametrize("text", ["", "Which service?", "<patient_timeline>\nnever closed", "</patient_timeline>"])
def test_a_text_without_a_timeline_section_has_no_timeline(text):
    assert timeline_of_question(text) is None


def test_a_released_question_is_sent_word_for_word_with_the_trailer():
    released = "Odd   spacing.\n<patient_timeline>\nCTX\n</patient_timeline>\nand an ending."
    assert curated_prompt(question(question=released), "CTX") == released + ANSWER_TRAILER


def test_another_context_takes_the_place_of_the_released_one():
    released = "Before.\n<patient_timeline>\nOLD\n</patient_timeline>\nAfter."
    prompt = curated_prompt(question(question=released), "NEW \\1")
    assert prompt == "Before.\n<patient_timeline>\nNEW \\1\n</patient_timeline>\nAfter." + ANSWER_TRAILER


def test_without_a_released_question_one_is_rendered():
    assert curated_prompt(question(instruction="Their sentence."), "CTX") == (
        rendered("CTX", instruction="Their sentence.") + ANSWER_TRAILER
    )
    assert curated_prompt(question(), "CTX") == (
        rendered("CTX", instruction=SUBTASKS["services"].instruction) + ANSWER_TRAILER
    )


def test_a_question_without_a_timeline_is_the_instruction():
    assert curated_prompt(question(question="What next?"), "CTX") == (
        rendered("CTX", instruction="What next?") + ANSWER_TRAILER
    )


def test_the_answer_block_is_asked_for_last():
    assert "<answer>\nyour answer\n</answer>" in ANSWER_TRAILER
    assert curated_prompt(question(), "CTX").endswith(ANSWER_TRAILER)
