"""What a multimodal qid says of its upstream row: part, number, ICU stay and hours, or study.

Forms: `ehrxqa_<part>_<number>`, `medmod_<task>_<part>_<stay_id>_<hours>`, `medmod_radiology_<part>_<study_id>`.
"""

from __future__ import annotations

import re

from clinseek_assets.benchmark.groups import TASKS
from clinseek_assets.benchmark.questions import Question

RADIOLOGY = "radiology"
_EHRXQA = re.compile(r"ehrxqa_(?P<part>[a-z]+)_(?P<number>\d+)")
_STAY = re.compile(r"medmod_(?P<task>[a-z-]+)_(?P<part>[a-z]+)_(?P<stay_id>\d+)_(?P<hours>\d+(?:\.\d+)?)")
_STUDY = re.compile(rf"medmod_(?P<task>{RADIOLOGY})_(?P<part>[a-z]+)_(?P<study_id>\d+)")


def part_of(question: Question) -> str | None:
    """The part of the upstream data (`test`, `train`, ...), or None where the qid is of no known form."""
    found = next(filter(None, (form.fullmatch(question.qid) for form in (_EHRXQA, _STAY, _STUDY))), None)
    return found["part"] if found else None


def ehrxqa_number(question: Question) -> int | None:
    """The id of EHRXQA's own question, or None."""
    found = _EHRXQA.fullmatch(question.qid)
    return int(found["number"]) if found else None


def stay_and_hours(question: Question) -> tuple[int, float] | None:
    """The ICU stay and the hours since its begin by which a list file has the row, or None."""
    found = _STAY.fullmatch(question.qid)
    return (int(found["stay_id"]), float(found["hours"])) if found else None


def upstream_task(question: Question) -> str:
    """The task's name in MedMod's folders, e.g. `in-hospital-mortality`."""
    return TASKS[question.task_type].upstream
