"""Small trees of MIMIC-CXR-JPG, EHRXQA and MedMod for tests, in the places where the real ones lie."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import datetime
from pathlib import Path

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS, PHENOTYPES
from clinseek_assets.mimic.tables import Table
from clinseek_assets_tests.mimic.source_tables import filling

METADATA_COLUMNS = [
    *("dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows", "Columns"),
    *("StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning", "ViewCodeSequence_CodeMeaning"),
    "PatientOrientationCodeSequence_CodeMeaning",
]
STAY_COLUMNS = [
    *("subject_id", "hadm_id", "stay_id", "last_careunit", "intime", "outtime", "los", "admittime", "dischtime"),
    *("deathtime", "ethnicity", "gender", "anchor_age", "dod", "age"),
    *("mortality_inunit", "mortality", "mortality_inhospital"),
]
EVENT_COLUMNS = ["subject_id", "hadm_id", "stay_id", "charttime", "itemid", "value", "valuenum"]


def csv_of(rows: list[dict], columns: list[str] | None = None) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns or list(rows[0]), lineterminator="\n", restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def image(dicom: str, subject: int, study: int, date="21500601", time="133000.250", view="AP") -> dict:
    return {
        **dict.fromkeys(METADATA_COLUMNS, "x"),
        "dicom_id": dicom,
        "subject_id": subject,
        "study_id": study,
        "ViewPosition": view,
        "Rows": 2500,
        "Columns": 3000,
        "StudyDate": date,
        "StudyTime": time,
    }


def chexpert(subject: int, study: int, **labels: float) -> dict:
    found = {name: labels.get(name.replace(" ", "_"), "") for name in CHEXPERT_LABELS}
    return {"subject_id": subject, "study_id": study, **found}


def lay_cxr_lists(root: Path, images: list[dict], labels: list[dict], ending=".csv.gz", version="2.0.0") -> Path:
    write(root / f"mimic-cxr-{version}-metadata{ending}", csv_of(images, METADATA_COLUMNS))
    write(root / f"mimic-cxr-{version}-chexpert{ending}", csv_of(labels))
    split = [{**row, "split": "test"} for row in images]
    write(root / f"mimic-cxr-{version}-split{ending}", csv_of(split, ["dicom_id", "study_id", "subject_id", "split"]))
    return root


def record_of(table: Table, **cells) -> dict:
    """A record of a catalogue table: what is given, and something of the right type elsewhere."""
    return {column.name: cells.get(column.name, filling(column)) for column in table.columns}


def stay(subject: int, hadm: int, stay_id: int, intime="2150-06-01 10:00:00", **more) -> dict:
    return {
        **dict.fromkeys(STAY_COLUMNS, "1"),
        "subject_id": subject,
        "hadm_id": hadm,
        "stay_id": stay_id,
        "last_careunit": "MICU",
        "intime": intime,
        "outtime": "2150-06-09 10:00:00",
        "admittime": "2150-05-31 10:00:00",
        "dischtime": "2150-06-19 10:00:00",
        "deathtime": "",
        "dod": "",
        **more,
    }


def event(subject: int, hadm: int, stay_id: int, charttime="2150-06-01 11:00:00", **more) -> dict:
    return {
        "subject_id": subject,
        "hadm_id": f"{hadm}.0",
        "stay_id": f"{stay_id}.0",
        "charttime": charttime,
        "itemid": 220045,
        "value": "88",
        "valuenum": "88.0",
        **more,
    }


def lay_subject(root: Path, subject: int, stays: list[dict], events: list[dict], part="test") -> Path:
    """A patient's folder as MedMod's extraction leaves it, with the files that are not to be read."""
    folder = root / "data_full" / "root" / part / str(subject)
    write(folder / "stays.csv", csv_of(stays, STAY_COLUMNS))
    write(folder / "events.csv", csv_of(events, EVENT_COLUMNS))
    write(folder / "diagnoses.csv", "subject_id,icd_code\n1,SECRET\n")
    write(folder / "episode1.csv", "Icustay,Mortality\n1,1\n")
    return folder


def lay_list(root: Path, task: str, rows: list[tuple], part="test", *, endtimes: list[str] | None = None) -> Path:
    """A list file; a row is (subject_id, period, stay_id, labels...)."""
    labels = list(PHENOTYPES) if task == "phenotyping" else ["y_true"]
    header = ["stay", "period_length", "stay_id", *labels, *(["endtime"] if endtimes else [])]
    lines = [
        [f"{subject}_episode1_timeseries.csv", period, stay_id, *values, *([endtimes[place]] if endtimes else [])]
        for place, (subject, period, stay_id, *values) in enumerate(rows)
    ]
    text = "".join(",".join(map(str, line)) + "\n" for line in [header, *lines])
    return write(root / "mml-ssl-full" / task / f"{part}_listfile.csv", text)


def lay_ehrxqa_questions(root: Path, records: list[dict]) -> Path:
    return write(root / "ehrxqa" / "dataset" / "test.json", json.dumps(records, indent=1))


def upstream(number: int, question: str, answer: list) -> dict:
    return {"id": number, "db_id": "mimic_iv_cxr", "split": "test", "question": question, "answer": answer} | {
        "template": question,
        "query": "select 1",
        "value": {},
    }


def a_question(qid: str, subject: int, *, row_number=1, gold=("yes",), **more) -> Question:
    dataset, *_ = qid.split("_")
    tasks = {"in-hospital-mortality": "medmod_in_hospital_mortality"}
    name = qid.split("_")[1]
    task_type = "ehrxqa_image" if dataset == "ehrxqa" else tasks.get(name, f"medmod_{name}")
    fields = {
        "hadm_id": 29990001,
        "prediction_time": datetime(2150, 6, 3, 10),
        "question": "<task_instruction>\nAnswer.\n</task_instruction>\n\n<question>\nIs it so?\n</question>",
        **more,
    }
    return Question(
        qid=qid,
        row_number=row_number,
        subject_id=subject,
        latest_event_time=None,
        task="finding_presence",
        task_type=task_type,
        label=list(gold),
        gold=tuple(gold),
        answer_is_list=True,
        candidates=None,
        split="multimodal",
        dataset=dataset,
        **fields,
    )
