"""The release's rows of MedMod's questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clinseek_assets.benchmark.groups import MEDMOD
from clinseek_assets.synthetic.multimodal.medmod_dataset import period_text
from clinseek_assets.synthetic.multimodal.medmod_selection import RADIOLOGY, MedmodPlan, MedmodRow
from clinseek_assets.synthetic.multimodal.prompts import ASKED, question_text

PREFIX = "MedModOriginalLinked_v1/mimic-cxr/2.0.0/"

Row = dict[str, Any]


def released_rows(plan: MedmodPlan, lines: Mapping[tuple[str, str], int]) -> Iterator[Row]:
    """The release's rows.

    Args:
        lines: where each question stands in its list file, as `MedmodFiles.finish` gives it.
    """
    for row in plan.rows:
        yield _released(row, lines)


def _released(row: MedmodRow, lines: Mapping[tuple[str, str], int]) -> Row:
    stay_id = row.stay.stay_id if row.stay else None
    subject_id = row.patient.life.patient.subject_id
    hadm_id = row.stay.admission.hadm_id if row.stay else row.film.hadm_id
    text = question_text(
        row.task,
        ASKED[row.task],
        time=row.moment,
        subject_id=subject_id,
        hadm_id=hadm_id,
        stay_id=stay_id,
        study_ids=[row.film.study_id],
    )
    radiology = row.task == RADIOLOGY
    return {
        "qid": row.qid,
        "source_index": None if radiology else lines[row.task, f"{stay_id} {period_text(row.task, row.hours)}"],
        "source_benchmark": MEDMOD,
        "task": row.task,
        "source_split": row.patient.part,
        "subject_id": subject_id,
        "hadm_id": hadm_id,
        "stay_id": stay_id,
        "prediction_time": f"{row.moment:%Y-%m-%d %H:%M:%S}",
        "question": text,
        "image_paths": [f"{PREFIX}{row.film.image_file}"],
        "report_paths": [],
        "ground_truth": [{"name": name} for name in row.answer],
        "answer_type": "list",
        "modalities": ["cxr_table", "cxr_image"] if radiology else ["ehr", "cxr_table", "cxr_image"],
    }
