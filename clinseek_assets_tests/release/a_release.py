"""A small release of both splits and its sources by hand, in the places where the real ones lie.

Text: 4 rows of 3 patients. Multimodal: 3 rows of 2 patients of EHRXQA, 4 rows of 2 patients of MedMod.
"""

from __future__ import annotations

import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

from clinseek_assets.benchmark.released_counts import FILE_NAME
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.locations.layout import MULTIMODAL_MANIFEST_FILE, TEXT_MANIFEST_FILE
from clinseek_assets.mimic.catalogue import CATALOGUES, TABLES
from clinseek_assets_tests.mimic.multimodal.trees import (
    chexpert,
    csv_of,
    event,
    image,
    lay_cxr_lists,
    lay_ehrxqa_questions,
    lay_list,
    lay_subject,
    record_of,
    stay,
    upstream,
    write,
)
from clinseek_assets_tests.records.extracted import DICTIONARIES

Row = dict[str, Any]
PATIENTS = (10_000_001, 10_000_002, 10_000_003)


def text_row(number: int, subject_id: int, task: str) -> Row:
    subtask = SUBTASKS[task]
    return {
        "qid": f"q{number}",
        "subject_id": subject_id,
        "hadm_id": None,
        "prediction_time": "2150-01-01 10:00:01",
        "latest_event_time": "2150-01-01 10:00:00",
        "task": task,
        "task_type": subtask.task_type,
        "question": "?",
        "instruction": subtask.instruction,
        "input": f"## Admission [2150-01-01 10:00:00]\n- Row: {number}",
        "label": ["CHEST (PA AND LAT)"] if subtask.answer_is_list else "yes",
        "candidates": ["yes", "no"] if subtask.task_type == "risk_prediction" else None,
    }


TEXT_ROWS = [
    text_row(1, PATIENTS[0], "Inpatient_Mortality"),
    text_row(2, PATIENTS[1], "radiology"),
    text_row(3, PATIENTS[0], "radiology"),
    text_row(4, PATIENTS[2], "radiology"),
]
TEXT_COUNTS = {"rows": 4, "patients": 3, "per_subtask": {"Inpatient_Mortality": 1, "radiology": 3}}

FIRST, SECOND, THIRD, FOURTH = 19_990_001, 19_990_002, 18_880_001, 18_880_002
HADM = {subject: 20_000_000 + subject % 1000 for subject in (FIRST, SECOND, THIRD, FOURTH)}
STAYS = {THIRD: 39_990_001, FOURTH: 39_990_002}
PREFIX = {"ehrxqa": "EHRXQAOriginalLinked_v1", "medmod": "MedModOriginalLinked_v1"}
# Study -> its patient and the time of its one image.
STUDIES = {
    59_990_001: (FIRST, "21500601", "80000.000"),
    59_990_002: (FIRST, "21500602", "80000.000"),
    59_990_003: (SECOND, "21500601", "90000.000"),
    59_990_004: (THIRD, "21500601", "130000.000"),
    59_990_005: (FOURTH, "21500601", "140000.000"),
    59_990_006: (FOURTH, "21500603", "140000.000"),
}


def dicom_of(study: int) -> str:
    return "-".join([f"{study:08d}"[-8:]] * 5)


def tail_of(study: int) -> str:
    subject = STUDIES[study][0]
    return f"files/p{str(subject)[:2]}/p{subject}/s{study}"


def image_path(dataset: str, study: int) -> str:
    return f"{PREFIX[dataset]}/mimic-cxr/2.0.0/{tail_of(study)}/{dicom_of(study)}.jpg"


def report_path(study: int) -> str:
    return f"{PREFIX['ehrxqa']}/mimic-cxr/2.0.0/mimic-cxr-reports/{tail_of(study)}.txt"


def asked(subject: int, question: str) -> str:
    return (
        "<task_instruction>\nUse the linked evidence.\n</task_instruction>\n\n"
        f"<patient_info>\nsubject_id: {subject}\n</patient_info>\n\n<question>\n{question}\n</question>"
    )


def ehrxqa_row(number: int, studies: list[int], question: str, gold: list[Row]) -> Row:
    subject = STUDIES[studies[0]][0]
    return {
        "qid": f"ehrxqa_test_{number}",
        "source_index": number,
        "source_benchmark": "ehrxqa",
        "task": "ehrxqa_image",
        "source_split": "test",
        "subject_id": subject,
        "hadm_id": HADM[subject],
        "stay_id": None,
        "prediction_time": "2150-06-03 10:00:00",
        "question": asked(subject, question),
        "image_paths": [image_path("ehrxqa", study) for study in studies],
        "report_paths": [report_path(study) for study in studies],
        "ground_truth": gold,
        "answer_type": "list",
        "modalities": ["cxr_table", "cxr_image"],
    }


def medmod_row(qid: str, task: str, study: int, gold: list[Row]) -> Row:
    subject = STUDIES[study][0]
    return {
        "qid": qid,
        "source_index": None,
        "source_benchmark": "medmod",
        "task": task,
        "source_split": "test",
        "subject_id": subject,
        "hadm_id": HADM[subject],
        "stay_id": STAYS[subject],
        "prediction_time": "2150-06-03 15:00:00",
        "question": asked(subject, "What is to be told?"),
        "image_paths": [image_path("medmod", study)],
        "report_paths": [],
        "ground_truth": gold,
        "answer_type": "list",
        "modalities": ["ehr", "cxr_table", "cxr_image"],
    }


def named(*names: str) -> list[Row]:
    return [{"name": name} for name in names]


MULTIMODAL_ROWS = [
    ehrxqa_row(1, [59_990_001], "Is there any edema in study 59990001?", [{"name": "1", "value": 1}]),
    ehrxqa_row(2, [59_990_001, 59_990_002], "Is edema still present in 59990002?", [{"name": "0", "value": 0}]),
    ehrxqa_row(3, [59_990_003], "List all abnormalities in study 59990003.", named("edema", "pneumonia")),
    medmod_row(f"medmod_decompensation_test_{STAYS[THIRD]}_25.0", "medmod_decompensation", 59_990_004, named("no")),
    medmod_row(
        f"medmod_in-hospital-mortality_test_{STAYS[FOURTH]}_0", "medmod_in_hospital_mortality", 59_990_005, named("yes")
    ),
    medmod_row(
        f"medmod_phenotyping_test_{STAYS[FOURTH]}_41.25",
        "medmod_phenotyping",
        59_990_006,
        named("Septicemia (except in labor)"),
    ),
    medmod_row("medmod_radiology_test_59990006", "medmod_radiology", 59_990_006, named("Edema", "Support Devices")),
]
MULTIMODAL_COUNTS = {
    "rows": 7,
    "per_dataset": {"ehrxqa": 3, "medmod": 4},
    "per_task": {
        "ehrxqa_image": 3,
        "medmod_decompensation": 1,
        "medmod_in_hospital_mortality": 1,
        "medmod_phenotyping": 1,
        "medmod_radiology": 1,
    },
    "per_group": {
        "finding_presence": 1,
        "finding_enumeration": 2,
        "change_comparison": 1,
        "mortality_24h": 1,
        "inpatient_mortality": 1,
        "phenotype": 1,
    },
    "patients": {"ehrxqa": 2, "medmod": 2},
    "images": {"ehrxqa": 3, "medmod": 3},
    "reports": {"ehrxqa": 3, "medmod": 0},
}


def lay_release(root: Path) -> None:
    """`release/` and `sources/` below `root`."""
    release, sources = root / "release", root / "sources"
    write(release / "text" / TEXT_MANIFEST_FILE, json.dumps(TEXT_ROWS, indent=1))
    lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in MULTIMODAL_ROWS)
    write(release / "multimodal" / MULTIMODAL_MANIFEST_FILE, lines)
    counts = {"release": "built", "text": TEXT_COUNTS, "multimodal": MULTIMODAL_COUNTS}
    write(release / FILE_NAME, json.dumps(counts, indent=1))
    _lay_mimic_iv(sources / "mimic_iv")
    _lay_images(sources / "mimic_cxr_jpg")
    _lay_reports(sources / "mimic_cxr")
    _lay_ehrxqa(sources / "ehrxqa")
    _lay_medmod(sources / "medmod")


def _lay_mimic_iv(root: Path) -> None:
    patients = [{"subject_id": one, "gender": "F", "anchor_year": 2150, "anchor_year_group": "x"} for one in PATIENTS]
    stays = [
        {
            "subject_id": one,
            "hadm_id": one % 100,
            "admittime": "2150-01-01 00:00:00",
            "admission_type": "EW EMER.",
        }
        for one in PATIENTS
    ]
    for name, rows in {**DICTIONARIES, "patients": patients, "admissions": stays}.items():
        write(root / TABLES[name].module / f"{name}.csv", csv_of(list(rows), list(TABLES[name].column_names)))


def _lay_images(root: Path) -> None:
    sizes = {}
    for place, study in enumerate(STUDIES):
        picture = a_picture(study, size := (64 + 8 * place, 80))
        sizes[study] = size
        write(root / tail_of(study) / f"{dicom_of(study)}.jpg", picture)
    images = [
        {**image(dicom_of(study), subject, study, date, time), "Columns": sizes[study][0], "Rows": sizes[study][1]}
        for study, (subject, date, time) in STUDIES.items()
    ]
    lay_cxr_lists(root, images, [chexpert(subject, study, Edema=1.0) for study, (subject, *_) in STUDIES.items()])


def a_picture(seed: int, size: tuple[int, int]) -> bytes:
    """A grey JPEG of its own."""
    buffer = io.BytesIO()
    Image.frombytes("L", size, random.Random(seed).randbytes(size[0] * size[1])).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _lay_reports(root: Path) -> None:
    root.mkdir(parents=True)
    with zipfile.ZipFile(root / "mimic-cxr-reports.zip", "w") as archive:
        for study in STUDIES:
            archive.writestr(f"{tail_of(study)}.txt", f"FINDINGS: study {study}. The heart is of normal size.\n")


def _lay_ehrxqa(root: Path) -> None:
    for name, table in CATALOGUES["ehrxqa"].tables.items():
        own = [{"subject_id": subject, "hadm_id": HADM[subject]} for subject in (FIRST, SECOND)]
        if name == "tb_cxr":
            own = [
                {"subject_id": subject, "study_id": study, "image_id": dicom_of(study), "hadm_id": HADM[subject]}
                for study, (subject, *_) in STUDIES.items()
                if subject in (FIRST, SECOND)
            ]
        records = [record_of(table, row_id=place, **cells) for place, cells in enumerate(own)]
        write(root / "ehrxqa" / "database" / "gold" / f"{name}.csv", csv_of(records))
    lay_ehrxqa_questions(
        root, [upstream(1, "is it?", [1]), upstream(2, "still?", [0]), upstream(3, "what?", ["edema"])]
    )


def _lay_medmod(root: Path) -> None:
    for subject, stay_id in STAYS.items():
        hadm = HADM[subject]
        lay_subject(root, subject, [stay(subject, hadm, stay_id)], [event(subject, hadm, stay_id)])
    lay_list(root, "decompensation", [(THIRD, 25.0, STAYS[THIRD], 0)])
    lay_list(root, "in-hospital-mortality", [(FOURTH, 0, STAYS[FOURTH], 1)])
    lay_list(root, "phenotyping", [(FOURTH, 41.25, STAYS[FOURTH], 1, *[0] * 24)])
