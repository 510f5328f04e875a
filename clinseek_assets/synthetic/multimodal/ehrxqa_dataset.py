"""EHRXQA's `dataset/test.json`, and the release's rows of its questions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.groups import EHRXQA
from clinseek_assets.synthetic.multimodal.ehrxqa_clock import CURRENT_TIME, kept_hadm_ids
from clinseek_assets.synthetic.multimodal.ehrxqa_questions import Asked, categories_of
from clinseek_assets.synthetic.multimodal.ehrxqa_selection import EhrxqaPlan, EhrxqaRow, Linked
from clinseek_assets.synthetic.multimodal.prompts import question_text
from clinseek_assets.synthetic.randomness import Dice

PREFIX = "EHRXQAOriginalLinked_v1/mimic-cxr/2.0.0/"
REPORTS_PREFIX = f"{PREFIX}mimic-cxr-reports/"
TASK = "ehrxqa_image"
DATABASE = "mimic_iv_cxr"

Row = dict[str, Any]
Placed = tuple[int, int]  # a record's id, and its place in the list


def write_dataset(path: Path, plan: EhrxqaPlan, seed: int) -> dict[str, Placed]:
    """Write the list of records, among them some that are not released; return question -> (id, place)."""
    asked = [row.asked for row in (*plan.rows, *plan.others)]
    records = [_image_record(one) for one in asked] + list(_table_records(plan.patients))
    dice = Dice(f"{seed}/ehrxqa/dataset")
    records = dice.sample(records, len(records))
    numbers = sorted(dice.sample(range(10 * len(records)), len(records)))
    for number, record in zip(numbers, records, strict=True):
        record["id"] = number
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records, indent=4) + "\n", encoding="utf-8")
    return {record["question"]: (record["id"], place) for place, record in enumerate(records)}


def released_rows(plan: EhrxqaPlan, placed: Mapping[str, Placed], longest_stay: int) -> Iterator[Row]:
    """The release's rows.

    Args:
        placed: where each question stands in the dataset, as `write_dataset` gives it.
        longest_stay: from how many days on an admission is not in the database.
    """
    for row in plan.rows:
        yield _released(row, placed[row.asked.question], longest_stay)


def _released(row: EhrxqaRow, placed: Placed, longest_stay: int) -> Row:
    number, place = placed
    life, clock = row.patient.life, row.patient.clock
    hadm_id = row.asked.studies[0].hadm_id
    if hadm_id not in kept_hadm_ids(life.patient, clock, longest_stay):
        hadm_id = None
    imaged, reported = row.imaged, row.reported
    text = question_text(
        TASK,
        row.asked.question,
        time=CURRENT_TIME,
        subject_id=life.patient.subject_id,
        hadm_id=hadm_id,
        stay_id=None,
        study_ids=[study.study_id for study in reported],
        files=(len(imaged), len(reported)),
    )
    return {
        "qid": f"ehrxqa_test_{number}",
        "source_index": place,
        "source_benchmark": EHRXQA,
        "task": TASK,
        "source_split": "test",
        "subject_id": life.patient.subject_id,
        "hadm_id": hadm_id,
        "stay_id": None,
        "prediction_time": f"{CURRENT_TIME:%Y-%m-%d %H:%M:%S}",
        "question": text,
        "image_paths": [f"{PREFIX}{study.image_file}" for study in imaged],
        "report_paths": [f"{REPORTS_PREFIX}{study.report_file}" for study in reported],
        "ground_truth": _ground_truth(row.asked),
        "answer_type": "list",
        "modalities": ["cxr_table", "cxr_image"],
    }


def _ground_truth(asked: Asked) -> list[Row]:
    if isinstance(asked.answer, int):
        return [{"name": str(asked.answer), "value": asked.answer}]
    return [{"name": name} for name in asked.answer]


def _image_record(asked: Asked) -> Row:
    studies = ", ".join(str(study.study_id) for study in asked.studies)
    query = (
        f'select func_vqa("{asked.visual}", t1.study_id) from ( select tb_cxr.study_id from tb_cxr '
        f"where tb_cxr.study_id in ( {studies} ) ) as t1"
    )
    answer: list[Any] = [asked.answer] if isinstance(asked.answer, int) else list(asked.answer)
    tags = {"object": list(asked.objects), "category": categories_of(asked), "attribute": list(asked.attributes)}
    return _record(asked.question, asked.template, query, asked.value, tags, answer)


def _table_records(patients: Sequence[Linked]) -> Iterator[Row]:
    """Questions of tables alone, which the release leaves out."""
    for patient in patients[::4]:
        one = patient.life.patient
        question = f"what is the gender of patient {one.subject_id}?"
        query = f"select patients.gender from patients where patients.subject_id = {one.subject_id}"
        yield _record(question, question, query, {"patient_id": one.subject_id}, {}, [one.gender.lower()])


def _record(question: str, template: str, query: str, value: dict[str, int], tags: Row, answer: list[Any]) -> Row:
    """A record with EHRXQA's keys."""
    return {
        "db_id": DATABASE,
        "split": "test",
        "id": 0,
        "question": question,
        "template": template,
        "query": query,
        "value": value,
        "q_tag": template,
        "t_tag": ["", "", "", "", ""],
        "o_tag": {},
        "v_tag": tags or {"object": [], "category": [], "attribute": []},
        "tag": template,
        "para_type": "machine",
        "is_impossible": False,
        "answer": answer,
    }
