"""A release of five multimodal questions and all four sources that it was made from, on disk as a user has them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from clinseek_assets.benchmark.vocabularies import PHENOTYPES
from clinseek_assets.mimic.catalogue import CATALOGUES
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

ASKED, OTHER = 19990001, 19990002
STAY, HADM = 39990001, 29990001
STUDIES = {51: "aaaa-51", 52: "bbbb-52", 61: "cccc-61", 62: "dddd-62"}
REPORT = "FINAL REPORT\n IMPRESSION:  No acute process.\n"


def linked(package: str, subject: int, study: int) -> str:
    study_folder = f"p{str(subject)[:2]}/p{subject}/s{study}"
    return f"{package}OriginalLinked_v1/mimic-cxr/2.0.0/files/{study_folder}/{STUDIES[study]}.jpg"


def report(subject: int, study: int) -> str:
    tail = f"mimic-cxr-reports/files/p{str(subject)[:2]}/p{subject}/s{study}.txt"
    return f"EHRXQAOriginalLinked_v1/mimic-cxr/2.0.0/{tail}"


def asked(text: str) -> str:
    return f"<task_instruction>\nAnswer.\n</task_instruction>\n\n<question>\n{text}\n</question>"


def rows() -> list[dict]:
    def row(qid, task, subject, time, study, gold, text, **more):
        package = "EHRXQA" if qid.startswith("ehrxqa") else "MedMod"
        return {
            "qid": qid,
            "source_index": None,
            "source_benchmark": package.lower(),
            "task": task,
            "source_split": "test",
            "subject_id": subject,
            "hadm_id": HADM,
            "stay_id": None,
            "prediction_time": time,
            "question": asked(text),
            "image_paths": [linked(package, subject, study)],
            "report_paths": [report(subject, study)] if package == "EHRXQA" else [],
            "ground_truth": [{"name": name} for name in gold],
            "answer_type": "list",
            "modalities": ["cxr_table", "cxr_image"],
            **more,
        }

    yes = "Is there edema in study 51?"
    every = "List all findings in study 52."
    return [
        row("ehrxqa_test_7", "ehrxqa_image", ASKED, "2105-12-31 23:59:00", 51, ["1"], yes),
        row("ehrxqa_test_8", "ehrxqa_image", ASKED, "2105-12-31 23:59:00", 52, ["edema", "atelectasis"], every),
        row(
            *(f"medmod_decompensation_test_{STAY}_25.0", "medmod_decompensation", OTHER, "2150-06-02 11:00:00", 61),
            *(["yes"], "Will the patient die within the next 24 hours?"),
            stay_id=STAY,
        ),
        row(
            *(f"medmod_phenotyping_test_{STAY}_72.0", "medmod_phenotyping", OTHER, "2150-06-04 10:00:00", 62),
            *([PHENOTYPES[1]], "Which phenotype groups?"),
            stay_id=STAY,
        ),
        row(
            *("medmod_radiology_test_61", "medmod_radiology", OTHER, "2150-06-01 13:30:00", 61),
            *(["Edema", "Fracture"], "Which findings?"),
        ),
    ]


def lay_release(root: Path, rows: list[dict]) -> Path:
    """Write the manifest of a self-built release that promises no counts of this split; return its folder."""
    counts = {"release": "built", "text": {"rows": 0, "patients": 0, "per_subtask": {}}}
    write(root / "release" / "expected_counts.json", json.dumps(counts))
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    write(root / "release" / "multimodal" / "ClinSeek-Bench_multimodal.jsonl", lines)
    return root / "release"


def lay_bundle(root: Path) -> dict[str, str]:
    """Write the release and its sources; return the settings that name them."""
    jpg, cxr, ehrxqa, medmod = (root / name for name in ("mimic-cxr-jpg", "mimic-cxr", "ehrxqa", "medmod"))
    images = [
        image(STUDIES[51], ASKED, 51),
        image(STUDIES[52], ASKED, 52, "21500602"),
        image(STUDIES[61], OTHER, 61),
        image(STUDIES[62], OTHER, 62, "21500603"),
        image("eeee-71", 19990009, 71),
    ]
    labels = [chexpert(OTHER, 61, Edema=1.0, Fracture=1.0, Pneumonia=-1.0), chexpert(ASKED, 51), chexpert(19990009, 71)]
    lay_cxr_lists(jpg, images, labels)
    for row in images[:4]:
        folder = f"p{str(row['subject_id'])[:2]}/p{row['subject_id']}/s{row['study_id']}"
        write(jpg / "files" / folder / f"{row['dicom_id']}.jpg", b"\xff\xd8")
    cxr.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(cxr / "mimic-cxr-reports.zip", "w") as archive:
        for study in (51, 52):
            archive.writestr(f"files/p19/p{ASKED}/s{study}.txt", REPORT)
    lay_ehrxqa(ehrxqa)
    lay_medmod(medmod)
    return {
        "CLINSEEK_RELEASE_ROOT": str(lay_release(root, rows())),
        "MIMIC_CXR_JPG_ROOT": str(jpg),
        "MIMIC_CXR_ROOT": str(cxr),
        "EHRXQA_ROOT": str(ehrxqa),
        "MEDMOD_ROOT": str(medmod),
    }


def lay_ehrxqa(root: Path) -> None:
    """EHRXQA's tables, with a date of death and the table of labels, and its questions."""
    gold = root / "ehrxqa" / "database" / "gold"
    for name, table in CATALOGUES["ehrxqa"].tables.items():
        records = [record_of(table, subject_id=str(ASKED), row_id="0"), record_of(table, subject_id="1", row_id="1")]
        if name == "tb_cxr":
            ids = [{"study_id": str(study), "image_id": STUDIES[study], "row_id": str(study)} for study in (51, 52)]
            records = [record_of(table, subject_id=str(ASKED), **each) for each in ids]
        columns = [column for column in table.column_names if name != "tb_cxr" or column not in table.optional]
        further = ["dod"] if name == "patients" else []
        text = csv_of([{**record, "dod": "2106-01-01 00:00:00"} for record in records], [*columns, *further])
        write(gold / f"{name}.csv", text)
    write(gold / "tb_cxr_plus.csv", f"row_id,subject_id,attribute\n0,{ASKED},edema\n")
    first = upstream(7, "is there edema in study 51?", [1])
    lay_ehrxqa_questions(root, [first, upstream(8, "list all findings in study 52.", ["atelectasis", "edema"])])


def lay_medmod(root: Path) -> None:
    """MedMod's folders of one patient, and the list files of two tasks."""
    events = [event(OTHER, HADM, STAY), event(OTHER, HADM, 39999999)]
    lay_subject(root, OTHER, [stay(OTHER, HADM, STAY), stay(OTHER, 29999999, 39999999)], events)
    lay_list(root, "decompensation", [(OTHER, 25.0, STAY, 1), (OTHER, 26.0, STAY, 0)])
    split = [
        {"dicom_id": STUDIES[study], "study_id": study, "subject_id": OTHER, "split": "test"} for study in (61, 62)
    ]
    write(root / "mimic-cxr-ehr-split.csv", csv_of(split))
    lay_list(root, "phenotyping", [(OTHER, 72.0, STAY, 0, 1, *[0] * 23)])
