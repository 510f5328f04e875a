"""The multimodal manifest is read as released, and a row that is not as it should be is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas
import pytest

from clinseek_assets.benchmark.groups import TASKS
from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.benchmark.multimodal.manifest_frame import (
    MULTIMODAL_MANIFEST,
    multimodal_frame,
    questions_from_multimodal_frame,
)
from clinseek_assets.benchmark.multimodal.qids import parse_qid
from clinseek_assets.benchmark.multimodal.review import group_checks, multimodal_count_checks
from clinseek_assets.benchmark.released_counts import OFFICIAL, MultimodalCounts
from clinseek_assets.faults import ManifestFault
from clinseek_assets_tests.benchmark.multimodal.rows import IMAGE, ehrxqa_row, medmod_row, write_rows

MEDMOD_TASKS = [name for name, task in TASKS.items() if task.dataset == "medmod"]


def read(folder: Path, *rows: Any) -> Any:
    return read_multimodal_manifest(write_rows(folder / "manifest.jsonl", *rows))


def fault_of(folder: Path, *rows: Any) -> str:
    with pytest.raises(ManifestFault) as caught:
        read(folder, *rows)
    return str(caught.value)


def test_a_released_row_is_taken_whole(tmp_path: Path) -> None:
    (question,) = read(tmp_path, ehrxqa_row())
    assert (question.split, question.dataset, question.task, question.task_type) == (
        *("multimodal", "ehrxqa", "finding_presence"),
        "ehrxqa_image",
    )
    assert question.gold == ("1",) and question.label == [{"name": "1", "value": 1}]
    assert question.image_paths[0].endswith(IMAGE) and question.report_paths[0].endswith("s59990001.txt")
    assert question.stay_id is None and question.input is None and not question.answer_is_list
    assert question.extra["modalities"] == ["cxr_table", "cxr_image"]


@pytest.mark.parametrize(
    "gold",
    [[{"name": "Edema"}, {"name": "Pneumonia"}], ["Edema", "Pneumonia"]],
)
def test_gold_may_be_objects_or_texts_under_either_name(tmp_path: Path, gold: Any) -> None:
    row = medmod_row("medmod_radiology", ground_truth=gold)
    renamed = {("label" if key == "ground_truth" else key): value for key, value in row.items()}
    for one in (row, renamed, row | {"label": gold}):
        (question,) = read(tmp_path, one)
        assert question.gold == ("Edema", "Pneumonia") and question.answer_is_list


def test_an_object_without_a_name_answers_by_its_value(tmp_path: Path) -> None:
    (question,) = read(tmp_path, ehrxqa_row(ground_truth=[{"value": 3}]))
    assert question.gold == ("3",)


def test_ids_may_be_texts_and_tasks_have_their_own_names(tmp_path: Path) -> None:
    row = medmod_row("medmod_in_hospital_mortality", subject_id="19990001") | {"task": "in-hospital-mortality"}
    (question,) = read(tmp_path, row)
    assert question.subject_id == 19990001 and question.task_type == "medmod_in_hospital_mortality"


@pytest.mark.parametrize("task", MEDMOD_TASKS)
def test_medmod_rows_belong_to_the_group_of_their_task(tmp_path: Path, task: str) -> None:
    (question,) = read(tmp_path, medmod_row(task))
    assert question.task == TASKS[task].group


def test_a_file_beside_the_manifest_corrects_groups(tmp_path: Path) -> None:
    (tmp_path / "multimodal_groups.csv").write_text("qid,group\nehrxqa_test_9001,change_comparison\n")
    (question,) = read(tmp_path, ehrxqa_row())
    assert question.task == "change_comparison"


@pytest.mark.parametrize(
    "text, told",
    [
        ("qid;group\n", "does not begin with"),
        ("qid,group\nehrxqa_test_9001,presence\n", "line 2"),
        ("qid,group\nehrxqa_test_9001,phenotype\nehrxqa_test_9001,phenotype\n", "line 3"),
        ("qid,group\nehrxqa_test_9999,phenotype\n", "1 of the 1 qids"),
    ],
)
def test_wrong_corrections_are_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "multimodal_groups.csv").write_text(text)
    fault = fault_of(tmp_path, ehrxqa_row())
    assert told in fault and "9999" not in fault


@pytest.mark.parametrize(
    "changes, kind",
    [
        ({"qid": None}, "no `qid`"),
        ({"qid": "ehrxqa_9001"}, "`qid` has not the form"),
        ({"qid": "medmod_radiology_test_59990001"}, "`qid` has not the form"),
        ({"source_benchmark": "mimic"}, "`source_benchmark` is neither"),
        ({"source_benchmark": "medmod"}, "`task` is not one of its `source_benchmark`"),
        ({"task": "ehrxqa_table"}, "`task` is none of the five"),
        ({"subject_id": None}, "no `subject_id`"),
        ({"subject_id": "p19990001"}, "`subject_id` is not a whole number"),
        ({"prediction_time": "2105-06-01"}, "`prediction_time` is not a time"),
        ({"question": None}, "no `question`"),
        ({"question": "  "}, "`question` is empty"),
        ({"ground_truth": []}, "empty gold"),
        ({"ground_truth": [{"name": " "}]}, "empty gold"),
        ({"ground_truth": [1]}, "`ground_truth` is neither"),
        ({"ground_truth": None}, "no `ground_truth`"),
        ({"label": [{"name": "0"}]}, "`label` and `ground_truth` differ"),
        ({"image_paths": "a.jpg"}, "`image_paths` is not a list of texts"),
        ({"report_paths": [1]}, "`report_paths` is not a list of texts"),
        ({"input_text": 5}, "`input_text` is not a text"),
    ],
)
def test_a_wrong_row_is_named_by_line_and_kind(tmp_path: Path, changes: dict[str, Any], kind: str) -> None:
    fault = fault_of(tmp_path, ehrxqa_row(1), ehrxqa_row(2) | changes)
    assert kind in fault and "line 2" in fault and "19990001" not in fault


def test_every_medmod_row_links_one_image(tmp_path: Path) -> None:
    assert "without exactly one image" in fault_of(tmp_path, medmod_row(image_paths=[]))


def test_broken_lines_and_twins_are_counted_together(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, ehrxqa_row(), "[]", '{"qid": ', ehrxqa_row())
    assert "not JSON: 1" in fault and "not an object" in fault and "`qid` of an earlier row: 1" in fault


def test_a_file_of_nothing_is_refused(tmp_path: Path) -> None:
    assert "holds no question" in fault_of(tmp_path)


def test_a_frame_gives_the_questions_back(tmp_path: Path) -> None:
    rows = [
        ehrxqa_row(),
        *map(medmod_row, MEDMOD_TASKS),
        ehrxqa_row(2, image_paths=[], input_text="text", hadm_id=None),
    ]
    questions = read(tmp_path, *rows)
    frame = multimodal_frame(questions)
    MULTIMODAL_MANIFEST.validate(frame)
    frame.to_parquet(tmp_path / "kept.parquet")
    assert questions_from_multimodal_frame(pandas.read_parquet(tmp_path / "kept.parquet")) == questions


def test_counts_tell_what_is_missing(tmp_path: Path) -> None:
    questions = read(tmp_path, ehrxqa_row(), *map(medmod_row, MEDMOD_TASKS))
    groups = ("finding_presence", "finding_enumeration", "mortality_24h", "inpatient_mortality", "phenotype")
    expected = MultimodalCounts(
        rows=5,
        per_dataset={"ehrxqa": 1, "medmod": 4},
        per_task=dict.fromkeys(TASKS, 1),
        per_group=dict.fromkeys(groups, 1),
        patients={"ehrxqa": 1, "medmod": 1},
        images={"ehrxqa": 1, "medmod": 1},
        reports={"ehrxqa": 1, "medmod": 0},
    )
    assert all(check.ok for check in multimodal_count_checks(questions, expected))
    assert all(check.ok for check in group_checks(questions, expected))
    assert OFFICIAL.multimodal is not None
    wrong = {check.name: check.expected for check in multimodal_count_checks(questions, OFFICIAL.multimodal)}
    assert wrong["multimodal rows"] == 989 and wrong["linked reports of ehrxqa"] == 356


@pytest.mark.parametrize(
    "qid, parts",
    [
        ("ehrxqa_test_9001", ("ehrxqa_image", 9001, None, None, None)),
        ("medmod_radiology_test_59990001", ("medmod_radiology", None, 59990001, None, None)),
        ("medmod_in-hospital-mortality_test_39990002_0", ("medmod_in_hospital_mortality", None, None, 39990002, 0.0)),
        ("medmod_phenotyping_test_39990003_41.25", ("medmod_phenotyping", None, None, 39990003, 41.25)),
    ],
)
def test_a_qid_says_what_the_question_was_made_of(qid: str, parts: tuple[Any, ...]) -> None:
    found = parse_qid(qid)
    assert found is not None
    assert (found.task, found.record_id, found.study_id, found.stay_id, found.period_length) == parts
    for damaged in (qid + "x", qid.replace("_test_", "_"), "x" + qid):
        assert parse_qid(damaged) is None


def test_rows_are_compact_json(tmp_path: Path) -> None:
    """The form of the released file: one object a line."""
    path = write_rows(tmp_path / "m.jsonl", ehrxqa_row(), medmod_row())
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == len(read_multimodal_manifest(path))
