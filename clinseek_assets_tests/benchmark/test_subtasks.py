"""The subtask catalogue and the released counts against the dataset card."""

import json

import pytest

from clinseek_assets.benchmark.released_counts import FILE_NAME, OFFICIAL, expected_counts
from clinseek_assets.benchmark.subtasks import DECISION_SUBTASKS, RISK_SUBTASKS, SUBTASKS
from clinseek_assets.faults import ManifestFault
from clinseek_assets.mimic.catalogue import TABLES


def test_there_are_18_risk_and_27_decision_subtasks():
    assert len(RISK_SUBTASKS) == 18
    assert len(DECISION_SUBTASKS) == 27


def test_triggers_are_tables():
    assert {subtask.trigger for subtask in SUBTASKS.values()} - {""} <= set(TABLES)
    assert [name for name, subtask in SUBTASKS.items() if not subtask.trigger] == ["next_event"]


def test_only_next_event_among_the_decisions_has_a_single_answer():
    assert [name for name in DECISION_SUBTASKS if not SUBTASKS[name].answer_is_list] == ["next_event"]


def test_only_the_stay_s_own_diagnoses_hide_its_discharge_note():
    assert {name for name, subtask in SUBTASKS.items() if "discharge" in subtask.context_without} == {
        "diagnoses_icd", "diagnoses_ccs",
    }  # fmt: skip


def test_the_official_counts_are_the_law_without_a_file(tmp_path):
    counts = expected_counts(tmp_path)
    assert counts == OFFICIAL
    assert (counts.text.rows, counts.text.patients, counts.text.risk_rows, counts.text.decision_rows) == (
        1800, 1563, 720, 1080,
    )  # fmt: skip


def test_a_release_of_one_s_own_brings_its_counts(tmp_path):
    text = {"rows": 3, "patients": 2, "per_subtask": {"omr": 3}}
    (tmp_path / FILE_NAME).write_text(json.dumps({"release": "built", "text": text}))
    assert expected_counts(tmp_path).text.rows == 3


@pytest.mark.parametrize("content", ["", "[]", '{"release": "built"}', '{"release": "x", "text": {}, "more": 1}'])
def test_a_broken_counts_file_is_refused_and_named(tmp_path, content):
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(ManifestFault, match=FILE_NAME):
        expected_counts(tmp_path)
