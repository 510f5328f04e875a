"""EHRXQA's test.json is read whole and strictly; what is wrong is named by record and line, never by value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.multimodal.ehrxqa_questions import plain_answer, read_ehrxqa_questions
from clinseek_assets_tests.mimic.multimodal.trees import lay_ehrxqa_questions, upstream, write


def test_records_are_read_by_id(tmp_path):
    path = lay_ehrxqa_questions(tmp_path, [upstream(7, "is it?", [1]), upstream(3, "what?", ["edema", "pneumonia"])])
    found = read_ehrxqa_questions(path)
    assert {number: question.answer for number, question in found.items()} == {7: ("1",), 3: ("edema", "pneumonia")}
    assert found[7].question == "is it?" and found[7].query == "select 1"


@pytest.mark.parametrize(
    ("value", "told"),
    [(1, "1"), (1.0, "1"), (0.5, "0.5"), (True, "1"), (None, ""), ("edema ", "edema"), ([["left lung"]], "left lung")],
)
def test_answers_as_the_manifest_names_them(value, told):
    assert plain_answer(value) == told


@given(st.integers(-(10**12), 10**12))
def test_a_whole_number_is_told_alike_however_it_was_stored(number):
    assert plain_answer(number) == plain_answer(float(number)) == plain_answer([number]) == str(number)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"answer": None}, "its answer is not a list"),
        ({"answer": "SECRET"}, "its answer is not a list"),
        ({"id": "SECRET"}, "its id is not a whole number"),
        ({"id": True}, "its id is not a whole number"),
        ({"question": 5}, "its question is not a text"),
        ({"id": 1}, "its id is that of an earlier record"),
    ],
)
def test_a_wrong_record_is_named_by_number_and_line(tmp_path, change, told):
    path = lay_ehrxqa_questions(tmp_path, [upstream(1, "is it?", [1]), {**upstream(2, "SECRET", [0]), **change}])
    with pytest.raises(SourceFault) as raised:
        read_ehrxqa_questions(path)
    assert told in str(raised.value) and "record 2 (line" in str(raised.value)
    assert "SECRET" not in str(raised.value)


def test_a_record_without_answers_says_so(tmp_path):
    record = upstream(1, "is it?", [1])
    del record["answer"]
    with pytest.raises(SourceFault, match=r"it has no answer.\n.*_test.json of the download has no answers"):
        read_ehrxqa_questions(lay_ehrxqa_questions(tmp_path, [record]))


@pytest.mark.parametrize("text", ["", "[]", "[1]", '[{"id": 1', "\xff"])
def test_other_content(tmp_path, text):
    path = write(tmp_path / "test.json", text.encode("latin-1"))
    with pytest.raises(SourceFault, match=r"test\.json"):
        read_ehrxqa_questions(path)


def test_a_cut_file(tmp_path):
    text = json.dumps([upstream(1, "is it?", [1]), upstream(2, "is it?", [1])])
    with pytest.raises(SourceFault, match="the file ends"):
        read_ehrxqa_questions(write(tmp_path / "test.json", text[:-40]))
